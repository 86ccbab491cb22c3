import type { Dataset } from '../../data/dataset.ts';
import { UsageError } from '../../shared/errors.ts';
import type { HistoryView } from '../requests/dataset-views.ts';
import { attributeCells } from './catalogue.ts';

/**
 * A user's latest interactions, newest first.
 * @param user `null` draws one at random
 * @throws UsageError `unknown-user`
 */
export function historyOf(dataset: Dataset, user: number | null, limit: number): HistoryView {
  if (dataset.userCount === 0)
    throw new UsageError('unknown-user', 'The dataset has no users.', 'Import it with a milder protocol.');
  const code = user ?? Math.floor(Math.random() * dataset.userCount);
  if (code >= dataset.userCount)
    throw new UsageError(
      'unknown-user',
      `There is no user ${code}.`,
      `Give a number below ${dataset.userCount}.`,
    );
  const start = dataset.offsets[code]!;
  const end = dataset.offsets[code + 1]!;
  const first = Math.max(start, end - limit);
  const rows = Array.from({ length: end - first }, (_, i) => {
    const at = end - 1 - i;
    const item = dataset.items[at]!;
    const rating = dataset.ratings?.[at] ?? Number.NaN;
    return {
      title: dataset.item(item).title,
      attributes: attributeCells(dataset, item),
      rating: Number.isNaN(rating) ? null : rating,
      timestamp: dataset.timestamps[at]!,
      part: partAt(dataset, code, at),
    };
  });
  const { id, profile } = dataset.user(code);
  return {
    user: code,
    id,
    profile: Object.entries(profile).map(([name, value]) => ({ name, text: String(value) })),
    length: end - start,
    rows,
  };
}

function partAt(dataset: Dataset, user: number, at: number): HistoryView['rows'][number]['part'] {
  if (at < dataset.trainEnd[user]!) return 'train';
  return at < dataset.validationEnd[user]! ? 'validation' : 'test';
}

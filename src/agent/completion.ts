import type { Dataset } from '../data/dataset.ts';
import { UsageError } from '../shared/errors.ts';
import type { CheckedItems } from './checking.ts';
import type { ItemSource, SessionResult } from './events.ts';

/**
 * The final list: exactly N distinct catalogue items outside the history, whatever `finish` holds. What is missing
 * comes, in this order, from memory (ranked), the plain backbone, and the catalogue's most popular items.
 */
export function completeResult(input: {
  readonly n: number;
  readonly dataset: Dataset;
  readonly history: ReadonlySet<number>;
  /** Items of the Finish action after the check; none when the session ended without one. */
  readonly finish: CheckedItems;
  /** How many items Finish named. */
  readonly named: number;
  /** Item codes, best first. */
  readonly memory: readonly number[];
  /** Item codes, best first; asked only when memory is too small. */
  readonly backbone: readonly number[];
}): SessionResult {
  const { n, dataset, history } = input;
  requireRoom(dataset, history, n);
  const taken = new Set<number>();
  const items: SessionResult['items'] = [];
  const take = (codes: Iterable<number>, source: ItemSource) => {
    for (const code of codes) {
      if (items.length >= n) return;
      if (!Number.isInteger(code) || code < 0 || code >= dataset.catalogueCount) continue;
      if (history.has(code) || taken.has(code)) continue;
      taken.add(code);
      const { id, title } = dataset.item(code);
      items.push({ item: code, id, title, source });
    }
  };
  take(
    input.finish.items.map((candidate) => candidate.item),
    'finish',
  );
  const fromFinish = items.length;
  take(input.memory, 'memory');
  take(input.backbone, 'backbone');
  if (items.length < n) take(popularItems(dataset), 'popularity');
  if (items.length < n) take(everyItem(dataset), 'catalogue');
  return { items, named: input.named, completed: n - fromFinish, removed: input.finish.removed };
}

/** @throws UsageError `catalogue-too-small` when no list of N items outside the history exists. */
export function requireRoom(dataset: Dataset, history: ReadonlySet<number>, n: number): void {
  const free = dataset.catalogueCount - history.size;
  if (free < n)
    throw new UsageError(
      'catalogue-too-small',
      `A list of ${n} items was asked for, but the catalogue has only ${free} outside this history.`,
      'Ask for a shorter list.',
    );
}

const popularity = new WeakMap<Dataset, Uint32Array>();

/** Items by number of training interactions, most first; ties by code. Counted once a dataset. */
export function popularItems(dataset: Dataset): Uint32Array {
  let order = popularity.get(dataset);
  if (!order) {
    const counts = trainingCounts(dataset);
    order = Uint32Array.from(counts.keys()).sort((a, b) => counts[b]! - counts[a]! || a - b);
    popularity.set(dataset, order);
  }
  return order;
}

/** [itemCount] interactions of each item in the training part. */
export function trainingCounts(dataset: Dataset): Uint32Array {
  const counts = new Uint32Array(dataset.itemCount);
  for (let user = 0; user < dataset.userCount; user++)
    for (let i = dataset.offsets[user]!; i < dataset.trainEnd[user]!; i++) counts[dataset.items[i]!]!++;
  return counts;
}

function* everyItem(dataset: Dataset): Generator<number> {
  for (let code = 0; code < dataset.catalogueCount; code++) yield code;
}

import { distance } from 'fastest-levenshtein';
import type { Dataset } from '../../data/dataset.ts';
import { foldName } from '../grammar/action.ts';
import { safeText } from '../safe-text.ts';

/** The known name that a model's words mean (`Release Year`, `genres`), or undefined. */
export function findAttribute(words: string, known: readonly string[]): string | undefined {
  const folded = foldName(words);
  const singular = folded.replace(/ies$/, 'y').replace(/s$/, '');
  return (
    known.find((name) => foldName(name) === folded) ??
    known.find((name) => foldName(name).replace(/ies$/, 'y').replace(/s$/, '') === singular)
  );
}

/** "Did you mean …?" for an attribute that does not exist, when one is near. */
export function nearestAttribute(words: string, known: readonly string[]): string | undefined {
  const folded = foldName(words);
  const best = known
    .map((name) => ({ name, far: distance(foldName(name), folded) }))
    .sort((a, b) => a.far - b.far)[0];
  return best && best.far <= Math.ceil(best.name.length / 3) ? best.name : undefined;
}

/** An attribute's value of an item as safe text for a prompt: `Drama, Thriller`, `1995`; '' when unknown. */
export function attributeText(dataset: Dataset, item: number, attribute: string): string {
  const value = dataset.attribute(item, attribute);
  if (value === undefined) return '';
  if (typeof value === 'object')
    return value
      .slice(0, 6)
      .map((part) => safeText(part, 40))
      .join(', ');
  return safeText(value, 80);
}

/** The attributes worth a place beside a title: short ones, at most three, `first` among them. */
export function shownAttributes(dataset: Dataset, first?: string | null): string[] {
  const names = dataset.attributes.filter((a) => a.kind !== 'text').map((a) => a.name);
  const ordered = first && names.includes(first) ? [first, ...names.filter((name) => name !== first)] : names;
  return ordered.slice(0, 3);
}

/** One line for one item: `1214: "Alien (1979)" | Horror, Sci-Fi | 1979 | 6.31`. Nothing in it can start a new line. */
export function itemLine(
  dataset: Dataset,
  item: number,
  options: { readonly attribute?: string | null | undefined; readonly score?: number | undefined } = {},
): string {
  const { id, title } = dataset.item(item);
  const values = shownAttributes(dataset, options.attribute)
    .map((name) => attributeText(dataset, item, name))
    .filter((text) => text !== '');
  const score = options.score === undefined ? [] : [options.score.toFixed(3)];
  return [`${safeText(id, 64)}: "${safeText(title)}"`, ...values, ...score].join(' | ');
}

const examples = new WeakMap<Dataset, Map<string, string>>();

/** A few values of an attribute, the most frequent ones, or its range, for a tool description. */
export function attributeExamples(dataset: Dataset, name: string): string {
  let known = examples.get(dataset);
  if (!known) examples.set(dataset, (known = new Map()));
  const cached = known.get(name);
  if (cached !== undefined) return cached;
  const counts = new Map<string, number>();
  let low = Infinity;
  let high = -Infinity;
  const limit = Math.min(dataset.catalogueCount, 20_000); // enough to know the common values
  for (let item = 0; item < limit; item++) {
    const value = dataset.attribute(item, name);
    if (typeof value === 'number') {
      if (value < low) low = value;
      if (value > high) high = value;
    } else if (value !== undefined)
      for (const part of typeof value === 'string' ? [value] : value)
        counts.set(part, (counts.get(part) ?? 0) + 1);
  }
  const common = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, 4);
  const text =
    common.length > 0
      ? `such as ${common.map(([value]) => safeText(value, 40)).join(', ')}`
      : low <= high
        ? `a number from ${low} to ${high}`
        : '';
  known.set(name, text);
  return text;
}

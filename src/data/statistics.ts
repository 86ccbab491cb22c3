import { Random } from '../shared/random.ts';
import { quantileBuckets } from './buckets.ts';
import type { Dataset } from './dataset.ts';
import type { AttributeDefinition, AttributeValue } from './schema.ts';

export interface Distribution {
  readonly least: number;
  readonly median: number;
  readonly mean: number;
  readonly ninetieth: number;
  readonly most: number;
  /** How many lie in `[from, to]`, both whole; each bin is about 1.6 times as wide as the one before. */
  readonly histogram: readonly { readonly from: number; readonly to: number; readonly count: number }[];
}

export interface AttributeStatistics {
  readonly name: string;
  readonly kind: AttributeDefinition['kind'];
  /** Catalogue items that have a value, as a number and a share. */
  readonly items: number;
  readonly coverage: number;
  /** Distinct values; of a set, distinct members. */
  readonly distinct: number;
  /** Most frequent values (quantile buckets for numbers, in their order), with their number of items. */
  readonly top: readonly { readonly value: string; readonly items: number }[];
  readonly range?: { readonly least: number; readonly median: number; readonly most: number };
}

/** What a person wants to know of a dataset before trusting it; the first five as in the paper's Table 1. */
export interface DatasetStatistics {
  readonly users: number;
  /** Items with interactions. */
  readonly items: number;
  readonly interactions: number;
  /** Share of user-item pairs (items with interactions) that were not observed, in [0, 1]. */
  readonly sparsity: number;
  /** Interactions a user. */
  readonly averageLength: number;
  readonly catalogueItems: number;
  /** As `sparsity`, over the whole catalogue: what the paper's Table 1 shows. */
  readonly catalogueSparsity: number;
  /** Interactions of each user. */
  readonly lengths: Distribution;
  /** Interactions of each item that has any. */
  readonly popularity: Distribution;
  /** Share of all interactions that fall to the most popular tenth of items. */
  readonly topTenthShare: number;
  /** Interactions by value; absent when there are no ratings. `null` = unknown. */
  readonly ratings?: readonly { readonly value: number | null; readonly interactions: number }[];
  /** Seconds since 1970 UTC. */
  readonly time: { readonly first: number; readonly last: number };
  readonly ties: {
    /** Share of interactions at the same moment as the one before of the same user. */
    readonly interactions: number;
    /** Share of users whose last two interactions are of the same moment: their test item is a matter of file order. */
    readonly lastTwo: number;
  };
  readonly split: {
    readonly train: number;
    readonly validation: number;
    readonly test: number;
    readonly usersWithTest: number;
  };
  readonly attributes: readonly AttributeStatistics[];
  readonly samples: {
    readonly items: readonly {
      id: string;
      title: string;
      attributes: Readonly<Record<string, AttributeValue>>;
    }[];
    /** The latest few titles of some users, oldest first. */
    readonly users: readonly {
      id: string;
      profile: Readonly<Record<string, string | number>>;
      latest: string[];
    }[];
  };
}

export interface StatisticsOptions {
  /** How many top values, sample items and sample users. */
  readonly top?: number;
  readonly samples?: number;
  readonly seed?: number;
}

/** One pass over the columns and one over the catalogue. */
export function datasetStatistics(dataset: Dataset, options: StatisticsOptions = {}): DatasetStatistics {
  const { top = 10, samples = 5, seed = 42 } = options;
  const { userCount, itemCount, catalogueCount, interactionCount, offsets, items, timestamps } = dataset;
  const popularity = new Uint32Array(itemCount);
  for (const item of items) popularity[item]!++;
  const lengths = Uint32Array.from({ length: userCount }, (_, user) => offsets[user + 1]! - offsets[user]!);
  let first = Infinity;
  let last = -Infinity;
  let tied = 0;
  let lastTwo = 0;
  const split = { train: 0, validation: 0, test: 0, usersWithTest: 0 };
  for (let user = 0; user < userCount; user++) {
    const start = offsets[user]!;
    const end = offsets[user + 1]!;
    const trainEnd = dataset.trainEnd[user]!;
    const validationEnd = dataset.validationEnd[user]!;
    for (let at = start + 1; at < end; at++) if (timestamps[at] === timestamps[at - 1]) tied++;
    if (end - start >= 2 && timestamps[end - 1] === timestamps[end - 2]) lastTwo++;
    first = Math.min(first, timestamps[start]!);
    last = Math.max(last, timestamps[end - 1]!);
    split.train += trainEnd - start;
    split.validation += validationEnd - trainEnd;
    split.test += end - validationEnd;
    if (end > validationEnd) split.usersWithTest++;
  }
  const ratings = ratingCounts(dataset.ratings);
  const ordered = popularity.slice().sort().reverse();
  const topTenth = ordered.subarray(0, Math.ceil(itemCount / 10)).reduce((sum, count) => sum + count, 0);
  return {
    users: userCount,
    items: itemCount,
    interactions: interactionCount,
    sparsity: 1 - interactionCount / (userCount * itemCount),
    averageLength: interactionCount / userCount,
    catalogueItems: catalogueCount,
    catalogueSparsity: 1 - interactionCount / (userCount * catalogueCount),
    lengths: distribution(lengths),
    popularity: distribution(popularity),
    topTenthShare: topTenth / interactionCount,
    ...(ratings ? { ratings } : {}),
    time: { first, last },
    ties: { interactions: tied / interactionCount, lastTwo: lastTwo / userCount },
    split,
    attributes: dataset.attributes.map((definition) => attributeStatistics(dataset, definition, top)),
    samples: drawSamples(dataset, samples, seed),
  };
}

/** Of positive whole numbers, at least one. */
export function distribution(values: Uint32Array): Distribution {
  const sorted = values.slice().sort();
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
  const middle = sorted.length >> 1;
  const most = sorted[sorted.length - 1]!;
  const histogram: { from: number; to: number; count: number }[] = [];
  let next = 0;
  for (let from = sorted[0]!; from <= most;) {
    const to = Math.min(most, Math.max(from, Math.ceil(from * 10 ** 0.2) - 1));
    const begin = next;
    while (next < sorted.length && sorted[next]! <= to) next++;
    histogram.push({ from, to, count: next - begin });
    from = to + 1;
  }
  return {
    least: sorted[0]!,
    median: sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2,
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    ninetieth: at(0.9),
    most,
    histogram,
  };
}

function ratingCounts(ratings: Float32Array | undefined): DatasetStatistics['ratings'] {
  if (!ratings) return undefined;
  const counts = new Map<number, number>();
  for (const rating of ratings) counts.set(rating, (counts.get(rating) ?? 0) + 1);
  const known = [...counts].filter(([value]) => !Number.isNaN(value)).sort(([a], [b]) => a - b);
  const unknown = counts.get(NaN);
  return [
    ...known.map(([value, interactions]) => ({ value: Number(value.toPrecision(6)), interactions })),
    ...(unknown === undefined ? [] : [{ value: null, interactions: unknown }]),
  ];
}

function attributeStatistics(
  dataset: Dataset,
  { name, kind }: AttributeDefinition,
  top: number,
): AttributeStatistics {
  const counts = new Map<string, number>();
  const numbers: number[] = [];
  let items = 0;
  for (let item = 0; item < dataset.catalogueCount; item++) {
    const value = dataset.attribute(item, name);
    if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) continue;
    items++;
    if (typeof value === 'number') numbers.push(value);
    for (const word of typeof value === 'object' ? value : [String(value)])
      counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const common = { name, kind, items, coverage: items / dataset.catalogueCount, distinct: counts.size };
  if (numbers.length > 0) {
    const { least, most, labels } = quantileBuckets(numbers, top);
    const sorted = Float64Array.from(numbers).sort();
    return {
      ...common,
      top: labels.map((value, b) => ({
        value,
        items: numbers.filter((number) => number >= least[b]! && number <= most[b]!).length,
      })),
      range: { least: sorted[0]!, median: sorted[sorted.length >> 1]!, most: sorted.at(-1)! },
    };
  }
  const ranked = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, top);
  return { ...common, top: ranked.map(([value, count]) => ({ value, items: count })) };
}

function drawSamples(dataset: Dataset, count: number, seed: number): DatasetStatistics['samples'] {
  const random = new Random(seed);
  const draw = (limit: number): number[] => {
    const drawn = new Set<number>();
    while (drawn.size < Math.min(count, limit)) drawn.add(random.int(limit));
    return [...drawn].sort((a, b) => a - b);
  };
  return {
    items: draw(dataset.catalogueCount).map((code) => dataset.item(code)),
    users: draw(dataset.userCount).map((code) => {
      const end = dataset.offsets[code + 1]!;
      const latest = dataset.items.subarray(Math.max(dataset.offsets[code]!, end - 5), end);
      return { ...dataset.user(code), latest: Array.from(latest, (item) => dataset.item(item).title) };
    }),
  };
}

import { Random } from '../shared/random.ts';
import { quantileBuckets } from './buckets.ts';
import type { Dataset } from './dataset.ts';
import { countIn, evenEdges, growingEdges, type Bin } from './histogram.ts';
import type { AttributeDefinition, ItemRecord, UserRecord } from './schema.ts';

/** Of whole numbers above 0. */
export interface Distribution {
  readonly least: number;
  readonly median: number;
  readonly mean: number;
  /** Nine tenths are at most this. */
  readonly ninetieth: number;
  readonly most: number;
  /** Each about 1.6 times as wide as the one before, for a logarithmic axis. */
  readonly bins: readonly Bin[];
}

export interface AttributeStatistics extends AttributeDefinition {
  /** Catalogue items that have a value. */
  readonly covered: number;
  /** Different values; of sets, different members. */
  readonly distinct: number;
  /** Most frequent values, most frequent first, with their number of items; empty for numbers. */
  readonly top: readonly { readonly value: string; readonly count: number }[];
  /** Of numbers. */
  readonly range?: { readonly least: number; readonly median: number; readonly most: number };
  /** Of numbers, equally wide; empty for others. */
  readonly bins: readonly Bin[];
  /** Of numbers, equally full (the buckets that tools see); empty for others. */
  readonly buckets: readonly { readonly value: string; readonly count: number }[];
}

/** What a person wants to know of a dataset before trusting it; the first ones as in the paper's Table 1. */
export interface DatasetStatistics {
  readonly users: number;
  /** Items with interactions. */
  readonly items: number;
  readonly catalogueItems: number;
  readonly interactions: number;
  /** Share of the pairs of users and items (with interactions) that was not observed, in [0, 1]. */
  readonly sparsity: number;
  /** The same over the whole catalogue, which is what the paper's Table 1 counts. */
  readonly catalogueSparsity: number;
  /** Interactions a user. */
  readonly averageLength: number;
  readonly lengths: Distribution;
  /** Interactions of the items that have any. */
  readonly popularity: Distribution & {
    /** Interactions of the item at a rank (from 1), ranks thinned out logarithmically. */
    readonly curve: readonly { readonly rank: number; readonly count: number }[];
    /** Share of all interactions that the most popular share of items has. */
    readonly shares: readonly { readonly items: number; readonly interactions: number }[];
  };
  /** By value, ascending; empty when the source has none. */
  readonly ratings: readonly { readonly rating: number; readonly count: number }[];
  readonly unknownRatings: number;
  /** Seconds since 1970 UTC. */
  readonly time: { readonly first: number; readonly last: number; readonly bins: readonly Bin[] };
  readonly ties: {
    /** Share of interactions at the same moment as the one before of the same user. */
    readonly interactions: number;
    /** Share of users whose last two interactions are of one moment: file order decides which is their test item. */
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
    readonly items: readonly ItemRecord[];
    /** Some users with the titles of their latest interactions, oldest first. */
    readonly users: readonly (UserRecord & { readonly latest: readonly string[] })[];
  };
}

export interface StatisticsOptions {
  /** How many most frequent values of an attribute. */
  readonly top?: number;
  /** How many items and users to draw. */
  readonly samples?: number;
  readonly seed?: number;
}

const shares = [0.01, 0.05, 0.1, 0.2, 0.5];

/** A pass over the columns and one over the catalogue for each attribute. */
export function datasetStatistics(dataset: Dataset, options: StatisticsOptions = {}): DatasetStatistics {
  const { top = 10, samples = 5, seed = 42 } = options;
  const { userCount, itemCount, catalogueCount, interactionCount, offsets } = dataset;
  const popularity = new Uint32Array(itemCount);
  for (const item of dataset.items) popularity[item]!++;
  const lengths = Uint32Array.from({ length: userCount }, (_, user) => offsets[user + 1]! - offsets[user]!);
  const ranked = popularity.slice().sort().reverse();
  return {
    users: userCount,
    items: itemCount,
    catalogueItems: catalogueCount,
    interactions: interactionCount,
    sparsity: 1 - interactionCount / (userCount * itemCount),
    catalogueSparsity: 1 - interactionCount / (userCount * catalogueCount),
    averageLength: interactionCount / userCount,
    lengths: distribution(lengths),
    popularity: {
      ...distribution(popularity),
      curve: growingEdges(1, itemCount)
        .slice(0, -1)
        .map((rank) => ({ rank, count: ranked[rank - 1]! })),
      shares: shares.map((share) => {
        const first = ranked.subarray(0, Math.ceil(itemCount * share));
        return { items: share, interactions: first.reduce((sum, n) => sum + n, 0) / interactionCount };
      }),
    },
    ...ratingStatistics(dataset.ratings),
    time: timeStatistics(dataset.timestamps),
    ties: tieStatistics(dataset),
    split: splitStatistics(dataset),
    attributes: dataset.attributes.map((definition) => attributeStatistics(dataset, definition, top)),
    samples: drawSamples(dataset, samples, seed),
  };
}

/** Of whole numbers above 0, at least one. */
export function distribution(values: Uint32Array): Distribution {
  const sorted = values.slice().sort();
  const middle = sorted.length >> 1;
  const least = sorted[0]!;
  const most = sorted[sorted.length - 1]!;
  return {
    least,
    median: sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2,
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    ninetieth: sorted[Math.ceil(sorted.length * 0.9) - 1]!,
    most,
    bins: countIn(growingEdges(least, most), sorted),
  };
}

function ratingStatistics(
  ratings: Float32Array | undefined,
): Pick<DatasetStatistics, 'ratings' | 'unknownRatings'> {
  const counts = new Map<number, number>();
  for (const rating of ratings ?? []) counts.set(rating, (counts.get(rating) ?? 0) + 1);
  const unknownRatings = counts.get(NaN) ?? 0;
  counts.delete(NaN);
  return {
    // 4.3 in four bytes is 4.300000190734863
    ratings: [...counts]
      .map(([rating, count]) => ({ rating: Number(rating.toPrecision(6)), count }))
      .sort((a, b) => a.rating - b.rating),
    unknownRatings,
  };
}

function timeStatistics(timestamps: Float64Array): DatasetStatistics['time'] {
  let first = Infinity;
  let last = -Infinity;
  for (const time of timestamps) {
    if (time < first) first = time;
    if (time > last) last = time;
  }
  return { first, last, bins: countIn(evenEdges(first, last, 40), timestamps) };
}

function tieStatistics({
  userCount,
  interactionCount,
  offsets,
  timestamps,
}: Dataset): DatasetStatistics['ties'] {
  let tied = 0;
  let lastTwo = 0;
  for (let user = 0; user < userCount; user++) {
    const start = offsets[user]!;
    const end = offsets[user + 1]!;
    for (let at = start + 1; at < end; at++) if (timestamps[at] === timestamps[at - 1]) tied++;
    if (end - start >= 2 && timestamps[end - 1] === timestamps[end - 2]) lastTwo++;
  }
  return { interactions: tied / interactionCount, lastTwo: lastTwo / userCount };
}

function splitStatistics({
  userCount,
  offsets,
  trainEnd,
  validationEnd,
}: Dataset): DatasetStatistics['split'] {
  const split = { train: 0, validation: 0, test: 0, usersWithTest: 0 };
  for (let user = 0; user < userCount; user++) {
    const end = offsets[user + 1]!;
    split.train += trainEnd[user]! - offsets[user]!;
    split.validation += validationEnd[user]! - trainEnd[user]!;
    split.test += end - validationEnd[user]!;
    if (end > validationEnd[user]!) split.usersWithTest++;
  }
  return split;
}

function attributeStatistics(
  dataset: Dataset,
  definition: AttributeDefinition,
  top: number,
): AttributeStatistics {
  const counts = new Map<string, number>();
  const numbers: number[] = [];
  let covered = 0;
  for (let item = 0; item < dataset.catalogueCount; item++) {
    const value = dataset.attribute(item, definition.name);
    if (value === undefined || value === '' || (typeof value === 'object' && value.length === 0)) continue;
    covered++;
    if (typeof value === 'number') numbers.push(value);
    for (const word of typeof value === 'object' ? value : [String(value)])
      counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const common = { ...definition, covered, distinct: counts.size };
  if (definition.kind !== 'number') {
    const ranked = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, top);
    return { ...common, top: ranked.map(([value, count]) => ({ value, count })), bins: [], buckets: [] };
  }
  if (numbers.length === 0) return { ...common, top: [], bins: [], buckets: [] };
  const { least, most, labels } = quantileBuckets(numbers, 10);
  const sorted = Float64Array.from(numbers).sort();
  const range = { least: sorted[0]!, median: sorted[sorted.length >> 1]!, most: sorted.at(-1)! };
  return {
    ...common,
    top: [],
    range,
    bins: countIn(evenEdges(range.least, range.most, 20), numbers),
    buckets: labels.map((value, b) => ({
      value,
      count: numbers.filter((number) => number >= least[b]! && number <= most[b]!).length,
    })),
  };
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

import type { Dataset } from '../../data/dataset.ts';
import { datasetStatistics } from '../../data/statistics.ts';
import type { Bin, StatisticsView } from '../requests/dataset-views.ts';

const timeBins = 48;
/** Bins of history lengths and of number attributes. */
const wantedBins = 24;
/** Points of the popularity curve. */
const curvePoints = 96;

/** The dataset's statistics with the curves that only a plot needs. */
export function inspect(dataset: Dataset, topValues: number): StatisticsView {
  const statistics = datasetStatistics(dataset, { top: topValues, samples: 0 });
  const { users, items, catalogueItems, interactions, sparsity, lengths, time } = statistics;
  return {
    users,
    items,
    catalogueItems,
    interactions,
    sparsity,
    lengths: {
      least: lengths.least,
      mean: lengths.mean,
      median: lengths.median,
      most: lengths.most,
      bins: wholeBins(lengthsOf(dataset), lengths.least, lengths.most),
    },
    popularity: {
      curve: popularityCurve(dataset),
      topTenthShare: statistics.popularity.shares.find((share) => share.items === 0.1)!.interactions,
    },
    time:
      time.last > time.first
        ? {
            first: time.first,
            last: time.last,
            bins: equalBins(dataset.timestamps, time.first, time.last, timeBins),
            tiedUsers: statistics.ties.lastTwo,
          }
        : null,
    ratings: [...statistics.ratings],
    attributes: statistics.attributes.map(({ name, kind, covered, distinct, top, range }) => ({
      name,
      kind,
      ...descriptionOf(dataset, name),
      covered,
      distinct,
      top: [...top],
      ...(range && { range }),
      bins: range ? numberAttributeBins(dataset, name, range.least, range.most) : [],
    })),
  };
}

function descriptionOf(dataset: Dataset, name: string): { description?: string } {
  const description = dataset.attributes.find((attribute) => attribute.name === name)?.description;
  return description === undefined ? {} : { description };
}

/** Interactions of the items at ranks that lie evenly on a logarithmic axis, the first and the last among them. */
export function popularityCurve(dataset: Dataset): { rank: number; count: number }[] {
  const counts = new Uint32Array(dataset.itemCount);
  for (const item of dataset.items) counts[item]!++;
  counts.sort().reverse();
  const ranks = new Set<number>();
  for (let i = 0; i < curvePoints; i++) ranks.add(Math.round(counts.length ** (i / (curvePoints - 1))));
  return [...ranks]
    .filter((rank) => rank >= 1 && rank <= counts.length)
    .map((rank) => ({ rank, count: counts[rank - 1]! }));
}

/** Counts in `wanted` bins of equal width over `[first, last]`; `last` itself is in the last one. */
export function equalBins(values: ArrayLike<number>, first: number, last: number, wanted: number): Bin[] {
  const width = (last - first) / wanted;
  const counts = new Uint32Array(wanted);
  for (let i = 0; i < values.length; i++)
    counts[Math.min(wanted - 1, Math.floor((values[i]! - first) / width))]!++;
  return Array.from(counts, (count, i) => ({
    from: first + i * width,
    to: i === wanted - 1 ? last : first + (i + 1) * width,
    count,
  }));
}

/** Whole numbers in a small range get bins of whole numbers, so that each year or star stands for itself. */
function numberAttributeBins(dataset: Dataset, name: string, least: number, most: number): Bin[] {
  const values: number[] = [];
  for (let item = 0; item < dataset.catalogueCount; item++) {
    const value = dataset.attribute(item, name);
    if (typeof value === 'number') values.push(value);
  }
  if (most === least) return [{ from: least, to: least + 1, count: values.length }];
  if (!values.every(Number.isInteger)) return equalBins(values, least, most, wantedBins);
  const width = Math.ceil((most - least + 1) / wantedBins);
  const wanted = Math.ceil((most - least + 1) / width);
  return equalBins(values, least, least + wanted * width, wanted);
}

function lengthsOf({ offsets, userCount }: Dataset): Uint32Array {
  return Uint32Array.from({ length: userCount }, (_, user) => offsets[user + 1]! - offsets[user]!);
}

/**
 * Bins of whole numbers over `[least, most]`: of equal width, or, where the largest is many times the smallest, each
 * a little wider than the one before, so that a long tail does not press everything else into one bar.
 */
export function wholeBins(values: Uint32Array, least: number, most: number): Bin[] {
  const edges = [least];
  const growing = most > 20 * Math.max(1, least);
  for (let i = 1; edges.at(-1)! <= most; i++) {
    const even = least + i * Math.ceil((most - least + 1) / wantedBins);
    const grown = Math.round(Math.max(1, least) * ((most + 1) / Math.max(1, least)) ** (i / wantedBins));
    edges.push(growing ? Math.max(edges.at(-1)! + 1, grown) : even);
  }
  const counts = new Uint32Array(edges.length - 1);
  for (const value of values) {
    let bin = 0;
    while (value >= edges[bin + 1]!) bin++;
    counts[bin]!++;
  }
  return Array.from(counts, (count, i) => ({ from: edges[i]!, to: edges[i + 1]!, count }));
}

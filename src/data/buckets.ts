import type { Dataset } from './dataset.ts';

/** Numbers by quantiles. Bucket `b` holds what lies in `[least[b], most[b]]`; equal numbers share a bucket. */
export interface Buckets {
  /** Smallest and largest number that fell into each bucket when it was made; ascending. */
  readonly least: readonly number[];
  readonly most: readonly number[];
  /** "1990–1994", "3.5": for views and for tools that take words. */
  readonly labels: readonly string[];
}

/**
 * Makes up to `count` buckets of about the same size. Fewer when there are fewer different numbers, or when one
 * number is so frequent that it takes the place of several. Numbers that are not finite are left out.
 */
export function quantileBuckets(values: Iterable<number>, count: number): Buckets {
  if (!(Number.isInteger(count) && count > 0))
    throw new RangeError('The number of buckets is a positive integer.');
  const sorted = Float64Array.from([...values].filter(Number.isFinite)).sort();
  const least: number[] = [];
  const most: number[] = [];
  for (let start = 0; start < sorted.length;) {
    // What is left is divided evenly among the buckets that are left.
    const size = (sorted.length - start) / Math.max(1, count - least.length);
    let end = Math.min(sorted.length, start + Math.max(1, Math.round(size)));
    while (end < sorted.length && sorted[end] === sorted[end - 1]) end++;
    if (least.length === count - 1) end = sorted.length;
    least.push(sorted[start]!);
    most.push(sorted[end - 1]!);
    start = end;
  }
  return { least, most, labels: least.map((from, b) => rangeLabel(from, most[b]!)) };
}

/** Bucket of any number, also one between two buckets (the lower) or outside of all (the nearest); -1 for NaN. */
export function bucketOf({ least }: Buckets, value: number): number {
  if (Number.isNaN(value) || least.length === 0) return -1;
  let low = 0;
  let high = least.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (least[middle]! <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

export interface BucketedAttribute {
  readonly buckets: Buckets;
  /** [catalogueCount] bucket of each item; -1 where it has no such number. */
  readonly codes: Int16Array;
}

/** A numeric attribute of the whole catalogue in quantile buckets; the number itself stays in the record. */
export function bucketedAttribute(
  dataset: Pick<Dataset, 'catalogueCount' | 'attribute'>,
  name: string,
  count = 10,
): BucketedAttribute {
  const numbers = Float64Array.from({ length: dataset.catalogueCount }, (_, item) => {
    const value = dataset.attribute(item, name);
    return typeof value === 'number' ? value : NaN;
  });
  const buckets = quantileBuckets(numbers, Math.min(count, 0x7fff));
  return { buckets, codes: Int16Array.from(numbers, (value) => bucketOf(buckets, value)) };
}

function rangeLabel(from: number, to: number): string {
  const text = (value: number): string => String(Number(value.toPrecision(6)));
  return from === to ? text(from) : `${text(from)}–${text(to)}`;
}

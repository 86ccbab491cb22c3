import type { RawChunk, RawColumns } from './raw-columns.ts';

/**
 * Interactions by user (CSR), still with the source's codes of users and items; preparation works on them in
 * place. Interactions of user `u` are the positions `offsets[u] … offsets[u + 1] - 1`.
 */
export interface Sequences {
  /** [users + 1] */
  readonly offsets: Uint32Array;
  /** [rows] Only the first `offsets[users]` entries count. */
  readonly items: Uint32Array;
  readonly ratings: Float32Array | undefined;
  readonly timestamps: Uint32Array | Float64Array;
}

export const rowsOf = ({ offsets }: Sequences): number => offsets[offsets.length - 1]!;

/** Tells which raw rows are used; undefined = all. */
export type RowFilter = ((chunk: RawChunk, at: number) => boolean) | undefined;

/**
 * Sorts rows by user with a counting sort, file order kept within each. Uses up `raw`.
 * @param users how many codes of users there are.
 */
export function byUser(raw: RawColumns, users: number, accept: RowFilter): Sequences {
  const offsets = new Uint32Array(users + 1);
  for (const chunk of raw)
    for (let at = 0; at < chunk.length; at++)
      if (!accept || accept(chunk, at)) offsets[chunk.users[at]! + 1]!++;
  for (let user = 0; user < users; user++) offsets[user + 1]! += offsets[user]!;
  const rows = offsets[users]!;
  const next = offsets.slice(0, users);
  const items = new Uint32Array(rows);
  const ratings = raw.rated ? new Float32Array(rows) : undefined;
  const timestamps = raw.wholeSeconds ? new Uint32Array(rows) : new Float64Array(rows);
  for (const chunk of raw.consume())
    for (let at = 0; at < chunk.length; at++) {
      if (accept && !accept(chunk, at)) continue;
      const to = next[chunk.users[at]!]!++;
      items[to] = chunk.items[at]!;
      timestamps[to] = chunk.timestamps[at]!;
      if (ratings) ratings[to] = chunk.ratings[at]!;
    }
  return { offsets, items, ratings, timestamps };
}

/** Shorter sequences are sorted by insertion. */
const insertionLimit = 12;

/** Sorts each user's rows by timestamp, rows of the same moment staying in their order. In place. */
export function sortByTime(sequences: Sequences): void {
  const { offsets, items, ratings, timestamps } = sequences;
  let keys = new Float64Array(256);
  let itemScratch = new Uint32Array(256);
  let ratingScratch = new Float32Array(256);
  for (let user = 0; user + 1 < offsets.length; user++) {
    const start = offsets[user]!;
    const end = offsets[user + 1]!;
    const length = end - start;
    let least = Infinity;
    let most = -Infinity;
    let sorted = true;
    for (let at = start, last = -Infinity; at < end; at++) {
      const time = timestamps[at]!;
      if (time < last) sorted = false;
      last = time;
      if (time < least) least = time;
      if (time > most) most = time;
    }
    if (sorted) continue;
    if (length <= insertionLimit) {
      insertionSort(sequences, start, end);
      continue;
    }
    if (length > keys.length) {
      const size = 2 ** Math.ceil(Math.log2(length));
      keys = new Float64Array(size);
      itemScratch = new Uint32Array(size);
      ratingScratch = new Float32Array(size);
    }
    // Time and position in one key that a Float64Array sorts by itself: exact below 2⁵³, and stable because no
    // two keys are equal.
    const places = 2 ** Math.ceil(Math.log2(length));
    const whole = timestamps instanceof Uint32Array || isWhole(timestamps, start, end);
    if (!whole || (most - least + 1) * places > Number.MAX_SAFE_INTEGER) {
      sortByComparing(sequences, start, end);
      continue;
    }
    for (let i = 0, at = start; i < length; i++, at++) {
      keys[i] = (timestamps[at]! - least) * places + i;
      itemScratch[i] = items[at]!;
      if (ratings) ratingScratch[i] = ratings[at]!;
    }
    keys.subarray(0, length).sort();
    const inverse = 1 / places;
    for (let i = 0; i < length; i++) {
      const key = keys[i]!;
      const time = Math.floor(key * inverse);
      const from = key - time * places;
      timestamps[start + i] = time + least;
      items[start + i] = itemScratch[from]!;
      if (ratings) ratings[start + i] = ratingScratch[from]!;
    }
  }
}

function insertionSort({ items, ratings, timestamps }: Sequences, start: number, end: number): void {
  for (let at = start + 1; at < end; at++) {
    const time = timestamps[at]!;
    const item = items[at]!;
    const rating = ratings ? ratings[at]! : 0;
    let to = at;
    for (; to > start && timestamps[to - 1]! > time; to--) {
      timestamps[to] = timestamps[to - 1]!;
      items[to] = items[to - 1]!;
      if (ratings) ratings[to] = ratings[to - 1]!;
    }
    timestamps[to] = time;
    items[to] = item;
    if (ratings) ratings[to] = rating;
  }
}

/** For times that are not whole or span more than 2⁵³ can hold beside the position. */
function sortByComparing({ items, ratings, timestamps }: Sequences, start: number, end: number): void {
  const order = Uint32Array.from({ length: end - start }, (_, i) => start + i);
  order.sort((a, b) => timestamps[a]! - timestamps[b]! || a - b);
  timestamps.set(
    Float64Array.from(order, (at) => timestamps[at]!),
    start,
  );
  items.set(
    Uint32Array.from(order, (at) => items[at]!),
    start,
  );
  ratings?.set(
    Float32Array.from(order, (at) => ratings[at]!),
    start,
  );
}

function isWhole(values: Float64Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (!Number.isInteger(values[at])) return false;
  return true;
}

/**
 * Keeps the rows for which `keep` is true, in place. `begin` is called before each user's rows, with their
 * bounds, and may say that none of them is kept.
 */
export function retain(
  sequences: Sequences,
  begin: (user: number, start: number, end: number) => boolean,
  keep: (at: number, item: number) => boolean,
): void {
  const { offsets, items, ratings, timestamps } = sequences;
  let to = 0;
  let start = 0;
  for (let user = 0; user + 1 < offsets.length; user++) {
    const end = offsets[user + 1]!;
    if (end > start && begin(user, start, end))
      for (let at = start; at < end; at++) {
        const item = items[at]!;
        if (!keep(at, item)) continue;
        items[to] = item;
        timestamps[to] = timestamps[at]!;
        if (ratings) ratings[to] = ratings[at]!;
        to++;
      }
    offsets[user + 1] = to;
    start = end;
  }
}

/** [items] how many rows each item has. */
export function itemDegrees(sequences: Sequences, items: number): Uint32Array {
  const degrees = new Uint32Array(items);
  const rows = rowsOf(sequences);
  for (let at = 0; at < rows; at++) degrees[sequences.items[at]!]!++;
  return degrees;
}

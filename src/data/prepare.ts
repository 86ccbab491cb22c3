import { setImmediate } from 'node:timers/promises';
import { throwIfCancelled, UsageError } from '../shared/errors.ts';
import type { LongWork } from '../shared/progress.ts';
import { Random } from '../shared/random.ts';
import type { DatasetContent } from './content.ts';
import { kCore } from './k-core.ts';
import type { ImportReport } from './manifest.ts';
import type { Preparation } from './preparation.ts';
import type { RawColumns } from './raw-columns.ts';
import {
  byUser,
  itemDegrees,
  retain,
  rowsOf,
  sortByTime,
  type RowFilter,
  type Sequences,
} from './sequences.ts';
import { splitBy } from './split.ts';

export interface Prepared {
  readonly columns: DatasetContent['columns'];
  /** [users] the source's code of each user, ascending. */
  readonly users: Uint32Array;
  /** [items] the source's code of each item with interactions, ascending. */
  readonly items: Uint32Array;
  readonly steps: ImportReport['steps'];
}

/**
 * Turns raw interactions into the columns of a dataset, as `preparation` declares (its fields say in which
 * order). Uses up `raw`. Linear in the number of rows but for sorting each user's.
 * @param known.items how many codes of items there are, `known.users` of users.
 * @param known.rejected [items] 1 for items whose rows are left out.
 * @throws UsageError `nothing-left` when no interaction passes.
 */
export async function prepare(
  raw: RawColumns,
  known: { readonly users: number; readonly items: number; readonly rejected?: Uint8Array | undefined },
  preparation: Preparation,
  work: LongWork = {},
): Promise<Prepared> {
  const { minimumRating, from, until, duplicates, core, split } = preparation;
  const steps: ImportReport['steps'] = [];
  const step = async (message: string): Promise<void> => {
    work.onProgress?.({ message });
    await setImmediate(); // lets a cancellation arrive
    throwIfCancelled(work.signal, 'The import');
  };

  await step('Sorting by user and time');
  const rejected = known.rejected?.includes(1) ? known.rejected : undefined;
  const filtered = minimumRating !== null || from !== null || until !== null || rejected !== undefined;
  const accept: RowFilter = filtered ? rowFilter(preparation, rejected) : undefined;
  const sequences = byUser(raw, known.users, accept);
  steps.push({ step: filtered ? 'filtered' : 'read', ...summary(sequences, known.items) });
  sortByTime(sequences);

  const done = (name: string): void => {
    steps.push({ step: name, ...summary(sequences, known.items) });
  };
  if (duplicates !== 'all') {
    await step('Looking for repeated interactions');
    dropDuplicates(sequences, known.items, duplicates);
    done('duplicates');
  }
  if (
    preparation.maximumItems !== null ||
    preparation.maximumUsers !== null ||
    preparation.maximumLength !== null
  ) {
    await step('Applying the caps');
    applyCaps(sequences, known.items, preparation);
    done('caps');
  }
  if (core.users > 1 || core.items > 1) {
    await step(`Finding the ${core.users === core.items ? core.users : `${core.users}/${core.items}`}-core`);
    const stay = kCore(sequences, known.items, core);
    retain(
      sequences,
      (user) => stay.users[user] === 1,
      (_, item) => stay.items[item] === 1,
    );
    done('core');
  }
  if (preparation.minimumLength > 1) {
    retain(
      sequences,
      (_, start, end) => end - start >= preparation.minimumLength,
      () => true,
    );
    done('minimum length');
  }
  if (rowsOf(sequences) === 0)
    throw new UsageError(
      'nothing-left',
      'The preparation leaves no interaction.',
      `Loosen it: ${steps.map(({ step: name, interactions }) => `${name} ${interactions}`).join(', ')}.`,
    );
  await step('Splitting');
  const { offsets, users } = denseUsers(sequences);
  const items = denseItems(sequences, known.items);
  const rows = rowsOf(sequences);
  const timestamps = sequences.timestamps.subarray(0, rows);
  const columns = {
    offsets,
    items: sequences.items.subarray(0, rows),
    ratings: sequences.ratings?.subarray(0, rows),
    timestamps,
    ...splitBy(split, offsets, timestamps),
  };
  return { columns, users, items, steps };
}

function rowFilter(preparation: Preparation, rejected: Uint8Array | undefined): RowFilter {
  const { minimumRating } = preparation;
  const from = preparation.from ?? -Infinity;
  const until = preparation.until ?? Infinity;
  return (chunk, at) => {
    const time = chunk.timestamps[at]!;
    if (time < from || time >= until) return false;
    if (minimumRating !== null && !(chunk.ratings[at]! >= minimumRating)) return false;
    return !rejected || rejected[chunk.items[at]!] !== 1;
  };
}

function dropDuplicates(sequences: Sequences, itemCount: number, keep: 'first' | 'last'): void {
  // Position + 1 of the row that stays, for the items of the current user.
  const chosen = new Uint32Array(itemCount);
  const { items } = sequences;
  retain(
    sequences,
    (_, start, end) => {
      if (keep === 'last') for (let at = start; at < end; at++) chosen[items[at]!] = at + 1;
      else for (let at = end - 1; at >= start; at--) chosen[items[at]!] = at + 1;
      return true;
    },
    (at, item) => chosen[item] === at + 1,
  );
}

function applyCaps(sequences: Sequences, itemCount: number, preparation: Preparation): void {
  const { maximumItems, maximumUsers, maximumLength, seed } = preparation;
  if (maximumItems !== null) {
    const degrees = itemDegrees(sequences, itemCount);
    const order = Uint32Array.from(degrees, (_, item) => item).sort(
      (a, b) => degrees[b]! - degrees[a]! || a - b,
    );
    const stay = new Uint8Array(itemCount);
    for (const item of order.subarray(0, maximumItems)) stay[item] = 1;
    retain(
      sequences,
      () => true,
      (_, item) => stay[item] === 1,
    );
  }
  if (maximumUsers !== null) {
    const { offsets } = sequences;
    const present: number[] = [];
    for (let user = 0; user + 1 < offsets.length; user++)
      if (offsets[user + 1]! > offsets[user]!) present.push(user);
    const drawn = new Set(new Random(seed).shuffle(present).slice(0, maximumUsers));
    retain(
      sequences,
      (user) => drawn.has(user),
      () => true,
    );
  }
  if (maximumLength !== null) {
    let from = 0;
    retain(
      sequences,
      (_, start, end) => {
        from = Math.max(start, end - maximumLength);
        return true;
      },
      (at) => at >= from,
    );
  }
}

function summary(sequences: Sequences, itemCount: number): Omit<ImportReport['steps'][number], 'step'> {
  const { offsets } = sequences;
  let users = 0;
  for (let user = 0; user + 1 < offsets.length; user++) if (offsets[user + 1]! > offsets[user]!) users++;
  let items = 0;
  for (const degree of itemDegrees(sequences, itemCount)) if (degree > 0) items++;
  return { users, items, interactions: rowsOf(sequences) };
}

function denseUsers({ offsets }: Sequences): { offsets: Uint32Array; users: Uint32Array } {
  const users: number[] = [];
  for (let user = 0; user + 1 < offsets.length; user++)
    if (offsets[user + 1]! > offsets[user]!) users.push(user);
  const dense = new Uint32Array(users.length + 1);
  users.forEach((user, i) => (dense[i + 1] = offsets[user + 1]!));
  return { offsets: dense, users: Uint32Array.from(users) };
}

/** Renumbers the items in place and returns the source's codes of those that are there. */
function denseItems(sequences: Sequences, itemCount: number): Uint32Array {
  const degrees = itemDegrees(sequences, itemCount);
  const dense = new Uint32Array(itemCount);
  const items: number[] = [];
  for (let item = 0; item < itemCount; item++) if (degrees[item]! > 0) dense[item] = items.push(item) - 1;
  const rows = rowsOf(sequences);
  for (let at = 0; at < rows; at++) sequences.items[at] = dense[sequences.items[at]!]!;
  return Uint32Array.from(items);
}

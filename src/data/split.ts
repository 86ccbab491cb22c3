import type { Split } from './preparation.ts';

export interface SplitColumns {
  /** [users] */
  readonly trainEnd: Uint32Array;
  /** [users] */
  readonly validationEnd: Uint32Array;
}

/**
 * Where each user's train and validation parts end. The rows of each user are in order of time.
 * @param timestamps [rows]
 */
export function splitBy(
  split: Split,
  offsets: Uint32Array,
  timestamps: Uint32Array | Float64Array,
): SplitColumns {
  return split.kind === 'leave-one-out' ? leaveOneOut(offsets) : globalTime(offsets, timestamps, split);
}

function leaveOneOut(offsets: Uint32Array): SplitColumns {
  const users = offsets.length - 1;
  const trainEnd = new Uint32Array(users);
  const validationEnd = new Uint32Array(users);
  for (let user = 0; user < users; user++) {
    const end = offsets[user + 1]!;
    const length = end - offsets[user]!;
    // One row is kept for train before any is given away, then test comes before validation (as in RecBole).
    validationEnd[user] = length >= 2 ? end - 1 : end;
    trainEnd[user] = length >= 3 ? end - 2 : validationEnd[user]!;
  }
  return { trainEnd, validationEnd };
}

function globalTime(
  offsets: Uint32Array,
  timestamps: Uint32Array | Float64Array,
  { validation, test }: { readonly validation: number; readonly test: number },
): SplitColumns {
  const users = offsets.length - 1;
  const sorted = timestamps.slice().sort();
  const cut = (share: number): number =>
    share > 0 ? (sorted[Math.floor(sorted.length * (1 - share))] ?? Infinity) : Infinity;
  const testFrom = cut(test);
  const validationFrom = validation > 0 ? cut(test + validation) : testFrom;
  const trainEnd = new Uint32Array(users);
  const validationEnd = new Uint32Array(users);
  for (let user = 0; user < users; user++) {
    const end = offsets[user + 1]!;
    let at = offsets[user]!;
    while (at < end && timestamps[at]! < validationFrom) at++;
    trainEnd[user] = at;
    while (at < end && timestamps[at]! < testFrom) at++;
    validationEnd[user] = at;
  }
  return { trainEnd, validationEnd };
}

import { type Dataset, historyBefore } from '../data/dataset.ts';

/** The part of the split that is predicted: nothing of it or later is seen. `end`: everything is seen. */
export type HistoryBefore = 'validation' | 'test' | 'end';

/** Item codes, oldest first: for `test` the parts train and validation, for `end` all the user has done. */
export function userHistory(dataset: Dataset, user: number, before: HistoryBefore): Uint32Array {
  return before === 'end'
    ? dataset.items.subarray(dataset.offsets[user], dataset.offsets[user + 1])
    : historyBefore(dataset, user, before);
}

import type { AttributeDefinition, AttributeValue, ItemRecord, UserRecord } from './schema.ts';

/**
 * A prepared dataset in memory, the form that models, evaluation, agent and views share.
 *
 * Codes: users are 0 … userCount-1; items are 0 … catalogueCount-1 with the items that have interactions first,
 * so `item < itemCount` says that a model knows it. Interactions are stored by user (CSR): those of user `u` are
 * the positions `offsets[u] … offsets[u + 1] - 1`, oldest first (stable sort by timestamp, ties in file order).
 *
 * Split, by positions: train `[offsets[u], trainEnd[u])`, validation `[trainEnd[u], validationEnd[u])`, test
 * `[validationEnd[u], offsets[u + 1])`. Leave-one-out puts one position in each of the last two (paper 4.1);
 * a global-timestamp split may put none or many.
 */
export interface DatasetColumns {
  /** [userCount + 1] */
  readonly offsets: Uint32Array;
  /** [interactionCount] item codes */
  readonly items: Uint32Array;
  /** [interactionCount], NaN where unknown; absent when the source has no ratings at all */
  readonly ratings?: Float32Array | undefined;
  /** [interactionCount] seconds since 1970 UTC */
  readonly timestamps: Float64Array;
  /** [userCount] */
  readonly trainEnd: Uint32Array;
  /** [userCount] */
  readonly validationEnd: Uint32Array;
}

export type SplitPart = 'train' | 'validation' | 'test';

export interface Dataset extends DatasetColumns {
  readonly name: string;
  /** SHA-256 (hex) over columns, catalogue and split: which data a model was trained on. */
  readonly hash: string;
  /** True for generated data; every view of a number that comes from it says so. */
  readonly simulated: boolean;
  readonly userCount: number;
  /** Items with at least one interaction. */
  readonly itemCount: number;
  /** All items, those without interactions included. */
  readonly catalogueCount: number;
  readonly interactionCount: number;
  readonly attributes: readonly AttributeDefinition[];
  item(code: number): ItemRecord;
  user(code: number): UserRecord;
  /** Code of an item by the source's id; undefined when the catalogue lacks it. */
  itemCode(id: string): number | undefined;
  userCode(id: string): number | undefined;
  attribute(code: number, name: string): AttributeValue | undefined;
}

/** Item codes of one user's part of the split, oldest first; a view, not a copy. */
export function partOf(dataset: DatasetColumns, user: number, part: SplitPart): Uint32Array {
  const [start, end] = partBounds(dataset, user, part);
  return dataset.items.subarray(start, end);
}

/** What a model may look at when it predicts the given part: everything before it, oldest first. */
export function historyBefore(dataset: DatasetColumns, user: number, part: SplitPart): Uint32Array {
  return dataset.items.subarray(dataset.offsets[user], partBounds(dataset, user, part)[0]);
}

function partBounds(dataset: DatasetColumns, user: number, part: SplitPart): [number, number] {
  const start = dataset.offsets[user];
  const end = dataset.offsets[user + 1];
  if (start === undefined || end === undefined) throw new RangeError(`There is no user ${user}.`);
  if (part === 'train') return [start, dataset.trainEnd[user]!];
  if (part === 'validation') return [dataset.trainEnd[user]!, dataset.validationEnd[user]!];
  return [dataset.validationEnd[user]!, end];
}

import type * as tf from '@tensorflow/tfjs-core';
import type { Dropout } from '../../engine/ops/dropout.ts';
import type { NamedHostTensors, NamedTensors, TensorSpec } from '../../engine/program.ts';
import { rowGroupSpecs } from '../../engine/ops/rows.ts';
import type { Random } from '../../shared/random.ts';

/**
 * A sequence model: turns histories into vectors that are compared with item vectors by inner product.
 *
 * Sequences are padded on the right. Batch inputs (all int32): `items [batch, length]` item codes with 0 in the
 * padding, `positions [length]` 0 … length−1; models that need them add `lengths [batch]` and `masked`.
 */
export interface SequenceModel {
  readonly name: string;
  readonly hidden: number;
  /** Items the model can score: codes 0 … itemCount−1. */
  readonly itemCount: number;
  readonly maxLength: number;
  /** True for models that guess masked items from both sides; causal ones predict the next item at each position. */
  readonly bidirectional: boolean;
  readonly batchInputs: Readonly<Record<string, TensorSpec>>;
  /** Tensors that are used but not trained (frozen backbone, item features). */
  readonly frozen: NamedHostTensors;
  initialise(random: Random): NamedHostTensors;
  /**
   * Looks items up by `lookUp(…, 'items', batch)`.
   * @returns `[batch · length, hidden]`; row b·length + t is the state at position t of sequence b
   */
  encode(params: NamedTensors, batch: NamedTensors, dropout: Dropout): tf.Tensor;
  /** What is done to picked rows before they meet item vectors: `[rows, hidden]` → `[rows, hidden]`. */
  head(params: NamedTensors, rows: tf.Tensor): tf.Tensor;
  /** Item vectors `[itemCount, hidden]`. */
  itemTable(params: NamedTensors): tf.Tensor;
  /** Added to the scores of each item, `[itemCount]`; undefined where there is none. */
  itemBias(params: NamedTensors): tf.Tensor | undefined;
}

export const sequenceInputs = {
  items: { dtype: 'int32', shape: ['batch', 'length'] },
  positions: { dtype: 'int32', shape: ['length'] },
} as const satisfies Record<string, TensorSpec>;

/** Inputs that only training has: how gradients of the item table are summed. */
export const itemGroupInputs = rowGroupSpecs('items');

export const lengthsInput = {
  lengths: { dtype: 'int32', shape: ['batch'] },
} as const satisfies Record<string, TensorSpec>;

/** 1 where the item is hidden (its code is 0), else 0. */
export const maskedInput = {
  masked: { dtype: 'float32', shape: ['batch', 'length'] },
} as const satisfies Record<string, TensorSpec>;

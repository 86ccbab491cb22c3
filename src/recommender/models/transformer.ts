/**
 * Parts that the sequence models share. Legend of shapes: B batch, L length, N = B·L, D hidden, H heads,
 * F inner width of the feed-forward layer.
 *
 * Activations are kept as `[N, D]`, so that a linear layer is one matrix product whatever the batch.
 */
import * as tf from '@tensorflow/tfjs-core';
import { pickRows } from '../../engine/ops/rows.ts';
import type { Dropout } from '../../engine/ops/dropout.ts';
import type { HostTensor, NamedTensors } from '../../engine/program.ts';
import type { Random } from '../../shared/random.ts';

/** x·W + b: `[rows, in]` → `[rows, out]`. */
export function linear(x: tf.Tensor, params: NamedTensors, name: string): tf.Tensor {
  return tf.fused.matMul({
    a: x as tf.Tensor2D,
    b: params[`${name}.weight`] as tf.Tensor2D,
    bias: params[`${name}.bias`]!,
  });
}

export interface AttentionShape {
  readonly batch: number;
  readonly length: number;
  readonly heads: number;
}

/**
 * Scaled dot-product attention with several heads.
 * @param query `[N, D]`; key and value too
 * @param mask added to the scores, broadcast to `[B, H, L, L]`: 0 where a position may be looked at, −1e9 elsewhere
 */
export function attention(
  query: tf.Tensor,
  key: tf.Tensor,
  value: tf.Tensor,
  mask: tf.Tensor,
  { batch, length, heads }: AttentionShape,
  dropout: Dropout,
  rate: number,
): tf.Tensor {
  const hidden = query.shape[1]!;
  const width = hidden / heads;
  const split = (x: tf.Tensor) =>
    heads === 1
      ? tf.reshape(x, [batch, 1, length, hidden]) // [B, 1, L, D]
      : tf.transpose(tf.reshape(x, [batch, length, heads, width]), [0, 2, 1, 3]); // [B, H, L, D/H]
  const scaled = tf.mul(query, 1 / Math.sqrt(width)); // here, not on the scores: fewer elements
  const scores = tf.add(tf.matMul(split(scaled), split(key), false, true), mask); // [B, H, L, L]
  const weights = dropout.apply(tf.softmax(scores), rate); // [B, H, L, L]
  const mixed = tf.matMul(weights, split(value)); // [B, H, L, D/H]
  return heads === 1
    ? tf.reshape(mixed, [batch * length, hidden]) // [N, D]
    : tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch * length, hidden]); // [N, D]
}

/** 0 where key ≤ query, −1e9 elsewhere. @param positions `[L]`, 0 … L−1. @returns `[1, 1, L, L]` */
export function causalMask(positions: tf.Tensor): tf.Tensor {
  const length = positions.shape[0]!;
  const allowed = tf.lessEqual(
    tf.reshape(positions, [1, 1, 1, length]), // keys
    tf.reshape(positions, [1, 1, length, 1]), // queries
  );
  return masked(allowed);
}

/** 0 at the first `lengths[b]` keys of each sequence, −1e9 elsewhere. @returns `[B, 1, 1, L]` */
export function paddingMask(positions: tf.Tensor, lengths: tf.Tensor): tf.Tensor {
  const allowed = tf.less(
    tf.reshape(positions, [1, 1, 1, positions.shape[0]!]),
    tf.reshape(lengths, [lengths.shape[0]!, 1, 1, 1]),
  );
  return masked(allowed);
}

function masked(allowed: tf.Tensor): tf.Tensor {
  return tf.mul(tf.sub(tf.cast(allowed, 'float32'), 1), 1e9);
}

/** Adds the embedding of its position to each row: `[N, D]` → `[N, D]`. */
export function addPositions(x: tf.Tensor, table: tf.Tensor, positions: tf.Tensor, batch: number): tf.Tensor {
  const length = positions.shape[0]!;
  const hidden = table.shape[1]!;
  const embedded = tf.reshape(pickRows(table, positions), [1, length, hidden]); // [1, L, D]
  return tf.reshape(tf.add(tf.reshape(x, [batch, length, hidden]), embedded), [batch * length, hidden]); // [N, D]
}

/** Collects initial values: what a model's parameters are called, their shapes, and how each is drawn. */
export class Initialiser {
  readonly tensors: Record<string, HostTensor> = {};
  private readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  normal(name: string, shape: readonly number[], deviation: number): void {
    this.fill(name, shape, () => this.random.normal() * deviation);
  }

  /** Glorot and Bengio (2010): uniform in ±√(6 / (in + out)). */
  glorot(name: string, shape: readonly [number, number], fanOut: number = shape[1]): void {
    const bound = Math.sqrt(6 / (shape[0] + fanOut));
    this.fill(name, shape, () => (2 * this.random.uniform() - 1) * bound);
  }

  constant(name: string, shape: readonly number[], value: number): void {
    this.fill(name, shape, () => value);
  }

  linear(name: string, from: number, to: number, deviation = 0.02): void {
    this.normal(`${name}.weight`, [from, to], deviation);
    this.constant(`${name}.bias`, [to], 0);
  }

  norm(name: string, hidden: number): void {
    this.constant(`${name}.gain`, [hidden], 1);
    this.constant(`${name}.bias`, [hidden], 0);
  }

  private fill(name: string, shape: readonly number[], draw: () => number): void {
    const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
    for (let i = 0; i < data.length; i++) data[i] = draw();
    this.tensors[name] = { dtype: 'float32', shape, data };
  }
}

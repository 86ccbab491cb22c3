/**
 * Training losses over rows of hidden states at real positions. Legend: R rows, D hidden, V items, K negatives.
 *
 * Every loss gets `weights [R]`, which sum to 1 over the real rows of a batch and are 0 on rows that only fill it up,
 * so a loss is a mean.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { NamedTensors, TensorSpec } from '../engine/program.ts';
import { softmaxCrossEntropy } from '../engine/ops/softmax-cross-entropy.ts';

export type LossName = 'bpr' | 'bce' | 'gbce' | 'sampled-softmax' | 'cross-entropy';

export interface LossOptions {
  readonly loss: LossName;
  /** Negatives for each row (BPR, BCE, gBCE), or shared by all rows of a batch (sampled softmax). */
  readonly negatives: number;
  /** gBCE's calibration t in [0, 1]; 0 is BCE, 1 is fully calibrated. */
  readonly calibration: number;
}

export interface Loss {
  /** Inputs beyond `targets [rows]` and `weights [rows]`. */
  readonly inputs: Readonly<Record<string, TensorSpec>>;
  /** How many negatives are drawn: for each row, or for the whole batch. */
  readonly sampling: { readonly kind: 'row' | 'batch'; readonly count: number } | undefined;
  /**
   * @param hidden `[R, D]`
   * @param items item vectors `[V, D]`
   * @param bias `[V]`, added to the scores of items
   * @returns a scalar
   */
  value(hidden: tf.Tensor, items: tf.Tensor, bias: tf.Tensor | undefined, inputs: NamedTensors): tf.Tensor;
}

export const targetInputs = {
  rows: { dtype: 'int32', shape: ['rows'] },
  targets: { dtype: 'int32', shape: ['rows'] },
  weights: { dtype: 'float32', shape: ['rows'] },
} as const satisfies Record<string, TensorSpec>;

export function lossOf(options: LossOptions, itemCount: number): Loss {
  const { negatives } = options;
  const perRow: Pick<Loss, 'inputs' | 'sampling'> = {
    inputs: { negatives: { dtype: 'int32', shape: ['rows', negatives] } },
    sampling: { kind: 'row', count: negatives },
  };
  switch (options.loss) {
    case 'bpr':
      return { ...perRow, value: (...all) => bpr(...all) };
    case 'bce':
      return { ...perRow, value: (...all) => binaryCrossEntropy(1, ...all) };
    case 'gbce': {
      const power = gbcePower(negatives / (itemCount - 1), options.calibration);
      return { ...perRow, value: (...all) => binaryCrossEntropy(power, ...all) };
    }
    case 'sampled-softmax':
      return {
        inputs: { negatives: { dtype: 'int32', shape: [negatives] } },
        sampling: { kind: 'batch', count: negatives },
        value: (...all) => sampledSoftmax((itemCount - 1) / negatives, ...all),
      };
    case 'cross-entropy':
      return {
        inputs: {},
        sampling: undefined,
        value: (hidden, items, bias, { targets, weights }) =>
          softmaxCrossEntropy(hidden, items, bias, targets!, weights!),
      };
  }
}

/** β of gBCE (Petrov and Macdonald, RecSys 2023, eq. 8) for sampling rate α = K / (V − 1) and calibration t. */
export function gbcePower(samplingRate: number, calibration: number): number {
  return samplingRate * (calibration * (1 - 1 / samplingRate) + 1 / samplingRate);
}

/** Scores of one item for each row. @param codes `[R]`. @returns `[R]` */
function scoreEach(
  hidden: tf.Tensor,
  items: tf.Tensor,
  bias: tf.Tensor | undefined,
  codes: tf.Tensor,
): tf.Tensor {
  const score = tf.sum(tf.mul(hidden, tf.gather(items, codes as tf.Tensor1D)), -1);
  return bias ? tf.add(score, tf.gather(bias, codes as tf.Tensor1D)) : score;
}

/** Scores of each row's own negatives. @param codes `[R, K]`. @returns `[R, K]` */
function scoreNegatives(
  hidden: tf.Tensor,
  items: tf.Tensor,
  bias: tf.Tensor | undefined,
  codes: tf.Tensor,
): tf.Tensor {
  const [rows, count] = codes.shape as [number, number];
  const width = hidden.shape[1]!;
  const flat = tf.reshape(codes, [rows * count]) as tf.Tensor1D;
  const vectors = tf.reshape(tf.gather(items, flat), [rows, count, width]); // [R, K, D]
  const score = tf.sum(tf.mul(vectors, tf.reshape(hidden, [rows, 1, width])), -1); // [R, K]
  return bias ? tf.add(score, tf.reshape(tf.gather(bias, flat), [rows, count])) : score;
}

/** −log σ(s⁺ − s⁻), averaged over a row's negatives (Rendle et al., UAI 2009; the paper's loss). */
function bpr(
  hidden: tf.Tensor,
  items: tf.Tensor,
  bias: tf.Tensor | undefined,
  inputs: NamedTensors,
): tf.Tensor {
  const { targets, negatives, weights } = inputs;
  const [rows, count] = negatives!.shape as [number, number];
  if (count === 1 && !bias) {
    const both = tf.concat([targets!, tf.reshape(negatives!, [rows])]); // one gather, one scatter in its gradient
    const [positive, negative] = tf.split(tf.gather(items, both as tf.Tensor1D), [rows, rows]); // [R, D] each
    const margin = tf.sum(tf.mul(hidden, tf.sub(positive!, negative!)), -1); // [R]
    return tf.sum(tf.mul(tf.softplus(tf.neg(margin)), weights!));
  }
  const margin = tf.sub(
    tf.reshape(scoreEach(hidden, items, bias, targets!), [rows, 1]),
    scoreNegatives(hidden, items, bias, negatives!),
  ); // [R, K]
  return tf.sum(tf.mul(tf.mean(tf.softplus(tf.neg(margin)), -1), weights!));
}

/** −β log σ(s⁺) − Σ log(1 − σ(s⁻)); β = 1 is BCE, see `gbcePower`. */
function binaryCrossEntropy(
  power: number,
  hidden: tf.Tensor,
  items: tf.Tensor,
  bias: tf.Tensor | undefined,
  inputs: NamedTensors,
): tf.Tensor {
  const { targets, negatives, weights } = inputs;
  const positive = tf.softplus(tf.neg(scoreEach(hidden, items, bias, targets!))); // [R]
  const negative = tf.sum(tf.softplus(scoreNegatives(hidden, items, bias, negatives!)), -1); // [R]
  return tf.sum(tf.mul(tf.add(tf.mul(positive, power), negative), weights!));
}

/**
 * Softmax over the target and K negatives that all rows share. A negative that is a row's own target is left out of
 * that row. Negatives count `upweight` = (V − 1) / K times, so that the normaliser estimates the full one.
 */
function sampledSoftmax(
  upweight: number,
  hidden: tf.Tensor,
  items: tf.Tensor,
  bias: tf.Tensor | undefined,
  inputs: NamedTensors,
): tf.Tensor {
  const { targets, negatives, weights } = inputs;
  const rows = targets!.shape[0]!;
  const count = negatives!.shape[0]!;
  const positive = scoreEach(hidden, items, bias, targets!); // [R]
  const vectors = tf.gather(items, negatives as tf.Tensor1D); // [K, D]
  const raw = tf.matMul(hidden as tf.Tensor2D, vectors as tf.Tensor2D, false, true); // [R, K]
  const scores = bias ? tf.add(raw, tf.gather(bias, negatives as tf.Tensor1D)) : raw;
  const collides = tf.equal(tf.reshape(targets!, [rows, 1]), tf.reshape(negatives!, [1, count])); // [R, K]
  const corrected = tf.sub(tf.add(scores, Math.log(upweight)), tf.mul(tf.cast(collides, 'float32'), 1e9));
  const highest = tf.maximum(tf.max(corrected, -1), positive); // [R]
  const rest = tf.sum(tf.exp(tf.sub(corrected, tf.reshape(highest, [rows, 1]))), -1); // [R]
  const total = tf.add(rest, tf.exp(tf.sub(positive, highest)));
  const lossPerRow = tf.sub(tf.add(tf.log(total), highest), positive);
  return tf.sum(tf.mul(lossPerRow, weights!));
}

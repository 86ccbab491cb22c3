/**
 * Training losses over rows of hidden states at real positions. Legend: R rows, D hidden, V items, K negatives.
 *
 * Every loss gets `weights [R]`, which sum to 1 over the real rows of a batch and are 0 on rows that only fill it up,
 * so a loss is a mean.
 */
import * as tf from '@tensorflow/tfjs-core';
import { lookUp, rowGroupSpecs, sumByCode } from '../engine/ops/rows.ts';
import { softmaxCrossEntropy } from '../engine/ops/softmax-cross-entropy.ts';
import type { NamedTensors, TensorSpec } from '../engine/program.ts';

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
    inputs: { negatives: { dtype: 'int32', shape: ['rows', negatives] }, ...rowGroupSpecs('scored') },
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
        inputs: { negatives: { dtype: 'int32', shape: [negatives] }, ...rowGroupSpecs('scored') },
        sampling: { kind: 'batch', count: negatives },
        value: (...all) => sampledSoftmax((itemCount - 1) / negatives, ...all),
      };
    case 'cross-entropy':
      return {
        inputs: rowGroupSpecs('scored'),
        sampling: undefined,
        value: (hidden, items, bias, inputs) =>
          softmaxCrossEntropy(hidden, items, bias, inputs['targets']!, inputs['weights']!, (rows) =>
            sumByCode(rows, itemCount, 'scored', inputs),
          ),
      };
  }
}

/** β of gBCE (Petrov and Macdonald, RecSys 2023, eq. 8) for sampling rate α = K / (V − 1) and calibration t. */
export function gbcePower(samplingRate: number, calibration: number): number {
  return samplingRate * (calibration * (1 - 1 / samplingRate) + 1 / samplingRate);
}

interface Scores {
  /** Of each row's target, `[R]`. */
  readonly positive: tf.Tensor;
  /** Of each row's own negatives, `[R, K]`. */
  readonly negative: tf.Tensor;
}

/** `[V]` and `[n]` → `[n, 1]` */
function biasOf(bias: tf.Tensor, codes: tf.Tensor, inputs: NamedTensors): tf.Tensor {
  return lookUp(tf.reshape(bias, [bias.size, 1]), codes, 'scored', inputs);
}

/** One lookup for targets and negatives together. */
function scores(
  hidden: tf.Tensor,
  items: tf.Tensor,
  bias: tf.Tensor | undefined,
  inputs: NamedTensors,
): Scores {
  const { targets, negatives } = inputs;
  const [rows, count] = negatives!.shape as [number, number];
  const width = hidden.shape[1]!;
  const codes = tf.concat([targets!, tf.reshape(negatives!, [rows * count])]); // [R + R·K]
  const [own, others] = tf.split(lookUp(items, codes, 'scored', inputs), [rows, rows * count]);
  const positive = tf.sum(tf.mul(hidden, own!), -1); // [R]
  const negative =
    count === 1
      ? tf.reshape(tf.sum(tf.mul(hidden, others!), -1), [rows, 1])
      : tf.sum(tf.mul(tf.reshape(others!, [rows, count, width]), tf.reshape(hidden, [rows, 1, width])), -1); // [R, K]
  if (!bias) return { positive, negative };
  const [ownBias, otherBias] = tf.split(biasOf(bias, codes, inputs), [rows, rows * count]);
  return {
    positive: tf.add(positive, tf.reshape(ownBias!, [rows])),
    negative: tf.add(negative, tf.reshape(otherBias!, [rows, count])),
  };
}

/** −log σ(s⁺ − s⁻), averaged over a row's negatives (Rendle et al., UAI 2009; the paper's loss). */
function bpr(
  hidden: tf.Tensor,
  items: tf.Tensor,
  bias: tf.Tensor | undefined,
  inputs: NamedTensors,
): tf.Tensor {
  const { positive, negative } = scores(hidden, items, bias, inputs);
  const rows = positive.shape[0]!;
  const margin = tf.sub(tf.reshape(positive, [rows, 1]), negative); // [R, K]
  return tf.sum(tf.mul(tf.mean(tf.softplus(tf.neg(margin)), -1), inputs['weights']!));
}

/** −β log σ(s⁺) − Σ log(1 − σ(s⁻)); β = 1 is BCE, see `gbcePower`. */
function binaryCrossEntropy(
  power: number,
  hidden: tf.Tensor,
  items: tf.Tensor,
  bias: tf.Tensor | undefined,
  inputs: NamedTensors,
): tf.Tensor {
  const { positive, negative } = scores(hidden, items, bias, inputs);
  const lossOfTarget = tf.mul(tf.softplus(tf.neg(positive)), power); // [R]
  const lossOfOthers = tf.sum(tf.softplus(negative), -1); // [R]
  return tf.sum(tf.mul(tf.add(lossOfTarget, lossOfOthers), inputs['weights']!));
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
  const codes = tf.concat([targets!, negatives!]); // [R + K]
  const [own, shared] = tf.split(lookUp(items, codes, 'scored', inputs), [rows, count]);
  const [ownBias, sharedBias] = bias ? tf.split(biasOf(bias, codes, inputs), [rows, count]) : [];
  const ownScore = tf.sum(tf.mul(hidden, own!), -1);
  const positive = ownBias ? tf.add(ownScore, tf.reshape(ownBias, [rows])) : ownScore; // [R]
  const raw = tf.matMul(hidden as tf.Tensor2D, shared as tf.Tensor2D, false, true); // [R, K]
  const scores = sharedBias ? tf.add(raw, tf.reshape(sharedBias, [count])) : raw;
  const collides = tf.equal(tf.reshape(targets!, [rows, 1]), tf.reshape(negatives!, [1, count])); // [R, K]
  const corrected = tf.sub(tf.add(scores, Math.log(upweight)), tf.mul(tf.cast(collides, 'float32'), 1e9));
  const highest = tf.maximum(tf.max(corrected, -1), positive); // [R]
  const rest = tf.sum(tf.exp(tf.sub(corrected, tf.reshape(highest, [rows, 1]))), -1); // [R]
  const total = tf.add(rest, tf.exp(tf.sub(positive, highest)));
  const lossPerRow = tf.sub(tf.add(tf.log(total), highest), positive);
  return tf.sum(tf.mul(lossPerRow, weights!));
}

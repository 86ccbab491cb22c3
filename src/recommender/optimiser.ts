/**
 * Adam with decoupled weight decay (Kingma and Ba, 2015; Loshchilov and Hutter, 2019) as a pure update, so that it is
 * recorded as part of a training step and its rate can be an input.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { HostTensor, NamedHostTensors, NamedTensors, TensorSpec } from '../engine/program.ts';

export interface OptimiserOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Share of each matrix (not biases, gains) taken away per step, times the learning rate. */
  readonly weightDecay: number;
  /** Gradients are scaled down together to at most this Euclidean norm; 0 = not at all. */
  readonly clipNorm: number;
}

export const adamDefaults: OptimiserOptions = {
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
  clipNorm: 0,
};

const first = 'adam.first.';
const second = 'adam.second.';

/** Both moments of every parameter, zero. */
export function initialMoments(params: NamedHostTensors): NamedHostTensors {
  const out: Record<string, HostTensor> = {};
  for (const [name, { shape, data }] of Object.entries(params))
    for (const kind of [first, second])
      out[kind + name] = { dtype: 'float32', shape, data: new Float32Array(data.length) };
  return out;
}

export function momentSpecs(params: Readonly<Record<string, TensorSpec>>): Record<string, TensorSpec> {
  const out: Record<string, TensorSpec> = {};
  for (const [name, spec] of Object.entries(params)) {
    out[first + name] = spec;
    out[second + name] = spec;
  }
  return out;
}

/** Inputs of a step that the update needs; see `updateInputs`. */
export const updateInputSpecs = {
  learning_rate: { dtype: 'float32', shape: [] },
  adam_rate: { dtype: 'float32', shape: [] },
  adam_epsilon: { dtype: 'float32', shape: [] },
} as const satisfies Record<string, TensorSpec>;

/** Bias correction is a matter of the step's number alone, so it is folded into rate and epsilon on this side. */
export function updateInputs(
  step: number,
  learningRate: number,
  { beta1, beta2, epsilon }: OptimiserOptions,
): NamedHostTensors {
  const root = Math.sqrt(1 - beta2 ** step);
  const scalar = (value: number): HostTensor => ({
    dtype: 'float32',
    shape: [],
    data: Float32Array.of(value),
  });
  return {
    learning_rate: scalar(learningRate),
    adam_rate: scalar((learningRate * root) / (1 - beta1 ** step)),
    adam_epsilon: scalar(epsilon * root),
  };
}

export interface Update {
  /** New parameters and moments. */
  readonly state: NamedTensors;
  /** Euclidean norm of all gradients before clipping, a scalar. */
  readonly gradientNorm: tf.Tensor;
}

export function adamUpdate(
  params: NamedTensors,
  gradients: NamedTensors,
  moments: NamedTensors,
  inputs: NamedTensors,
  { beta1, beta2, weightDecay, clipNorm }: OptimiserOptions,
): Update {
  const names = Object.keys(params);
  const squares = names.map((name) => tf.sum(tf.square(gradients[name]!)));
  const gradientNorm = tf.sqrt(squares.length > 1 ? tf.addN(squares) : squares[0]!);
  const scale = clipNorm > 0 ? tf.div(clipNorm, tf.maximum(gradientNorm, clipNorm)) : undefined;
  const state: Record<string, tf.Tensor> = {};
  for (const name of names) {
    const parameter = params[name]!;
    const gradient = scale ? tf.mul(gradients[name]!, scale) : gradients[name]!;
    const m = tf.add(tf.mul(moments[first + name]!, beta1), tf.mul(gradient, 1 - beta1));
    const v = tf.add(tf.mul(moments[second + name]!, beta2), tf.mul(tf.square(gradient), 1 - beta2));
    const change = tf.div(tf.mul(m, inputs['adam_rate']!), tf.add(tf.sqrt(v), inputs['adam_epsilon']!));
    const decayed =
      weightDecay > 0 && parameter.rank > 1
        ? tf.sub(parameter, tf.mul(parameter, tf.mul(inputs['learning_rate']!, weightDecay)))
        : parameter;
    state[name] = tf.sub(decayed, change);
    state[first + name] = m;
    state[second + name] = v;
  }
  return { state, gradientNorm };
}

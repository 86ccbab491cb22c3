/**
 * The attribute part of the paper's Figure 3: a Transformer f_attr over item features aligned with the history, and the
 * dense layer over its states and those of the sequence model. Attribute tools and feature encoders share it.
 *
 * Legend of shapes: B batch, L length, N = B·L, D hidden, W width of the features, F inner width.
 */
import * as tf from '@tensorflow/tfjs-core';
import { layerNorm } from '../../engine/ops/layer-norm.ts';
import type { Dropout } from '../../engine/ops/dropout.ts';
import type { NamedTensors } from '../../engine/program.ts';
import type { SequenceModel } from './model.ts';
import type { Initialiser } from './transformer.ts';
import { addPositions, attention, causalMask, linear, paddingMask } from './transformer.ts';

export interface FeatureTransformerOptions {
  /** Of f_attr; the paper's reference has one layer and as many heads as the backbone. */
  readonly heads: number;
  readonly inner: number;
  readonly dropout: number;
}

/** γ and θ. */
export function initialiseFeatureParts(
  init: Initialiser,
  { hidden, maxLength }: SequenceModel,
  width: number,
  inner: number,
): void {
  init.linear('attribute.project', width, hidden, 0.1);
  init.normal('attribute.position', [maxLength, hidden], 0.02);
  init.norm('attribute.embedding_norm', hidden);
  for (const part of ['query', 'key', 'value', 'output']) init.linear(`attribute.${part}`, hidden, hidden);
  init.norm('attribute.attention_norm', hidden);
  init.linear('attribute.inner', hidden, inner);
  init.linear('attribute.outer', inner, hidden);
  init.norm('attribute.feed_forward_norm', hidden);
  // θ starts as (small, identity): before training the model recommends as its sequence part does.
  init.linear('fusion', 2 * hidden, hidden, 0.002);
  const fusion = init.tensors['fusion.weight']!.data;
  for (let i = 0; i < hidden; i++) fusion[(hidden + i) * hidden + i]! += 1;
}

/**
 * f_attr.
 * @param features of the items of the batch, `[N, W]`
 * @returns `[N, D]`
 */
export function featureStates(
  backbone: SequenceModel,
  features: tf.Tensor,
  params: NamedTensors,
  inputs: NamedTensors,
  dropout: Dropout,
  { heads, dropout: rate }: FeatureTransformerOptions,
): tf.Tensor {
  const { items, positions, lengths, masked } = inputs;
  const [batch, length] = items!.shape as [number, number];
  const norm = (x: tf.Tensor, name: string) =>
    layerNorm(x, params[`attribute.${name}.gain`]!, params[`attribute.${name}.bias`]!);
  const dense = (x: tf.Tensor, name: string) => linear(x, params, `attribute.${name}`);
  const visible = backbone.bidirectional
    ? tf.mul(features, tf.sub(1, tf.reshape(masked!, [batch * length, 1])))
    : features;
  const mask = backbone.bidirectional ? paddingMask(positions!, lengths!) : causalMask(positions!);
  let x = addPositions(dense(visible, 'project'), params['attribute.position']!, positions!, batch); // [N, D]
  x = dropout.apply(norm(x, 'embedding_norm'), rate);
  const mixed = attention(
    dense(x, 'query'),
    dense(x, 'key'),
    dense(x, 'value'),
    mask,
    { batch, length, heads },
    dropout,
    rate,
  );
  x = norm(tf.add(x, dropout.apply(dense(mixed, 'output'), rate)), 'attention_norm'); // [N, D]
  const wide = tf.relu(dense(x, 'inner')); // [N, F]
  return norm(tf.add(x, dropout.apply(dense(wide, 'outer'), rate)), 'feed_forward_norm'); // [N, D]
}

/** u = Dense(a ⊕ h): two of `[N, D]` → `[N, D]`. */
export function fuse(attributes: tf.Tensor, states: tf.Tensor, params: NamedTensors): tf.Tensor {
  return linear(tf.concat([attributes, states], 1), params, 'fusion');
}

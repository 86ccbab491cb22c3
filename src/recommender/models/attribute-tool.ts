/**
 * Attribute-oriented retrieval tool (ToolRec, 3.3.2, eqs. 1-4): a pre-trained backbone f_seq (parameters β), an
 * attribute Transformer f_attr over the attribute sequence aligned with the history (γ), and a dense layer over both
 * states (θ): u = Dense(a_u ⊕ h_u), compared with the backbone's item vectors.
 *
 * `frozen`: only γ and θ are trained ("frozen + a" in the paper); `full`: β too.
 */
import * as tf from '@tensorflow/tfjs-core';
import { layerNorm } from '../../engine/ops/layer-norm.ts';
import { Dropout } from '../../engine/ops/dropout.ts';
import type { HostTensor, NamedHostTensors, NamedTensors } from '../../engine/program.ts';
import type { SequenceModel } from './model.ts';
import { addPositions, attention, causalMask, Initialiser, linear, paddingMask } from './transformer.ts';

export interface AttributeToolOptions {
  readonly mode: 'frozen' | 'full';
  /** Of f_attr; the paper's reference has one layer and as many heads as the backbone. */
  readonly heads: number;
  readonly inner: number;
  readonly dropout: number;
}

const prefix = 'backbone.';

/**
 * @param features `[itemCount, width]` item features of the attribute
 * @param pretrained the backbone's parameters by their own names
 */
export function attributeTool(
  backbone: SequenceModel,
  pretrained: NamedHostTensors,
  features: HostTensor,
  options: AttributeToolOptions,
): SequenceModel {
  const { hidden, maxLength } = backbone;
  const { heads, inner, dropout: rate, mode } = options;
  const width = features.shape[1]!;
  const beta = Object.fromEntries(Object.entries(pretrained).map(([name, value]) => [prefix + name, value]));
  const backboneParams = (params: NamedTensors): NamedTensors =>
    Object.fromEntries(
      Object.entries(params)
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, value]) => [name.slice(prefix.length), value]),
    );

  /** f_attr: `[N, D]`. */
  function attributeStates(params: NamedTensors, inputs: NamedTensors, dropout: Dropout): tf.Tensor {
    const { items, positions, lengths, masked } = inputs;
    const [batch, length] = items!.shape as [number, number];
    const norm = (x: tf.Tensor, name: string) =>
      layerNorm(x, params[`attribute.${name}.gain`]!, params[`attribute.${name}.bias`]!);
    const dense = (x: tf.Tensor, name: string) => linear(x, params, `attribute.${name}`);
    const gathered = tf.gather(params['features']!, tf.reshape(items!, [batch * length]) as tf.Tensor1D); // [N, W]
    const visible = backbone.bidirectional
      ? tf.mul(gathered, tf.sub(1, tf.reshape(masked!, [batch * length, 1])))
      : gathered;
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

  return {
    ...backbone,
    name: `${backbone.name}+attribute`,
    frozen: { features, ...(mode === 'frozen' ? beta : {}) },

    initialise(random) {
      const init = new Initialiser(random);
      init.linear('attribute.project', width, hidden, 0.1);
      init.normal('attribute.position', [maxLength, hidden], 0.02);
      init.norm('attribute.embedding_norm', hidden);
      for (const part of ['query', 'key', 'value', 'output'])
        init.linear(`attribute.${part}`, hidden, hidden);
      init.norm('attribute.attention_norm', hidden);
      init.linear('attribute.inner', hidden, inner);
      init.linear('attribute.outer', inner, hidden);
      init.norm('attribute.feed_forward_norm', hidden);
      // θ starts as (small, identity): before training the tool recommends as its backbone does.
      init.linear('fusion', 2 * hidden, hidden, 0.002);
      const fusion = init.tensors['fusion.weight']!.data;
      for (let i = 0; i < hidden; i++) fusion[(hidden + i) * hidden + i]! += 1;
      return mode === 'full' ? { ...init.tensors, ...beta } : init.tensors;
    },

    encode(params, inputs, dropout) {
      // A frozen backbone is a fixed function: nothing is dropped in it.
      const own = mode === 'full' ? dropout : new Dropout();
      const states = backbone.encode(backboneParams(params), inputs, own); // [N, D]
      const attributes = attributeStates(params, inputs, dropout); // [N, D]
      return linear(tf.concat([attributes, states], 1), params, 'fusion'); // [N, D]
    },

    head: (params, rows) => backbone.head(backboneParams(params), rows),
    itemTable: (params) => backbone.itemTable(backboneParams(params)),
    itemBias: (params) => backbone.itemBias(backboneParams(params)),
  };
}

/**
 * SASRec (Kang and McAuley, ICDM 2018): causal self-attention over the history; item vectors are shared between
 * input and output. Layer order follows the original: queries are normalised, keys and values are not, and the
 * residual path carries the normalised input.
 */
import * as tf from '@tensorflow/tfjs-core';
import { lookUp } from '../../engine/ops/rows.ts';
import { layerNorm } from '../../engine/ops/layer-norm.ts';
import { type SequenceModel, sequenceInputs } from './model.ts';
import { addPositions, attention, causalMask, Initialiser, linear } from './transformer.ts';

export interface SasRecOptions {
  readonly itemCount: number;
  readonly maxLength: number;
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  /** Width of the feed-forward layer between its two products; the original has `hidden`. */
  readonly inner: number;
  readonly dropout: number;
  readonly attentionDropout: number;
}

export function sasRec(options: SasRecOptions): SequenceModel {
  const { itemCount, maxLength, hidden, layers, heads, inner } = options;
  return {
    name: 'SASRec',
    itemCount,
    maxLength,
    hidden,
    bidirectional: false,
    batchInputs: sequenceInputs,
    frozen: {},

    initialise(random) {
      const init = new Initialiser(random);
      init.normal('item', [itemCount, hidden], 0.02);
      init.normal('position', [maxLength, hidden], 0.02);
      for (let layer = 0; layer < layers; layer++) {
        const name = `layers.${layer}`;
        init.norm(`${name}.attention_norm`, hidden);
        for (const part of ['query', 'key', 'value']) {
          // Drawn as parts of one [D, 3D] matrix, as PyTorch's attention does.
          init.glorot(`${name}.${part}.weight`, [hidden, hidden], 3 * hidden);
          init.constant(`${name}.${part}.bias`, [hidden], 0);
        }
        init.linear(`${name}.output`, hidden, hidden);
        init.norm(`${name}.feed_forward_norm`, hidden);
        init.linear(`${name}.inner`, hidden, inner);
        init.linear(`${name}.outer`, inner, hidden);
      }
      init.norm('final_norm', hidden);
      return init.tensors;
    },

    encode(params, inputs, dropout) {
      const { items, positions } = inputs;
      const [batch, length] = items!.shape as [number, number];
      const shape = { batch, length, heads };
      const norm = (x: tf.Tensor, name: string) =>
        layerNorm(x, params[`${name}.gain`]!, params[`${name}.bias`]!);
      const mask = causalMask(positions!); // [1, 1, L, L]

      const codes = tf.reshape(items!, [batch * length]); // [N]
      const embedded = lookUp(params['item']!, codes, 'items', inputs); // [N, D]
      let x = addPositions(tf.mul(embedded, Math.sqrt(hidden)), params['position']!, positions!, batch);
      x = dropout.apply(x, options.dropout);
      for (let layer = 0; layer < layers; layer++) {
        const name = `layers.${layer}`;
        const query = norm(x, `${name}.attention_norm`);
        const mixed = attention(
          linear(query, params, `${name}.query`),
          linear(x, params, `${name}.key`),
          linear(x, params, `${name}.value`),
          mask,
          shape,
          dropout,
          options.attentionDropout,
        );
        x = tf.add(query, linear(mixed, params, `${name}.output`)); // [N, D]
        const forward = norm(x, `${name}.feed_forward_norm`);
        const wide = tf.relu(dropout.apply(linear(forward, params, `${name}.inner`), options.dropout)); // [N, F]
        x = tf.add(forward, dropout.apply(linear(wide, params, `${name}.outer`), options.dropout)); // [N, D]
      }
      return norm(x, 'final_norm');
    },

    head: (_params, rows) => rows,
    itemTable: (params) => params['item']!,
    itemBias: () => undefined,
  };
}

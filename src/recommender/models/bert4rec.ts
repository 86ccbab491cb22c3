/**
 * BERT4Rec (Sun et al., CIKM 2019): bidirectional self-attention that guesses masked items from both sides. At
 * prediction time a mask follows the history. Layers normalise after the residual sum, as in BERT; scores have a bias
 * for each item.
 */
import * as tf from '@tensorflow/tfjs-core';
import { gelu } from '../../engine/ops/gelu.ts';
import { layerNorm } from '../../engine/ops/layer-norm.ts';
import { lookUp } from '../../engine/ops/rows.ts';
import { lengthsInput, maskedInput, type SequenceModel, sequenceInputs } from './model.ts';
import type { SasRecOptions } from './sasrec.ts';
import { addPositions, attention, Initialiser, linear, paddingMask } from './transformer.ts';

const normEpsilon = 1e-12;

export function bert4Rec(options: SasRecOptions): SequenceModel {
  const { itemCount, maxLength, hidden, layers, heads, inner } = options;
  return {
    name: 'BERT4Rec',
    itemCount,
    maxLength,
    hidden,
    bidirectional: true,
    batchInputs: { ...sequenceInputs, ...lengthsInput, ...maskedInput },
    frozen: {},

    initialise(random) {
      const init = new Initialiser(random);
      init.normal('item', [itemCount, hidden], 0.02);
      init.normal('mask', [1, hidden], 0.02);
      init.normal('position', [maxLength, hidden], 0.02);
      init.norm('embedding_norm', hidden);
      for (let layer = 0; layer < layers; layer++) {
        const name = `layers.${layer}`;
        for (const part of ['query', 'key', 'value', 'output'])
          init.linear(`${name}.${part}`, hidden, hidden);
        init.norm(`${name}.attention_norm`, hidden);
        init.linear(`${name}.inner`, hidden, inner);
        init.linear(`${name}.outer`, inner, hidden);
        init.norm(`${name}.feed_forward_norm`, hidden);
      }
      init.linear('head', hidden, hidden);
      init.norm('head_norm', hidden);
      init.constant('item_bias', [itemCount], 0);
      return init.tensors;
    },

    encode(params, inputs, dropout) {
      const { items, positions, lengths, masked } = inputs;
      const [batch, length] = items!.shape as [number, number];
      const shape = { batch, length, heads };
      const norm = (x: tf.Tensor, name: string) =>
        layerNorm(x, params[`${name}.gain`]!, params[`${name}.bias`]!, normEpsilon);
      const mask = paddingMask(positions!, lengths!); // [B, 1, 1, L]

      const codes = tf.reshape(items!, [batch * length]); // [N]
      const hide = tf.reshape(masked!, [batch * length, 1]) as tf.Tensor2D; // [N, 1]
      const shown = tf.mul(lookUp(params['item']!, codes, 'items', inputs), tf.sub(1, hide)); // [N, D]
      const embedded = tf.add(shown, tf.matMul(hide, params['mask'] as tf.Tensor2D)); // [N, D]
      let x = norm(addPositions(embedded, params['position']!, positions!, batch), 'embedding_norm');
      x = dropout.apply(x, options.dropout);
      for (let layer = 0; layer < layers; layer++) {
        const name = `layers.${layer}`;
        const mixed = attention(
          linear(x, params, `${name}.query`),
          linear(x, params, `${name}.key`),
          linear(x, params, `${name}.value`),
          mask,
          shape,
          dropout,
          options.attentionDropout,
        );
        const attended = dropout.apply(linear(mixed, params, `${name}.output`), options.dropout);
        x = norm(tf.add(x, attended), `${name}.attention_norm`); // [N, D]
        const wide = gelu(linear(x, params, `${name}.inner`)); // [N, F]
        const forward = dropout.apply(linear(wide, params, `${name}.outer`), options.dropout);
        x = norm(tf.add(x, forward), `${name}.feed_forward_norm`); // [N, D]
      }
      return x;
    },

    head(params, rows) {
      const transformed = gelu(linear(rows, params, 'head')); // [R, D]
      return layerNorm(transformed, params['head_norm.gain']!, params['head_norm.bias']!, normEpsilon);
    },
    itemTable: (params) => params['item']!,
    itemBias: (params) => params['item_bias']!,
  };
}

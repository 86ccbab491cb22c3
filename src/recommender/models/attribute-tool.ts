/**
 * Attribute-oriented retrieval tool (ToolRec, 3.3.2, eqs. 1-4): a pre-trained backbone f_seq (parameters β), an
 * attribute Transformer f_attr over the attribute sequence aligned with the history (γ), and a dense layer over both
 * states (θ): u = Dense(a_u ⊕ h_u), compared with the backbone's item vectors.
 *
 * `frozen`: only γ and θ are trained ("frozen + a" in the paper); `full`: β too.
 */
import * as tf from '@tensorflow/tfjs-core';
import { Dropout } from '../../engine/ops/dropout.ts';
import type { HostTensor, NamedHostTensors, NamedTensors } from '../../engine/program.ts';
import {
  featureStates,
  type FeatureTransformerOptions,
  fuse,
  initialiseFeatureParts,
} from './feature-transformer.ts';
import type { SequenceModel } from './model.ts';
import { Initialiser } from './transformer.ts';

export interface AttributeToolOptions extends FeatureTransformerOptions {
  readonly mode: 'frozen' | 'full';
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
  const { mode } = options;
  const width = features.shape[1]!;
  const beta = Object.fromEntries(Object.entries(pretrained).map(([name, value]) => [prefix + name, value]));
  const backboneParams = (params: NamedTensors): NamedTensors =>
    Object.fromEntries(
      Object.entries(params)
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, value]) => [name.slice(prefix.length), value]),
    );

  return {
    ...backbone,
    name: `${backbone.name}+attribute`,
    frozen: { features, ...(mode === 'frozen' ? beta : {}) },

    initialise(random) {
      const init = new Initialiser(random);
      initialiseFeatureParts(init, backbone, width, options.inner);
      return mode === 'full' ? { ...init.tensors, ...beta } : init.tensors;
    },

    encode(params, inputs, dropout) {
      // A frozen backbone is a fixed function: nothing is dropped in it.
      const own = mode === 'full' ? dropout : new Dropout();
      const states = backbone.encode(backboneParams(params), inputs, own); // [N, D]
      const codes = tf.reshape(inputs['items']!, [-1]) as tf.Tensor1D; // [N]
      const features = tf.gather(params['features']!, codes); // [N, W]
      return fuse(featureStates(backbone, features, params, inputs, dropout, options), states, params);
    },

    head: (params, rows) => backbone.head(backboneParams(params), rows),
    itemTable: (params) => backbone.itemTable(backboneParams(params)),
    itemBias: (params) => backbone.itemBias(backboneParams(params)),
  };
}

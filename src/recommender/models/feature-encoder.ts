/**
 * SASRec_BERT and BERT4Rec_BERT of the paper's Table 2: the sequence model with a feature encoder "structured as shown in
 * Figure 3" over embeddings of item texts, everything trained from the start ("fully fine-tuned"), the embeddings too:
 * they are the first values of a table `[V, W]` that is a parameter like the others. That is why the paper's Figure 6 has
 * this model so much larger than its backbone.
 */
import * as tf from '@tensorflow/tfjs-core';
import { lookUp } from '../../engine/ops/rows.ts';
import type { HostTensor } from '../../engine/program.ts';
import {
  featureStates,
  type FeatureTransformerOptions,
  fuse,
  initialiseFeatureParts,
} from './feature-transformer.ts';
import type { SequenceModel } from './model.ts';
import { Initialiser } from './transformer.ts';

/**
 * @param backbone the sequence model; its parameters keep their names
 * @param features `[itemCount, W]` embeddings of item texts
 */
export function featureEncoder(
  backbone: SequenceModel,
  features: HostTensor,
  options: FeatureTransformerOptions,
): SequenceModel {
  return {
    ...backbone,
    name: `${backbone.name}+text`,

    initialise(random) {
      const init = new Initialiser(random);
      initialiseFeatureParts(init, backbone, features.shape[1]!, options.inner);
      return { ...backbone.initialise(random), ...init.tensors, features };
    },

    encode(params, inputs, dropout) {
      const states = backbone.encode(params, inputs, dropout); // [N, D]
      const codes = tf.reshape(inputs['items']!, [-1]); // [N]
      const known = lookUp(params['features']!, codes, 'items', inputs); // [N, W]
      return fuse(featureStates(backbone, known, params, inputs, dropout, options), states, params); // [N, D]
    },
  };
}

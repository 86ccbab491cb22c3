import type { HostTensor } from '../../engine/program.ts';
import type { TrainingConfig } from '../config.ts';
import { bert4Rec } from './bert4rec.ts';
import { featureEncoder } from './feature-encoder.ts';
import type { SequenceModel } from './model.ts';
import { sasRec } from './sasrec.ts';

/**
 * The backbone that a configuration describes.
 * @param itemCount items with interactions
 * @param features `[itemCount, W]` embeddings of item texts, for the item encoder `text`
 */
export function buildModel(config: TrainingConfig, itemCount: number, features?: HostTensor): SequenceModel {
  const options = { ...config, itemCount };
  const model = config.model === 'sasrec' ? sasRec(options) : bert4Rec(options);
  return features ? featureEncoder(model, features, config) : model;
}

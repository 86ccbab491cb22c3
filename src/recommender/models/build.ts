import type { TrainingConfig } from '../config.ts';
import { bert4Rec } from './bert4rec.ts';
import type { SequenceModel } from './model.ts';
import { sasRec } from './sasrec.ts';

/** The backbone that a configuration describes. @param itemCount items with interactions */
export function buildModel(config: TrainingConfig, itemCount: number): SequenceModel {
  const options = { ...config, itemCount };
  return config.model === 'sasrec' ? sasRec(options) : bert4Rec(options);
}

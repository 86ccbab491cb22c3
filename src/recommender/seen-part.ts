import { UsageError } from '../shared/errors.ts';
import type { ModelManifest } from './checkpoint.ts';

/**
 * A model fitted on training and validation items has seen the validation items: figures on them would be too good.
 * @throws UsageError `part-was-trained-on`
 */
export function refuseSeenPart({ id, config }: ModelManifest, part: 'validation' | 'test' | 'end'): void {
  if (part !== 'validation' || config.fitOn === 'train') return;
  throw new UsageError(
    'part-was-trained-on',
    `“${id}” was fitted on the validation items too.`,
    'Use the test part, or a model fitted on “train” alone.',
  );
}

/** @throws UsageError `part-was-trained-on` where a tool would be validated on what its backbone was fitted on */
export function refuseSeenBackbone(backbone: ModelManifest, fitOn: ModelManifest['config']['fitOn']): void {
  if (backbone.config.fitOn === fitOn || fitOn === 'train+validation') return;
  throw new UsageError(
    'part-was-trained-on',
    `The backbone “${backbone.id}” was fitted on the validation items too, so the tool cannot be validated on them.`,
    'Fit the tool on “train+validation” as well (--fit-on), or choose another backbone.',
  );
}

/** @throws UsageError `part-was-trained-on` where a model would be validated on what it began with was fitted on */
export function refuseSeenStart(start: ModelManifest, fitOn: ModelManifest['config']['fitOn']): void {
  if (start.config.fitOn === fitOn || fitOn === 'train+validation') return;
  throw new UsageError(
    'part-was-trained-on',
    `“${start.id}” was fitted on the validation items too, so what begins with it cannot be validated on them.`,
    'Fit on “train+validation” as well (--fit-on), or start from another model.',
  );
}

import { UsageError } from '../../shared/errors.ts';
import type { MethodDefinition } from './definition.ts';

const reason =
  'P5 needs a T5-small model fine-tuned on the dataset, and the engine trains no text-to-text models yet.';

/** The place of P5 (Geng et al., 2022) in the tables. It refuses rather than stand in with something else. */
export const p5: MethodDefinition = {
  name: 'p5',
  title: 'P5',
  description: 'Text-to-text recommendation (T5-small, OpenP5 prompts). Not built yet.',
  group: 'baseline',
  settings: [],
  model: { kind: 'none' },
  usesLanguageModel: false,
  notBuilt: reason,
  open: async () => {
    throw new UsageError('not-built', reason, 'Leave it out of the experiment.');
  },
};

import type { MethodDefinition } from './definition.ts';
import { modelMethod } from './model-method.ts';

export const popularity: MethodDefinition = {
  name: 'popularity',
  title: 'Popularity',
  description: 'The items chosen most often in training, the same for everyone.',
  group: 'floor',
  settings: [],
  model: { kind: 'floor', model: 'popularity' },
  usesLanguageModel: false,
  open: async (_entry, model, world) => modelMethod(model!, 'counts of the training part', world),
};

export const cooccurrence: MethodDefinition = {
  name: 'cooccurrence',
  title: 'Co-occurrence',
  description: 'Items that followed those of the history in other users’ sequences.',
  group: 'floor',
  settings: [],
  model: { kind: 'floor', model: 'cooccurrence' },
  usesLanguageModel: false,
  open: async (_entry, model, world) =>
    modelMethod(model!, 'item-to-item counts of the training part', world),
};

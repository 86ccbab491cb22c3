import type { ModelView } from '../../service/requests/model.ts';
import type { MethodDefinition } from './definition.ts';
import { modelMethod } from './model-method.ts';

function trained(
  name: string,
  title: string,
  description: string,
  fits: (model: ModelView) => boolean,
): MethodDefinition {
  return {
    name,
    title,
    description,
    group: 'baseline',
    settings: ['model'],
    model: { kind: 'trained', name: title, fits, orFloor: false },
    usesLanguageModel: false,
    open: async (_entry, model, world) => ({
      ...modelMethod(model!, describe(model!.view!), world),
      title: model!.view!.title,
    }),
  };
}

/** "sasrec-ml-1m (sasrec, bce), epoch 31". */
export function describe(view: ModelView): string {
  return `${view.id} (${view.model}, ${view.loss}), epoch ${view.progress.bestEpoch}`;
}

/** SASRec_BERT and BERT4Rec_BERT, whatever their text embeddings: the title says which (`SASRec_GloVe`). */
export function hasItemText(view: ModelView): boolean {
  return view.config['itemEncoder'] === 'text';
}

export const sasrec = trained(
  'sasrec',
  'SASRec',
  'Self-attentive sequential recommendation (Kang and McAuley, 2018).',
  (view) => view.model === 'sasrec' && !hasItemText(view),
);
export const bert4rec = trained(
  'bert4rec',
  'BERT4Rec',
  'Bidirectional sequence model with masked items (Sun et al., 2019).',
  (view) => view.model === 'bert4rec' && !hasItemText(view),
);
export const sasrecBert = trained(
  'sasrec-bert',
  'SASRec_BERT',
  'SASRec over encoded item texts, fully tuned.',
  (view) => view.model.startsWith('sasrec') && hasItemText(view),
);
export const bert4recBert = trained(
  'bert4rec-bert',
  'BERT4Rec_BERT',
  'BERT4Rec over encoded item texts, fully tuned.',
  (view) => view.model.startsWith('bert4rec') && hasItemText(view),
);
export const anyModel = trained(
  'model',
  'Model',
  'Any trained model of the workspace by its id.',
  () => true,
);

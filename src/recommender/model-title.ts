import type { ModelManifest } from './checkpoint.ts';

/**
 * What a model is called in views and tables: `SASRec`, `BERT4Rec`, `SASRec_BERT`, `SASRec_GloVe` (item texts as means of
 * word vectors, for want of a sentence model), `frozen + genre (SASRec)`.
 */
export function modelTitle({ config, text, tool }: Pick<ModelManifest, 'config' | 'text' | 'tool'>): string {
  const base = config.model === 'sasrec' ? 'SASRec' : 'BERT4Rec';
  const own = text ? `${base}_${text.source.kind === 'glove' ? 'GloVe' : 'BERT'}` : base;
  return tool ? `${tool.mode} + ${tool.attribute} (${own})` : own;
}

import { parseTrainingConfig } from '../../../../src/recommender/config.ts';
import { modelManifestSchema, type ModelManifest } from '../../../../src/recommender/checkpoint.ts';

interface Given {
  readonly id: string;
  readonly status?: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly dataset?: string;
  readonly tool?: { readonly attribute: string; readonly backbone: string };
  readonly ndcg?: number;
  readonly created?: string;
}

/** A valid description of a model. */
export function manifest({
  id,
  status = 'finished',
  config = {},
  dataset = 'sample',
  tool,
  ndcg,
  created,
}: Given): ModelManifest {
  return modelManifestSchema.parse({
    kind: 'toolrec-model',
    version: 1,
    id,
    created: created ?? '2026-01-01T00:00:00.000Z',
    updated: '2026-01-01T00:00:00.000Z',
    config: parseTrainingConfig(config),
    ...(tool ? { tool: { ...tool, mode: 'frozen', features: 'words', featureWidth: 51 } } : {}),
    dataset: { name: dataset, hash: 'ab', items: 10, users: 20, simulated: true },
    status,
    progress: { epoch: 3, step: 21, bestEpoch: ndcg === undefined ? 0 : 2, seconds: 12 },
    ...(ndcg === undefined ? {} : { validation: { 'ndcg@10': ndcg } }),
    device: 'onnx-cpu',
    parameters: { total: 100, trainable: 100 },
    flops: 1e6,
  });
}

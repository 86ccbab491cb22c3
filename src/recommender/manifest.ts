import type { Dataset } from '../data/dataset.ts';
import type { NamedHostTensors } from '../engine/program.ts';
import { type ModelManifest, modelKind, modelVersion } from './checkpoint.ts';
import type { TrainingConfig } from './config.ts';
import { featureFlops, predictionFlops } from './flops.ts';
import type { SequenceModel } from './models/model.ts';

/** What a model is made of besides its configuration. */
export interface ModelOrigin {
  readonly tool?: ModelManifest['tool'];
  readonly text?: ModelManifest['text'];
  readonly startedFrom?: string | undefined;
  /** A tool's. */
  readonly backbone?: Pick<ModelManifest, 'config' | 'text'>;
}

/** The description of a model that has not been trained yet. */
export function newManifest(
  id: string,
  config: TrainingConfig,
  dataset: Dataset,
  model: SequenceModel,
  params: NamedHostTensors,
  device: string,
  { tool, text, backbone, startedFrom }: ModelOrigin = {},
): ModelManifest {
  const now = new Date().toISOString();
  const count = (tensors: NamedHostTensors) =>
    Object.values(tensors).reduce((sum, { data }) => sum + data.length, 0);
  const trainable = count(params);
  // Of a tool those of its backbone, which has its own inner width, and its own over the attribute.
  const base = predictionFlops(
    backbone?.config ?? config,
    model.itemCount,
    (backbone ?? { text }).text?.width,
  );
  return {
    kind: modelKind,
    version: modelVersion,
    id,
    created: now,
    updated: now,
    config,
    ...(tool ? { tool } : {}),
    ...(startedFrom === undefined ? {} : { startedFrom }),
    ...(text ? { text } : {}),
    dataset: {
      name: dataset.name,
      hash: dataset.hash,
      items: dataset.itemCount,
      users: dataset.userCount,
      simulated: dataset.simulated,
    },
    status: 'training',
    progress: { epoch: 0, step: 0, bestEpoch: 0, seconds: 0 },
    device,
    parameters: { total: trainable + count(model.frozen), trainable },
    flops: base + (tool ? featureFlops(config, tool.featureWidth) : 0),
  };
}

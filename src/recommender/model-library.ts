/** Opening a model of a workspace with everything it needs to run. */
import path from 'node:path';
import type { Dataset } from '../data/dataset.ts';
import type { NamedHostTensors } from '../engine/program.ts';
import { UsageError } from '../shared/errors.ts';
import type { LongWork } from '../shared/progress.ts';
import { Random } from '../shared/random.ts';
import type { Workspace } from '../shared/workspace.ts';
import { type ModelManifest, parametersFile, readManifest, readTensors, takeTensors } from './checkpoint.ts';
import { itemFeatures } from './features.ts';
import { attributeTool } from './models/attribute-tool.ts';
import { buildModel } from './models/build.ts';
import type { SequenceModel } from './models/model.ts';

/** @throws UsageError `dataset-changed` when the dataset is not the one the model was trained on */
export function checkDataset(manifest: ModelManifest, dataset: Dataset): void {
  if (manifest.dataset.hash === dataset.hash) return;
  throw new UsageError(
    'dataset-changed',
    `The model “${manifest.id}” was trained on another version of “${manifest.dataset.name}”.`,
    'Train it again, or allow it (--allow-changed-dataset) if items and users have kept their meaning.',
  );
}

/** How a tool is made; everything else follows from the configuration. */
export interface ToolRequest {
  readonly attribute: string;
  readonly mode: 'frozen' | 'full';
  /** Id of the trained backbone. */
  readonly backbone: string;
  /** A full GloVe text file in the place of the shipped words. */
  readonly glove?: string | undefined;
}

/** The definition of the model that a configuration and, for a tool, its backbone describe. */
export async function defineModel(
  workspace: Workspace,
  dataset: Dataset,
  config: ModelManifest['config'],
  request: ToolRequest | undefined,
  work: LongWork = {},
): Promise<{ readonly model: SequenceModel; readonly tool: ModelManifest['tool'] }> {
  if (!request) return { model: buildModel(config, dataset.itemCount), tool: undefined };
  const backbone = await openParameters(workspace, dataset, request.backbone);
  if (backbone.manifest.tool)
    throw new UsageError(
      'tool-as-backbone',
      `“${request.backbone}” is itself an attribute tool.`,
      'Give a plain SASRec or BERT4Rec model as the backbone.',
    );
  const { values, source } = await itemFeatures(dataset, request.attribute, request.glove, work);
  const model = attributeTool(backbone.model, backbone.params, values, {
    mode: request.mode,
    heads: config.heads,
    inner: config.inner,
    dropout: config.dropout,
  });
  const { attribute, mode } = request;
  const tool = {
    attribute,
    mode,
    backbone: request.backbone,
    features: source,
    featureWidth: values.shape[1]!,
    ...(request.glove === undefined ? {} : { glove: request.glove }),
  };
  return { model, tool };
}

async function openParameters(
  workspace: Workspace,
  dataset: Dataset,
  id: string,
): Promise<{ manifest: ModelManifest; model: SequenceModel; params: NamedHostTensors }> {
  const directory = workspace.entry('models', id);
  const manifest = await readManifest(directory);
  checkItems(manifest, dataset);
  const model = buildModel(manifest.config, manifest.dataset.items);
  const expected = model.initialise(new Random(0));
  const place = path.join(directory, parametersFile);
  return {
    manifest,
    model,
    params: takeTensors(await readTensors(directory, parametersFile), expected, place),
  };
}

export interface OpenModel {
  readonly manifest: ModelManifest;
  readonly model: SequenceModel;
  readonly params: NamedHostTensors;
}

/**
 * A trained model with its best parameters.
 * @throws StorageError `no-model`, `no-checkpoint`, `damaged-…`, `foreign-checkpoint`; UsageError `dataset-changed`
 */
export async function openModel(
  workspace: Workspace,
  dataset: Dataset,
  id: string,
  options: { readonly allowChangedDataset?: boolean | undefined } = {},
): Promise<OpenModel> {
  const directory = workspace.entry('models', id);
  const manifest = await readManifest(directory);
  if (!options.allowChangedDataset) checkDataset(manifest, dataset);
  if (!manifest.tool) return openParameters(workspace, dataset, id);
  const { model } = await defineModel(workspace, dataset, manifest.config, manifest.tool);
  const place = path.join(directory, parametersFile);
  const expected = model.initialise(new Random(0));
  return {
    manifest,
    model,
    params: takeTensors(await readTensors(directory, parametersFile), expected, place),
  };
}

function checkItems(manifest: ModelManifest, dataset: Dataset): void {
  if (manifest.dataset.items === dataset.itemCount) return;
  throw new UsageError(
    'dataset-changed',
    `The model “${manifest.id}” knows ${manifest.dataset.items} items, “${dataset.name}” has ${dataset.itemCount}.`,
    'Train it again on this dataset.',
  );
}

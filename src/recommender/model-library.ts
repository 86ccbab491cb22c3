/** Models of a workspace: found, opened with everything they need to run, deleted. */
import fs from 'node:fs/promises';
import path from 'node:path';
import type { Dataset } from '../data/dataset.ts';
import type { NamedHostTensors } from '../engine/program.ts';
import { asStorageError } from '../shared/atomic-file.ts';
import { StorageError, ToolRecError, UsageError } from '../shared/errors.ts';
import type { LongWork } from '../shared/progress.ts';
import { Random } from '../shared/random.ts';
import type { Workspace } from '../shared/workspace.ts';
import { type ModelManifest, parametersFile, readManifest, readTensors, takeTensors } from './checkpoint.ts';
import { itemFeatures } from './features.ts';
import { attributeTool } from './models/attribute-tool.ts';
import { buildModel } from './models/build.ts';
import type { SequenceModel } from './models/model.ts';

/** A model of a workspace; `error` in the place of the manifest where it cannot be used. */
export type ModelEntry =
  | { readonly id: string; readonly manifest: ModelManifest; readonly error?: undefined }
  | { readonly id: string; readonly error: ToolRecError; readonly manifest?: undefined };

/** All models by id; reads their descriptions only. */
export async function listModels(workspace: Workspace): Promise<ModelEntry[]> {
  const folder = workspace.directory('models');
  const found = await fs.readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw asStorageError(error, folder);
  });
  const ids = found
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name);
  return Promise.all(
    ids
      .sort((a, b) => a.localeCompare(b, 'en'))
      .map(async (id): Promise<ModelEntry> => {
        try {
          return { id, manifest: await readManifest(path.join(folder, id)) };
        } catch (error) {
          if (error instanceof ToolRecError) return { id, error };
          throw error;
        }
      }),
  );
}

/** Deletes a model, damaged or not. @throws StorageError `no-model` */
export async function deleteModel(workspace: Workspace, id: string): Promise<void> {
  const directory = workspace.entry('models', id);
  const doomed = path.join(path.dirname(directory), `.${id}.deleted`);
  try {
    await fs.rm(doomed, { recursive: true, force: true });
    await fs.rename(directory, doomed); // gone as a whole
    await fs.rm(doomed, { recursive: true, force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw asStorageError(error, directory);
    throw new StorageError(
      'no-model',
      `There is no model “${id}”.`,
      'List the models with “toolrec models list”.',
      {
        place: { file: directory },
      },
    );
  }
}

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

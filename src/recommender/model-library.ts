/** Opening a model of a workspace with everything it needs to run. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import type { Dataset } from '../data/dataset.ts';
import type { HostTensor, NamedHostTensors } from '../engine/program.ts';
import { UsageError } from '../shared/errors.ts';
import type { LongWork } from '../shared/progress.ts';
import { Random } from '../shared/random.ts';
import type { Workspace } from '../shared/workspace.ts';
import { type ModelManifest, parametersFile, readManifest, readTensors, takeTensors } from './checkpoint.ts';
import { itemFeatures } from './features.ts';
import type { ModelOrigin } from './manifest.ts';
import { attributeTool } from './models/attribute-tool.ts';
import { buildModel } from './models/build.ts';
import type { SequenceModel } from './models/model.ts';
import { embedItems } from './text-embeddings/embed-items.ts';
import type { TextManifest, TextRequest } from './text-embeddings/source.ts';

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

export interface ModelRequest {
  readonly tool?: ToolRequest | undefined;
  /** Where item texts are embedded, for the item encoder `text`; word vectors when absent. */
  readonly text?: TextRequest | undefined;
}

export interface DefinedModel {
  readonly model: SequenceModel;
  readonly origin: ModelOrigin;
}

/**
 * The definition of a new model: of a backbone by its configuration, of a tool by its backbone too.
 * @throws UsageError `tool-as-backbone`, `text-on-tool`, `text-unused`; what embedding texts throws
 */
export async function defineModel(
  workspace: Workspace,
  dataset: Dataset,
  config: ModelManifest['config'],
  { tool, text }: ModelRequest,
  work: LongWork = {},
): Promise<DefinedModel> {
  if (tool) {
    if (text || config.itemEncoder === 'text')
      throw new UsageError(
        'text-on-tool',
        'An attribute tool sees items as its backbone does.',
        'Train a backbone with the item encoder “text”, then a tool on it.',
      );
    return defineTool(workspace, dataset, config, tool, work);
  }
  if (config.itemEncoder === 'text') {
    const request = text ?? { source: { kind: 'glove' } };
    const { values, manifest } = await embedItems(dataset, request, workspace.directory('cache'), work);
    return { model: buildModel(config, dataset.itemCount, values), origin: { text: manifest } };
  }
  if (text)
    throw new UsageError(
      'text-unused',
      'A source of item texts is given, but the item encoder is “id”.',
      'Choose the item encoder “text”.',
    );
  return { model: buildModel(config, dataset.itemCount), origin: {} };
}

async function defineTool(
  workspace: Workspace,
  dataset: Dataset,
  config: ModelManifest['config'],
  request: ToolRequest,
  work: LongWork = {},
): Promise<DefinedModel> {
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
    backboneHash: hashOf(backbone.params),
    features: source,
    featureWidth: values.shape[1]!,
    ...(request.glove === undefined ? {} : { glove: request.glove }),
  };
  return { model, origin: { tool, backbone: backbone.manifest } };
}

function hashOf(params: NamedHostTensors): string {
  const hash = createHash('sha256');
  for (const [name, { data }] of Object.entries(params))
    hash.update(name).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return hash.digest('hex');
}

/**
 * A trained model's definition; what its parameters hold (text embeddings) is left at zero.
 * @throws UsageError `backbone-changed` of a frozen tool, which is worth nothing beside other parameters
 */
export async function definitionOf(
  workspace: Workspace,
  dataset: Dataset,
  manifest: ModelManifest,
  work: LongWork = {},
): Promise<SequenceModel> {
  const { tool } = manifest;
  if (!tool) return backboneOf(manifest);
  const { model, origin } = await defineTool(workspace, dataset, manifest.config, tool, work);
  const changed = tool.backboneHash !== undefined && tool.backboneHash !== origin.tool?.backboneHash;
  if (changed && tool.mode === 'frozen')
    throw new UsageError(
      'backbone-changed',
      `The backbone “${tool.backbone}” has been trained further, or anew, since the tool “${manifest.id}” was trained on it.`,
      'Delete the tool and train it again on the backbone as it is now.',
    );
  return model;
}

function backboneOf({ config, dataset, text }: ModelManifest): SequenceModel {
  return buildModel(config, dataset.items, text && emptyFeatures(dataset.items, text));
}

function emptyFeatures(items: number, { width }: TextManifest): HostTensor {
  return { dtype: 'float32', shape: [items, width], data: new Float32Array(items * width) };
}

async function openParameters(
  workspace: Workspace,
  dataset: Dataset,
  id: string,
): Promise<{ manifest: ModelManifest; model: SequenceModel; params: NamedHostTensors }> {
  const directory = workspace.entry('models', id);
  const manifest = await readManifest(directory);
  checkItems(manifest, dataset);
  const model = backboneOf(manifest);
  const expected = model.initialise(new Random(0));
  const place = path.join(directory, parametersFile);
  return {
    manifest,
    model,
    params: takeTensors(await readTensors(directory, parametersFile), expected, manifest.id, place),
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
  const model = await definitionOf(workspace, dataset, manifest);
  const place = path.join(directory, parametersFile);
  const expected = model.initialise(new Random(0));
  return {
    manifest,
    model,
    params: takeTensors(await readTensors(directory, parametersFile), expected, manifest.id, place),
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

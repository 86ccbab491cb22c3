import { createHash } from 'node:crypto';
import type { Dataset } from '../data/dataset.ts';
import type { RetrievalSource, Retriever } from '../data/retriever.ts';
import { EngineRetriever } from '../service/engine-retriever.ts';
import type { EngineConnection } from '../service/protocol.ts';
import { listModelsRequest, type ModelView, retrieveItems } from '../service/requests/model.ts';
import { type FloorModel, floorModels } from '../service/requests/recommend.ts';
import { UsageError } from '../shared/errors.ts';
import type { LongWork } from '../shared/progress.ts';
import { describeRetrieval, reweightedRetriever } from './floor-retriever.ts';
import type { HistoryBefore } from './user-history.ts';

export interface RetrievalRequest {
  /** The workspace folder. */
  readonly workspace: string;
  readonly dataset: Dataset;
  /** Id of a trained backbone, or a floor model by name; the best that there is when absent. */
  readonly model?: string | undefined;
  /** Ids of the attribute tools to use; by default one of each attribute, none for a floor model. */
  readonly tools?: readonly string[] | undefined;
  /** True when neighbours will be asked for, so that they are counted before it returns; else when first asked for. */
  readonly neighbours?: boolean | undefined;
  /** What `{ user }` queries may see; a query with a history brings its own. */
  readonly before?: HistoryBefore | undefined;
}

/** Retrieval for the sessions of one dataset, ready to answer. */
export interface OpenRetrieval {
  readonly retriever: Retriever;
  readonly source: RetrievalSource;
  /** For the session's start event and for a person: models, tools, simulated data. */
  readonly label: string;
  /** Why these models: asked for, the best trained ones, or because nothing is trained. */
  readonly chosen: 'given' | 'best-trained' | 'nothing-trained';
}

/** What stands in where nothing is trained, and counts neighbours beside trained models. */
const fallback: FloorModel = 'cooccurrence';

/**
 * The retrieval tools of sessions on a dataset (paper 3.3.2): a trained backbone with its attribute tools, or, where
 * nothing is trained, a floor model that is named as one. Everything is loaded before it returns, so that a damaged
 * model is known before a session begins.
 * @throws UsageError `unknown-model`, `tool-as-backbone`, `model-of-other-dataset`, `no-checkpoint`, `not-a-tool`;
 * whatever the engine says of a model that does not load
 */
export async function openRetrieval(
  connection: Pick<EngineConnection, 'request'>,
  request: RetrievalRequest,
  work: LongWork = {},
): Promise<OpenRetrieval> {
  const { dataset, model } = request;
  if (model !== undefined && isFloor(model)) return openFloor(connection, request, model, 'given', work);
  const { workspace } = request;
  const listed = (await connection.request(listModelsRequest, { workspace }, work)).models;
  const models = listed.filter((entry): entry is ModelView => !('error' in entry));
  const backbone = model === undefined ? bestBackbone(models, dataset) : named(models, model, dataset);
  if (!backbone) return openFloor(connection, request, fallback, 'nothing-trained', work);
  const tools = request.tools
    ? request.tools.map((id) => namedTool(models, id, backbone.id))
    : latestTools(models, backbone.id, dataset);
  const source: RetrievalSource = {
    kind: 'trained',
    model: backbone.id,
    architecture: backbone.model,
    tools: tools.map((tool) => ({ attribute: tool.tool!.attribute, model: tool.id })),
    simulated: backbone.dataset.simulated,
    revision: revisionOf([backbone, ...tools]),
    ...([backbone, ...tools].some(({ config }) => config['fitOn'] === 'train+validation')
      ? { sawValidation: true as const }
      : {}),
  };
  const counted = request.neighbours ? [fallback] : [];
  for (const id of [backbone.id, ...tools.map((tool) => tool.id), ...counted])
    await load(connection, request, id, work);
  const retriever = await EngineRetriever.open(connection, {
    workspace,
    dataset: dataset.name,
    model: backbone.id,
    tools: source.tools,
    source,
    neighbours: fallback,
    ...(request.before ? { before: request.before } : {}),
  });
  const chosen = model === undefined ? 'best-trained' : 'given';
  return { retriever, source, label: describeRetrieval(source), chosen };
}

async function openFloor(
  connection: Pick<EngineConnection, 'request'>,
  request: RetrievalRequest,
  model: FloorModel,
  chosen: OpenRetrieval['chosen'],
  work: LongWork,
): Promise<OpenRetrieval> {
  const { workspace, dataset, before } = request;
  await load(connection, request, model, work);
  if (request.neighbours && model !== fallback) await load(connection, request, fallback, work);
  const plain = await EngineRetriever.open(connection, {
    workspace,
    dataset: dataset.name,
    model,
    tools: [],
    ...(model === fallback ? {} : { neighbours: fallback }),
    ...(before ? { before } : {}),
  });
  const retriever = reweightedRetriever(dataset, plain, model, before);
  return { retriever, source: retriever.source, label: retriever.name, chosen };
}

/** Has the engine load a model by asking for something small. */
async function load(
  connection: Pick<EngineConnection, 'request'>,
  { workspace, dataset }: RetrievalRequest,
  model: string,
  work: LongWork,
): Promise<void> {
  work.onProgress?.({ message: `Loading ${model}` });
  const queries = [{ history: [] }];
  await connection.request(retrieveItems, { workspace, dataset: dataset.name, model, queries, k: 1 }, work);
}

function isFloor(model: string): model is FloorModel {
  return (floorModels as readonly string[]).includes(model);
}

/** Tells one state of training of these models from every other. */
function revisionOf(models: readonly ModelView[]): string {
  const states = models.map(({ id, created, progress }) => [id, created, progress.bestEpoch]);
  return createHash('sha256').update(JSON.stringify(states)).digest('hex').slice(0, 16);
}

function isUsable(model: ModelView, dataset: Dataset): boolean {
  return model.dataset.hash === dataset.hash && model.progress.bestEpoch > 0;
}

/** One with attribute tools before one without, for a session lives by them; then the best on validation. */
function bestBackbone(models: readonly ModelView[], dataset: Dataset): ModelView | undefined {
  const rank = (model: ModelView) =>
    [latestTools(models, model.id, dataset).length > 0 ? 1 : 0, model.validation?.['ndcg@10'] ?? 0] as const;
  return models
    .filter((model) => !model.tool && isUsable(model, dataset))
    .map((model) => ({ model, rank: rank(model) }))
    .sort(
      (a, b) => b.rank[0] - a.rank[0] || b.rank[1] - a.rank[1] || a.model.id.localeCompare(b.model.id, 'en'),
    )[0]?.model;
}

/**
 * The usable tool of each attribute, by name of the attribute: a frozen one before a full one, for the paper's retrieval
 * tools leave the backbone as it is (3.3.2) and `full + a` is a variant for analysis; then the latest.
 */
function latestTools(models: readonly ModelView[], backbone: string, dataset: Dataset): ModelView[] {
  const latest = new Map<string, ModelView>();
  for (const model of models) {
    if (model.tool?.backbone !== backbone || !isUsable(model, dataset)) continue;
    const other = latest.get(model.tool.attribute);
    if (!other || isBetterTool(model, other)) latest.set(model.tool.attribute, model);
  }
  return [...latest.values()].sort((a, b) => a.tool!.attribute.localeCompare(b.tool!.attribute, 'en'));
}

function isBetterTool(model: ModelView, other: ModelView): boolean {
  const [frozen, otherFrozen] = [model, other].map(({ tool }) => tool?.mode === 'frozen');
  return frozen === otherFrozen ? other.updated < model.updated : frozen === true;
}

function named(models: readonly ModelView[], id: string, dataset: Dataset): ModelView {
  const place = { place: { flag: '--model' } };
  const model = models.find((entry) => entry.id === id);
  if (!model) {
    const own = models.filter((entry) => !entry.tool && isUsable(entry, dataset)).map((entry) => entry.id);
    throw new UsageError(
      'unknown-model',
      `There is no trained model “${id.slice(0, 80)}”.`,
      `There is ${[...own.slice(0, 8), ...floorModels].join(', ')}.`,
      place,
    );
  }
  if (model.tool)
    throw new UsageError(
      'tool-as-backbone',
      `“${id}” is the ${model.tool.attribute} tool of “${model.tool.backbone}”.`,
      `Name the backbone; its tools come with it: ${model.tool.backbone}.`,
      place,
    );
  if (model.dataset.hash !== dataset.hash)
    throw new UsageError(
      'model-of-other-dataset',
      model.dataset.name === dataset.name
        ? `“${id}” was trained on another version of “${dataset.name}”.`
        : `“${id}” was trained on “${model.dataset.name}”, not on “${dataset.name}”.`,
      'Choose a model of this dataset, or train one.',
      place,
    );
  if (model.progress.bestEpoch === 0)
    throw new UsageError(
      'no-checkpoint',
      `“${id}” has not been trained for an epoch yet.`,
      'Wait for its first epoch, or go on with its training.',
      place,
    );
  return model;
}

function namedTool(models: readonly ModelView[], id: string, backbone: string): ModelView {
  const tool = models.find((entry) => entry.id === id);
  if (tool?.tool?.backbone === backbone && tool.progress.bestEpoch > 0) return tool;
  throw new UsageError(
    'not-a-tool',
    `“${id.slice(0, 80)}” is not a trained attribute tool of “${backbone}”.`,
    'List the models with “toolrec models list”.',
  );
}

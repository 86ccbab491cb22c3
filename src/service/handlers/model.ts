import path from 'node:path';
import type { Dataset } from '../../data/dataset.ts';
import { historyBefore } from '../../data/dataset.ts';
import { type ModelManifest, readManifest, trainingLogFile } from '../../recommender/checkpoint.ts';
import { CurveGatherer } from '../../recommender/curve.ts';
import { deleteModel, listModels } from '../../recommender/model-list.ts';
import { refuseSeenPart } from '../../recommender/seen-part.ts';
import type { ApproximateSearch } from '../../recommender/approximate-search.ts';
import { bestItems } from '../../recommender/retrieval.ts';
import type { Recommender } from '../../recommender/recommender.ts';
import { modelTitle } from '../../recommender/model-title.ts';
import type { TrainingEvent } from '../../recommender/training-event.ts';
import { readTrainingLog } from '../../recommender/training-log.ts';
import { UsageError } from '../../shared/errors.ts';
import { Workspace } from '../../shared/workspace.ts';
import { type FittedModels, isFloor } from '../fitted-models.ts';
import type { LazyModels } from '../lazy-models.ts';
import { OpenDatasets } from '../open-datasets.ts';
import { EventBatches } from '../event-batches.ts';
import type { HandlerRegistry } from '../registry.ts';
import {
  deleteModelRequest,
  listModelsRequest,
  type ModelView,
  pauseModel,
  retrievalAttributes,
  retrieveItems,
  showModel,
  trainingCurve,
  trainingNotification,
  trainModel,
} from '../requests/model.ts';

/** Requests about trained models. TensorFlow.js and onnxruntime are loaded when the first of them comes. */
export function registerModelHandlers(
  registry: HandlerRegistry,
  models: LazyModels,
  fitted: FittedModels,
): void {
  const datasets = new OpenDatasets();

  registry.handle(trainModel, async ({ workspace: folder, dataset: name, ...request }, context) => {
    const workspace = new Workspace(folder);
    const dataset = await datasets.get(folder, name);
    const queue = await models.queue();
    const events = new EventBatches((id, batch) =>
      context.notify(trainingNotification, { workspace: folder, id, events: batch }),
    );
    try {
      const onEvent = (id: string, event: TrainingEvent) => events.add(id, event);
      return viewOf(await queue.train(workspace, dataset, { ...request, onEvent }, context));
    } finally {
      events.flush();
    }
  });

  registry.handle(pauseModel, async ({ workspace, id }) => ({
    pausing: (await models.queueIfUsed())?.pause(new Workspace(workspace).entry('models', id)) ?? false,
  }));

  registry.handle(listModelsRequest, async ({ workspace }) => {
    const entries = await listModels(new Workspace(workspace));
    return {
      models: entries.map(({ id, manifest, error }) =>
        manifest ? viewOf(manifest) : { id, error: { code: error!.code, message: error!.message } },
      ),
    };
  });

  registry.handle(showModel, async ({ workspace, id }) => {
    const directory = new Workspace(workspace).entry('models', id);
    const events = await readTrainingLog(path.join(directory, trainingLogFile));
    return { model: viewOf(await readManifest(directory)), events: events.map((event) => ({ ...event })) };
  });

  registry.handle(trainingCurve, async ({ workspace, id }) => {
    const file = path.join(new Workspace(workspace).entry('models', id), trainingLogFile);
    const gatherer = new CurveGatherer();
    for (const event of await readTrainingLog(file)) gatherer.add(event);
    const { steps, epochs } = gatherer.curve;
    return { steps: [...steps], epochs: [...epochs] };
  });

  registry.handle(deleteModelRequest, async ({ workspace, id }) => {
    (await models.queueIfUsed())?.pause(new Workspace(workspace).entry('models', id));
    await deleteModel(new Workspace(workspace), id);
    return { id };
  });

  registry.handle(retrievalAttributes, async ({ workspace, model }) => ({
    attributes: [
      null,
      ...(await toolsOf(new Workspace(workspace), model)).map(({ tool }) => tool!.attribute),
    ],
  }));

  registry.handle(retrieveItems, async (params, work) => {
    const { workspace: folder, dataset: name, model, attribute, ...query } = params;
    const workspace = new Workspace(folder);
    const dataset = await datasets.get(folder, name);
    const id = attribute === null ? model : (await toolFor(workspace, model, attribute)).id;
    const { recommender, manifest } = isFloor(id)
      ? await fitted.get(folder, dataset, id, work)
      : await (
          await models.resident()
        ).get(workspace, dataset, id, {
          allowChangedDataset: query.allowChangedDataset,
        });
    if (manifest && query.queries.some((each) => 'user' in each)) refuseSeenPart(manifest, query.before);
    const started = performance.now();
    const histories = query.queries.map((each) => historyOf(dataset, each, query.before));
    const best = query.approximate
      ? await (await searchFor(recommender, workspace)).best(histories, query.k)
      : await bestItems(recommender, histories, query.k, query.maskSeen);
    const lists = best.map((list) =>
      list.map(({ item, score }) => {
        const { id, title } = dataset.item(item);
        return { item, id, title, score };
      }),
    );
    return { lists, seconds: (performance.now() - started) / 1000 };
  });
}

/** Indices of the models that are resident. */
const searches = new WeakMap<Recommender, Promise<ApproximateSearch>>();

/** @throws UsageError `not-searchable`; EngineError `no-usearch` */
async function searchFor(recommender: Recommender, workspace: Workspace): Promise<ApproximateSearch> {
  const { isSearchable, ApproximateSearch } = await import('../../recommender/approximate-search.ts');
  if (!isSearchable(recommender))
    throw new UsageError(
      'not-searchable',
      'A floor model has no item vectors to search in.',
      'Search exactly, or choose a trained model.',
    );
  let search = searches.get(recommender);
  if (!search) {
    search = ApproximateSearch.build(recommender, workspace.directory('cache'));
    searches.set(recommender, search);
    search.catch(() => searches.delete(recommender));
  }
  return search;
}

function historyOf(
  dataset: Dataset,
  query: { user: number } | { history: number[] },
  before: 'validation' | 'test' | 'end',
): Uint32Array {
  if ('history' in query) {
    const unknown = query.history.find((item) => item >= dataset.catalogueCount);
    if (unknown === undefined) return Uint32Array.from(query.history);
    throw new UsageError(
      'unknown-item',
      `There is no item with the code ${unknown}.`,
      'Use codes of this dataset.',
    );
  }
  if (query.user >= dataset.userCount)
    throw new UsageError(
      'unknown-user',
      `There is no user with the code ${query.user}.`,
      'Use codes of this dataset.',
    );
  if (before !== 'end') return historyBefore(dataset, query.user, before);
  return dataset.items.subarray(dataset.offsets[query.user], dataset.offsets[query.user + 1]);
}

/** Attribute tools made from a backbone that can be used, the latest of each attribute. */
/** A tool of each attribute: a frozen one before a full one, which is a variant for analysis (paper 3.3.2); then the latest. */
async function toolsOf(workspace: Workspace, backbone: string): Promise<ModelManifest[]> {
  const latest = new Map<string, ModelManifest>();
  for (const { manifest } of await listModels(workspace)) {
    if (manifest?.tool?.backbone !== backbone || manifest.progress.bestEpoch === 0) continue;
    const other = latest.get(manifest.tool.attribute);
    const rank = ({ tool, updated }: ModelManifest) => `${tool?.mode === 'frozen' ? 1 : 0} ${updated}`;
    if (!other || rank(other) < rank(manifest)) latest.set(manifest.tool.attribute, manifest);
  }
  return [...latest.values()];
}

async function toolFor(workspace: Workspace, backbone: string, attribute: string): Promise<ModelManifest> {
  const tools = await toolsOf(workspace, backbone);
  const found = tools.find(({ tool }) => tool?.attribute === attribute);
  if (found) return found;
  throw new UsageError(
    'no-tool',
    `“${backbone}” has no retrieval tool for the attribute “${attribute}”.`,
    `Train one: toolrec train … --backbone ${backbone} --attribute ${attribute}.`,
  );
}

export function viewOf(manifest: ModelManifest): ModelView {
  const { kind: _kind, version: _version, config, tool, ...rest } = manifest;
  return {
    ...rest,
    title: modelTitle(manifest),
    model: config.model,
    loss: config.loss,
    config: { ...config },
    ...(tool ? { tool } : {}),
  };
}

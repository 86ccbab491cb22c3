import { closest, distance } from 'fastest-levenshtein';
import type { Dataset } from '../data/dataset.ts';
import { type ModelManifest, readManifest } from '../recommender/checkpoint.ts';
import { fitCooccurrence } from '../recommender/cooccurrence.ts';
import { listModels } from '../recommender/model-list.ts';
import { fitPopularity } from '../recommender/popularity.ts';
import type { Recommender } from '../recommender/recommender.ts';
import { StorageError, UsageError } from '../shared/errors.ts';
import type { LongWork } from '../shared/progress.ts';
import { Workspace } from '../shared/workspace.ts';
import type { LazyModels } from './lazy-models.ts';
import { type FloorModel, floorModels } from './requests/recommend.ts';

const fits: Record<FloorModel, (dataset: Dataset, work: LongWork) => Recommender | Promise<Recommender>> = {
  popularity: (dataset) => fitPopularity(dataset),
  cooccurrence: (dataset, work) => fitCooccurrence(dataset, {}, work),
};

export interface Fitted {
  readonly recommender: Recommender;
  /** Of a trained model. */
  readonly manifest?: ModelManifest;
  /** Seconds it took to fit or load; 0 when it was there. */
  readonly seconds: number;
}

export function isFloor(model: string): model is FloorModel {
  return (floorModels as readonly string[]).includes(model);
}

/** Models of the datasets used last; a changed dataset has another hash and so another model. */
export class FittedModels {
  private readonly limit = 4;
  private readonly fitted = new Map<string, Fitted>();
  private readonly trained: LazyModels;

  constructor(trained: LazyModels) {
    this.trained = trained;
  }

  async get(
    workspace: string,
    dataset: Dataset,
    model: string,
    work: LongWork,
    allowChangedDataset = false,
  ): Promise<Fitted> {
    const started = performance.now();
    if (!isFloor(model)) {
      await checkModel(new Workspace(workspace), model);
      const models = await this.trained.resident();
      const { recommender, manifest } = await models.get(new Workspace(workspace), dataset, model, {
        allowChangedDataset,
      });
      return { recommender, manifest, seconds: secondsSince(started) };
    }
    const key = `${dataset.hash} ${model}`;
    let entry = this.fitted.get(key);
    this.fitted.delete(key);
    entry ??= { recommender: await fits[model](dataset, work), seconds: secondsSince(started) };
    this.fitted.set(key, entry);
    for (const oldest of this.fitted.keys()) {
      if (this.fitted.size <= this.limit) break;
      this.fitted.delete(oldest);
    }
    return entry;
  }
}

/** @throws UsageError `unknown-model` with the nearest name; whatever is wrong with one that exists */
async function checkModel(workspace: Workspace, id: string): Promise<void> {
  try {
    await readManifest(workspace.entry('models', id));
  } catch (error) {
    if (!(error instanceof StorageError && error.code === 'no-model')) throw error;
    const known = [...floorModels, ...(await listModels(workspace)).map((entry) => entry.id)];
    const near = closest(id, known);
    throw new UsageError(
      'unknown-model',
      `There is no model “${id}”.`,
      distance(id, near) <= 3 ? `Did you mean “${near}”?` : `There is ${known.slice(0, 8).join(', ')}.`,
      { place: { flag: '--model' } },
    );
  }
}

function secondsSince(started: number): number {
  return (performance.now() - started) / 1000;
}

import path from 'node:path';
import type { SessionEnvironment } from '../../agent/session.ts';
import { readManifest } from '../../data/manifest.ts';
import { openNamedDataset } from '../../data/library.ts';
import type { StoredDataset } from '../../data/store.ts';
import type { Retriever } from '../../data/retriever.ts';
import { floorRetriever } from '../../experiments/floor-retriever.ts';
import {
  environmentOf,
  llmParts,
  offlineParts,
  promptLibrary,
  weightsFor,
} from '../../experiments/session-parts.ts';
import type { ProtocolName } from '../../agent/prompts/values.ts';
import type { ChatModel } from '../../llm/chat-model.ts';
import { fitCooccurrence } from '../../recommender/cooccurrence.ts';
import type { LongWork } from '../../shared/progress.ts';
import { Workspace } from '../../shared/workspace.ts';

/** The language model that sessions use. */
export interface ModelChoice {
  readonly model: ChatModel;
  readonly protocol?: ProtocolName;
}

/** Tells which language model is chosen; undefined = the offline policy. */
export type ChooseModel = (folder: string) => Promise<ModelChoice | undefined>;

/** Retrieval for a dataset, with the words that name it to a person. */
export interface OpenRetrieval {
  readonly retriever: Retriever;
  readonly label: string;
}
export type RetrievalOpener = (
  workspace: Workspace,
  dataset: StoredDataset,
  work: LongWork,
) => Promise<OpenRetrieval>;

/** Where a session's dataset is: a workspace folder and a name in it. */
export interface DatasetPlace {
  readonly folder: string;
  readonly dataset: string;
}

/** Co-occurrence reweighted by attribute statistics, until tools are trained; its label says so. */
export const openFloor: RetrievalOpener = async (_, dataset, work) => {
  const retriever = floorRetriever(dataset, await fitCooccurrence(dataset, {}, work), 'cooccurrence');
  return { retriever, label: retriever.name };
};

/** The parts that sessions of a dataset share: opened when first needed, and again when the dataset changes on disk. */
export class SessionWorlds {
  private readonly datasets = new Map<string, Promise<StoredDataset>>();
  private readonly retrievals = new Map<string, Promise<OpenRetrieval>>();
  private readonly openRetrieval: RetrievalOpener;
  private readonly chooseModel: ChooseModel;

  constructor(chooseModel: ChooseModel, openRetrieval: RetrievalOpener = openFloor) {
    this.chooseModel = chooseModel;
    this.openRetrieval = openRetrieval;
  }

  /** @throws UsageError `bad-name`, StorageError `no-dataset`, `dataset-newer`, `dataset-damaged`. */
  async dataset(place: DatasetPlace): Promise<StoredDataset> {
    const key = keyOf(place);
    const workspace = new Workspace(place.folder);
    const known = this.datasets.get(key);
    if (known) {
      const { hash } = await readManifest(workspace.entry('datasets', place.dataset));
      const opened = await known.catch(() => undefined);
      if (opened?.hash === hash) return opened;
    }
    const opening = openNamedDataset(workspace, place.dataset);
    this.datasets.set(key, opening);
    opening.catch(() => this.datasets.delete(key));
    return opening;
  }

  /** Everything that a session works with but its log. Prompts are read anew. */
  async environment(place: DatasetPlace, work: LongWork = {}): Promise<SessionEnvironment> {
    const dataset = await this.dataset(place);
    const workspace = new Workspace(place.folder);
    const { retriever, label } = await this.retrieval(workspace, dataset, work);
    const choice = await this.chooseModel(place.folder);
    const parts = choice
      ? await llmParts({ ...choice, dataset, library: promptLibrary(workspace) })
      : offlineParts(await weightsFor(workspace, dataset, label));
    return environmentOf(dataset, retriever, label, parts);
  }

  /** Retrieval is opened anew when next needed: a tool was trained or deleted. */
  forgetRetrieval(): void {
    this.retrievals.clear();
  }

  private retrieval(workspace: Workspace, dataset: StoredDataset, work: LongWork): Promise<OpenRetrieval> {
    const key = `${workspace.folder}\n${dataset.hash}`;
    let opening = this.retrievals.get(key);
    if (!opening) {
      this.retrievals.set(key, (opening = this.openRetrieval(workspace, dataset, work)));
      opening.catch(() => this.retrievals.delete(key));
    }
    return opening;
  }
}

function keyOf({ folder, dataset }: DatasetPlace): string {
  return `${path.resolve(folder)}\n${dataset}`;
}

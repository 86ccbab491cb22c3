import path from 'node:path';
import type { SessionEnvironment } from '../../agent/session.ts';
import { readManifest } from '../../data/manifest.ts';
import { openNamedDataset } from '../../data/library.ts';
import type { StoredDataset } from '../../data/store.ts';
import {
  environmentOf,
  llmParts,
  offlineParts,
  promptLibrary,
  weightsFor,
} from '../../experiments/session-parts.ts';
import { type OpenRetrieval, openRetrieval } from '../../experiments/session-retrieval.ts';
import type { ProtocolName } from '../../agent/prompts/values.ts';
import type { ChatModel } from '../../llm/chat-model.ts';
import type { EngineConnection } from '../../service/protocol.ts';
import type { LongWork } from '../../shared/progress.ts';
import { Workspace } from '../../shared/workspace.ts';

/** The language model that sessions use. */
export interface ModelChoice {
  readonly model: ChatModel;
  readonly protocol?: ProtocolName;
}

/** Tells which language model is chosen; undefined = the offline policy. */
export type ChooseModel = (folder: string) => Promise<ModelChoice | undefined>;

/** What a session needs: a dataset, and retrieval on it. */
export interface WorldNeed {
  /** Path of the workspace folder. */
  readonly folder: string;
  /** Name of the dataset in it. */
  readonly dataset: string;
  /** Id of a trained backbone, or a floor model by name; the best that there is when absent. */
  readonly retrieval?: string | undefined;
}

/** The parts that sessions of a dataset share: opened when first needed, and again when the dataset changes on disk. */
export class SessionWorlds {
  private readonly datasets = new Map<string, Promise<StoredDataset>>();
  private readonly retrievals = new Map<string, Promise<OpenRetrieval>>();
  private readonly engine: Pick<EngineConnection, 'request'>;
  private readonly chooseModel: ChooseModel;

  constructor(engine: Pick<EngineConnection, 'request'>, chooseModel: ChooseModel) {
    this.engine = engine;
    this.chooseModel = chooseModel;
  }

  /** @throws UsageError `bad-name`, StorageError `no-dataset`, `dataset-newer`, `dataset-damaged`. */
  async dataset(place: WorldNeed): Promise<StoredDataset> {
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
  async environment(place: WorldNeed, work: LongWork = {}): Promise<SessionEnvironment> {
    const dataset = await this.dataset(place);
    const workspace = new Workspace(place.folder);
    const { retriever, label, source } = await this.retrieval(place, dataset, work);
    const choice = await this.chooseModel(place.folder);
    const parts = choice
      ? await llmParts({ ...choice, dataset, library: promptLibrary(workspace) })
      : offlineParts(await weightsFor(workspace, dataset, source));
    return environmentOf(dataset, retriever, label, parts);
  }

  /** Retrieval is opened anew when next needed: a tool was trained or deleted. */
  forgetRetrieval(): void {
    this.retrievals.clear();
  }

  private retrieval(
    { folder, retrieval: model }: WorldNeed,
    dataset: StoredDataset,
    work: LongWork,
  ): Promise<OpenRetrieval> {
    const key = `${folder}\n${dataset.hash}\n${model ?? ''}`;
    let opening = this.retrievals.get(key);
    if (!opening) {
      this.retrievals.set(
        key,
        (opening = openRetrieval(this.engine, { workspace: folder, dataset, model }, work)),
      );
      opening.catch(() => this.retrievals.delete(key));
    }
    return opening;
  }
}

function keyOf({ folder, dataset }: WorldNeed): string {
  return `${path.resolve(folder)}\n${dataset}`;
}

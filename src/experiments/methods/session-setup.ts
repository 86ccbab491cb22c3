import type { Demonstration } from '../../agent/prompts/demonstrations.ts';
import { domainOf } from '../../agent/prompts/library.ts';
import type { PromptDomain, PromptKind } from '../../agent/prompts/kinds.ts';
import type { PromptTemplate } from '../../agent/prompts/template.ts';
import { fitWeights } from '../../agent/offline/fit.ts';
import {
  defaultWeights,
  loadWeights,
  type OfflineWeights,
  saveWeights,
} from '../../agent/offline/weights.ts';
import type { ChatModel } from '../../llm/chat-model.ts';
import path from 'node:path';
import type { MethodEntry } from '../experiment-file.ts';
import type { Method, MethodWorld } from '../method.ts';
import { hashOf } from '../records.ts';
import { openRetrieval, type OpenRetrieval } from '../session-retrieval.ts';
import { promptLibrary } from '../session-parts.ts';
import type { ChosenModel } from './definition.ts';
import { eligibleUsers } from '../sampler.ts';

/** Everything a session method needs, opened. */
export interface SessionSetup {
  readonly retrieval: OpenRetrieval;
  /** undefined: the offline stand-in. */
  readonly model: ChatModel | undefined;
  readonly domain: PromptDomain;
  prompt(kind: PromptKind): Promise<PromptTemplate>;
  demonstrations(): Promise<readonly Demonstration[]>;
  /** Weights of the offline policy, fitted on the validation split of this retrieval. */
  weights(): Promise<OfflineWeights>;
  /** What the retrieval is made of, for the fingerprint. */
  readonly provenance: Readonly<Record<string, string>>;
}

export async function openSessionSetup(
  entry: MethodEntry,
  chosen: ChosenModel,
  world: MethodWorld,
  name: string,
): Promise<SessionSetup> {
  const { workspace, dataset } = world;
  const request = { workspace: workspace.folder, dataset, model: chosen.id, before: world.part };
  const retrieval = await openRetrieval(world.engine, request, world);
  const model = await world.languageModel(name);
  const library = promptLibrary(workspace);
  const domain = entry.domain ?? domainOf(dataset);
  const provenance = {
    model: chosen.hash,
    tools: hashOf(await toolHashes(retrieval, world)),
    retrieval: retrieval.label,
  };
  return {
    retrieval,
    model,
    domain,
    provenance,
    prompt: (kind) => library.load(kind, domain),
    async demonstrations() {
      if (entry.demonstrations === false) return [];
      return (await library.demonstrations(domain))?.demonstrations ?? [];
    },
    weights: () => fittedWeights(retrieval, provenance, world),
  };
}

async function toolHashes({ source }: OpenRetrieval, world: MethodWorld): Promise<string[]> {
  return Promise.all(source.tools.map(({ model }) => world.modelHash(model)));
}

/** Users that weights are fitted on at most: more change nothing, and fitting asks every tool for each. */
const fitUsers = 3000;

const fitting = new Map<string, Promise<OfflineWeights>>();

/**
 * The weights of the offline policy, fitted on validation users and kept under the content they were fitted on, so that
 * a second run has the same ones at once. The default weights where there is nothing to fit on: where the validation
 * items are what is predicted, and where a model was fitted on them too.
 */
function fittedWeights(
  retrieval: OpenRetrieval,
  provenance: Readonly<Record<string, string>>,
  world: MethodWorld,
): Promise<OfflineWeights> {
  const { workspace, dataset } = world;
  if (retrieval.source.sawValidation || world.part === 'validation')
    return Promise.resolve(defaultWeights(dataset.attributes.map((attribute) => attribute.name)));
  const key = hashOf({ dataset: dataset.hash, ...provenance, fitUsers }).slice(0, 20);
  const file = path.join(workspace.directory('cache'), `offline-weights-x-${key}.json`);
  const make = async () => {
    const kept = await loadWeights(file).catch(() => undefined);
    if (kept?.fitted?.datasetHash === dataset.hash) return kept;
    const eligible = eligibleUsers(dataset, 'validation');
    // Evenly spread, so that the order of users in the source does not matter much.
    const step = Math.max(1, eligible.length / fitUsers);
    const users = Array.from(
      { length: Math.min(fitUsers, eligible.length) },
      (_, i) => eligible[Math.floor(i * step)]!,
    );
    const weights = await fitWeights({
      dataset,
      retriever: retrieval.retriever,
      retrieval: retrieval.label,
      users,
      signal: world.signal,
      onProgress: world.onProgress,
    });
    await saveWeights(file, weights);
    return weights;
  };
  const running = fitting.get(file) ?? make().finally(() => fitting.delete(file));
  fitting.set(file, running);
  return running;
}

/** What a method says of itself when statistics stand in for the language model. */
export function offlineMethod(
  setup: SessionSetup,
  weights: OfflineWeights,
  what: string,
): Omit<Method, 'recommend'> {
  const fitted = weights.fitted
    ? 'weights fitted on validation'
    : setup.retrieval.source.sawValidation
      ? 'default weights: its models were fitted on the validation items too'
      : 'default weights: the validation items are what is predicted';
  return {
    detail: `${what} by statistics, no language model (${fitted}); ${setup.retrieval.label}`,
    standIn: 'offline stand-in',
    concurrency: 32,
    provenance: { ...setup.provenance, weights: hashOf({ ...weights, fitted: undefined }) },
  };
}

export function languageMethod(
  setup: SessionSetup,
  name: string,
  prompts: NonNullable<Method['prompts']>,
): Omit<Method, 'recommend'> {
  return {
    detail: `${setup.model!.label}; prompts ${prompts.map((prompt) => prompt.name).join(', ')}; ${setup.retrieval.label}`,
    languageModel: name,
    prompts,
    provenance: {
      ...setup.provenance,
      ...Object.fromEntries(prompts.map((prompt) => [`prompt ${prompt.name}`, prompt.hash])),
    },
  };
}

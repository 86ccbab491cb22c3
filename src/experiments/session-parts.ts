import { createHash } from 'node:crypto';
import path from 'node:path';
import { catalogueOf } from '../agent/catalogue.ts';
import type { SessionResult } from '../agent/events.ts';
import { LlmPolicy } from '../agent/llm-policy.ts';
import { llmRanker } from '../agent/llm-ranker.ts';
import { fitWeights } from '../agent/offline/fit.ts';
import { OfflinePolicy } from '../agent/offline/offline-policy.ts';
import { offlineRanker } from '../agent/offline/ranker.ts';
import { defaultWeights, loadWeights, type OfflineWeights, saveWeights } from '../agent/offline/weights.ts';
import type { Policy } from '../agent/policy.ts';
import { domainOf, PromptLibrary } from '../agent/prompts/library.ts';
import type { PromptDomain } from '../agent/prompts/kinds.ts';
import type { ProtocolName } from '../agent/prompts/values.ts';
import type { SessionEnvironment } from '../agent/session.ts';
import { extendedTools, standardTools, type ToolRegistry } from '../agent/tools/registry.ts';
import { type Dataset, partOf } from '../data/dataset.ts';
import type { RetrievalSource } from '../data/retriever.ts';
import type { ChatModel } from '../llm/chat-model.ts';
import { metricFunctions } from '../recommender/metrics.ts';
import type { LongWork } from '../shared/progress.ts';
import { resourcePath } from '../shared/resources.ts';
import type { Workspace } from '../shared/workspace.ts';
import type { OpenRetrieval } from './session-retrieval.ts';
import type { HistoryBefore } from './user-history.ts';

/** The parts of a session that differ between policies. */
export interface PolicyParts {
  readonly policy: Policy;
  readonly tools: ToolRegistry;
}

/** No language model: statistics decide and rank. */
export function offlineParts(weights: OfflineWeights): PolicyParts {
  return { policy: new OfflinePolicy({ weights }), tools: extendedTools(offlineRanker(weights)) };
}

/** A language model decides and ranks, with the prompts of the workspace or the shipped ones. */
export async function llmParts(options: {
  readonly model: ChatModel;
  readonly dataset: Dataset;
  readonly library: PromptLibrary;
  readonly domain?: PromptDomain | undefined;
  readonly protocol?: ProtocolName | undefined;
  readonly demonstrations?: boolean;
}): Promise<PolicyParts> {
  const { model, dataset, library, protocol = 'react' } = options;
  const domain = options.domain ?? domainOf(dataset);
  const template = await library.load('surrogate', domain);
  const examples = options.demonstrations === false ? undefined : await library.demonstrations(domain);
  const rankTemplate = await library.load('rank', domain);
  return {
    policy: new LlmPolicy({ model, template, protocol, demonstrations: examples?.demonstrations ?? [] }),
    tools: standardTools(llmRanker(model, rankTemplate)),
  };
}

/** The workspace's own prompts before the shipped ones. */
export function promptLibrary(workspace: Workspace): PromptLibrary {
  return new PromptLibrary(
    [path.join(workspace.folder, 'prompts'), resourcePath('prompts')],
    [workspace.folder, resourcePath()],
  );
}

/** Where the fitted weights of a dataset and the models that retrieve are kept. */
function weightsFile(workspace: Workspace, dataset: Dataset, source: RetrievalSource): string {
  const models = createHash('sha256').update(retrievalKey(source)).digest('hex');
  return path.join(
    workspace.directory('cache'),
    `offline-weights-${dataset.hash.slice(0, 16)}-${models.slice(0, 8)}.json`,
  );
}

/** Tells which models retrieve, in which state of training. */
function retrievalKey({ kind, model, tools, revision }: RetrievalSource): string {
  return [kind, model, ...tools.map((tool) => tool.model), revision ?? ''].join(' ').trim();
}

/** Fitted weights that belong to this dataset and these models; the defaults where there are none. */
export async function weightsFor(
  workspace: Workspace,
  dataset: Dataset,
  source: RetrievalSource,
): Promise<OfflineWeights> {
  const kept = await loadWeights(weightsFile(workspace, dataset, source));
  const fits = kept?.fitted?.datasetHash === dataset.hash && kept.fitted.retrieval === retrievalKey(source);
  return fits ? kept : defaultWeights(dataset.attributes.map((attribute) => attribute.name));
}

/** Fits the offline policy's weights on the validation split and keeps them. @throws what `fitWeights` throws */
export async function fitOfflineWeights(
  workspace: Workspace,
  dataset: Dataset,
  { retriever, source }: Pick<OpenRetrieval, 'retriever' | 'source'>,
  work: LongWork = {},
): Promise<OfflineWeights> {
  const weights = await fitWeights({ dataset, retriever, retrieval: retrievalKey(source), ...work });
  await saveWeights(weightsFile(workspace, dataset, source), weights);
  return weights;
}

export function environmentOf(
  dataset: Dataset,
  retriever: SessionEnvironment['retriever'],
  retrieval: string,
  parts: PolicyParts,
  over: Partial<SessionEnvironment> = {},
): SessionEnvironment {
  return {
    dataset,
    catalogue: catalogueOf(dataset),
    retriever,
    retrieval,
    ...parts,
    clock: Date.now,
    ...over,
  };
}

export interface SessionMetrics {
  /** 1-based rank of the held-out item in the final list; null when it is not there. */
  readonly rank: number | null;
  readonly [name: string]: number | null;
}

/** How the final list did on the user's items of the part that it predicts; undefined where there are none. */
export function metricsOf(
  dataset: Dataset,
  user: number,
  result: SessionResult,
  before: HistoryBefore = 'test',
): SessionMetrics | undefined {
  if (before === 'end') return undefined;
  const targets = partOf(dataset, user, before);
  if (targets.length === 0) return undefined;
  const n = result.items.length;
  const ranks = Array.from(targets, (target) => {
    const at = result.items.findIndex((entry) => entry.item === target);
    return at < 0 ? Infinity : at + 1;
  });
  const best = Math.min(...ranks);
  return {
    rank: Number.isFinite(best) ? best : null,
    [`recall@${n}`]: metricFunctions.recall(ranks, n),
    [`ndcg@${n}`]: metricFunctions.ndcg(ranks, n),
  };
}

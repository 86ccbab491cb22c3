import { UsageError } from '../shared/errors.ts';
import { requireRoom } from './completion.ts';
import { sessionSettingsSchema, type SessionSetup, type SessionStarted } from './events.ts';
import type { Action } from './grammar/action.ts';
import type { SessionEnvironment, SessionStart } from './session-types.ts';
import type { SessionState } from './state.ts';

/** The first event of a new session. @throws UsageError `catalogue-too-small`, `unknown-item`, `empty-history`. */
export function startedEvent(environment: SessionEnvironment, start: SessionStart): SessionStarted {
  const { dataset } = environment;
  const settings = sessionSettingsSchema.parse(start.settings ?? {});
  if (start.history.length === 0)
    throw new UsageError(
      'empty-history',
      'The history is empty.',
      'Choose a user with a history, or write one.',
    );
  for (const code of start.history)
    if (!Number.isInteger(code) || code < 0 || code >= dataset.catalogueCount)
      throw new UsageError(
        'unknown-item',
        `The history names item ${code}, which does not exist.`,
        'Choose catalogue items.',
      );
  requireRoom(dataset, new Set(start.history), settings.n);
  const user = start.user === undefined ? null : { code: start.user, id: dataset.user(start.user).id };
  return {
    seq: 0,
    time: environment.clock(),
    type: 'started',
    version: 1,
    session: start.id,
    parent: null,
    dataset: { name: dataset.name, hash: dataset.hash, simulated: dataset.simulated },
    subject: {
      user,
      ...(start.before ? { before: start.before } : {}),
      history: [...start.history],
      recent: start.history.slice(-settings.historyShown).map((item) => {
        const { id, title } = dataset.item(item);
        return { item, id, title };
      }),
      profile: start.user === undefined ? {} : { ...dataset.user(start.user).profile },
    },
    ...setupOf(environment),
    settings,
  };
}

/** The log's own copy of which models answer, where the retriever tells. */
export function retrievalSourceOf({
  retriever: { source },
}: Pick<SessionEnvironment, 'retriever'>): Pick<SessionStarted, 'retrievalSource'> {
  return source ? { retrievalSource: { ...source, tools: source.tools.map((tool) => ({ ...tool })) } } : {};
}

/** What is at work in an environment, as the log names it. */
export function setupOf(environment: SessionEnvironment): SessionSetup {
  const { policy, retrieval, tools } = environment;
  return {
    policy: policy.label,
    retrieval,
    ...retrievalSourceOf(environment),
    tools: [...tools.names],
    prompts: promptsOf(environment),
  };
}

/** Every template that can be used, once each: the policy's, and those of tools that ask a model. */
function promptsOf({ policy, tools }: Pick<SessionEnvironment, 'policy' | 'tools'>): SessionSetup['prompts'] {
  const names = new Set(policy.prompts.map(({ name }) => name));
  return [...policy.prompts, ...tools.prompts.filter(({ name }) => !names.has(name))];
}

/** @throws UsageError `dataset-changed` when the environment's dataset is not the one that the session began on. */
export function requireDataset(state: SessionState, environment: SessionEnvironment): void {
  const { dataset } = state.started;
  if (dataset.hash === environment.dataset.hash) return;
  throw new UsageError(
    'dataset-changed',
    `The session was made on another state of the dataset “${dataset.name}”.`,
    'It can be shown and exported, but to go on start a new session.',
  );
}

/** The log's own copy of an action, with plain arrays. */
export function mutable(action: Action): {
  name: string;
  args: Record<string, string | number | null | string[]>;
} {
  const args = Object.entries(action.args).map(([key, value]) => [
    key,
    typeof value === 'object' && value ? [...value] : value,
  ]);
  return {
    name: action.name,
    args: Object.fromEntries(args) as Record<string, string | number | null | string[]>,
  };
}

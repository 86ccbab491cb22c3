import type { PromptKind } from '../agent/prompts/kinds.ts';
import type { Demonstration } from '../agent/prompts/demonstrations.ts';
import {
  rankValues,
  type ProtocolName,
  subjectValues,
  surrogateValues,
  toolValues,
  itemValue,
} from '../agent/prompts/values.ts';
import { candidateSets, type SessionState } from '../agent/state.ts';
import { rankedCandidates } from '../agent/memory.ts';
import { Session } from '../agent/session.ts';
import { defaultWeights } from '../agent/offline/weights.ts';
import { offlineRanker } from '../agent/offline/ranker.ts';
import { standardTools } from '../agent/tools/registry.ts';
import { type Dataset, historyBefore } from '../data/dataset.ts';
import type { Retriever } from '../data/retriever.ts';
import { fitPopularity } from '../recommender/popularity.ts';
import { UsageError } from '../shared/errors.ts';
import { floorRetriever } from './floor-retriever.ts';
import { environmentOf, offlineParts } from './session-parts.ts';

/** Values to render a prompt with, and where they come from, for a person. */
export interface PromptValues {
  readonly values: Readonly<Record<string, unknown>>;
  /** `user 42 of sample, round 2`. */
  readonly subject: string;
  /** What is not real in them; undefined where everything is. */
  readonly note: string | undefined;
  /** The round they are of, and the last one that there is. */
  readonly round: number;
  readonly rounds: number;
}

const shownCandidates = 20;
const settings = { n: 10, historyShown: 10, memoryTokens: 2000 };

/**
 * Values of a user of a dataset. Rounds before the chosen one are made by the offline policy on item popularity, so that
 * they are there at once: the prompt looks as it will, its rounds are only an example.
 * @param round 1-based; one beyond the last there is becomes that
 * @throws UsageError `unknown-user`
 */
export async function userValues(
  kind: PromptKind,
  input: {
    readonly dataset: Dataset;
    /** Code. */
    readonly user: number;
    readonly round?: number;
    readonly demonstrations: readonly Demonstration[];
    readonly protocol?: ProtocolName;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<PromptValues> {
  const { dataset, user, demonstrations, protocol = 'react' } = input;
  if (!Number.isInteger(user) || user < 0 || user >= dataset.userCount)
    throw new UsageError('unknown-user', 'The dataset has no such user.', `It has ${dataset.userCount}.`);
  const { id, profile } = dataset.user(user);
  const history = [...historyBefore(dataset, user, 'test')];
  const retriever = popularityRetriever(dataset);
  const weights = defaultWeights(dataset.attributes.map(({ name }) => name));
  const tools = standardTools(offlineRanker(weights));
  const subject = { dataset, history, profile, n: settings.n, historyShown: settings.historyShown };
  const setting = { dataset, retriever };
  const who = `user ${id} of ${dataset.name}`;
  const simulated = dataset.simulated ? 'simulated data' : undefined;
  const plain = (values: Record<string, unknown>, note: string | undefined = simulated): PromptValues => ({
    values,
    subject: who,
    note: [note, note === simulated ? undefined : simulated].filter(Boolean).join('; ') || undefined,
    round: 1,
    rounds: 1,
  });

  if (kind === 'plan')
    return plain({ ...subjectValues(subject), ...toolValues(tools, setting, demonstrations), max_rounds: 8 });
  if (kind !== 'surrogate') {
    const found = await retriever.retrieve({ history }, null, shownCandidates, input.signal);
    const candidates = found.map(({ item }) => item);
    const note = 'candidates by item popularity';
    if (kind === 'rank')
      return plain(
        rankValues(subject, candidates, dataset.attributes[0]?.name ?? null, settings.n, []),
        note,
      );
    return plain(
      { ...subjectValues(subject), candidates: candidates.map((item) => itemValue(dataset, item)) },
      note,
    );
  }
  const round = Math.max(1, Math.floor(input.round ?? 1));
  const environment = environmentOf(dataset, retriever, retriever.name, offlineParts(weights));
  const session = await Session.start(environment, { id: 'preview', user, history, settings });
  // All rounds, so that it is known how many there are; a handful at most.
  await session.run(input.signal ? { signal: input.signal } : {});
  const observed = session.state.rounds.filter((one) => one.observation).length;
  const at = Math.min(round, observed + 1);
  const state = stateBefore(session.state, at);
  const values = surrogateValues({
    subject,
    setting,
    tools,
    demonstrations,
    state,
    sets: candidateSets(state),
    round: at,
    protocol,
    givenThought: undefined,
    memoryTokens: settings.memoryTokens,
  });
  const note = at > 1 ? 'earlier rounds by the offline policy on item popularity' : undefined;
  return {
    values,
    subject: `${who}, round ${at}`,
    note: [note, simulated].filter(Boolean).join('; ') || undefined,
    round: at,
    rounds: observed + 1,
  };
}

/**
 * Values of a recorded round of a session, as its prompt was given them; for other kinds of prompts those of the same
 * user with what memory held then.
 * @throws UsageError `dataset-changed`, `unknown-round`
 */
export function recordedValues(
  kind: PromptKind,
  input: {
    readonly dataset: Dataset;
    readonly state: SessionState;
    readonly round: number;
    readonly demonstrations: readonly Demonstration[];
  },
): PromptValues {
  const { dataset, demonstrations } = input;
  const { started } = input.state;
  if (started.dataset.hash !== dataset.hash)
    throw new UsageError(
      'dataset-changed',
      `The session was made on another state of the dataset “${started.dataset.name}”.`,
      'Choose a session of the dataset as it is now.',
    );
  const rounds = input.state.rounds.filter((one) => one.observation).length + (input.state.outcome ? 0 : 1);
  const last = Math.max(1, input.state.rounds.length, rounds);
  if (!Number.isInteger(input.round) || input.round < 1 || input.round > last)
    throw new UsageError('unknown-round', `The session has no round ${input.round}.`, `It has ${last}.`);
  const { settings: its } = started;
  const state = stateBefore(input.state, input.round);
  const retriever: Retriever = {
    attributes: [null, ...dataset.attributes.map(({ name }) => name)],
    retrieve: () => Promise.resolve([]),
  };
  const tools = standardTools({ label: '', rerunnable: false, rank: () => [] });
  const setting = { dataset, retriever };
  const subject = {
    dataset,
    history: started.subject.history,
    profile: started.subject.profile,
    n: its.n,
    historyShown: its.historyShown,
  };
  const sets = candidateSets(state);
  const candidates = rankedCandidates(sets)
    .map(({ item }) => item)
    .slice(0, 50);
  const action = input.state.rounds[input.round - 1]?.action;
  const values = {
    surrogate: () =>
      surrogateValues({
        subject,
        setting,
        tools,
        demonstrations,
        state,
        sets,
        round: input.round,
        protocol: (started.policy.protocol as ProtocolName | undefined) ?? 'react',
        givenThought: undefined,
        memoryTokens: its.memoryTokens,
      }),
    plan: () => ({
      ...subjectValues(subject),
      ...toolValues(tools, setting, demonstrations),
      max_rounds: its.maxRounds,
    }),
    rank: () => {
      const attribute = action?.args['attribute'];
      const k = action?.args['k'];
      return rankValues(
        subject,
        candidates,
        typeof attribute === 'string' ? attribute : null,
        typeof k === 'number' ? k : its.n,
        [],
      );
    },
    'chat-rec': () => ({
      ...subjectValues(subject),
      candidates: candidates.map((item) => itemValue(dataset, item)),
    }),
    'llm-rank': () => ({
      ...subjectValues(subject),
      candidates: candidates.map((item) => itemValue(dataset, item)),
    }),
  }[kind]();
  const user = started.subject.user ? `user ${started.subject.user.id}` : 'a written history';
  return {
    values,
    subject: `${user} of ${dataset.name}, round ${input.round} of session ${started.session}`,
    note: dataset.simulated ? 'simulated data' : undefined,
    round: input.round,
    rounds: last,
  };
}

/** The state as it was when a round was to be decided. */
function stateBefore(state: SessionState, round: number): SessionState {
  return {
    ...state,
    rounds: state.rounds.slice(0, round - 1),
    outcome: undefined,
    failure: undefined,
    interrupted: undefined,
  };
}

const retrievers = new WeakMap<Dataset, ReturnType<typeof floorRetriever>>();

function popularityRetriever(dataset: Dataset): ReturnType<typeof floorRetriever> {
  let retriever = retrievers.get(dataset);
  if (!retriever) {
    retriever = floorRetriever(dataset, fitPopularity(dataset), 'popularity');
    retrievers.set(dataset, retriever);
  }
  return retriever;
}

import { InputError } from '../shared/errors.ts';
import type { Action } from './grammar/action.ts';
import type {
  CandidateSet,
  ModelCall,
  Observation,
  RecordedError,
  RecordedProblem,
  SessionEvent,
  SessionResult,
  SessionSetup,
  SessionStarted,
  StopReason,
} from './events.ts';

/** One round: thought, action, observation (paper 3.2). */
export interface Round {
  /** 1-based. */
  readonly number: number;
  readonly thought: string;
  /** null: none could be read; undefined: a person rewrote the thought and the policy has yet to choose. */
  readonly action: Action | null | undefined;
  readonly repairs: readonly { code: string; message: string; start: number; end: number }[];
  readonly problem: RecordedProblem | undefined;
  /** undefined while the action has not run. */
  readonly observation: Observation | undefined;
  readonly calls: readonly ModelCall[];
  readonly durationMs: number;
  readonly edited: readonly ('thought' | 'action' | 'observation')[];
  /** Time of the decision. */
  readonly time: number;
  /** What was at work when it was decided. */
  readonly setup: SessionSetup;
}

export interface Totals {
  readonly tokens: number;
  /** Sum over calls with a known price. */
  readonly cost: number;
  /** Calls whose price is not known. */
  readonly unpriced: number;
  readonly calls: number;
  /** Time spent in models and tools. */
  readonly durationMs: number;
}

export interface SessionState {
  readonly started: SessionStarted;
  /** What is at work now. */
  readonly setup: SessionSetup;
  readonly rounds: readonly Round[];
  /** Rounds that left the line by stepping back or editing, latest last; they can be looked at and forked from. */
  readonly undone: readonly (readonly Round[])[];
  readonly outcome: { readonly reason: StopReason; readonly result: SessionResult } | undefined;
  /** The failure of the last attempt, until the next one succeeds. */
  readonly failure:
    { readonly round: number; readonly phase: 'decide' | 'act'; readonly error: RecordedError } | undefined;
  /** What the model had written when the person stopped it, until the next attempt. */
  readonly interrupted: { readonly round: number; readonly partial: string } | undefined;
  /** Over everything that happened, rounds that left the line included: they cost money too. */
  readonly totals: Totals;
  readonly seq: number;
  readonly time: number;
}

/**
 * The state after one more event. Pure: no clock, no randomness, no dataset; the same events give the same state.
 * @throws InputError `bad-event-order` when the event cannot follow (a damaged or hand-written log).
 */
export function fold(state: SessionState | undefined, event: SessionEvent): SessionState {
  if (event.type === 'started') {
    if (state) throw outOfOrder(event, 'a session starts once');
    return {
      started: event,
      setup: setupOf(event),
      rounds: [],
      undone: [],
      outcome: undefined,
      failure: undefined,
      interrupted: undefined,
      totals: { tokens: 0, cost: 0, unpriced: 0, calls: 0, durationMs: 0 },
      seq: event.seq,
      time: event.time,
    };
  }
  if (!state) throw outOfOrder(event, 'the first event must be “started”');
  if (event.seq !== state.seq + 1) throw outOfOrder(event, `event ${state.seq + 1} was expected`);
  const base = { ...state, seq: event.seq, time: event.time };
  const last = state.rounds.at(-1);

  switch (event.type) {
    case 'configured':
      requireOpen(state, event);
      return { ...base, setup: setupOf(event) };
    case 'decided': {
      requireOpen(state, event);
      const redecided = last && last.action === undefined && last.number === event.round;
      if (!redecided && (event.round !== state.rounds.length + 1 || (last && !last.observation)))
        throw outOfOrder(event, 'the round before it is not complete');
      const round: Round = {
        number: event.round,
        thought: event.thought,
        action: event.action,
        repairs: event.repairs,
        problem: event.problem,
        observation: undefined,
        calls: [...(redecided ? last.calls : []), ...event.calls],
        durationMs: (redecided ? last.durationMs : 0) + event.durationMs,
        edited: event.edited ?? (redecided ? last.edited : []),
        time: event.time,
        setup: state.setup,
      };
      const rounds = redecided ? [...state.rounds.slice(0, -1), round] : [...state.rounds, round];
      return { ...base, ...settled, rounds, totals: add(state.totals, event.calls, event.durationMs) };
    }
    case 'observed': {
      requireOpen(state, event);
      if (!last || last.number !== event.round || last.observation || last.action === undefined)
        throw outOfOrder(event, 'there is no action to observe');
      const round: Round = {
        ...last,
        observation: event.observation,
        calls: [...last.calls, ...event.calls],
        durationMs: last.durationMs + event.durationMs,
        edited: event.edited ? [...last.edited, 'observation'] : last.edited,
      };
      return {
        ...base,
        ...settled,
        rounds: [...state.rounds.slice(0, -1), round],
        totals: add(state.totals, event.calls, event.durationMs),
      };
    }
    case 'failed':
      return {
        ...base,
        interrupted: undefined,
        failure: { round: event.round, phase: event.phase, error: event.error },
        totals: add(state.totals, event.calls, event.durationMs),
      };
    case 'interrupted':
      return {
        ...base,
        failure: undefined,
        interrupted: { round: event.round, partial: event.partial },
        totals: add(state.totals, [], event.durationMs),
      };
    case 'rewound':
      if (event.round > state.rounds.length) throw outOfOrder(event, `there is no round ${event.round}`);
      return { ...base, ...settled, outcome: undefined, ...cut(state, event.round) };
    case 'edited': {
      const target = state.rounds[event.round - 1];
      if (!target) throw outOfOrder(event, `there is no round ${event.round}`);
      const edited = new Set(target.edited);
      if (event.thought !== undefined) edited.add('thought');
      if (event.action !== undefined) edited.add('action');
      if (event.observation !== undefined) edited.add('observation');
      const keepsAction = event.thought === undefined || event.observation !== undefined;
      const action = event.action ?? (keepsAction ? target.action : undefined);
      const round: Round = {
        ...target,
        thought: event.thought ?? target.thought,
        action,
        repairs: event.action ? [] : target.repairs,
        problem: event.action ? undefined : target.problem,
        observation: event.observation,
        edited: [...edited],
        time: event.time,
      };
      const { rounds, undone } = cut(state, event.round - 1);
      return { ...base, ...settled, outcome: undefined, rounds: [...rounds, round], undone };
    }
    case 'finished':
      requireOpen(state, event);
      return { ...base, ...settled, outcome: { reason: event.reason, result: event.result } };
  }
}

/** Folds a whole log. @throws InputError when it is empty or out of order. */
export function foldAll(events: Iterable<SessionEvent>): SessionState {
  let state: SessionState | undefined;
  for (const event of events) state = fold(state, event);
  if (!state)
    throw new InputError(
      'empty-session',
      'The session log holds no event.',
      'Delete it, or start the session again.',
    );
  return state;
}

/** The verified sets of the rounds on the line, oldest first, each with the round it came from. */
export function candidateSets(state: SessionState): readonly (CandidateSet & { readonly round: number })[] {
  return state.rounds.flatMap((round) =>
    round.observation?.set ? [{ ...round.observation.set, round: round.number }] : [],
  );
}

function setupOf({ policy, retrieval, retrievalSource, tools, prompts }: SessionSetup): SessionSetup {
  return { policy, retrieval, ...(retrievalSource ? { retrievalSource } : {}), tools, prompts };
}

/** Whether two set-ups are the same work: the same policy, retrieval, tools and texts of prompts. */
export function sameSetup(a: SessionSetup, b: SessionSetup): boolean {
  const key = ({ policy, retrieval, tools, prompts }: SessionSetup) =>
    JSON.stringify([
      policy.kind,
      policy.label,
      policy.model,
      policy.protocol,
      retrieval,
      tools,
      prompts.map(({ name, hash }) => [name, hash]),
    ]);
  return a === b || key(a) === key(b);
}

const settled = { failure: undefined, interrupted: undefined } as const;

function cut(state: SessionState, keep: number): Pick<SessionState, 'rounds' | 'undone'> {
  const gone = state.rounds.slice(keep);
  return {
    rounds: state.rounds.slice(0, keep),
    undone: gone.length > 0 ? [...state.undone, gone] : state.undone,
  };
}

function add(totals: Totals, calls: readonly ModelCall[], durationMs: number): Totals {
  let { tokens, cost, unpriced } = totals;
  for (const call of calls) {
    tokens += call.usage.prompt + call.usage.completion;
    if (call.cost === undefined) unpriced++;
    else cost += call.cost;
  }
  return {
    tokens,
    cost,
    unpriced,
    calls: totals.calls + calls.length,
    durationMs: totals.durationMs + durationMs,
  };
}

function requireOpen(state: SessionState, event: SessionEvent): void {
  if (state.outcome) throw outOfOrder(event, 'the session had finished');
}

function outOfOrder(event: SessionEvent, why: string): InputError {
  return new InputError(
    'bad-event-order',
    `Event ${event.seq} (“${event.type}”) cannot stand here: ${why}.`,
    'The log was damaged or edited by hand; fork the session from an earlier round.',
  );
}

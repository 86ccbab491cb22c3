import type { RetryNotice } from '../llm/chat-model.ts';
import { throwIfCancelled } from '../shared/errors.ts';
import { Random } from '../shared/random.ts';
import { checkItems } from './checking.ts';
import type { ModelCall, NewSessionEvent, Observation } from './events.ts';
import type { Action } from './grammar/action.ts';
import { observeProblem, observeSet } from './observation.ts';
import type { Decision } from './policy.ts';
import { mutable } from './session-start.ts';
import type { SessionEnvironment } from './session-types.ts';
import { candidateSets, type Round, type SessionState } from './state.ts';
import { runAction } from './tool-run.ts';

/** The two phases of a round (paper 3.2), each from a state to the event that tells what came of it. */

/** What a phase reports while it works. */
export interface Hooks {
  record(call: ModelCall): void;
  onDelta(text: string): void;
  onRetry(notice: RetryNotice): void;
}

/** What policy and tools are both given; their model calls are put into `calls`. */
function surroundings(
  { dataset, catalogue, retriever }: SessionEnvironment,
  state: SessionState,
  signal: AbortSignal,
  hooks: Hooks,
  calls: ModelCall[],
) {
  const { history } = state.started.subject;
  return {
    dataset,
    catalogue,
    retriever,
    history,
    historySet: new Set(history),
    sets: candidateSets(state),
    signal,
    record: (call: ModelCall) => {
      calls.push(call);
      hooks.record(call);
    },
    onDelta: hooks.onDelta,
    onRetry: hooks.onRetry,
  };
}

/** True when a person rewrote the last thought and its action is yet to be chosen. */
export function isUndecided({ rounds }: SessionState): boolean {
  const last = rounds.at(-1);
  return last !== undefined && last.action === undefined;
}

/** Thought and action of the next round, or the action for a thought that a person wrote. @throws CancelledError */
export async function decideRound(
  environment: SessionEnvironment,
  state: SessionState,
  signal: AbortSignal,
  hooks: Hooks,
): Promise<NewSessionEvent> {
  const from = environment.clock();
  const { subject, settings } = state.started;
  const calls: ModelCall[] = [];
  const redo = isUndecided(state) ? state.rounds.at(-1)! : undefined;
  const round = redo ? redo.number : state.rounds.length + 1;
  const decision: Decision = await environment.policy.decide({
    ...surroundings(environment, state, signal, hooks, calls),
    state: redo ? { ...state, rounds: state.rounds.slice(0, -1) } : state,
    tools: environment.tools,
    round,
    givenThought: redo?.thought,
    random: new Random(`${settings.seed}/${subject.user?.id ?? ''}/${round}`),
  });
  throwIfCancelled(signal, 'The round');
  return {
    type: 'decided',
    round,
    thought: redo ? redo.thought : decision.thought,
    action: decision.action && mutable(decision.action),
    repairs: decision.repairs.map(({ code, message, start, end }) => ({ code, message, start, end })),
    ...(decision.problem ? { problem: decision.problem } : {}),
    calls,
    durationMs: Math.max(0, environment.clock() - from),
  };
}

/** What the round's action brings; of one that could not be read, why. @throws CancelledError */
export async function actRound(
  environment: SessionEnvironment,
  state: SessionState,
  round: Round,
  signal: AbortSignal,
  hooks: Hooks,
): Promise<NewSessionEvent> {
  const from = environment.clock();
  const { subject, settings } = state.started;
  const calls: ModelCall[] = [];
  const observation = round.action
    ? await runAction(round.action, environment.tools, {
        ...surroundings(environment, state, signal, hooks, calls),
        profile: subject.profile,
        settings,
      })
    : observeProblem(
        round.problem ?? {
          code: 'no-action',
          message: 'No action was found in the reply.',
          hint: 'End each reply with one action.',
        },
      );
  throwIfCancelled(signal, 'The round');
  const durationMs = Math.max(0, environment.clock() - from);
  return { type: 'observed', round: round.number, observation, calls, durationMs };
}

/** What a person wrote in the place of an observation, checked like a tool's. */
export function editedObservation(
  { dataset, catalogue }: SessionEnvironment,
  history: ReadonlySet<number>,
  action: Action | null | undefined,
  texts: readonly string[],
): Observation {
  const checked = checkItems(
    texts.map((text) => ({ text })),
    { dataset, catalogue, history },
  );
  const attribute = action?.args['attribute'];
  return observeSet(dataset, {
    tool: action?.name ?? 'Edited',
    ...(typeof attribute === 'string' || attribute === null ? { attribute } : {}),
    k: Math.max(1, texts.length),
    items: [...checked.items],
    removed: checked.removed,
    reruns: 0,
  });
}

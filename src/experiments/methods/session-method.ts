import type { SessionEvent, SessionSettings } from '../../agent/events.ts';
import { outsideSuggestions } from '../../agent/memory.ts';
import { Session } from '../../agent/session.ts';
import type { SessionState } from '../../agent/state.ts';
import type { ToolRecError } from '../../shared/errors.ts';
import { CancelledError } from '../../shared/errors.ts';
import { stopsEverything } from '../failures.ts';
import type { Method, MethodAnswer, MethodTask, MethodWorld } from '../method.ts';
import type { OpenRetrieval } from '../session-retrieval.ts';
import { environmentOf, type PolicyParts } from '../session-parts.ts';

export interface SessionMethodOptions {
  readonly parts: PolicyParts;
  readonly retrieval: OpenRetrieval;
  readonly settings: Partial<SessionSettings>;
  readonly method: Omit<Method, 'recommend'>;
}

/** A method whose answer is the final list of a surrogate-user session (paper 3.2). */
export function sessionMethod(
  { parts, retrieval, settings, method }: SessionMethodOptions,
  world: MethodWorld,
): Method {
  const { dataset } = world;
  return {
    ...method,
    async recommend(task) {
      const events: SessionEvent[] = [];
      const environment = environmentOf(dataset, retrieval.retriever, retrieval.label, parts, {
        clock: world.clock,
        append: (event) => void events.push(event),
      });
      const session = await Session.start(environment, {
        id: task.session,
        user: task.user.code,
        history: [...task.user.history],
        settings: { ...settings, n: task.n, seed: task.seed },
      });
      const failure = await runToEnd(session, task, world.attempts);
      await task.keepSession(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
      return { ...answerOf(session.state), hasSession: true, ...(failure ? { items: [], failure } : {}) };
    },
  };
}

/**
 * Runs a session to its end. A round that a model failed is tried again from where it stands, so that what was paid
 * for counts; a user whose session does not end so has failed.
 * @throws ToolRecError what no other user would survive either; CancelledError
 */
async function runToEnd(
  session: Session,
  task: MethodTask,
  attempts: number,
): Promise<{ code: string; message: string } | undefined> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await session.run({ signal: task.signal });
    if (outcome.status === 'finished') return undefined;
    if (outcome.status === 'interrupted') throw new CancelledError('The experiment');
    if (outcome.status !== 'failed') throw new Error(`A session was left ${outcome.status}.`);
    const { error } = outcome;
    if (stopsEverything(error)) throw error;
    if (attempt >= attempts || !isWorthTrying(error)) return { code: error.code, message: error.message };
  }
}

function isWorthTrying(error: ToolRecError): boolean {
  return error.name === 'ModelError' || error.name === 'EngineError';
}

/** What a session's log says of a user, as a record has it. */
export function answerOf(state: SessionState): MethodAnswer {
  const calls = [
    ...state.rounds.flatMap((round) => round.calls),
    ...state.undone.flat().flatMap((round) => round.calls),
  ];
  const sum = (of: (call: (typeof calls)[number]) => number) =>
    calls.reduce((total, call) => total + of(call), 0);
  const { totals, outcome } = state;
  const prompt = sum((call) => call.usage.prompt);
  const completion = sum((call) => call.usage.completion);
  // Calls that failed belong to no round; what they sent is estimated.
  const lost = Math.max(0, totals.tokens - prompt - completion);
  return {
    items: outcome?.result.items.map(({ item }) => item) ?? [],
    rounds: state.rounds.length,
    stop: outcome?.reason.rule ?? null,
    completed: outcome?.result.completed ?? 0,
    outside: outsideSuggestions(state),
    calls: totals.calls,
    tokens: {
      prompt: prompt + lost,
      completion,
      estimated: lost > 0 || calls.some((call) => call.usage.estimated),
    },
    // Known in full, or not at all.
    cost: totals.calls > 0 && totals.unpriced === 0 ? totals.cost : null,
    retries: sum((call) => call.retries),
  };
}

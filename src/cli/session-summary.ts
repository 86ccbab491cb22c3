import type { SessionState } from '../agent/state.ts';
import { describeAction } from '../agent/transcript.ts';

/** A session as plain data for scripts. */
export function summaryOf(state: SessionState) {
  const { started, rounds, outcome, totals } = state;
  return {
    session: started.session,
    dataset: started.dataset.name,
    simulated: started.dataset.simulated,
    user: started.subject.user?.id ?? null,
    policy: started.policy,
    retrieval: started.retrieval,
    retrievalSource: started.retrievalSource ?? null,
    before: started.subject.before ?? null,
    parent: started.parent,
    rounds: rounds.map((round) => ({
      number: round.number,
      thought: round.thought,
      action: describeAction(round),
      status: round.observation?.status ?? null,
      problem: round.observation?.problem?.code ?? round.problem?.code ?? null,
      repairs: round.repairs.map((repair) => repair.code),
      items:
        round.observation?.set?.items.map(({ id, title, score }) => ({ id, title, score: score ?? null })) ??
        [],
      removed: round.observation?.set?.removed ?? null,
      edited: round.edited,
      durationMs: round.durationMs,
    })),
    ended: outcome?.reason ?? null,
    finalList: outcome?.result.items.map(({ id, title, source }) => ({ id, title, source })) ?? [],
    totals,
  };
}

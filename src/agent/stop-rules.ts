import type { SessionSettings, StopReason } from './events.ts';
import type { Round, SessionState } from './state.ts';

/** A small predicate over the state after a complete round: why the session should end, or undefined. */
export type StopRule = (state: SessionState) => StopReason | undefined;

const reason = (rule: StopReason['rule'], message: string): StopReason => ({ rule, message });

/** At most so many rounds (the paper: eight). */
export const maxRounds =
  (limit: number): StopRule =>
  ({ rounds }) =>
    rounds.length >= limit ? reason('max-rounds', `All ${limit} rounds were used.`) : undefined;

/** Tokens of prompts and replies together, undone rounds included. */
export const tokenBudget =
  (limit: number): StopRule =>
  ({ totals }) =>
    totals.tokens >= limit
      ? reason('token-budget', `${totals.tokens} tokens were used of ${limit}.`)
      : undefined;

/** Money, where prices are known. */
export const costBudget =
  (limit: number): StopRule =>
  ({ totals }) =>
    totals.cost >= limit
      ? reason('cost-budget', `$${totals.cost.toFixed(4)} was spent of $${limit}.`)
      : undefined;

/** Time spent in models and tools; waiting for a person does not count. */
export const timeBudget =
  (limitMs: number): StopRule =>
  ({ totals }) =>
    totals.durationMs >= limitMs
      ? reason('time-budget', `${Math.round(totals.durationMs)} ms were used of ${limitMs}.`)
      : undefined;

/** The last `limit` rounds brought no new candidate and changed no order. */
export const noProgress =
  (limit: number): StopRule =>
  ({ rounds }) =>
    rounds.length >= limit && rounds.slice(-limit).every((round) => !progressed(round, rounds))
      ? reason('no-progress', `The last ${limit} rounds changed nothing.`)
      : undefined;

/** So many unusable rounds in a row: no action that could be read, or one that no tool could do. */
export const failedRounds =
  (limit: number): StopRule =>
  ({ rounds }) =>
    rounds.length >= limit && rounds.slice(-limit).every((round) => round.observation?.status === 'problem')
      ? reason('failed-rounds', `The last ${limit} rounds could not be used.`)
      : undefined;

/** The rules that the settings ask for, the cheapest first. */
export function rulesOf(settings: SessionSettings): StopRule[] {
  return [
    maxRounds(settings.maxRounds),
    ...(settings.maxTokens === undefined ? [] : [tokenBudget(settings.maxTokens)]),
    ...(settings.maxCost === undefined ? [] : [costBudget(settings.maxCost)]),
    ...(settings.maxTimeMs === undefined ? [] : [timeBudget(settings.maxTimeMs)]),
    ...(settings.maxFailedRounds === 0 ? [] : [failedRounds(settings.maxFailedRounds)]),
    ...(settings.noProgressRounds === 0 ? [] : [noProgress(settings.noProgressRounds)]),
  ];
}

/** A round makes progress when it brings an item not seen before, or a ranking that differs from every earlier one. */
function progressed(round: Round, rounds: readonly Round[]): boolean {
  const set = round.observation?.set;
  if (!set) return false;
  const earlier = rounds
    .slice(0, round.number - 1)
    .flatMap((r) => (r.observation?.set ? [r.observation.set] : []));
  const known = new Set(earlier.flatMap((s) => s.items.map((item) => item.item)));
  if (set.items.some((item) => !known.has(item.item))) return true;
  const order = set.items.map((item) => item.item).join();
  return set.items.length > 0 && !earlier.some((s) => s.items.map((item) => item.item).join() === order);
}

/** Where to hold `run` for a person to look: before an action runs, after a round, or when something is wrong. */
export type Breakpoint =
  | { readonly on: 'action'; readonly name: string }
  | { readonly on: 'attribute'; readonly attribute: string | null }
  | { readonly on: 'round'; readonly round: number }
  | { readonly on: 'error' };

/** The breakpoint that holds before the round's action runs. */
export function breaksBefore(round: Round, breakpoints: readonly Breakpoint[]): Breakpoint | undefined {
  const { action } = round;
  return breakpoints.find((point) => {
    if (point.on === 'action') return action?.name.toLowerCase() === point.name.toLowerCase();
    if (point.on === 'attribute')
      return !!action && 'attribute' in action.args && action.args['attribute'] === point.attribute;
    return false;
  });
}

/** The breakpoint that holds after the round is complete. */
export function breaksAfter(round: Round, breakpoints: readonly Breakpoint[]): Breakpoint | undefined {
  return breakpoints.find((point) => {
    if (point.on === 'round') return point.round === round.number;
    return point.on === 'error' && (round.observation?.status === 'problem' || round.problem !== undefined);
  });
}

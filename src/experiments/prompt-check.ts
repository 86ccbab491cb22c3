import type { SessionResult } from '../agent/events.ts';
import { Session, type SessionEnvironment } from '../agent/session.ts';
import type { Dataset } from '../data/dataset.ts';
import { CancelledError, ToolRecError } from '../shared/errors.ts';
import type { LongWork } from '../shared/progress.ts';
import { Random } from '../shared/random.ts';
import { metricsOf } from './session-parts.ts';
import { userHistory } from './user-history.ts';

/** How a prompt did for one user. */
export interface CheckedUser {
  readonly user: string;
  /** 1-based rank of the held-out item; null where it is not in the list. */
  readonly rank: number | null;
  readonly tokens: number;
  readonly cost: number;
  readonly unpriced: number;
  readonly rounds: number;
  /** Why the session failed; it then counts as a miss. */
  readonly failure?: string;
}

export interface QuickCheck {
  readonly users: readonly CheckedUser[];
  readonly n: number;
  readonly hits: number;
  readonly hitRate: number;
  /** Wilson score interval of the hit rate, 95 %. */
  readonly interval: readonly [low: number, high: number];
  readonly meanNdcg: number;
  readonly tokens: number;
  readonly cost: number;
  /** Calls whose price is not known. */
  readonly unpriced: number;
  /** The person stopped it before all users were done. */
  readonly cancelled: boolean;
}

/**
 * The same prompt over some users, drawn with a seed, against their validation item: the test part is not looked at, so
 * that a prompt is not fitted to it. Stops between users and in mid-reply; what is done counts.
 */
export async function quickCheck(
  input: {
    readonly dataset: Dataset;
    readonly environment: SessionEnvironment;
    readonly users: number;
    readonly seed: number;
    readonly n?: number;
  } & LongWork,
): Promise<QuickCheck> {
  const { dataset, environment, n = 10, signal, onProgress } = input;
  const chosen = drawUsers(dataset, input.users, input.seed);
  const done: CheckedUser[] = [];
  let ndcg = 0;
  let cancelled = false;
  for (const [i, user] of chosen.entries()) {
    if (signal?.aborted) {
      cancelled = true;
      break;
    }
    const hits = done.filter(({ rank }) => rank !== null).length;
    onProgress?.({ message: `Hits: ${hits}`, done: i, total: chosen.length, unit: 'users' });
    const history = [...userHistory(dataset, user, 'validation')];
    const session = await Session.start(environment, { id: `check-${i}`, user, history, settings: { n } });
    const outcome = await session.run({ ...(signal ? { signal } : {}), onFailure: 'hold' });
    if (outcome.status === 'interrupted') {
      cancelled = true;
      break;
    }
    const { totals } = session.state;
    const spent = { tokens: totals.tokens, cost: totals.cost, unpriced: totals.unpriced };
    const common = { user: dataset.user(user).id, ...spent, rounds: session.state.rounds.length };
    if (outcome.status === 'failed') {
      if (done.length === 0) throw outcome.error; // nothing works: say why at once
      done.push({ ...common, rank: null, failure: outcome.error.message });
      continue;
    }
    const result: SessionResult | undefined = session.state.outcome?.result;
    if (!result)
      throw new ToolRecError('internal', 'A session ended without a result.', 'See the ToolRec log.');
    const metrics = metricsOf(dataset, user, result, 'validation');
    ndcg += metrics?.[`ndcg@${result.items.length}`] ?? 0;
    done.push({ ...common, rank: metrics?.rank ?? null });
  }
  if (done.length === 0) throw new CancelledError('The check');
  const hits = done.filter(({ rank }) => rank !== null).length;
  const sum = (of: (one: CheckedUser) => number) => done.reduce((total, one) => total + of(one), 0);
  return {
    users: done,
    n,
    hits,
    hitRate: hits / done.length,
    interval: wilsonInterval(hits, done.length),
    meanNdcg: ndcg / done.length,
    tokens: sum(({ tokens }) => tokens),
    cost: sum(({ cost }) => cost),
    unpriced: sum(({ unpriced }) => unpriced),
    cancelled,
  };
}

/** Users with a validation item and a history before it, without repetition. */
function drawUsers(dataset: Dataset, count: number, seed: number): number[] {
  const able = Array.from({ length: dataset.userCount }, (_, user) => user).filter(
    (user) =>
      dataset.trainEnd[user]! > dataset.offsets[user]! &&
      dataset.validationEnd[user]! > dataset.trainEnd[user]!,
  );
  const random = new Random(seed);
  for (let i = 0; i < Math.min(count, able.length); i++) {
    const other = i + random.int(able.length - i);
    [able[i], able[other]] = [able[other]!, able[i]!];
  }
  return able.slice(0, count);
}

/** Wilson score interval of a proportion; `z` = 1.96 for 95 %. Right for few users and for rates near 0. */
export function wilsonInterval(
  hits: number,
  count: number,
  z = 1.959964,
): readonly [low: number, high: number] {
  if (count === 0) return [0, 1];
  const p = hits / count;
  const z2 = z * z;
  const middle = (p + z2 / (2 * count)) / (1 + z2 / count);
  const half = (z / (1 + z2 / count)) * Math.sqrt((p * (1 - p)) / count + z2 / (4 * count * count));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/** Newcombe's interval of the difference of two independent proportions (second − first), from their Wilson intervals. */
export function differenceInterval(
  first: { readonly hits: number; readonly count: number },
  second: { readonly hits: number; readonly count: number },
): readonly [low: number, high: number] {
  const [p1, p2] = [first.hits / first.count, second.hits / second.count];
  const [l1, u1] = wilsonInterval(first.hits, first.count);
  const [l2, u2] = wilsonInterval(second.hits, second.count);
  const d = p2 - p1;
  return [d - Math.hypot(p2 - l2, u1 - p1), d + Math.hypot(u2 - p2, p1 - l1)];
}

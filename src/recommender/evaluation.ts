import { historyBefore, partOf, type Dataset, type SplitPart } from '../data/dataset.ts';
import { breather } from '../shared/breather.ts';
import type { LongWork } from '../shared/progress.ts';
import { isListMetric, ListMetrics, parseAnyMetric } from './list-metrics.ts';
import { metricFunctions } from './metrics.ts';
import type { Recommender } from './recommender.ts';

export interface EvaluationOptions {
  /** Which part of the split is predicted. */
  readonly part: Exclude<SplitPart, 'train'>;
  /** Such as `recall@10`, `coverage@10`. */
  readonly metrics: readonly string[];
  /** Items of the history are taken out of the ranking. A held-out item that is among them counts as a miss. */
  readonly maskSeen: boolean;
  /** User codes; all users when absent. Those without a held-out item have nothing to predict and are left out. */
  readonly users?: readonly number[];
}

export interface Evaluation {
  /** Codes of the users that were evaluated. [users] */
  readonly users: Uint32Array;
  /** Rank of the user's best-ranked held-out item; Infinity when it is in no ranking. [users] */
  readonly bestRanks: Float64Array;
  /** By metric of ranks, a value a user. [users] */
  readonly perUser: Readonly<Record<string, Float64Array>>;
  /** By metric: the mean over users, or what their lists say together. */
  readonly metrics: Readonly<Record<string, number>>;
}

/**
 * Full ranking: each held-out item against all items that the model knows. Every user counts; a user for whom the
 * model fails is a miss, not left out.
 *
 * Ties are broken against the model: a held-out item ranks behind all items with the same score. A model that gives
 * all items one score is thus last, not lucky.
 */
export async function evaluate(
  recommender: Recommender,
  dataset: Dataset,
  options: EvaluationOptions,
  work: LongWork = {},
): Promise<Evaluation> {
  const { itemCount } = recommender;
  const asked = options.metrics.map(parseAnyMetric);
  const metrics = asked.filter((metric) => !isListMetric(metric));
  const lists = new ListMetrics(asked.filter(isListMetric), dataset, itemCount);
  const wanted = options.users ?? Array.from({ length: dataset.userCount }, (_, user) => user);
  const users = Uint32Array.from(wanted.filter((user) => partOf(dataset, user, options.part).length > 0));
  const bestRanks = new Float64Array(users.length);
  const perUser = Object.fromEntries(metrics.map(({ name }) => [name, new Float64Array(users.length)]));
  const batch = Math.max(1, recommender.batchSize);
  const scores = new Float32Array(Math.min(batch, users.length) * itemCount);
  const breathe = breather(work);

  for (let from = 0; from < users.length; from += batch) {
    const inBatch = users.subarray(from, from + batch);
    const histories = Array.from(inBatch, (user) => historyBefore(dataset, user, options.part));
    await recommender.scoreBatch(histories, scores.subarray(0, inBatch.length * itemCount));
    for (let row = 0; row < inBatch.length; row++) {
      const own = scores.subarray(row * itemCount, (row + 1) * itemCount);
      if (options.maskSeen) for (const item of histories[row]!) if (item < itemCount) own[item] = -Infinity;
      const ranks = Array.from(partOf(dataset, inBatch[row]!, options.part), (item) => rankOf(own, item));
      lists.add(own, histories[row]!);
      bestRanks[from + row] = Math.min(...ranks);
      for (const { name, kind, n } of metrics) perUser[name]![from + row] = metricFunctions[kind](ranks, n);
    }
    work.onProgress?.({
      message: 'Ranking all items',
      done: from + inBatch.length,
      total: users.length,
      unit: 'users',
    });
    await breathe();
  }
  return {
    users,
    bestRanks,
    perUser,
    metrics: {
      ...Object.fromEntries(Object.entries(perUser).map(([name, values]) => [name, mean(values)])),
      ...lists.values(),
    },
  };
}

/** 1 + the number of other items scored at least as high; Infinity for an item that is masked or unknown. */
export function rankOf(scores: Float32Array, item: number): number {
  const own = scores[item];
  if (own === undefined || !(own > -Infinity)) return Infinity;
  let atLeast = 0; // the item itself is one of them
  for (let other = 0; other < scores.length; other++) if (scores[other]! >= own) atLeast++;
  return atLeast;
}

/** NaN of nothing: no users is no result, rather than a bad one. */
function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

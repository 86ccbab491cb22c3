import { UsageError } from '../shared/errors.ts';

/**
 * Ranking metrics of one user, from the ranks of that user's relevant items in a full ranking of all candidates.
 * A rank is 1-based; `Infinity` means that the item is not in the ranking at all. With one relevant item, as in
 * leave-one-out, Recall@N = HR@N and NDCG@N = 1 / log2(rank + 1).
 */
export type MetricFunction = (ranks: readonly number[], n: number) => number;

/** Share of the relevant items that are among the first N. */
export const recall: MetricFunction = (ranks, n) => hits(ranks, n) / ranks.length;

/** 1 if any relevant item is among the first N. */
export const hitRate: MetricFunction = (ranks, n) => (hits(ranks, n) > 0 ? 1 : 0);

/** Share of the first N that are relevant; the denominator is N even if fewer items exist. */
export const precision: MetricFunction = (ranks, n) => hits(ranks, n) / n;

/** 1 / rank of the first relevant item, 0 beyond N. */
export const reciprocalRank: MetricFunction = (ranks, n) => {
  const best = Math.min(...ranks);
  return best <= n ? 1 / best : 0;
};

/** Discounted gain over that of the best order possible: Σ 1/log2(rank + 1) / Σ over k = 1 … min(|relevant|, N). */
export const ndcg: MetricFunction = (ranks, n) => {
  let gain = 0;
  for (const rank of ranks) if (rank <= n) gain += 1 / Math.log2(rank + 1);
  let ideal = 0;
  for (let k = 1; k <= Math.min(ranks.length, n); k++) ideal += 1 / Math.log2(k + 1);
  return gain / ideal;
};

function hits(ranks: readonly number[], n: number): number {
  let count = 0;
  for (const rank of ranks) if (rank <= n) count++;
  return count;
}

export const metricFunctions = {
  recall,
  ndcg,
  hr: hitRate,
  mrr: reciprocalRank,
  precision,
} satisfies Record<string, MetricFunction>;

export type MetricKind = keyof typeof metricFunctions;

/** `recall@10`, in lower case. */
export interface Metric {
  readonly name: string;
  readonly kind: MetricKind;
  readonly n: number;
}

/** @throws UsageError `unknown-metric` */
export function parseMetric(text: string): Metric {
  const match = /^([a-z]+)@([1-9]\d{0,5})$/.exec(text.trim().toLowerCase());
  const kind = match?.[1];
  if (kind !== undefined && Object.hasOwn(metricFunctions, kind))
    return { name: match![0], kind: kind as MetricKind, n: Number(match![2]) };
  throw new UsageError(
    'unknown-metric',
    `“${text.slice(0, 40)}” is not a metric.`,
    `Write one of ${Object.keys(metricFunctions).join(', ')}, an @ and a number, such as ndcg@10.`,
  );
}

import type { Ranker } from '../tools/rank.ts';
import { evidenceOf } from './evidence.ts';
import { fuse } from './fusion.ts';
import type { OfflineWeights } from './weights.ts';

/** How much naming an attribute in `Rank[attribute, K]` adds to the weight of its affinity, in nats. */
const emphasisWeight = 1;

/** The rank tool without a language model: fused evidence of the tools' lists and attribute affinity. */
export function offlineRanker(weights: OfflineWeights): Ranker {
  return {
    label: weights.fitted
      ? 'ranked by fused statistics (weights fitted on validation), no language model'
      : 'ranked by fused statistics (default weights), no language model',
    rerunnable: false,
    rank({ candidates, attribute, k }, { dataset, history, sets, retriever }) {
      const lists = evidenceOf(sets, retriever);
      const emphasis = attribute === null ? undefined : { attribute, weight: emphasisWeight };
      const scored = fuse(dataset, history, lists, weights, emphasis);
      const allowed = new Set(candidates);
      return scored.filter(({ item }) => allowed.has(item)).slice(0, k);
    },
  };
}

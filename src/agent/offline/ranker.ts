import type { MemorySet } from '../memory.ts';
import type { Ranker } from '../tools/rank.ts';
import { type EvidenceList, fuse } from './fusion.ts';
import type { OfflineWeights } from './weights.ts';

/** How much naming an attribute in `Rank[attribute, K]` adds to the weight of its affinity. */
const emphasisWeight = 0.5;

/** The rank tool without a language model: fused evidence of the tools' lists and attribute affinity. */
export function offlineRanker(weights: OfflineWeights): Ranker {
  return {
    label: weights.fitted
      ? 'ranked by fused statistics (weights fitted on validation), no language model'
      : 'ranked by fused statistics (default weights), no language model',
    rerunnable: false,
    rank({ candidates, attribute, k }, { dataset, history, sets }) {
      const lists = evidenceOf(sets);
      const emphasis = attribute === null ? undefined : { attribute, weight: emphasisWeight };
      const scored = fuse(dataset, history, lists, weights, emphasis);
      const allowed = new Set(candidates);
      return scored.filter(({ item }) => allowed.has(item)).slice(0, k);
    },
  };
}

/** The lists of memory that are evidence of their own: rankings only reorder what others found. */
export function evidenceOf(sets: readonly MemorySet[]): EvidenceList[] {
  return sets
    .filter((set) => set.tool !== 'Rank')
    .map((set) => ({
      source: set.tool === 'Retrieve' ? (set.attribute ?? 'None') : set.tool,
      items: set.items.map((candidate) => candidate.item),
    }));
}

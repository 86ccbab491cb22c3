import type { Dataset } from '../../data/dataset.ts';
import { type AttributeColumn, attributeTable } from './attribute-table.ts';
import { affinityTo, distribution, recencyWeights } from './distribution.ts';
import type { OfflineWeights } from './weights.ts';

/** One tool's list: who made it and its items, best first. */
export interface EvidenceList {
  /** Attribute name, `None`, or `Search`. */
  readonly source: string;
  readonly items: readonly number[];
}

export interface ScoredItem {
  readonly item: number;
  readonly score: number;
}

/** The history's distribution of every attribute, weighted by recency. */
export function tasteOf(
  dataset: Dataset,
  history: readonly number[],
  halfLife: number,
): { column: AttributeColumn; shares: Float64Array }[] {
  const weights = recencyWeights(history.length, halfLife);
  return attributeTable(dataset).map((column) => ({
    column,
    shares: distribution(column, history, weights),
  }));
}

/**
 * Orders the union of the lists by fused evidence: for each list its weight times (constant + 1) / (constant + rank)
 * (reciprocal-rank fusion, scaled so that rank 1 counts the weight itself), plus for each attribute its weight times
 * the item's affinity to the history. `emphasis` adds to the weight of one attribute's affinity. Ties by item code.
 */
export function fuse(
  dataset: Dataset,
  history: readonly number[],
  lists: readonly EvidenceList[],
  weights: OfflineWeights,
  emphasis?: { readonly attribute: string; readonly weight: number },
): ScoredItem[] {
  const scores = new Map<number, number>();
  const { constant } = weights;
  for (const { source, items } of bestPerSource(lists)) {
    const weight = weights.lists[source] ?? 0;
    for (let i = 0; i < items.length; i++) {
      const item = items[i]!;
      scores.set(item, (scores.get(item) ?? 0) + (weight * (constant + 1)) / (constant + i + 1));
    }
  }
  const taste = tasteOf(dataset, history, weights.halfLife);
  for (const { column, shares } of taste) {
    const extra = emphasis?.attribute === column.name ? emphasis.weight : 0;
    const weight = (weights.affinity[column.name] ?? 0) + extra;
    if (weight === 0) continue;
    const affinity = affinityTo(column, shares);
    for (const [item, score] of scores) scores.set(item, score + weight * affinity(item));
  }
  return [...scores]
    .map(([item, score]) => ({ item, score }))
    .sort((a, b) => b.score - a.score || a.item - b.item);
}

/** Lists of one source (two retrievals with different K) count once, the longest. */
function bestPerSource(lists: readonly EvidenceList[]): EvidenceList[] {
  const best = new Map<string, EvidenceList>();
  for (const list of lists) {
    const known = best.get(list.source);
    if (!known || list.items.length > known.items.length) best.set(list.source, list);
  }
  return [...best.values()];
}

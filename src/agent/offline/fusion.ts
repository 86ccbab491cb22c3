import type { Dataset } from '../../data/dataset.ts';
import { trainingCounts } from '../completion.ts';
import { type AttributeColumn, attributeTable } from './attribute-table.ts';
import { affinityTo, distribution, recencyWeights } from './distribution.ts';
import { type Evidence, evidenceIn, type EvidenceList } from './evidence.ts';
import type { OfflineWeights } from './weights.ts';

export interface ScoredItem {
  readonly item: number;
  /** Share of the fused belief; those of all candidates sum to 1. */
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
 * Orders the union of the lists by fused evidence, a logarithmic opinion pool (Genest and Zidek, Statistical Science 1,
 * 1986): the share of an item is in proportion to the product of the shares that the lists give it, each to the power
 * of its weight, times a factor for how well its attributes fit the history, and for its popularity:
 *
 *   ln share(i) = Σ_l w_l · ln share_l(i) + Σ_a v_a · affinity_a(i) + p · ln(1 + n_i) + constant
 *
 * An attribute tool that was not asked is taken to agree with the backbone it was made of. `emphasis` adds to the weight
 * of one attribute's affinity. Ties by item code.
 */
export function fuse(
  dataset: Dataset,
  history: readonly number[],
  lists: readonly EvidenceList[],
  weights: OfflineWeights,
  emphasis?: { readonly attribute: string; readonly weight: number },
): ScoredItem[] {
  const heard = new Map([...bestPerSource(lists)].map(([source, list]) => [source, evidenceIn(list)]));
  const items = [...new Set(lists.flatMap((list) => list.items))].sort((a, b) => a - b);
  const scores = new Float64Array(items.length);
  for (const { evidence, weight } of weighted(heard, weights, attributeTable(dataset)))
    items.forEach((item, i) => (scores[i]! += weight * (evidence.logShares.get(item) ?? evidence.absent)));
  for (const { column, shares } of tasteOf(dataset, history, weights.halfLife)) {
    const extra = emphasis?.attribute === column.name ? emphasis.weight : 0;
    const weight = (weights.affinity[column.name] ?? 0) + extra;
    if (weight === 0) continue;
    const affinity = affinityTo(column, shares);
    items.forEach((item, i) => (scores[i]! += weight * affinity(item)));
  }
  if (weights.popularity !== 0) {
    const popularity = logPopularity(dataset);
    items.forEach((item, i) => (scores[i]! += weights.popularity * (popularity[item] ?? 0)));
  }
  const top = scores.reduce((best, score) => Math.max(best, score), -Infinity);
  const total = scores.reduce((sum, score) => sum + Math.exp(score - top), 0);
  return items
    .map((item, i) => ({ item, score: Math.exp(scores[i]! - top) / total }))
    .sort((a, b) => b.score - a.score || a.item - b.item);
}

/** Each list heard with its weight; that of attribute tools not heard goes to the backbone. */
function weighted(
  heard: ReadonlyMap<string, Evidence>,
  { lists }: OfflineWeights,
  columns: readonly AttributeColumn[],
): { evidence: Evidence; weight: number }[] {
  const silent = columns
    .filter((column) => !heard.has(column.name))
    .reduce((sum, column) => sum + (lists[column.name] ?? 0), 0);
  return [...heard]
    .map(([source, evidence]) => ({
      evidence,
      weight: (lists[source] ?? 0) + (source === 'None' ? silent : 0),
    }))
    .filter(({ weight }) => weight > 0);
}

/** Lists of one source (two retrievals with different K) count once, the longest. */
function bestPerSource(lists: readonly EvidenceList[]): Map<string, EvidenceList> {
  const best = new Map<string, EvidenceList>();
  for (const list of lists) {
    const known = best.get(list.source);
    if (!known || list.items.length > known.items.length) best.set(list.source, list);
  }
  return best;
}

const popularities = new WeakMap<Dataset, Float64Array>();

/** [itemCount] ln(1 + interactions in the training part); items beyond have none. Made once a dataset. */
export function logPopularity(dataset: Dataset): Float64Array {
  let logs = popularities.get(dataset);
  if (!logs) popularities.set(dataset, (logs = Float64Array.from(trainingCounts(dataset), Math.log1p)));
  return logs;
}

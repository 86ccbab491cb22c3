import type { Recommender, ScoredItem } from './recommender.ts';
import { topN } from './top-n.ts';

/** The K best items outside each history, best first; equal scores: the lower code first. */
export async function bestItems(
  recommender: Recommender,
  histories: readonly Uint32Array[],
  k: number,
  maskSeen = true,
): Promise<ScoredItem[][]> {
  const found = maskSeen ? recommender.best?.(histories, k) : undefined;
  if (found) return found;
  const { itemCount, batchSize } = recommender;
  const scores = new Float32Array(Math.min(batchSize, histories.length) * itemCount);
  const lists: ScoredItem[][] = [];
  for (let from = 0; from < histories.length; from += batchSize) {
    const batch = histories.slice(from, from + batchSize);
    await recommender.scoreBatch(batch, scores.subarray(0, batch.length * itemCount));
    batch.forEach((history, row) => {
      const own = scores.subarray(row * itemCount, (row + 1) * itemCount);
      lists.push(topN(own, k, new Set(maskSeen ? history : [])).map((item) => ({ item, score: own[item]! })));
    });
  }
  return lists;
}

/** The first K of a longer list without the items of the history. */
export function outside(history: Uint32Array, candidates: Iterable<ScoredItem>, k: number): ScoredItem[] {
  const excluded = new Set(history);
  const list: ScoredItem[] = [];
  for (const candidate of candidates) {
    if (list.length === k) break;
    if (!excluded.has(candidate.item)) list.push(candidate);
  }
  return list;
}

import type { Retriever } from '../../data/retriever.ts';
import type { MemorySet } from '../memory.ts';

/**
 * What the scores of a list are: `logit` of a softmax over items (sequence models), `weight` (counts, sums: a share is
 * the weight by their sum), or nothing that can be compared, so that only the `rank` speaks.
 */
export type EvidenceScale = 'logit' | 'weight' | 'rank';

/** One tool's list: who made it and its items, best first. */
export interface EvidenceList {
  /** Attribute name, `None`, `Neighbours`, or `Search`. */
  readonly source: string;
  readonly scale: EvidenceScale;
  readonly items: readonly number[];
  /** [items]; absent when `scale` is `rank`. */
  readonly scores?: readonly number[];
}

/** What a list says of items, on one scale for all tools. */
export interface Evidence {
  /** Natural logarithm of the share of belief that the list gives each of its items; the shares sum to 1. */
  readonly logShares: ReadonlyMap<number, number>;
  /** For items that the list does not have: a little less than its last. */
  readonly absent: number;
}

/** The constant of reciprocal ranks, 1 / (constant + rank). */
const rankConstant = 20;
/** The least weight that counts. */
const leastWeight = 1e-6;
/** How much less than the last item an absent one is believed in, in nats. */
const absentStep = 0.5;

export function evidenceIn({ scale, items, scores }: EvidenceList): Evidence {
  const logs = items.map((_, i) => {
    if (scale === 'rank' || !scores) return -Math.log(rankConstant + i + 1);
    return scale === 'logit' ? scores[i]! : Math.log(Math.max(leastWeight, scores[i]!));
  });
  const top = Math.max(...logs);
  const total = top + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - top), 0));
  const logShares = new Map<number, number>();
  let least = 0;
  items.forEach((item, i) => {
    const share = logs[i]! - total;
    logShares.set(item, share);
    if (share < least) least = share;
  });
  return { logShares, absent: least - absentStep };
}

/** The lists of memory that are evidence of their own: rankings only reorder what others found. */
export function evidenceOf(
  sets: readonly MemorySet[],
  { source }: Pick<Retriever, 'source'>,
): EvidenceList[] {
  const own: EvidenceScale = source === undefined ? 'rank' : source.kind === 'trained' ? 'logit' : 'weight';
  return sets
    .filter((set) => set.tool !== 'Rank' && set.items.length > 0)
    .map((set) => {
      const scores = set.items.map((candidate) => candidate.score);
      const scale = set.tool === 'Retrieve' ? own : set.tool === 'Neighbours' ? 'weight' : 'rank';
      const isScored = scores.every((score): score is number => score !== undefined); // not one that a person wrote
      return {
        source: set.tool === 'Retrieve' ? (set.attribute ?? 'None') : set.tool,
        items: set.items.map((candidate) => candidate.item),
        ...(isScored && scale !== 'rank' ? { scale, scores } : { scale: 'rank' }),
      };
    });
}

import type { Candidate, CandidateSet } from './events.ts';
import { candidateSets, type SessionState } from './state.ts';

/** A verified set together with the round that brought it. */
export type MemorySet = CandidateSet & { readonly round: number };

/** Where one item of memory came from: every set that holds it, with its rank there. */
export interface Provenance {
  readonly round: number;
  readonly tool: string;
  readonly attribute: string | null | undefined;
  /** 1-based. */
  readonly rank: number;
  readonly score: number | undefined;
}

export interface MemoryCandidate extends Pick<Candidate, 'item' | 'id' | 'title'> {
  /** Fused evidence: higher is better. Comparable within one session only. */
  readonly evidence: number;
  readonly provenance: readonly Provenance[];
}

/** The constant of reciprocal-rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009). */
export const fusionConstant = 60;

/**
 * All candidates of memory, best first: reciprocal-rank fusion over the sets. A ranking was made with the earlier
 * sets in view, so it weighs more the later it is; retrievals and searches weigh the same whenever they were made.
 * Ties keep the order of first appearance.
 */
export function rankedCandidates(sets: readonly MemorySet[]): MemoryCandidate[] {
  const found = new Map<number, { candidate: Candidate; evidence: number; provenance: Provenance[] }>();
  let rankings = 0;
  for (const set of sets) {
    const weight = set.tool === 'Rank' ? 2 + rankings++ : 1;
    set.items.forEach((candidate, i) => {
      const entry = found.get(candidate.item) ?? { candidate, evidence: 0, provenance: [] };
      entry.evidence += weight / (fusionConstant + i + 1);
      entry.provenance.push({
        round: set.round,
        tool: set.tool,
        attribute: set.attribute,
        rank: i + 1,
        score: candidate.score,
      });
      found.set(candidate.item, entry);
    });
  }
  return [...found.values()]
    .sort((a, b) => b.evidence - a.evidence) // Array.sort is stable: first appearance breaks ties
    .map(({ candidate, evidence, provenance }) => ({
      item: candidate.item,
      id: candidate.id,
      title: candidate.title,
      evidence,
      provenance,
    }));
}

/** What the model proposed that the catalogue lacks (paper 4.4.1, Figure 7), each once, in order. */
export function outsideSuggestions(state: SessionState): string[] {
  const all = candidateSets(state).flatMap((set) => set.removed.outside);
  return [...new Set([...all, ...(state.outcome?.result.removed.outside ?? [])])];
}

/** "Retrieve[genre, 10]" of a set: its tool mark (paper 3.4). */
export function toolMark(set: Pick<CandidateSet, 'tool' | 'attribute' | 'text' | 'k'>): string {
  const what =
    set.text !== undefined ? `"${set.text}"` : set.attribute === undefined ? '' : (set.attribute ?? 'None');
  return `${set.tool}[${what}${what === '' ? '' : ', '}${set.k}]`;
}

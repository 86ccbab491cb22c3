import type { ItemSource, MatchKind } from './events.ts';
import { type MemorySet, rankedCandidates, toolMark } from './memory.ts';
import { candidateSets, type SessionState } from './state.ts';

/** One tool result that holds the item, or dropped it. */
export interface TrailStep {
  readonly round: number;
  /** `Retrieve[genre, 10]`. */
  readonly mark: string;
  readonly what:
    | {
        readonly kind: 'found';
        /** 1-based, of `of` items. */
        readonly rank: number;
        readonly of: number;
        readonly score: number | undefined;
        readonly match: MatchKind;
        /** Places up (positive) or down since the round before that held it; undefined where it is new. */
        readonly moved: number | undefined;
      }
    /** The tool named it, and memory's check took it out. */
    | { readonly kind: 'dropped'; readonly why: 'history' | 'duplicate' };
}

/** Everything that a session knows of one item, oldest first. */
export interface ItemTrail {
  readonly id: string;
  readonly title: string;
  readonly inHistory: boolean;
  readonly steps: readonly TrailStep[];
  /** 1-based place among all candidates of memory by fused evidence; undefined for items that memory lacks. */
  readonly standing: { readonly rank: number; readonly of: number } | undefined;
  /** Place in the final list; undefined where there is none, or the item is not in it. */
  readonly final: { readonly rank: number; readonly source: ItemSource } | undefined;
}

/** Where an item came from: which tools found it, in which rounds, at which ranks, and what became of it. */
export function itemTrail(state: SessionState, id: string): ItemTrail | undefined {
  const sets = candidateSets(state);
  const steps = sets.flatMap((set, i) => stepsOf(set, sets.slice(0, i), id));
  const final = state.outcome?.result.items.findIndex((item) => item.id === id) ?? -1;
  const candidates = rankedCandidates(sets);
  const standing = candidates.findIndex((candidate) => candidate.id === id);
  const seen = state.started.subject.recent.find((item) => item.id === id);
  const title =
    candidates[standing]?.title ??
    state.outcome?.result.items[final]?.title ??
    seen?.title ??
    sets.flatMap(({ removed }) => [...removed.history, ...removed.duplicates]).find((item) => item.id === id)
      ?.title;
  if (title === undefined) return undefined;
  return {
    id,
    title,
    inHistory:
      seen !== undefined || sets.some(({ removed }) => removed.history.some((item) => item.id === id)),
    steps,
    standing: standing < 0 ? undefined : { rank: standing + 1, of: candidates.length },
    final: final < 0 ? undefined : { rank: final + 1, source: state.outcome!.result.items[final]!.source },
  };
}

function stepsOf(set: MemorySet, before: readonly MemorySet[], id: string): TrailStep[] {
  const place = { round: set.round, mark: toolMark(set) };
  const at = set.items.findIndex((item) => item.id === id);
  const found = set.items[at];
  const dropped = (why: 'history' | 'duplicate'): TrailStep => ({ ...place, what: { kind: 'dropped', why } });
  const steps: TrailStep[] = [];
  if (found)
    steps.push({
      ...place,
      what: {
        kind: 'found',
        rank: at + 1,
        of: set.items.length,
        score: found.score,
        match: found.match,
        moved: movedSince(before, id, at),
      },
    });
  if (set.removed.history.some((item) => item.id === id)) steps.push(dropped('history'));
  if (set.removed.duplicates.some((item) => item.id === id)) steps.push(dropped('duplicate'));
  return steps;
}

/** Places gained since the latest earlier set that held the item. */
function movedSince(before: readonly MemorySet[], id: string, at: number): number | undefined {
  const last = before.findLast((set) => set.items.some((item) => item.id === id));
  return last && last.items.findIndex((item) => item.id === id) - at;
}

/** Id of the item of a session that a text names: by id, else by title, case aside. */
export function findItem(state: SessionState, text: string): string | undefined {
  const wanted = text.trim().toLocaleLowerCase();
  const all = [
    ...candidateSets(state).flatMap(({ items, removed }) => [
      ...items,
      ...removed.history,
      ...removed.duplicates,
    ]),
    ...(state.outcome?.result.items ?? []),
    ...state.started.subject.recent,
  ];
  return (
    all.find(({ id }) => id === text.trim()) ?? all.find(({ title }) => title.toLocaleLowerCase() === wanted)
  )?.id;
}

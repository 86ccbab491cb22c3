import type { SessionState } from './state.ts';

/** One round of two sessions side by side; a side is undefined where that session has no such round. */
export interface RoundDifference {
  readonly round: number;
  readonly same: boolean;
  readonly thought: boolean;
  readonly action: boolean;
  /** Ids that only the first or only the second observation holds. */
  readonly onlyFirst: readonly string[];
  readonly onlySecond: readonly string[];
  /** The same items in another order. */
  readonly reordered: boolean;
  readonly missing: 'first' | 'second' | undefined;
}

export interface SessionDifference {
  readonly rounds: readonly RoundDifference[];
  readonly result: {
    readonly same: boolean;
    readonly onlyFirst: readonly string[];
    readonly onlySecond: readonly string[];
    /** Items in both lists whose rank differs: id, rank in the first, rank in the second. */
    readonly moved: readonly { readonly id: string; readonly first: number; readonly second: number }[];
  };
}

/** Compares two sessions round by round. */
export function diffSessions(a: SessionState, b: SessionState): SessionDifference {
  const count = Math.max(a.rounds.length, b.rounds.length);
  const rounds = Array.from({ length: count }, (_, i): RoundDifference => {
    const first = a.rounds[i];
    const second = b.rounds[i];
    const left = first?.observation?.set?.items.map((item) => item.id) ?? [];
    const right = second?.observation?.set?.items.map((item) => item.id) ?? [];
    const onlyFirst = left.filter((id) => !right.includes(id));
    const onlySecond = right.filter((id) => !left.includes(id));
    const thought = first?.thought !== second?.thought;
    const action = JSON.stringify(first?.action) !== JSON.stringify(second?.action);
    const reordered = onlyFirst.length + onlySecond.length === 0 && left.join('\n') !== right.join('\n');
    const missing = !first ? ('first' as const) : !second ? ('second' as const) : undefined;
    const text = first?.observation?.text !== second?.observation?.text;
    return {
      round: i + 1,
      same: !thought && !action && !text && missing === undefined,
      thought,
      action,
      onlyFirst,
      onlySecond,
      reordered,
      missing,
    };
  });
  const first = a.outcome?.result.items.map((entry) => entry.id) ?? [];
  const second = b.outcome?.result.items.map((entry) => entry.id) ?? [];
  const moved = first.flatMap((id, i) => {
    const other = second.indexOf(id);
    return other >= 0 && other !== i ? [{ id, first: i + 1, second: other + 1 }] : [];
  });
  return {
    rounds,
    result: {
      same: first.join('\n') === second.join('\n'),
      onlyFirst: first.filter((id) => !second.includes(id)),
      onlySecond: second.filter((id) => !first.includes(id)),
      moved,
    },
  };
}

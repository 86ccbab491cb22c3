/** Colours of runs in their order; after the last, the first comes again with its dash. */
export const runColours = ['blue', 'green', 'purple', 'red', 'orange', 'yellow'] as const;
const dashes: readonly (readonly number[])[] = [[], [8, 4], [2, 3], [10, 3, 2, 3]];

/** Lengths of line and gap, in px; empty for a line without gaps. */
export function dashOf(order: number): readonly number[] {
  return dashes[order % dashes.length]!;
}

/** Which part of a line is new: all of it, or from a column to another. */
export type LineMark = 'whole' | readonly [from: number, to: number] | undefined;

/**
 * Marks what a text has that the one before it did not, line by line. Takes time linear in the lines beside a bounded
 * middle: what both begin and end with is left out first.
 */
export function markChanges(before: readonly string[], after: readonly string[]): LineMark[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head++;
  let tail = 0;
  while (
    tail < before.length - head &&
    tail < after.length - head &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  )
    tail++;
  const marks: LineMark[] = after.map(() => undefined);
  const old = before.slice(head, before.length - tail);
  const fresh = after.slice(head, after.length - tail);
  if (old.length === fresh.length) {
    fresh.forEach((line, i) => {
      if (line !== old[i]) marks[head + i] = within(old[i]!, line);
    });
    return marks;
  }
  const kept = old.length * fresh.length <= 250_000 ? common(old, fresh) : new Set<number>();
  fresh.forEach((_, i) => {
    if (!kept.has(i)) marks[head + i] = 'whole';
  });
  return marks;
}

/** The columns of a line that differ from the one before it. */
function within(old: string, line: string): LineMark {
  let from = 0;
  while (from < old.length && from < line.length && old[from] === line[from]) from++;
  let back = 0;
  while (
    back < old.length - from &&
    back < line.length - from &&
    old[old.length - 1 - back] === line[line.length - 1 - back]
  )
    back++;
  const to = line.length - back;
  // Nothing was added, only taken away: the place is marked by the letters around it.
  return to > from ? [from, to] : [Math.max(0, from - 1), Math.min(line.length, to + 1)];
}

/** Places in `fresh` of a longest common subsequence of both. */
function common(old: readonly string[], fresh: readonly string[]): Set<number> {
  const width = fresh.length + 1;
  const length = new Uint32Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i--)
    for (let j = fresh.length - 1; j >= 0; j--)
      length[i * width + j] =
        old[i] === fresh[j]
          ? length[(i + 1) * width + j + 1]! + 1
          : Math.max(length[(i + 1) * width + j]!, length[i * width + j + 1]!);
  const kept = new Set<number>();
  for (let i = 0, j = 0; i < old.length && j < fresh.length;) {
    if (old[i] === fresh[j]) {
      kept.add(j);
      i++;
      j++;
    } else if (length[(i + 1) * width + j]! >= length[i * width + j + 1]!) i++;
    else j++;
  }
  return kept;
}

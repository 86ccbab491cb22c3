/** How many numbers lie in `[from, to)`; in the last bin also those equal to `to`. */
export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** Whole edges from `least` up to `most`, each step about 1.6 times the one before (a fifth of a decade). */
export function growingEdges(least: number, most: number): number[] {
  const edges = [least];
  for (let edge = least; edge < most;) {
    edge = Math.min(most, Math.max(edge + 1, Math.round(edge * 10 ** 0.2)));
    edges.push(edge);
  }
  if (edges.length === 1) edges.push(most);
  return edges;
}

/** `count` steps of one width from `least` to `most`; whole edges where both ends are whole and there is room. */
export function evenEdges(least: number, most: number, count: number): number[] {
  if (!(most > least)) return [least, most];
  let width = (most - least) / count;
  if (Number.isInteger(least) && Number.isInteger(most)) width = Math.ceil(width);
  const edges = [least];
  for (let n = 1; least + n * width < most && n < count; n++) edges.push(least + n * width);
  edges.push(most);
  return edges;
}

/** Counts numbers between ascending edges (at least two); what lies outside of them is left out. */
export function countIn(edges: readonly number[], values: Iterable<number>): Bin[] {
  const counts = new Array<number>(edges.length - 1).fill(0);
  const first = edges[0]!;
  const last = edges.at(-1)!;
  for (const value of values) {
    if (!(value >= first && value <= last)) continue;
    let low = 0;
    let high = counts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (edges[middle]! <= value) low = middle;
      else high = middle - 1;
    }
    counts[low]!++;
  }
  return counts.map((count, i) => ({ from: edges[i]!, to: edges[i + 1]!, count }));
}

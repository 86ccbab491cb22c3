/**
 * The N best-scored items, best first, without those in `excluded`. Equal scores: the lower item code first.
 * Items scored -Infinity or NaN are never chosen, so the list may be shorter than N.
 */
export function topN(scores: Float32Array, n: number, excluded: ReadonlySet<number>): number[] {
  const better = (a: number, b: number) => scores[a]! > scores[b]! || (scores[a] === scores[b] && a < b);
  // A heap with the worst chosen item on top, so that most items are turned down by one comparison.
  const heap: number[] = [];
  const sink = (start: number) => {
    let at = start;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= heap.length) return;
      const right = left + 1;
      const worse = right < heap.length && better(heap[left]!, heap[right]!) ? right : left;
      if (!better(heap[at]!, heap[worse]!)) return;
      [heap[at], heap[worse]] = [heap[worse]!, heap[at]!];
      at = worse;
    }
  };
  // What an item has to exceed. An equal score is not enough: items come by code, and the lower code wins.
  let bound = -Infinity;
  for (let item = 0; item < scores.length && n > 0; item++) {
    if (!(scores[item]! > bound) || excluded.has(item)) continue;
    if (heap.length < n) {
      heap.push(item);
      if (heap.length < n) continue;
      for (let at = (n >> 1) - 1; at >= 0; at--) sink(at);
    } else {
      heap[0] = item;
      sink(0);
    }
    bound = scores[heap[0]!]!;
  }
  return heap.sort((a, b) => (better(a, b) ? -1 : 1));
}

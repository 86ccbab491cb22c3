import type { AttributeColumn } from './attribute-table.ts';

/** Weight of each position of a history, oldest first: halves every `halfLife` items back from the last. */
export function recencyWeights(length: number, halfLife: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => 0.5 ** ((length - 1 - i) / halfLife));
}

/**
 * Distribution of an attribute's values over items [values.length], summing to 1; an item's weight is shared equally
 * among its values. All zero when no item has a value.
 */
export function distribution(
  column: AttributeColumn,
  items: ArrayLike<number>,
  weights?: ArrayLike<number>,
): Float64Array {
  const out = new Float64Array(column.values.length);
  let total = 0;
  for (let i = 0; i < items.length; i++) {
    const from = column.offsets[items[i]!]!;
    const to = column.offsets[items[i]! + 1]!;
    if (from === to) continue;
    const weight = weights ? weights[i]! : 1;
    const share = weight / (to - from);
    for (let at = from; at < to; at++) out[column.codes[at]!]! += share;
    total += weight;
  }
  if (total > 0) for (let v = 0; v < out.length; v++) out[v]! /= total;
  return out;
}

/**
 * Jensen-Shannon divergence in bits, in [0, 1]: H((p + q) / 2) - (H(p) + H(q)) / 2 (Lin, 1991). 0 when either side
 * is empty: nothing is known, so nothing is off.
 */
export function jensenShannon(p: Float64Array, q: Float64Array): number {
  let divergence = 0;
  let massP = 0;
  let massQ = 0;
  for (let v = 0; v < p.length; v++) {
    const middle = (p[v]! + q[v]!) / 2;
    if (p[v]! > 0) divergence += (p[v]! / 2) * Math.log2(p[v]! / middle);
    if (q[v]! > 0) divergence += (q[v]! / 2) * Math.log2(q[v]! / middle);
    massP += p[v]!;
    massQ += q[v]!;
  }
  if (massP === 0 || massQ === 0) return 0;
  return Math.min(1, Math.max(0, divergence));
}

/**
 * What the divergence of two samples of one and the same distribution is on average, in bits: (k - 1) / (8 ln 2) ·
 * (1/n + 1/m) for k values that occur and n and m items. Many values and few items look different by chance alone, so
 * attributes can be compared only by what is beyond it. From D ≈ Σ (p - q)² / 8r nats near p = q = r, a chi-square sum
 * of k - 1 degrees of freedom (Grosse et al., Phys. Rev. E 65, 041905, 2002). At most 1.
 */
export function chanceDivergence(p: Float64Array, q: Float64Array, n: number, m: number): number {
  let values = 0;
  for (let v = 0; v < p.length; v++) if (p[v]! > 0 || q[v]! > 0) values++;
  if (values === 0 || n === 0 || m === 0) return 0;
  return Math.min(1, ((values - 1) / (8 * Math.LN2)) * (1 / n + 1 / m));
}

/** How many equally weighted items are worth as much as these: (Σ w)² / Σ w² (Kish, 1965). */
export function effectiveSize(weights: ArrayLike<number>): number {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < weights.length; i++) {
    sum += weights[i]!;
    squares += weights[i]! * weights[i]!;
  }
  return squares === 0 ? 0 : (sum * sum) / squares;
}

/** The value whose share differs most between history and candidates, for a thought that names it. */
export function widestGap(
  column: AttributeColumn,
  history: Float64Array,
  candidates: Float64Array,
): { value: string; history: number; candidates: number } | undefined {
  let widest = -1;
  for (let v = 0; v < history.length; v++)
    if (
      widest < 0 ||
      Math.abs(history[v]! - candidates[v]!) > Math.abs(history[widest]! - candidates[widest]!)
    )
      widest = v;
  return widest < 0
    ? undefined
    : { value: column.values[widest]!, history: history[widest]!, candidates: candidates[widest]! };
}

/**
 * How well an item fits a history by one attribute, in [0, 1]: the mean over the item's values of the value's share
 * in the history, relative to the largest share. 0 for items without a value.
 */
export function affinityTo(column: AttributeColumn, history: Float64Array): (item: number) => number {
  let top = 0;
  for (let v = 0; v < history.length; v++) if (history[v]! > top) top = history[v]!;
  return (item) => {
    const from = column.offsets[item]!;
    const to = column.offsets[item + 1]!;
    if (from === to || top === 0) return 0;
    let sum = 0;
    for (let at = from; at < to; at++) sum += history[column.codes[at]!]!;
    return sum / (to - from) / top;
  };
}

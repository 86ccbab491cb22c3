/**
 * One choice among alternatives: the chance of alternative i is in proportion to exp(w · x_i) (conditional logit,
 * McFadden 1974).
 */
export interface Choice {
  readonly count: number;
  /** [count, width] */
  readonly features: Float32Array;
  /** Index of the alternative that was chosen; -1 when it was not among them, and nothing can be learnt. */
  readonly chosen: number;
}

export interface LogitOptions {
  readonly width: number;
  /** [width] Where the weights are pulled to. */
  readonly centre: Float64Array;
  /** [width] Spread of each feature, so that the pull does not depend on units. */
  readonly spread: Float64Array;
  /** Strength of the pull, λ. */
  readonly shrinkage: number;
  /** [width] Weights that may not be negative. */
  readonly nonNegative: readonly boolean[];
  /** [width] Where to begin; the centre when absent. */
  readonly start?: Float64Array;
}

const iterations = 40;
const tolerance = 1e-7;
/** A feature that is the same for all alternatives tells nothing; its weight stays at the centre. */
const leastSpread = 1e-9;

/**
 * The weights [width] that minimise, over the choices with a chosen alternative,
 *
 *   - mean ln p(chosen) + λ/2 · Σ_j (spread_j · (w_j - centre_j))²
 *
 * by Newton's method with the bounds as an active set. The objective is convex, so the answer does not depend on where
 * it begins, and it is the same on every run.
 */
export function fitConditionalLogit(choices: readonly Choice[], options: LogitOptions): Float64Array {
  const { width, centre, spread, shrinkage, nonNegative } = options;
  const penalty = Float64Array.from(spread, (value) => shrinkage * value ** 2);
  const objective = (w: Float64Array, loss: number) =>
    w.reduce((sum, value, j) => sum + (penalty[j]! / 2) * (value - centre[j]!) ** 2, loss);
  let w = Float64Array.from(centre, (value, j) =>
    spread[j]! < leastSpread ? value : (options.start?.[j] ?? value),
  );
  for (let iteration = 0; iteration < iterations; iteration++) {
    const { loss, gradient, hessian } = derivatives(choices, w, width);
    for (let j = 0; j < width; j++) {
      gradient[j]! += penalty[j]! * (w[j]! - centre[j]!);
      hessian[j * width + j]! += penalty[j]! + 1e-12;
    }
    const free = [...w.keys()].filter(
      (j) => spread[j]! >= leastSpread && !(nonNegative[j] && w[j]! <= 0 && gradient[j]! > 0),
    );
    if (free.every((j) => Math.abs(gradient[j]!) < tolerance * spread[j]!)) break;
    const step = solve(hessian, gradient, free, width);
    const before = objective(w, loss);
    let size = 1;
    for (; size > 1e-6; size /= 2) {
      const next = w.map((value, j) => {
        const moved = value - size * step[j]!;
        return nonNegative[j] ? Math.max(0, moved) : moved;
      });
      if (objective(next, meanLoss(choices, next, width)) < before) {
        w = next;
        break;
      }
    }
    if (size <= 1e-6) break; // no smaller step helps: as good as it gets in this arithmetic
  }
  return w;
}

/** Mean of -ln p(chosen) over the choices that have one. */
export function meanLoss(choices: readonly Choice[], w: Float64Array, width: number): number {
  let total = 0;
  let seen = 0;
  for (const choice of choices) {
    if (choice.chosen < 0) continue;
    const scores = scoresOf(choice, w, width);
    const top = Math.max(...scores);
    let sum = 0;
    for (const score of scores) sum += Math.exp(score - top);
    total += Math.log(sum) + top - scores[choice.chosen]!;
    seen++;
  }
  return seen === 0 ? 0 : total / seen;
}

/** w · x_i of every alternative. [count] */
export function scoresOf({ count, features }: Choice, w: Float64Array, width: number): Float64Array {
  const scores = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let score = 0;
    for (let j = 0; j < width; j++) score += w[j]! * features[i * width + j]!;
    scores[i] = score;
  }
  return scores;
}

/** Root of the mean variance of each feature within the choices. [width] */
export function spreadOf(choices: readonly Choice[], width: number): Float64Array {
  const squares = new Float64Array(width);
  let total = 0;
  for (const { count, features } of choices) {
    for (let j = 0; j < width; j++) {
      let mean = 0;
      for (let i = 0; i < count; i++) mean += features[i * width + j]! / count;
      for (let i = 0; i < count; i++) squares[j]! += (features[i * width + j]! - mean) ** 2;
    }
    total += count;
  }
  return squares.map((sum) => Math.sqrt(sum / Math.max(1, total)));
}

/** Mean loss with its gradient [width] and Hessian [width, width]. */
function derivatives(choices: readonly Choice[], w: Float64Array, width: number) {
  const gradient = new Float64Array(width);
  const hessian = new Float64Array(width * width);
  const mean = new Float64Array(width);
  let loss = 0;
  let seen = 0;
  for (const choice of choices) {
    if (choice.chosen < 0) continue;
    const { count, features, chosen } = choice;
    const scores = scoresOf(choice, w, width);
    const top = Math.max(...scores);
    let sum = 0;
    loss += top - scores[chosen]!;
    for (let i = 0; i < count; i++) {
      scores[i] = Math.exp(scores[i]! - top);
      sum += scores[i]!;
    }
    loss += Math.log(sum);
    mean.fill(0);
    for (let i = 0; i < count; i++) {
      const p = scores[i]! / sum;
      if (p < 1e-12) continue;
      const at = i * width;
      for (let a = 0; a < width; a++) {
        const weighted = p * features[at + a]!;
        mean[a]! += weighted;
        for (let b = 0; b <= a; b++) hessian[a * width + b]! += weighted * features[at + b]!;
      }
    }
    for (let a = 0; a < width; a++) {
      gradient[a]! += mean[a]! - features[chosen * width + a]!;
      for (let b = 0; b <= a; b++) hessian[a * width + b]! -= mean[a]! * mean[b]!;
    }
    seen++;
  }
  const share = 1 / Math.max(1, seen);
  for (let a = 0; a < width; a++)
    for (let b = 0; b <= a; b++)
      hessian[b * width + a] = hessian[a * width + b] = hessian[a * width + b]! * share;
  return { loss: loss * share, gradient: gradient.map((value) => value * share), hessian };
}

/** Solves the equations of the free coordinates by Cholesky's decomposition; 0 for the others. [width] */
function solve(
  hessian: Float64Array,
  gradient: Float64Array,
  free: readonly number[],
  width: number,
): Float64Array {
  const n = free.length;
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = hessian[free[i]! * width + free[j]!]!;
      for (let k = 0; k < j; k++) sum -= lower[i * n + k]! * lower[j * n + k]!;
      lower[i * n + j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / lower[j * n + j]!;
    }
  const half = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = gradient[free[i]!]!;
    for (let k = 0; k < i; k++) sum -= lower[i * n + k]! * half[k]!;
    half[i] = sum / lower[i * n + i]!;
  }
  const out = new Float64Array(width);
  for (let i = n - 1; i >= 0; i--) {
    let sum = half[i]!;
    for (let k = i + 1; k < n; k++) sum -= lower[k * n + i]! * out[free[k]!]!;
    out[free[i]!] = sum / lower[i * n + i]!;
  }
  return out;
}

import { Random } from '../shared/random.ts';

/** Mean; NaN of nothing. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

/** Sample standard deviation (n - 1); NaN below two values. */
export function standardDeviation(values: ArrayLike<number>): number {
  if (values.length < 2) return Number.NaN;
  const centre = mean(values);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i]! - centre) ** 2;
  return Math.sqrt(sum / (values.length - 1));
}

export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** 95% percentile interval of the mean over seeded resamples of the users (Efron, 1979). Paired when given differences. */
export function bootstrapInterval(
  values: readonly number[],
  seed: number | string,
  resamples = 2000,
): Interval {
  const n = values.length;
  if (n === 0) return { mean: Number.NaN, low: Number.NaN, high: Number.NaN };
  const random = new Random(`bootstrap ${seed}`);
  const means = new Float64Array(resamples);
  for (let r = 0; r < resamples; r++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += values[random.int(n)]!;
    means[r] = sum / n;
  }
  means.sort();
  return {
    mean: mean(values),
    low: means[Math.floor(0.025 * resamples)]!,
    high: means[Math.ceil(0.975 * resamples) - 1]!,
  };
}

/** Up to so many differences other than zero, all signs are tried. */
const exactUpTo = 16;
const permutations = 20_000;

/**
 * Two-sided p-value of a paired randomisation test (Fisher, 1935; for rankings Smucker, Allan and Carterette, 2007): how
 * often a mean difference at least as large comes about when each user's sign is tossed. Exact up to sixteen users that
 * differ; beyond that from 20,000 seeded tosses, (1 + hits) / (1 + tosses).
 */
export function randomisationTest(differences: readonly number[], seed: number | string): number {
  const own = differences.filter((difference) => difference !== 0);
  if (own.length === 0) return 1;
  const observed = Math.abs(own.reduce((sum, value) => sum + value, 0));
  const reaches = (sum: number) => Math.abs(sum) >= observed - 1e-12 * Math.max(1, observed);
  if (own.length <= exactUpTo) {
    let hits = 0;
    const all = 2 ** own.length;
    for (let signs = 0; signs < all; signs++) {
      let sum = 0;
      for (let i = 0; i < own.length; i++) sum += (signs >> i) & 1 ? -own[i]! : own[i]!;
      if (reaches(sum)) hits++;
    }
    return hits / all;
  }
  const random = new Random(`randomisation ${seed}`);
  let hits = 0;
  for (let p = 0; p < permutations; p++) {
    let sum = 0;
    let bits = 0;
    for (let i = 0; i < own.length; i++) {
      if (i % 32 === 0) bits = random.uint32();
      sum += (bits >>> (i % 32)) & 1 ? -own[i]! : own[i]!;
    }
    if (reaches(sum)) hits++;
  }
  return (1 + hits) / (1 + permutations);
}

/** Holm's step-down correction (1979): adjusted p-values in the order given. NaN stays NaN and is not counted. */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues
    .map((p, index) => ({ p, index }))
    .filter(({ p }) => !Number.isNaN(p))
    .sort((a, b) => a.p - b.p || a.index - b.index);
  const adjusted = pValues.map(() => Number.NaN);
  let highest = 0;
  order.forEach(({ p, index }, rank) => {
    highest = Math.max(highest, Math.min(1, (order.length - rank) * p));
    adjusted[index] = highest;
  });
  return adjusted;
}

/**
 * Users that a paired comparison needs to find a true mean difference `difference` with the given power at two-sided
 * significance `alpha`, by the normal approximation: ((z(1 - α/2) + z(power)) · σ / δ)², rounded up. `deviation` is the
 * standard deviation of a user's difference. Infinity for no difference.
 */
export function usersNeeded(difference: number, deviation: number, alpha = 0.05, power = 0.8): number {
  if (difference === 0 || Number.isNaN(difference) || Number.isNaN(deviation))
    return Number.POSITIVE_INFINITY;
  if (deviation === 0) return 2;
  const z = normalQuantile(1 - alpha / 2) + normalQuantile(power);
  return Math.max(2, Math.ceil(((z * deviation) / difference) ** 2));
}

/** The x with Φ(x) = p, to 1e-9: Acklam's rational approximation. */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`A probability between 0 and 1 is needed, not ${p}.`);
  const low = 0.02425;
  if (p > 1 - low) return -normalQuantile(1 - p);
  const polynomial = (x: number, coefficients: readonly number[]) =>
    coefficients.reduce((sum, c) => sum * x + c, 0);
  if (p < low) {
    const q = Math.sqrt(-2 * Math.log(p));
    return polynomial(q, tailTop) / polynomial(q, tailBottom);
  }
  const q = p - 0.5;
  const r = q * q;
  return (q * polynomial(r, middleTop)) / polynomial(r, middleBottom);
}

const middleTop = [
  -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716,
  2.506628277459239,
];
const middleBottom = [
  -54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1,
];
const tailTop = [
  -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783,
];
const tailBottom = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1];

import { Random } from '../src/shared/random.ts';
import { round } from './measure.ts';

/** Mean of paired differences with its 95% percentile interval over `resamples` resamples of the users. */
export function bootstrapInterval(
  differences: readonly number[],
  seed: number,
  resamples = 2000,
): { mean: number; low: number; high: number } {
  const random = new Random(seed);
  const n = differences.length;
  const means = Float64Array.from({ length: resamples }, () => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += differences[random.int(n)]!;
    return sum / n;
  }).sort();
  return {
    mean: round(differences.reduce((sum, value) => sum + value, 0) / n, 5),
    low: round(means[Math.floor(0.025 * resamples)]!, 5),
    high: round(means[Math.ceil(0.975 * resamples) - 1]!, 5),
  };
}

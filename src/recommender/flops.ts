import type { TrainingConfig } from './config.ts';

/**
 * Floating-point operations (a multiply-add is two) of scoring all items after one history of full length; what the
 * paper's Figure 6 compares. Matrix products only: they are more than 99% of the work.
 */
export function predictionFlops(config: TrainingConfig, itemCount: number): number {
  const { maxLength: length, hidden, inner, layers } = config;
  const projections = 4 * length * hidden * hidden;
  const attention = 2 * length * length * hidden;
  const feedForward = 2 * length * hidden * inner;
  const head = config.model === 'bert4rec' ? hidden * hidden : 0;
  return 2 * (layers * (projections + attention + feedForward) + head + hidden * itemCount);
}

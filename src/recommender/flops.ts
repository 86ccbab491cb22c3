import type { TrainingConfig } from './config.ts';

/**
 * Floating-point operations (a multiply-add is two) of scoring all items after one history of full length; what the
 * paper's Figure 6 compares. Matrix products only: they are more than 99% of the work.
 */
export function predictionFlops(
  config: TrainingConfig,
  itemCount: number,
  /** Width of the item features of an attribute tool; undefined for a backbone alone. */
  featureWidth?: number,
): number {
  const { maxLength: length, hidden, inner, layers } = config;
  const projections = 4 * length * hidden * hidden;
  const attention = 2 * length * length * hidden;
  const feedForward = 2 * length * hidden * inner;
  const head = config.model === 'bert4rec' ? hidden * hidden : 0;
  const layer = projections + attention + feedForward;
  const backbone = layers * layer + head + hidden * itemCount;
  // One layer over the attributes, their projection, and the dense layer over both states.
  const tool = featureWidth === undefined ? 0 : layer + length * hidden * (featureWidth + 2 * hidden);
  return 2 * (backbone + tool);
}

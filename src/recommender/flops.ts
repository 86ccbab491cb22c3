import type { TrainingConfig } from './config.ts';

/**
 * Floating-point operations (a multiply-add is two) of scoring all items after one history of full length; what the
 * paper's Figure 6 compares. Matrix products only: they are more than 99% of the work.
 */
export function predictionFlops(
  config: TrainingConfig,
  itemCount: number,
  /** Widths of item features: of the texts of a feature encoder, of the attribute of a tool. */
  featureWidths: readonly number[] = [],
): number {
  const { maxLength: length, hidden, inner, layers } = config;
  const projections = 4 * length * hidden * hidden;
  const attention = 2 * length * length * hidden;
  const feedForward = 2 * length * hidden * inner;
  const head = config.model === 'bert4rec' ? hidden * hidden : 0;
  const layer = projections + attention + feedForward;
  const backbone = layers * layer + head + hidden * itemCount;
  // For each: one layer over the features, their projection, and the dense layer over both states.
  const parts = featureWidths.map((width) => layer + length * hidden * (width + 2 * hidden));
  return 2 * (backbone + parts.reduce((sum, part) => sum + part, 0));
}

import type { TrainingConfig } from './config.ts';

type Sizes = Pick<TrainingConfig, 'model' | 'maxLength' | 'hidden' | 'inner' | 'layers'>;

/** Multiply-adds of one Transformer layer over a full history. */
function layerOf({ maxLength: length, hidden, inner }: Sizes): number {
  const projections = 4 * length * hidden * hidden;
  const attention = 2 * length * length * hidden;
  const feedForward = 2 * length * hidden * inner;
  return projections + attention + feedForward;
}

/** What seeing items through features adds: a layer over them, their projection, the dense layer over both states. */
export function featureFlops(config: Sizes, width: number): number {
  const { maxLength: length, hidden } = config;
  return 2 * (layerOf(config) + length * hidden * (width + 2 * hidden));
}

/**
 * Floating-point operations (a multiply-add is two) of scoring all items after one history of full length; what the
 * paper's Figure 6 compares. Matrix products only: they are more than 99% of the work.
 * @param textWidth of the item texts of a feature encoder
 */
export function predictionFlops(config: Sizes, itemCount: number, textWidth?: number): number {
  const { hidden, layers } = config;
  const head = config.model === 'bert4rec' ? hidden * hidden : 0;
  const text = textWidth === undefined ? 0 : featureFlops(config, textWidth);
  return 2 * (layers * layerOf(config) + head + hidden * itemCount) + text;
}

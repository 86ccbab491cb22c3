import os from 'node:os';
import type { NamedHostTensors } from '../engine/program.ts';
import { EngineError } from '../shared/errors.ts';
import type { TrainingConfig } from './config.ts';
import type { SequenceModel } from './models/model.ts';

/** Bytes that a training step is expected to need at its peak: a little more than what was measured. */
export function stepBytes(config: TrainingConfig, model: SequenceModel, params: NamedHostTensors): number {
  const features = (params['features'] ?? model.frozen['features'])?.shape[1] ?? 0;
  const layers = config.layers + (features > 0 ? 1 : 0);
  const weights = Object.values(params).reduce((sum, { data }) => sum + data.length, 0);
  const tokens = Math.max(config.batchTokens, model.maxLength);
  const longest = Math.max(1, Math.floor(tokens / model.maxLength)) * model.maxLength;
  // Kept for the gradients: about 14 tensors [N, D] and 2 [N, F] a layer, 3 [B, H, L, L].
  const perToken = layers * (14 * config.hidden + 2 * config.inner) + 8 * config.hidden + 3 * features;
  const attention = layers * 3 * config.heads * longest * model.maxLength;
  const scored = {
    'cross-entropy': 2 * tokens * model.itemCount,
    'sampled-softmax': 4 * tokens * config.negatives,
    bpr: tokens * (1 + config.negatives) * 3 * config.hidden,
    bce: tokens * (1 + config.negatives) * 3 * config.hidden,
    gbce: tokens * (1 + config.negatives) * 3 * config.hidden,
  }[config.loss];
  // Parameters, moments, their gradients and the second copy that the next values are written to.
  return 4 * (weights * 8 + tokens * perToken + attention + scored);
}

/** What can still be had without swapping. */
export function availableBytes(): number {
  // There Node counts only pages that nobody uses, although most of the others are given up at once.
  if (process.platform === 'darwin') return 0.7 * os.totalmem();
  return process.availableMemory(); // Linux: with what caches would give back, within the limit of a container
}

/** @throws EngineError `not-enough-memory` before a run would make the machine swap */
export function checkMemory(
  config: TrainingConfig,
  model: SequenceModel,
  params: NamedHostTensors,
  available = availableBytes(),
): void {
  const needed = stepBytes(config, model, params);
  if (needed < 0.9 * available) return;
  const gigabytes = (bytes: number) => (bytes / 2 ** 30).toFixed(1);
  const smaller = config.loss === 'cross-entropy' ? ', or choose the loss sampled-softmax' : '';
  throw new EngineError(
    'not-enough-memory',
    `A training step needs about ${gigabytes(needed)} GB; ${gigabytes(available)} GB of ` +
      `${gigabytes(os.totalmem())} GB are free.`,
    `Close other programs, lower batchTokens or maxLength${smaller}.`,
  );
}

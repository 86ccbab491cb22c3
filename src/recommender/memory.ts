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

/** @throws EngineError `not-enough-memory` before a run would make the machine swap */
export function checkMemory(config: TrainingConfig, model: SequenceModel, params: NamedHostTensors): void {
  const needed = stepBytes(config, model, params);
  const limit = process.constrainedMemory(); // of a container; 0 or absurdly large where there is none
  const free = limit > 0 ? Math.min(limit, os.totalmem()) : os.totalmem();
  if (needed < 0.8 * free) return;
  const gigabytes = (bytes: number) => (bytes / 2 ** 30).toFixed(1);
  throw new EngineError(
    'not-enough-memory',
    `A training step needs about ${gigabytes(needed)} GB; this machine has ${gigabytes(free)} GB.`,
    'Lower batchTokens or maxLength, or choose the loss sampled-softmax.',
  );
}

import * as tf from '@tensorflow/tfjs-core';
import { EngineError } from '../shared/errors.ts';

/** TensorFlow.js has one current backend for the whole process, so work on it is done one piece at a time. */
let turn: Promise<unknown> = Promise.resolve();

/**
 * Runs `work`, which must not await, with the given TensorFlow.js backend as the current one.
 * @throws EngineError `no-backend` when it is not registered or cannot start.
 */
export function withBackend<T>(name: string, work: () => T): Promise<T> {
  const result = turn.then(async () => {
    if (tf.engine().backendName !== name && !(await tf.setBackend(name).catch(() => false)))
      throw new EngineError(
        'no-backend',
        `The TensorFlow.js backend “${name}” cannot start.`,
        'Choose another device.',
      );
    return work();
  });
  turn = result.catch(() => undefined);
  return result;
}

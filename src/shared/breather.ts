import { throwIfCancelled } from './errors.ts';
import type { LongWork } from './progress.ts';

/**
 * Lets long computation breathe: returns a function that costs nothing until `everyMs` have passed since the event
 * loop last ran, and then lets it run once, so that progress goes out and cancellation comes in. Call it between
 * steps that take less than that.
 * @throws CancelledError when the signal has fired.
 */
export function breather({ signal }: LongWork, everyMs = 25): () => Promise<void> | undefined {
  let last = performance.now();
  return () => {
    if (performance.now() - last < everyMs) return undefined;
    return new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      last = performance.now();
      throwIfCancelled(signal);
    });
  };
}

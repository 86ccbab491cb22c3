import { setMaxListeners } from 'node:events';
import type { Disposable } from './disposable.ts';

/**
 * Calls `listener` when the signal fires, at once if it has fired. Work in parallel shares one signal, so any number may
 * listen to it: Node would warn of a leak from the eleventh on. Dispose when the work is done.
 */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): Disposable {
  if (!signal) return { dispose: () => undefined };
  if (signal.aborted) {
    listener();
    return { dispose: () => undefined };
  }
  setMaxListeners(0, signal);
  signal.addEventListener('abort', listener, { once: true });
  return { dispose: () => signal.removeEventListener('abort', listener) };
}

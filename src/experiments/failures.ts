import { type ToolRecError } from '../shared/errors.ts';

/**
 * Failures that every other user would meet as well: no key, no money, no server, no disk. Counting each remaining user
 * as a miss because of them would spoil the experiment; the run stops instead and can go on when they are put right.
 */
const hopeless: ReadonlySet<string> = new Set([
  'unauthorised',
  'model-not-found',
  'wrong-address',
  'quota-exceeded',
  'rate-limited',
  'unreachable',
  'tls-error',
  'not-recorded',
  'engine-gave-up',
  'engine-unavailable',
]);

export function stopsEverything(error: ToolRecError): boolean {
  return hopeless.has(error.code) || error.name === 'StorageError' || error.name === 'ConfigurationError';
}

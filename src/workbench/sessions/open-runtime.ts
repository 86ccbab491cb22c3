import { SessionRuntime } from './runtime.ts';
import { SessionWorlds } from './worlds.ts';

/** What the workbench's sessions work with: the language model that is chosen, and retrieval. */
export function openSessionRuntime(): SessionRuntime {
  return new SessionRuntime(new SessionWorlds(() => Promise.resolve(undefined)));
}

import {
  CancelledError,
  ConfigurationError,
  EngineError,
  InputError,
  ModelError,
  StorageError,
  UsageError,
} from '../shared/errors.ts';

export interface ExitCode {
  readonly code: number;
  readonly meaning: string;
}

/** Every exit code of `toolrec`, as `toolrec --help` and docs/cli.md list them. */
export const exitCodes = {
  ok: { code: 0, meaning: 'done' },
  failure: { code: 1, meaning: 'failed for another reason, or a check (doctor) found something wrong' },
  usage: { code: 2, meaning: 'the command line or a setting is not valid' },
  input: { code: 3, meaning: 'a file or value from outside is not what its format promises' },
  storage: { code: 4, meaning: 'reading or writing failed: disk full, read-only, missing, damaged' },
  engine: { code: 5, meaning: 'the engine or a device is unavailable or failed' },
  model: { code: 6, meaning: 'a language model or its server failed' },
  interrupted: { code: 130, meaning: 'stopped by Ctrl-C' },
  closed: { code: 141, meaning: 'whoever read the output closed it' },
  terminated: { code: 143, meaning: 'stopped by a termination signal' },
} as const satisfies Record<string, ExitCode>;

export function exitCodeOf(error: unknown): number {
  if (error instanceof CancelledError) return exitCodes.interrupted.code;
  if (error instanceof UsageError || error instanceof ConfigurationError) return exitCodes.usage.code;
  if (error instanceof InputError) return exitCodes.input.code;
  if (error instanceof StorageError) return exitCodes.storage.code;
  if (error instanceof EngineError && error.code !== 'internal') return exitCodes.engine.code;
  if (error instanceof ModelError) return exitCodes.model.code;
  return exitCodes.failure.code;
}

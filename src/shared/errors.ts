/**
 * Every failure a person may see is one of these. Each has a stable `code` (tests assert it), a sentence that
 * names the cause, a `remedy` that says what to do, and, where there is one, the `place` it happened.
 */

/** Where a failure happened: a file and line, a row, a setting, a flag. */
export interface Place {
  readonly file?: string;
  /** 1-based. */
  readonly line?: number;
  /** 1-based. */
  readonly column?: number;
  readonly setting?: string;
  readonly flag?: string;
}

export interface ErrorDetail {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly place?: Place;
}

interface ErrorOptionsWithPlace {
  readonly place?: Place | undefined;
  readonly cause?: unknown;
}

export class ToolRecError extends Error {
  // Spelled out in each class: minified bundles have other class names, and the name crosses the engine's border.
  override readonly name: ErrorClassName = 'ToolRecError';
  readonly code: string;
  readonly remedy: string;
  readonly place: Place | undefined;

  constructor(code: string, message: string, remedy: string, options: ErrorOptionsWithPlace = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.remedy = remedy;
    this.place = options.place;
  }

  /** Plain data that crosses a process border and is turned back by `fromDetail`. */
  toDetail(): ErrorDetail {
    return {
      code: this.code,
      message: this.message,
      remedy: this.remedy,
      ...(this.place ? { place: this.place } : {}),
    };
  }

  /** One line for a terminal or a notification: `file:line: message Remedy.` */
  describe(): string {
    const where = describePlace(this.place);
    return `${where ? `${where}: ` : ''}${this.message} ${this.remedy}`.trim();
  }
}

/** The caller asked for something that does not exist or does not fit (a flag, a name, a combination). */
export class UsageError extends ToolRecError {
  override readonly name = 'UsageError';
}
/** A file, row or value from outside is not what its format promises. */
export class InputError extends ToolRecError {
  override readonly name = 'InputError';
}
/** Reading or writing failed: disk full, read-only, missing, damaged, or written by a newer version. */
export class StorageError extends ToolRecError {
  override readonly name = 'StorageError';
}
/** A setting or configuration file is not valid. */
export class ConfigurationError extends ToolRecError {
  override readonly name = 'ConfigurationError';
}
/** The engine process or a device in it is unavailable, crashed, or could not do what was asked. */
export class EngineError extends ToolRecError {
  override readonly name = 'EngineError';
}
/** A language model or its server failed. */
export class ModelError extends ToolRecError {
  override readonly name = 'ModelError';
}
/** The person (or the caller's signal) stopped the work. Not a failure to report. */
export class CancelledError extends ToolRecError {
  override readonly name = 'CancelledError';

  constructor(what = 'The work') {
    super('cancelled', `${what} was cancelled.`, '');
  }
}

const classes = { UsageError, InputError, StorageError, ConfigurationError, EngineError, ModelError };
export type ErrorClassName = keyof typeof classes | 'CancelledError' | 'ToolRecError';

/** Rebuilds a typed error from what `toDetail` gave, so that a caller across a process border can test its class. */
export function fromDetail(className: string, detail: ErrorDetail): ToolRecError {
  if (className === 'CancelledError') return new CancelledError();
  const known = Object.hasOwn(classes, className) ? classes[className as keyof typeof classes] : ToolRecError;
  return new known(detail.code, detail.message, detail.remedy, { place: detail.place });
}

export function describePlace(place: Place | undefined): string {
  if (!place) return '';
  if (place.setting) return `setting ${place.setting}`;
  if (place.flag) return place.flag;
  const line = place.line === undefined ? '' : `:${place.line}`;
  const column = place.column === undefined ? '' : `:${place.column}`;
  return `${place.file ?? ''}${line}${column}`;
}

/** Throws `CancelledError` when the signal has fired; call it between the steps of long work. */
export function throwIfCancelled(signal: AbortSignal | undefined, what?: string): void {
  if (signal?.aborted) throw new CancelledError(what);
}

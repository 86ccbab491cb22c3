import { type ErrorDetail, ModelError, type Place } from '../shared/errors.ts';

/** Every way in which a language model or its server fails. Tests hold each against a real HTTP server. */
export const modelErrorCodes = [
  'unauthorised',
  'model-not-found',
  'wrong-address',
  'bad-request',
  'context-too-long',
  'rate-limited',
  'quota-exceeded',
  'server-error',
  'unreachable',
  'tls-error',
  'connection-lost',
  'timeout',
  'idle-timeout',
  'stream-truncated',
  'bad-chunk',
  'not-json',
  'empty-reply',
  'reasoning-too-long',
  'content-filtered',
  'reply-too-large',
  'not-recorded',
] as const;
export type ModelErrorCode = (typeof modelErrorCodes)[number];

/** A failed call of a model, with what a retry needs to know. */
export class ModelFailure extends ModelError {
  /** True when the same request may succeed a little later. */
  readonly retryable: boolean;
  /** How long the server asked to wait. */
  readonly retryAfterMs: number | undefined;
  readonly status: number | undefined;
  /** Name of the request's parameter that the server refused. */
  readonly parameter: string | undefined;

  constructor(
    code: ModelErrorCode,
    message: string,
    remedy: string,
    options: {
      readonly retryable?: boolean;
      readonly retryAfterMs?: number | undefined;
      readonly status?: number | undefined;
      readonly parameter?: string | undefined;
      readonly place?: Place;
      readonly cause?: unknown;
    } = {},
  ) {
    super(code, message, remedy, { place: options.place, cause: options.cause });
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
    this.status = options.status;
    this.parameter = options.parameter;
  }
}

export function isContextTooLong(error: unknown): boolean {
  return error instanceof ModelError && error.code === 'context-too-long';
}

export type { ErrorDetail };

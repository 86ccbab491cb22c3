import * as z from 'zod';
import type { Disposable } from '../shared/disposable.ts';
import { EngineError, fromDetail, ToolRecError } from '../shared/errors.ts';
import type { LongWork, Progress } from '../shared/progress.ts';

/**
 * What crosses the border between a host (extension, CLI, tests) and the engine process. Every request is declared
 * once, in `requests/<topic>.ts`, by its name and the zod schemas of its parameters and result; the engine answers
 * it in `handlers/<topic>.ts`. Parameters are checked where they arrive, results too. This file and `requests/`
 * import nothing heavy, so the extension host may load them.
 */

/** Raised whenever the wire format changes; host and engine must agree (they come from one build). */
export const protocolVersion = 1;

/** A result may be checked by zod/mini too: what pages show of it they check by the same schema. */
export interface RequestDefinition<
  P extends z.ZodType = z.ZodType,
  R extends z.core.$ZodType = z.core.$ZodType,
> {
  /** `topic/verb`, such as `dataset/import`. */
  readonly name: string;
  readonly params: P;
  /** Typed arrays are allowed (`float64Array`, …): the channel clones structures, not JSON. */
  readonly result: R;
}

export function defineRequest<P extends z.ZodType, R extends z.core.$ZodType>(
  definition: RequestDefinition<P, R>,
): RequestDefinition<P, R> {
  return definition;
}

export const float32Array = z.custom<Float32Array>(
  (value) => value instanceof Float32Array,
  'Not a Float32Array',
);
export const float64Array = z.custom<Float64Array>(
  (value) => value instanceof Float64Array,
  'Not a Float64Array',
);
export const uint32Array = z.custom<Uint32Array>(
  (value) => value instanceof Uint32Array,
  'Not a Uint32Array',
);

/** Sent by the engine when it has something to say outside of any request, such as the state of a training run. */
export interface NotificationDefinition<P extends z.ZodType = z.ZodType> {
  readonly name: string;
  readonly params: P;
}

export function defineNotification<P extends z.ZodType>(
  definition: NotificationDefinition<P>,
): NotificationDefinition<P> {
  return definition;
}

/** The one door to the engine, the same for a child process (`EngineClient`) and in-process (`connectInProcess`). */
export interface EngineConnection extends Disposable {
  /**
   * Asks the engine. Progress arrives in order and before the result.
   * @throws the engine's own typed error; CancelledError when `work.signal` fires; EngineError `engine-crashed`,
   * `engine-frozen`, `engine-not-started`, `engine-gave-up` or `engine-disposed` when there is no engine to answer.
   */
  request<P extends z.ZodType, R extends z.core.$ZodType>(
    definition: RequestDefinition<P, R>,
    params: z.input<P>,
    work?: LongWork,
  ): Promise<z.output<R>>;
  onNotification<P extends z.ZodType>(
    definition: NotificationDefinition<P>,
    listener: (params: z.output<P>) => void,
  ): Disposable;
}

/** First message of the engine. */
export const helloSchema = z.object({ protocol: z.number(), pid: z.number(), node: z.string() });
export type Hello = z.output<typeof helloSchema>;
export const helloMethod = '$engine/hello';

/** What surrounds the parameters of every request. */
export const envelopeSchema = z.object({
  params: z.unknown(),
  /** Present when the caller wants progress. */
  token: z.number().int().optional(),
});

export const progressSchema: z.ZodType<Progress> = z.object({
  message: z.string(),
  done: z.number().exactOptional(),
  total: z.number().exactOptional(),
  unit: z.enum(['rows', 'bytes', 'users', 'steps', 'items']).exactOptional(),
  rows: z.number().exactOptional(),
});

const placeSchema = z.object({
  file: z.string().exactOptional(),
  line: z.number().exactOptional(),
  column: z.number().exactOptional(),
  setting: z.string().exactOptional(),
  flag: z.string().exactOptional(),
});

const failureSchema = z.object({
  className: z.string(),
  detail: z.object({
    code: z.string(),
    message: z.string(),
    remedy: z.string(),
    place: placeSchema.exactOptional(),
  }),
});
export type Failure = z.output<typeof failureSchema>;

/** A failure of a handler in the form that crosses the border. Anything untyped is a bug and is said to be one. */
export function toFailure(error: unknown): Failure {
  const typed = asTypedError(error);
  return { className: typed.name, detail: typed.toDetail() };
}

export function asTypedError(error: unknown): ToolRecError {
  if (error instanceof ToolRecError) return error;
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new EngineError(
    'internal',
    `The engine met an error it did not expect (${message.slice(0, 500)}).`,
    'This is a defect of ToolRec Workbench; the engine log has the details.',
    { cause: error },
  );
}

/** The reverse of `toFailure`; what does not look like a failure becomes EngineError `engine-protocol`. */
export function fromFailure(data: unknown, fallback: string): ToolRecError {
  const parsed = failureSchema.safeParse(data);
  if (parsed.success) return fromDetail(parsed.data.className, parsed.data.detail);
  return protocolError(fallback);
}

export function protocolError(what: string): EngineError {
  return new EngineError(
    'engine-protocol',
    `The engine and its host did not understand each other: ${what.slice(0, 500)}`,
    'Reload the window, or rebuild, so that both come from the same version.',
  );
}

/** Checks parameters where they arrive. @throws EngineError `bad-request` */
export function checkParams<P extends z.ZodType>(
  definition: RequestDefinition<P>,
  params: unknown,
): z.output<P> {
  const parsed = definition.params.safeParse(params);
  if (parsed.success) return parsed.data;
  throw new EngineError(
    'bad-request',
    `“${definition.name}” was asked with parameters that do not fit: ${z.prettifyError(parsed.error)}`,
    'Check the values that were given.',
  );
}

/** Checks a result where it arrives. @throws EngineError `engine-protocol` */
export function checkResult<R extends z.core.$ZodType>(
  definition: RequestDefinition<z.ZodType, R>,
  result: unknown,
): z.output<R> {
  const parsed = z.safeParse(definition.result, result);
  if (parsed.success) return parsed.data;
  throw protocolError(
    `the answer to “${definition.name}” has another form: ${z.prettifyError(parsed.error)}`,
  );
}

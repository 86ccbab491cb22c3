import type * as z from 'zod';
import { DisposableStore } from '../shared/disposable.ts';
import { EngineError } from '../shared/errors.ts';
import type { Logger } from '../shared/log.ts';
import type { ReportProgress } from '../shared/progress.ts';
import { checkParams, type NotificationDefinition, type RequestDefinition } from './protocol.ts';

/** What a handler is given beside its parameters. */
export interface HandlerContext {
  /** Fires when the caller cancels or goes away. Long handlers check it, yielding to the event loop (`Breather`). */
  readonly signal: AbortSignal;
  readonly onProgress: ReportProgress;
  readonly logger: Logger;
  notify<P extends z.ZodType>(definition: NotificationDefinition<P>, params: z.input<P>): void;
}

export type Handler<P extends z.ZodType, R extends z.core.$ZodType> = (
  params: z.output<P>,
  context: HandlerContext,
) => Promise<z.input<R>> | z.input<R>;

/**
 * The requests an engine answers. Topics add theirs by a function `register…Handlers(registry)` in
 * `handlers/<topic>.ts`, listed in `handlers/index.ts`; state that lives between requests (an opened dataset, a
 * resident model) is kept in that function's closure and released through `disposables`.
 */
export class HandlerRegistry {
  readonly disposables = new DisposableStore();
  private readonly handlers = new Map<
    string,
    (params: unknown, context: HandlerContext) => Promise<unknown>
  >();

  handle<P extends z.ZodType, R extends z.core.$ZodType>(
    definition: RequestDefinition<P, R>,
    handler: Handler<P, R>,
  ): void {
    if (this.handlers.has(definition.name)) throw new Error(`“${definition.name}” has two handlers.`);
    this.handlers.set(definition.name, async (params, context) =>
      handler(checkParams(definition, params), context),
    );
  }

  /** @throws EngineError `unknown-request`, `bad-request`, and whatever the handler throws */
  async dispatch(name: string, params: unknown, context: HandlerContext): Promise<unknown> {
    const handler = this.handlers.get(name);
    if (!handler)
      throw new EngineError(
        'unknown-request',
        `The engine has no answer to “${name.slice(0, 80)}”.`,
        'Reload the window, or rebuild, so that host and engine come from the same version.',
      );
    return handler(params, context);
  }

  get names(): readonly string[] {
    return [...this.handlers.keys()];
  }

  dispose(): void {
    this.disposables.dispose();
  }
}

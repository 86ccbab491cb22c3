import type * as z from 'zod';
import type { Disposable } from '../shared/disposable.ts';
import { CancelledError, throwIfCancelled } from '../shared/errors.ts';
import { silentLogger, type Logger } from '../shared/log.ts';
import type { LongWork } from '../shared/progress.ts';
import { createRegistry } from './handlers/index.ts';
import {
  asTypedError,
  checkResult,
  type EngineConnection,
  type NotificationDefinition,
  type RequestDefinition,
} from './protocol.ts';
import type { HandlerRegistry } from './registry.ts';

/** The same handlers in this process: for the CLI, scripts and tests. Checks and errors are those of the child. */
export function connectInProcess(
  registry: HandlerRegistry = createRegistry(),
  logger: Logger = silentLogger,
): EngineConnection {
  const listeners = new Map<string, Set<(params: unknown) => void>>();
  return {
    async request<P extends z.ZodType, R extends z.core.$ZodType>(
      definition: RequestDefinition<P, R>,
      params: z.input<P>,
      work: LongWork = {},
    ): Promise<z.output<R>> {
      throwIfCancelled(work.signal);
      const signal = work.signal ?? new AbortController().signal;
      try {
        const result = await registry.dispatch(definition.name, params, {
          signal,
          onProgress: work.onProgress ?? (() => undefined),
          logger,
          notify: (notification, value) =>
            listeners.get(notification.name)?.forEach((listener) => listener(value)),
        });
        return checkResult(definition, result);
      } catch (error) {
        if (signal.aborted && error instanceof Error && error.name === 'AbortError')
          throw new CancelledError();
        throw asTypedError(error);
      }
    },
    onNotification<P extends z.ZodType>(
      definition: NotificationDefinition<P>,
      listener: (params: z.output<P>) => void,
    ): Disposable {
      const of = listeners.get(definition.name) ?? new Set();
      listeners.set(definition.name, of);
      const checked = (params: unknown) => listener(definition.params.parse(params));
      of.add(checked);
      return { dispose: () => void of.delete(checked) };
    },
    dispose() {
      listeners.clear();
      registry.dispose();
    },
  };
}

import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from 'vscode-jsonrpc/node';
import { ResponseError, type CancellationToken } from 'vscode-jsonrpc';
import { CancelledError, EngineError } from '../shared/errors.ts';
import { lineLogger, type Logger } from '../shared/log.ts';
import { type Progress, shutdownReason } from '../shared/progress.ts';
import { envelopeSchema, helloMethod, protocolVersion, toFailure, type Hello } from './protocol.ts';
import { startPulse, type PulseTiming } from './pulse.ts';
import type { HandlerContext, HandlerRegistry } from './registry.ts';
import { steadyProgress } from './steady-progress.ts';
import { failureCode, progressType } from './wire.ts';

const defaults: PulseTiming = { intervalMs: 1000, orphanGraceMs: 10_000 };

/**
 * Runs this process as an engine: answers the registry's requests over the IPC channel that `fork` opened, and ends
 * when that channel closes, after what is under way has put down where it stands. Standard output and error are free for logs; native libraries write there as they like.
 */
export function serve(registry: HandlerRegistry, timing: PulseTiming = defaults): void {
  if (!process.send) {
    process.stderr.write('This file is started by ToolRec Workbench, not by hand.\n');
    process.exit(2);
  }
  const logger = lineLogger((line) => process.stderr.write(`${line}\n`), 'debug');
  const connection = createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process), {
    ...logger,
    log: (message: string) => logger.debug(message),
  });
  const running = new Set<AbortController>();

  connection.onRequest(async (method: string, rawEnvelope: unknown, cancellation: CancellationToken) => {
    const abort = new AbortController();
    running.add(abort);
    const subscription = cancellation.onCancellationRequested(() => abort.abort());
    const envelope = envelopeSchema.safeParse(rawEnvelope);
    const token = envelope.data?.token;
    const progress = steadyProgress((value: Progress) => {
      if (token !== undefined)
        void connection.sendProgress(progressType, token, value).catch(() => undefined);
    });
    const context: HandlerContext = {
      signal: abort.signal,
      onProgress: progress.report,
      logger,
      notify: (definition, value) =>
        void connection.sendNotification(definition.name, value).catch(() => undefined),
    };
    try {
      if (!envelope.success) throw badEnvelope(method);
      const result = await registry.dispatch(method, envelope.data.params, context);
      progress.flush();
      return result;
    } catch (error) {
      progress.flush();
      const failure = toFailure(abort.signal.aborted && isAbort(error) ? new CancelledError() : error);
      if (failure.detail.code === 'internal') logStack(logger, method, error);
      return new ResponseError(failureCode, failure.detail.message, failure);
    } finally {
      subscription.dispose();
      running.delete(abort);
    }
  });

  process.on('disconnect', () => {
    for (const abort of running) abort.abort(shutdownReason);
    const end = () => {
      registry.dispose();
      process.exit(0);
    };
    const deadline = setTimeout(end, timing.orphanGraceMs * 0.8);
    const look = setInterval(() => {
      if (running.size > 0) return;
      clearInterval(look);
      clearTimeout(deadline);
      end();
    }, 20);
  });
  // Ctrl-C in a terminal reaches the whole process group; whether to stop is the host's decision.
  process.on('SIGINT', () => undefined);

  connection.listen();
  startPulse(timing);
  const hello: Hello = { protocol: protocolVersion, pid: process.pid, node: process.version };
  void connection.sendNotification(helloMethod, hello);
}

function badEnvelope(method: string): EngineError {
  return new EngineError(
    'bad-request',
    `“${method.slice(0, 80)}” came without its envelope.`,
    'Reload the window, or rebuild, so that host and engine come from the same version.',
  );
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

function logStack(logger: Logger, method: string, error: unknown): void {
  logger.error(`${method}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
}

import { fork, type ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import type * as z from 'zod';
import {
  CancellationTokenSource,
  ConnectionError,
  ResponseError,
  type MessageConnection,
} from 'vscode-jsonrpc';
import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from 'vscode-jsonrpc/node';
import { DisposableStore } from '../shared/disposable.ts';
import { CancelledError, EngineError, throwIfCancelled, type ToolRecError } from '../shared/errors.ts';
import type { Logger } from '../shared/log.ts';
import type { LongWork } from '../shared/progress.ts';
import {
  checkResult,
  fromFailure,
  helloMethod,
  helloSchema,
  progressSchema,
  protocolError,
  protocolVersion,
  type RequestDefinition,
} from './protocol.ts';
import { pulseDescriptor, watchPulse, type PulseLimit } from './pulse.ts';
import { progressType } from './wire.ts';

export interface EngineProcessOptions {
  /** The bundle dist/engine.mjs. */
  readonly entry: string;
  /** Flags for the child's Node. The host's own (`--inspect` among them) are not inherited. */
  readonly execArgv: readonly string[];
  readonly logger: Logger;
  readonly startTimeoutMs: number;
  readonly pulse: PulseLimit;
  /** How long a cancelled request may take to clean up before its caller is released anyway. */
  readonly cancelGraceMs: number;
  /** From the closing of the channel until the child is ended by force. */
  readonly stopGraceMs: number;
}

/** One life of the engine's child process: from `fork` to its exit, after which every request fails. */
export class EngineProcess {
  /** Settles when the engine has said hello. @throws EngineError `engine-not-started` */
  readonly ready: Promise<void>;
  /** Resolves when the process is gone, with the reason; undefined when it was asked to stop. */
  readonly gone: Promise<EngineError | undefined>;

  private readonly child: ChildProcess;
  private readonly connection: MessageConnection;
  private readonly options: EngineProcessOptions;
  private readonly disposables = new DisposableStore();
  private readonly pending = new Set<(error: ToolRecError) => void>();
  private readonly lastLines: string[] = [];
  private nextToken = 1;
  private started = false;
  private stopping = false;
  private end: EngineError | undefined;
  private markGone: (reason: EngineError | undefined) => void = () => undefined;

  constructor(options: EngineProcessOptions, onNotification: (name: string, params: unknown) => void) {
    this.options = options;
    this.gone = new Promise((resolve) => (this.markGone = resolve));
    this.child = fork(options.entry, {
      execPath: process.execPath,
      execArgv: [...options.execArgv],
      // Under VS Code, execPath is Electron; this makes it a plain Node. Elsewhere it means nothing.
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
      // Structured clone: typed arrays cross as such.
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
    });
    this.collectLines(this.child.stdout, 'info');
    this.collectLines(this.child.stderr, 'debug');

    this.connection = createMessageConnection(
      new IPCMessageReader(this.child),
      new IPCMessageWriter(this.child),
      { ...options.logger, log: (message: string) => options.logger.debug(message) },
    );
    this.disposables.add(this.connection);
    this.disposables.add(
      this.connection.onError(([error]) => options.logger.warn(`Engine: ${error.message}`)),
    );
    this.connection.onNotification((name: string, params: unknown) => {
      if (name !== helloMethod) onNotification(name, params);
    });
    this.ready = this.awaitHello();
    this.ready.catch(() => undefined); // whoever waits for it is told; nobody waiting is no failure
    this.child.on('error', (error) => this.finish(this.notStarted(error.message)));
    // 'close' comes after the output pipes are drained, so that the last words of a crash are known. It does not
    // come after a `disconnect` of ours, nor while a grandchild holds the pipes.
    this.child.on('close', (code, signal) => this.onExit(code, signal));
    this.child.on('exit', (code, signal) => {
      setTimeout(() => this.onExit(code, signal), this.stopping ? 0 : 500);
    });
    this.child.on('disconnect', () => {
      // Without its channel it is of no use, whatever it still does.
      if (!this.stopping) setTimeout(() => this.child.kill('SIGKILL'), 1000).unref();
    });
    this.connection.listen();
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  async request<P extends z.ZodType, R extends z.core.$ZodType>(
    definition: RequestDefinition<P, R>,
    params: z.input<P>,
    work: LongWork,
  ): Promise<z.output<R>> {
    throwIfCancelled(work.signal);
    if (this.end) throw this.end;
    const call = new DisposableStore();
    const cancellation = call.add(new CancellationTokenSource());
    const token = work.onProgress ? this.nextToken++ : undefined;
    const { onProgress, signal } = work;
    if (token !== undefined && onProgress)
      call.add(
        this.connection.onProgress(progressType, token, (value) => {
          const progress = progressSchema.safeParse(value);
          if (progress.success) onProgress(progress.data);
          else
            this.options.logger.warn(`Engine: a progress report of “${definition.name}” has another form.`);
        }),
      );
    try {
      const result = await new Promise<unknown>((resolve, reject) => {
        this.pending.add(reject);
        call.add({ dispose: () => void this.pending.delete(reject) });
        const onAbort = () => {
          cancellation.cancel();
          const timer = setTimeout(() => {
            this.options.logger.warn(`Engine: “${definition.name}” goes on although it was cancelled.`);
            reject(new CancelledError());
          }, this.options.cancelGraceMs);
          call.add({ dispose: () => clearTimeout(timer) });
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        call.add({ dispose: () => signal?.removeEventListener('abort', onAbort) });
        this.connection
          .sendRequest(definition.name, { params, token }, cancellation.token)
          .then(resolve, reject);
      });
      return checkResult(definition, result);
    } catch (error) {
      throw error instanceof ResponseError ? fromFailure(error.data, error.message) : this.asTyped(error);
    } finally {
      call.dispose();
    }
  }

  /** Asks the process to end and forces it after a while. `gone` tells when it has. */
  stop(): void {
    if (this.stopping || this.end) return;
    this.stopping = true;
    this.rejectPending(disposedError());
    if (this.child.connected) this.child.disconnect();
    const timer = setTimeout(() => this.child.kill('SIGKILL'), this.options.stopGraceMs);
    timer.unref();
    void this.gone.then(() => clearTimeout(timer));
  }

  private awaitHello(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.kill(this.notStarted(`no sign of life after ${this.options.startTimeoutMs} ms`)),
        this.options.startTimeoutMs,
      );
      void this.gone.then((reason) => {
        clearTimeout(timer);
        reject(reason ?? disposedError());
      });
      this.disposables.add(
        this.connection.onNotification(helloMethod, (params: unknown) => {
          clearTimeout(timer);
          const hello = helloSchema.safeParse(params);
          if (!hello.success || hello.data.protocol !== protocolVersion) {
            const found = hello.success ? String(hello.data.protocol) : 'none';
            this.kill(protocolError(`protocol version ${found} instead of ${protocolVersion}.`));
            return;
          }
          this.started = true;
          this.watch();
          resolve();
        }),
      );
    });
  }

  private watch(): void {
    const pipe = this.child.stdio[pulseDescriptor] as Readable;
    pipe.on('error', () => undefined); // its end is the process's end, which 'exit' reports
    this.disposables.add(
      watchPulse(pipe, this.options.pulse, () => {
        const seconds = (this.options.pulse.checkMs * this.options.pulse.misses) / 1000;
        this.kill(
          new EngineError(
            'engine-frozen',
            `The engine process gave no sign of life for ${seconds} s and was ended.`,
            'Try again: it is started anew. Training resumes from its last checkpoint.',
          ),
        );
      }),
    );
  }

  /** Ends the process at once, for the given reason; requests fail with it without waiting for the exit. */
  private kill(reason: EngineError): void {
    this.child.kill('SIGKILL');
    this.finish(reason);
  }

  private onExit(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.stopping) return this.finish(undefined);
    const how = signal ? `was ended by ${signal}` : `ended with exit code ${code ?? 'unknown'}`;
    if (!this.started) return this.finish(this.notStarted(how));
    this.finish(
      new EngineError(
        'engine-crashed',
        `The engine process ${how} while it was in use.${this.lastWords()}`,
        'Try again: it is started anew. Training resumes from its last checkpoint.',
      ),
    );
  }

  private finish(reason: EngineError | undefined): void {
    if (this.end) return;
    this.end = reason ?? disposedError();
    this.rejectPending(this.end);
    this.disposables.dispose();
    this.markGone(reason);
  }

  private rejectPending(reason: ToolRecError): void {
    for (const reject of [...this.pending]) reject(reason);
  }

  private asTyped(error: unknown): unknown {
    // jsonrpc's own errors (channel closed, disposed) mean that the process is gone; `end` knows why.
    return error instanceof ConnectionError ? (this.end ?? crashedError(error)) : error;
  }

  private notStarted(why: string): EngineError {
    return new EngineError(
      'engine-not-started',
      `The engine process could not be started: ${why}.${this.lastWords()}`,
      'Run “toolrec doctor”, and see the engine log.',
    );
  }

  private lastWords(): string {
    // Of an uncaught error Node prints the source line, the message, the stack and its version: the message matters.
    const error = this.lastLines.findLast((line) => /^(Uncaught )?\w*Error\b.*: /.test(line));
    const words = (error ?? this.lastLines.slice(-3).join(' | ')).slice(-500);
    return words ? ` Its last words: ${words}` : '';
  }

  private collectLines(stream: Readable | null, level: 'debug' | 'info'): void {
    let rest = '';
    stream?.setEncoding('utf8');
    stream?.on('data', (chunk: string) => {
      const lines = (rest + chunk).split(/\r?\n/);
      rest = (lines.pop() ?? '').slice(-10_000);
      for (const line of lines) {
        if (!line.trim()) continue;
        this.lastLines.push(line);
        if (this.lastLines.length > 40) this.lastLines.shift();
        this.options.logger[level](`engine: ${line}`);
      }
    });
  }
}

export function disposedError(): EngineError {
  return new EngineError('engine-disposed', 'The engine was shut down.', 'Start the action again.');
}

function crashedError(cause: unknown): EngineError {
  return new EngineError(
    'engine-crashed',
    'The engine process ended while it was in use.',
    'Try again: it is started anew. Training resumes from its last checkpoint.',
    { cause },
  );
}

import { Emitter } from 'vscode-jsonrpc';
import type * as z from 'zod';
import { onAbort } from '../shared/abort.ts';
import type { Disposable } from '../shared/disposable.ts';
import { CancelledError, EngineError, throwIfCancelled } from '../shared/errors.ts';
import { silentLogger, type Logger } from '../shared/log.ts';
import type { LongWork } from '../shared/progress.ts';
import { disposedError, EngineProcess, type EngineProcessOptions } from './engine-process.ts';
import type { EngineConnection, NotificationDefinition, RequestDefinition } from './protocol.ts';

export type EngineState =
  /** No process: nothing has been asked yet, or it was stopped. */
  | { readonly kind: 'stopped' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'running'; readonly pid: number }
  /** It ended by itself and is started again after a pause. */
  | { readonly kind: 'restarting'; readonly afterMs: number; readonly error: EngineError }
  /** It ended too often; only `restart()` tries again. */
  | { readonly kind: 'failed'; readonly error: EngineError }
  | { readonly kind: 'disposed' };

export interface EngineClientOptions extends Partial<Omit<EngineProcessOptions, 'entry'>> {
  /** The bundle dist/engine.mjs. */
  readonly entry: string;
  /** Pause before each restart in a row, in ms; the last value is used from then on. */
  readonly restartDelaysMs?: readonly number[];
  /** Gives up after this many ends … */
  readonly maxCrashes?: number;
  /** … within this time. */
  readonly crashWindowMs?: number;
}

const defaults = {
  execArgv: [] as readonly string[],
  logger: silentLogger as Logger,
  startTimeoutMs: 30_000,
  pulse: { checkMs: 1000, misses: 20 },
  cancelGraceMs: 10_000,
  stopGraceMs: 10_000,
  restartDelaysMs: [0, 500, 1000, 2000, 4000] as readonly number[],
  maxCrashes: 5,
  crashWindowMs: 180_000,
};

/**
 * The host's end of the engine process. Starts it at the first request, watches its pulse, starts it again after it
 * died (requests in flight fail with the reason; they are not repeated, for one of them may be the cause), and gives
 * up after `maxCrashes` in `crashWindowMs`.
 */
export class EngineClient implements EngineConnection {
  private readonly options: Required<EngineClientOptions>;
  private readonly stateChanged = new Emitter<EngineState>();
  private readonly listeners = new Map<string, Set<(params: unknown) => void>>();
  private crashes: number[] = [];
  private process: EngineProcess | undefined;
  /** Resolves with a process that has said hello; shared by all who wait for it. */
  private starting: Promise<EngineProcess> | undefined;
  /** Calls off a restart that waits for its time. */
  private callOffRestart: () => void = () => undefined;
  private current: EngineState = { kind: 'stopped' };

  readonly onDidChangeState = this.stateChanged.event;

  constructor(options: EngineClientOptions) {
    this.options = { ...defaults, ...options };
  }

  get state(): EngineState {
    return this.current;
  }

  async request<P extends z.ZodType, R extends z.core.$ZodType>(
    definition: RequestDefinition<P, R>,
    params: z.input<P>,
    work: LongWork = {},
  ): Promise<z.output<R>> {
    throwIfCancelled(work.signal);
    const engine = await untilAborted(this.running(), work.signal);
    return engine.request(definition, params, work);
  }

  onNotification<P extends z.ZodType>(
    definition: NotificationDefinition<P>,
    listener: (params: z.output<P>) => void,
  ): Disposable {
    const of = this.listeners.get(definition.name) ?? new Set();
    this.listeners.set(definition.name, of);
    const checked = (params: unknown) => {
      const parsed = definition.params.safeParse(params);
      if (parsed.success) listener(parsed.data);
      else this.options.logger.warn(`Engine: a notification “${definition.name}” has another form.`);
    };
    of.add(checked);
    return { dispose: () => void of.delete(checked) };
  }

  /** Ends the process, if there is one, forgets earlier crashes, and starts a new one. */
  async restart(): Promise<void> {
    if (this.current.kind === 'disposed') throw disposedError();
    await this.stop();
    this.crashes = [];
    await this.running();
  }

  /** Ends the process and waits until it is gone. The next request starts a new one. */
  async stop(): Promise<void> {
    this.callOffRestart();
    const engine = this.process;
    this.process = undefined;
    this.starting = undefined;
    if (this.current.kind !== 'disposed') this.become({ kind: 'stopped' });
    engine?.stop();
    await engine?.gone;
  }

  dispose(): void {
    if (this.current.kind === 'disposed') return;
    this.become({ kind: 'disposed' });
    void this.stop();
    this.listeners.clear();
    this.stateChanged.dispose();
  }

  private running(): Promise<EngineProcess> {
    if (this.current.kind === 'disposed') return Promise.reject(disposedError());
    if (this.current.kind === 'failed') return Promise.reject(this.current.error);
    this.starting ??= this.start();
    return this.starting;
  }

  private start(): Promise<EngineProcess> {
    this.become({ kind: 'starting' });
    const { options } = this;
    const engine = new EngineProcess(options, (name, params) => {
      this.listeners.get(name)?.forEach((listener) => listener(params));
    });
    this.process = engine;
    void engine.gone.then((reason) => this.onGone(engine, reason));
    return engine.ready.then(() => {
      if (this.process === engine) this.become({ kind: 'running', pid: engine.pid! });
      return engine;
    });
  }

  private onGone(engine: EngineProcess, reason: EngineError | undefined): void {
    if (this.process !== engine) return; // stopped on purpose
    this.process = undefined;
    this.starting = undefined;
    const error = reason ?? disposedError();
    this.options.logger.warn(error.describe());
    const now = performance.now();
    this.crashes = [...this.crashes.filter((at) => now - at < this.options.crashWindowMs), now];
    if (this.crashes.length >= this.options.maxCrashes) {
      this.become({ kind: 'failed', error: gaveUp(this.crashes.length, error) });
      return;
    }
    // One that never came up is tried again when the next request needs it: its caller has been told why.
    if (error.code !== 'engine-crashed' && error.code !== 'engine-frozen') {
      this.become({ kind: 'stopped' });
      return;
    }
    const delays = this.options.restartDelaysMs;
    const afterMs = delays[Math.min(this.crashes.length, delays.length) - 1] ?? 0;
    this.become({ kind: 'restarting', afterMs, error });
    this.starting = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, afterMs);
      this.callOffRestart = () => {
        clearTimeout(timer);
        reject(disposedError());
      };
    }).then(() => this.start());
    this.starting.catch(() => undefined);
  }

  private become(state: EngineState): void {
    this.current = state;
    this.stateChanged.fire(state);
  }
}

function gaveUp(times: number, last: EngineError): EngineError {
  return new EngineError(
    'engine-gave-up',
    `The engine process ended ${times} times in a short while and is not started again. ${last.message}`,
    'See the engine log, then run “ToolRec: Restart Engine”.',
    { cause: last },
  );
}

/** The promise, or CancelledError as soon as the signal fires. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const following = onAbort(signal, () => reject(new CancelledError()));
    promise.then(resolve, reject).finally(() => following.dispose());
  });
}

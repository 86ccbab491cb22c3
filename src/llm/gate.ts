import { onAbort } from '../shared/abort.ts';
import { CancelledError } from '../shared/errors.ts';

/** Waits, unless the signal fires first. @throws CancelledError. */
export type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>;

export const sleep: Sleep = (ms, signal) =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(new CancelledError('Waiting'));
    const stop = () => {
      clearTimeout(timer);
      reject(new CancelledError('Waiting'));
    };
    const timer = setTimeout(() => {
      following.dispose();
      resolve();
    }, ms);
    const following = onAbort(signal, stop);
  });

export interface GateOptions {
  /** Requests at the same time. */
  readonly concurrent?: number;
  /** Requests a minute; unlimited when absent. */
  readonly perMinute?: number;
  readonly clock?: () => number;
  readonly sleep?: Sleep;
}

/** Lets so many requests through at a time and in a minute, in the order they came. Shared by sessions side by side. */
export class RequestGate {
  private readonly concurrent: number;
  private readonly perMinute: number | undefined;
  private readonly clock: () => number;
  private readonly sleep: Sleep;
  private running = 0;
  private readonly waiting: (() => void)[] = [];
  private readonly starts: number[] = [];

  constructor(options: GateOptions = {}) {
    this.concurrent = options.concurrent ?? 4;
    this.perMinute = options.perMinute;
    this.clock = options.clock ?? Date.now;
    this.sleep = options.sleep ?? sleep;
  }

  /** Runs `work` when its turn has come. @throws CancelledError when the signal fires while it waits. */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.enter(signal);
    try {
      await this.pace(signal);
      return await work();
    } finally {
      // The place goes to the next in line, if there is one.
      const next = this.waiting.shift();
      if (next) next();
      else this.running--;
    }
  }

  private enter(signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) return Promise.reject(new CancelledError('The request'));
    if (this.running < this.concurrent) {
      this.running++;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const admit = () => {
        following.dispose();
        resolve();
      };
      const leave = () => {
        this.waiting.splice(this.waiting.indexOf(admit), 1);
        reject(new CancelledError('The request'));
      };
      this.waiting.push(admit);
      const following = onAbort(signal, leave);
    });
  }

  private async pace(signal: AbortSignal | undefined): Promise<void> {
    if (this.perMinute === undefined) return;
    for (;;) {
      const now = this.clock();
      while (this.starts.length > 0 && this.starts[0]! <= now - 60_000) this.starts.shift();
      if (this.starts.length < this.perMinute) {
        this.starts.push(now);
        return;
      }
      await this.sleep(this.starts[0]! + 60_000 - now, signal);
    }
  }
}

import type { Disposable } from './disposable.ts';

/**
 * Work that follows changes once they have settled: so long after the last one, and no later than so long after the
 * first. Views beside the one that a person is looking at need not keep up with every change.
 */
export class Settling implements Disposable {
  private readonly run: () => void;
  private readonly quietMs: number;
  private readonly atMostMs: number;
  private timer: NodeJS.Timeout | undefined;
  /** `performance.now()` at which the changes that wait are too old to wait on. */
  private latest = 0;

  constructor(
    run: () => void,
    { quietMs, atMostMs }: { readonly quietMs: number; readonly atMostMs: number },
  ) {
    this.run = run;
    this.quietMs = quietMs;
    this.atMostMs = atMostMs;
  }

  /** Something has changed. */
  readonly soon = (): void => {
    const now = performance.now();
    if (this.timer === undefined) this.latest = now + this.atMostMs;
    clearTimeout(this.timer);
    this.timer = setTimeout(this.now, Math.max(0, Math.min(this.quietMs, this.latest - now)));
  };

  /** Runs at once; what was waiting is done with. */
  readonly now = (): void => {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.run();
  };

  dispose(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}

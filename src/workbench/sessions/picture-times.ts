/** What the page says of a picture: ms since 1970, by its own clock. */
export interface DrawnPicture {
  readonly revision: number;
  /** When what the host had sent came. */
  readonly received: number;
  readonly drawn: number;
}

/** Limits of what the page's clock is ahead of the host's, in ms; both are -Infinity, Infinity until a picture was drawn. */
export interface ClockDifference {
  readonly atLeast: number;
  readonly atMost: number;
}

const kept = 10_000;
const wallClock = (): number => performance.timeOrigin + performance.now();

/**
 * How long changes take to the screen: from the change in the host to the picture in the page. Two processes on one
 * machine read one wall clock each. That they agree is not taken for granted: nothing comes before it was sent, so
 * each way there says how much the page's clock is ahead at most, and each way back how much it is at least.
 */
export class PictureTimes {
  private readonly now: () => number;
  private readonly under = new Map<number, { readonly changed: number; readonly sent: number }>();
  private readonly drawnMs: number[] = [];
  private readonly heardMs: number[] = [];
  private least = -Infinity;
  private most = Infinity;

  /** @param now milliseconds since 1970 */
  constructor(now: () => number = wallClock) {
    this.now = now;
  }

  /** From a change to its picture by the page's clock, the latest last; ms. */
  get drawn(): readonly number[] {
    return this.drawnMs;
  }
  /** From a change until the host has heard that its picture was drawn: the way back is in it; ms. */
  get heard(): readonly number[] {
    return this.heardMs;
  }
  get clocks(): ClockDifference {
    return { atLeast: this.least, atMost: this.most };
  }

  /** @param changed when the first change was made that this revision shows: ms since 1970 */
  send(revision: number, changed: number): void {
    this.under.set(revision, { changed, sent: this.now() });
  }

  /** A picture shows what was sent before it too. False when it shows nothing that has not been seen already. */
  hear({ revision, received, drawn }: DrawnPicture): boolean {
    const now = this.now();
    const known = this.under.get(revision);
    if (known) {
      this.most = Math.min(this.most, received - known.sent);
      this.least = Math.max(this.least, drawn - now);
    }
    let news = false;
    for (const [earlier, { changed }] of [...this.under]) {
      if (earlier > revision) continue;
      this.under.delete(earlier);
      this.drawnMs.push(drawn - changed);
      this.heardMs.push(now - changed);
      news = true;
    }
    for (const times of [this.drawnMs, this.heardMs]) times.splice(0, times.length - kept);
    return news;
  }

  /** What was sent to a page that is not in view is not measured. */
  forget(): void {
    this.under.clear();
  }
}

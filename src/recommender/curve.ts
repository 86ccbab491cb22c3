import type { TrainingEvent } from './training-event.ts';

/** Neighbouring steps drawn as one point; means over them. */
export interface CurvePoint {
  /** The last step of them. */
  readonly step: number;
  /** Epochs done there, with the fraction of the current one. */
  readonly epoch: number;
  /** Seconds of training done there. */
  readonly seconds: number;
  readonly loss: number;
  readonly learningRate: number;
  readonly tokensPerSecond: number;
}

export type EpochPoint = Omit<Extract<TrainingEvent, { kind: 'epoch' }>, 'kind'>;

/** What a chart of one run shows, in bounded size. */
export interface Curve {
  readonly steps: readonly CurvePoint[];
  readonly epochs: readonly EpochPoint[];
}

interface Bucket {
  step: number;
  epoch: number;
  seconds: number;
  loss: number;
  learningRate: number;
  tokensPerSecond: number;
  count: number;
}

/**
 * Gathers a run's events into at most `2 · points` points: when there are more, neighbours are joined two by two and
 * later points span twice as many steps. Events may be added for as long as the run goes on.
 */
export class CurveGatherer {
  private readonly points: number;
  private buckets: Bucket[] = [];
  private epochs: EpochPoint[] = [];
  /** Steps a point. */
  private span = 1;

  constructor(points = 500) {
    this.points = points;
  }

  /** The last step that is in it; 0 when there is none. */
  get lastStep(): number {
    return Math.max(this.buckets.at(-1)?.step ?? 0, this.epochs.at(-1)?.step ?? 0);
  }

  add(event: TrainingEvent): void {
    if (event.kind === 'epoch') {
      const { kind: _, ...point } = event;
      this.epochs = [...this.epochs.filter(({ epoch }) => epoch < point.epoch), point];
      return;
    }
    // A run that goes on from a checkpoint repeats what was done after it.
    if (event.step <= (this.buckets.at(-1)?.step ?? 0)) {
      this.buckets = this.buckets.filter(({ step }) => step < event.step);
      this.epochs = this.epochs.filter(({ step }) => step < event.step);
    }
    const last = this.buckets.at(-1);
    const { step, epoch, seconds, loss, learningRate, tokensPerSecond } = event;
    const own: Bucket = { step, epoch, seconds, loss, learningRate, tokensPerSecond, count: 1 };
    if (last && last.count < this.span) this.buckets[this.buckets.length - 1] = join(last, own);
    else this.buckets.push(own);
    if (this.buckets.length < 2 * this.points) return;
    this.span *= 2;
    const joined: Bucket[] = [];
    for (let i = 0; i < this.buckets.length; i += 2) {
      const [first, second] = [this.buckets[i]!, this.buckets[i + 1]];
      joined.push(second ? join(first, second) : first);
    }
    this.buckets = joined;
  }

  /** Continues from a curve that another gatherer made. */
  static of(curve: Curve, points?: number): CurveGatherer {
    const gatherer = new CurveGatherer(points);
    const spans = curve.steps.map(({ step }, i) => step - (curve.steps[i - 1]?.step ?? 0));
    gatherer.buckets = curve.steps.map((point, i) => ({ ...point, count: spans[i]! }));
    gatherer.epochs = [...curve.epochs];
    gatherer.span = Math.max(1, ...spans);
    return gatherer;
  }

  get curve(): Curve {
    return { steps: this.buckets.map(({ count: _, ...point }) => point), epochs: [...this.epochs] };
  }
}

function join(a: Bucket, b: Bucket): Bucket {
  const count = a.count + b.count;
  const mean = (first: number, second: number) => (first * a.count + second * b.count) / count;
  return {
    step: b.step,
    epoch: b.epoch,
    seconds: b.seconds,
    loss: mean(a.loss, b.loss),
    learningRate: mean(a.learningRate, b.learningRate),
    tokensPerSecond: mean(a.tokensPerSecond, b.tokensPerSecond),
    count,
  };
}

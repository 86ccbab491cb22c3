import type { SelectedCurve } from '../../../webview/protocol.ts';
import { CurveGatherer, type Curve } from '../../recommender/curve.ts';
import type { TrainingEvent } from '../../recommender/training-event.ts';

interface Shown {
  /** undefined until it has been read. */
  gatherer: CurveGatherer | undefined;
  loading: boolean;
  problem: string | undefined;
  /** What came while the file was read. */
  early: TrainingEvent[];
}

/**
 * The curves of the runs that a panel shows: read once from disk, then continued by what the runs tell. Owns no
 * process and no view, so that it can be tested.
 */
export class ShownCurves {
  private readonly read: (id: string) => Promise<Curve>;
  private readonly changed: () => void;
  private readonly shown = new Map<string, Shown>();
  private ids: readonly string[] = [];

  constructor(read: (id: string) => Promise<Curve>, changed: () => void) {
    this.read = read;
    this.changed = changed;
  }

  /** Shows these runs; what was read of others is forgotten. */
  select(ids: readonly string[]): void {
    this.ids = ids;
    for (const id of this.shown.keys()) if (!ids.includes(id)) this.shown.delete(id);
    const unread = ids.filter((id) => !this.shown.has(id));
    for (const id of unread) void this.load(id);
    if (unread.length === 0) this.changed(); // else once one is read, which is soon
  }

  add(id: string, events: readonly TrainingEvent[]): void {
    const shown = this.shown.get(id);
    if (!shown) return;
    if (shown.loading) shown.early.push(...events);
    else for (const event of events) shown.gatherer?.add(event);
    this.changed();
  }

  /** Reads a run again that is written by another process, or that was trained anew. */
  async load(id: string): Promise<void> {
    const before = this.shown.get(id);
    const shown: Shown = {
      gatherer: before?.gatherer,
      loading: true,
      problem: undefined,
      early: [],
    };
    this.shown.set(id, shown);
    try {
      shown.gatherer = CurveGatherer.of(await this.read(id), points);
      // The file ends a moment ago; what it has already is not counted twice.
      const last = shown.gatherer.lastStep;
      for (const event of shown.early)
        if (event.step > last || event.kind === 'epoch') shown.gatherer.add(event);
    } catch (error) {
      shown.gatherer ??= new CurveGatherer(points);
      shown.problem = error instanceof Error ? error.message : String(error);
    }
    shown.loading = false;
    shown.early = [];
    if (this.shown.get(id) === shown) this.changed();
  }

  /** Those that have been read, in the order of selection. */
  get curves(): SelectedCurve[] {
    return this.ids.flatMap((id) => {
      const shown = this.shown.get(id);
      if (!shown?.gatherer) return [];
      const { steps, epochs } = shown.gatherer.curve;
      return [
        {
          id,
          steps: [...steps],
          epochs: [...epochs],
          ...(shown.problem === undefined ? {} : { problem: shown.problem }),
        },
      ];
    });
  }
}

/** Points of a curve: more than a panel has pixels to show apart. */
const points = 300;

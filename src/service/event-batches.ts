import type { TrainingEvent } from '../recommender/training-event.ts';

/**
 * Gathers what training tells, so that the host is told a few times a second however fast the steps are. An epoch's
 * end is told at once.
 */
export class EventBatches {
  private readonly send: (id: string, events: TrainingEvent[]) => void;
  private readonly everyMs: number;
  private pending: TrainingEvent[] = [];
  private id = '';
  private sent = -Infinity;

  constructor(send: (id: string, events: TrainingEvent[]) => void, everyMs = 200) {
    this.send = send;
    this.everyMs = everyMs;
  }

  add(id: string, event: TrainingEvent): void {
    if (id !== this.id) this.flush();
    this.id = id;
    this.pending.push(event);
    if (event.kind === 'epoch' || performance.now() - this.sent >= this.everyMs) this.flush();
  }

  flush(): void {
    if (this.pending.length === 0) return;
    this.sent = performance.now();
    const events = this.pending;
    this.pending = [];
    this.send(this.id, events);
  }
}

import type { ExperimentPlan } from './plan-file.ts';
import type { ExperimentRecord } from './records.ts';
import { noSpending, type Spending } from './spending.ts';

/**
 * `finished`: every sampled user has a record. `paused`, `cancelled`, `budget`, `stopped` (an error): it can go on.
 * `interrupted`: the process ended without a word.
 */
export type RunStatus =
  'running' | 'finished' | 'paused' | 'cancelled' | 'budget' | 'stopped' | 'interrupted';

export interface MethodProgress {
  readonly id: string;
  readonly title: string;
  readonly standIn: string | null;
  readonly done: number;
  readonly total: number;
  /** Users with a held-out item in the list, and users that failed. */
  readonly hits: number;
  readonly failures: number;
}

/** How far a run is: what a progress line or a panel shows. */
export interface RunState {
  readonly status: RunStatus;
  readonly done: number;
  readonly total: number;
  readonly methods: readonly MethodProgress[];
  /**
   * Of all runs so far, what was spent on users that a crash or a cancelled run lost included. `cost` is null when a call
   * had no known price.
   */
  readonly tokens: number;
  readonly cost: number | null;
  /** Users a second in this run; 0 before the first. */
  readonly pace: number;
}

/** Counts records as they come. */
export class RunProgress {
  private readonly methods = new Map<
    string,
    {
      id: string;
      title: string;
      standIn: string | null;
      done: number;
      total: number;
      hits: number;
      failures: number;
    }
  >();
  private spent: Spending;
  private tokens = 0;
  private cost = 0;
  private unpriced = false;
  private added = 0;
  private readonly started = performance.now();

  /** `spent`: by the journal, where the experiment keeps one. */
  constructor(plan: ExperimentPlan, records: readonly ExperimentRecord[], spent: Spending = noSpending) {
    this.spent = spent;
    const total = plan.samples.reduce((sum, users) => sum + users.length, 0);
    for (const { id, title, standIn } of plan.methods)
      this.methods.set(id, { id, title, standIn, done: 0, total, hits: 0, failures: 0 });
    for (const record of records) this.count(record);
  }

  add(record: ExperimentRecord, spent: Spending = this.spent): void {
    this.added++;
    this.spent = spent;
    this.count(record);
  }

  snapshot(status: RunStatus): RunState {
    const methods = [...this.methods.values()].map((method) => ({ ...method }));
    const sum = (of: (method: MethodProgress) => number) =>
      methods.reduce((total, method) => total + of(method), 0);
    const seconds = (performance.now() - this.started) / 1000;
    return {
      status,
      done: sum(({ done }) => done),
      total: sum(({ total }) => total),
      methods,
      // Records have an estimate of what failed calls sent, which the journal does not know.
      tokens: Math.max(this.tokens, this.spent.tokens),
      cost: this.unpriced ? null : Math.max(this.cost, this.spent.cost),
      pace: this.added === 0 ? 0 : this.added / seconds,
    };
  }

  private count(record: ExperimentRecord): void {
    const method = this.methods.get(record.method);
    if (!method) return;
    method.done++;
    if (record.rank !== null) method.hits++;
    if (record.failure) method.failures++;
    this.tokens += record.tokens.prompt + record.tokens.completion;
    if (record.cost !== null) this.cost += record.cost;
    else if (record.calls > 0) this.unpriced = true;
  }
}

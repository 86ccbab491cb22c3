import { onAbort } from '../shared/abort.ts';
import { CancelledError, throwIfCancelled, ToolRecError, UsageError } from '../shared/errors.ts';
import type { Disposable } from '../shared/disposable.ts';
import { branch, type BranchPoint } from './branch.ts';
import { endingOf } from './ending.ts';
import type { ModelCall, NewSessionEvent, SessionEvent, StopReason } from './events.ts';
import { finishItems, finishSignature } from './grammar/action.ts';
import { actRound, decideRound, editedObservation, type Hooks, isUndecided } from './phases.ts';
import { mutable, requireDataset, setupOf, startedEvent } from './session-start.ts';
import type {
  RoundEdit,
  RunOptions,
  SessionEnvironment,
  SessionListener,
  SessionStart,
  StepOutcome,
} from './session-types.ts';
import { fold, foldAll, sameSetup, type Round, type SessionState } from './state.ts';
import { breaksAfter, breaksBefore, rulesOf, type StopRule } from './stop-rules.ts';

export type * from './session-types.ts';

/** Drives the rounds of one surrogate user (paper 3.2) and writes each step to the log; all state is the log's fold. */
export class Session {
  private environment: SessionEnvironment;
  private current: SessionState;
  private readonly history: readonly number[];
  private readonly historySet: ReadonlySet<number>;
  private readonly rules: readonly StopRule[];
  private readonly listeners = new Set<SessionListener>();
  private working: AbortController | undefined;

  private constructor(environment: SessionEnvironment, state: SessionState) {
    this.environment = environment;
    this.current = state;
    this.history = state.started.subject.history;
    this.historySet = new Set(this.history);
    this.rules = rulesOf(state.started.settings);
  }

  /** @throws UsageError `catalogue-too-small`, `unknown-item`, `empty-history`. */
  static async start(environment: SessionEnvironment, start: SessionStart): Promise<Session> {
    const event = startedEvent(environment, start);
    await environment.append?.(event);
    return new Session(environment, foldAll([event]));
  }

  /** Goes on from a log. @throws InputError when the log does not fold; UsageError `dataset-changed`. */
  static resume(environment: SessionEnvironment, events: Iterable<SessionEvent>): Session {
    const state = foldAll(events);
    requireDataset(state, environment);
    return new Session(environment, state);
  }

  get state(): SessionState {
    return this.current;
  }

  get busy(): boolean {
    return this.working !== undefined;
  }

  listen(listener: SessionListener): Disposable {
    this.listeners.add(listener);
    return { dispose: () => this.listeners.delete(listener) };
  }

  /**
   * From the next round on works with another policy, retrieval or set of tools; the log will say so.
   * @throws UsageError `session-busy`, `dataset-changed`.
   */
  async use(environment: SessionEnvironment): Promise<void> {
    await this.exclusively(undefined, () => {
      requireDataset(this.current, environment);
      this.environment = environment;
      return Promise.resolve();
    });
  }

  /** Stops what is under way, in the middle of a model's reply too. */
  stop(): void {
    this.working?.abort();
  }

  /** One round: decides if there is no action waiting, runs it, and ends the session when a rule says so. */
  step(options: RunOptions = {}): Promise<StepOutcome> {
    return this.exclusively(options.signal, (signal) => this.stepOnce(signal, options));
  }

  /** Rounds until the session ends, a breakpoint holds, or something fails. */
  run(options: RunOptions = {}): Promise<StepOutcome> {
    return this.exclusively(options.signal, async (signal) => {
      for (;;) {
        const outcome = await this.stepOnce(signal, options);
        if (outcome.status === 'failed' && options.onFailure === 'finish') {
          const message = `${outcome.error.message} The list was completed from memory.`;
          return this.finishNow({ rule: 'error', message }, [], signal, true);
        }
        if (outcome.status !== 'observed') return outcome;
        const breakpoint = breaksAfter(outcome.round, options.breakpoints ?? []);
        if (breakpoint) return { status: 'held', round: outcome.round, breakpoint };
      }
    });
  }

  /** Ends the session now with the best list memory has. */
  finish(): Promise<StepOutcome> {
    return this.exclusively(undefined, (signal) =>
      this.finishNow({ rule: 'requested', message: 'Ended by the person.' }, [], signal, true),
    );
  }

  /** Steps back: rounds after `round` leave the line, and stay reachable as `state.undone`. */
  async rewind(round: number): Promise<void> {
    await this.exclusively(undefined, async () => {
      this.requireRound(round, 0);
      await this.emit({ type: 'rewound', round });
    });
  }

  /**
   * Changes a round in place; later rounds leave the line. A new observation is checked like a tool's.
   * @throws UsageError `unknown-round`, `nothing-to-edit`.
   */
  async edit(edit: RoundEdit): Promise<void> {
    await this.exclusively(undefined, async () => {
      this.requireRound(edit.round, 1);
      if (edit.thought === undefined && edit.action === undefined && edit.observation === undefined)
        throw new UsageError(
          'nothing-to-edit',
          'The edit changes nothing.',
          'Give a thought, an action or an observation.',
        );
      const target = this.current.rounds[edit.round - 1]!;
      const observation =
        edit.observation &&
        editedObservation(this.environment, this.historySet, edit.action ?? target.action, edit.observation);
      await this.emit({
        type: 'edited',
        round: edit.round,
        ...(edit.thought === undefined ? {} : { thought: edit.thought }),
        ...(edit.action === undefined ? {} : { action: mutable(edit.action) }),
        ...(observation === undefined ? {} : { observation }),
      });
    });
  }

  /** Events of a new session that shares the rounds up to `point.round`; the parent stays as it is. */
  fork(id: string, point: BranchPoint): SessionEvent[] {
    return branch(this.current, id, point, this.environment.clock());
  }

  private async exclusively<T>(
    outer: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    if (this.working)
      throw new UsageError(
        'session-busy',
        'The session is at work.',
        'Stop it first, or wait for the round to end.',
      );
    const controller = (this.working = new AbortController());
    const following = onAbort(outer, () => controller.abort());
    try {
      return await work(controller.signal);
    } finally {
      following.dispose();
      this.working = undefined;
    }
  }

  private async stepOnce(signal: AbortSignal, options: RunOptions): Promise<StepOutcome> {
    const { outcome } = this.current;
    if (outcome) return { status: 'finished', ...outcome };
    const setup = setupOf(this.environment);
    if (!sameSetup(setup, this.current.setup)) await this.emit({ type: 'configured', ...setup });
    const last = this.current.rounds.at(-1);
    const waiting = last && !last.observation && last.action !== undefined;
    if (!waiting) {
      // After an edit or a change of settings a rule may hold already.
      const reason = last?.observation && this.stopReason();
      if (reason) return this.finishNow(reason, [], signal);
      const failure = await this.attempt('decide', signal, (hooks) => this.decide(signal, hooks));
      if (failure) return failure;
      const decided = this.current.rounds.at(-1)!;
      const breakpoint = breaksBefore(decided, options.breakpoints ?? []);
      if (breakpoint) return { status: 'held', round: decided, breakpoint };
    }
    const round = this.current.rounds.at(-1)!;
    if (round.action?.name === finishSignature.name)
      return this.finishNow(
        { rule: 'finish', message: 'The surrogate user was content.' },
        finishItems(round.action),
        signal,
      );
    const failure = await this.attempt('act', signal, (hooks) => this.act(round, signal, hooks));
    if (failure) return failure;
    const reason = this.stopReason();
    if (reason) return this.finishNow(reason, [], signal);
    return { status: 'observed', round: this.current.rounds.at(-1)! };
  }

  /** Runs one phase; what it throws becomes an event and an outcome, except faults of our own. */
  private async attempt(
    phase: 'decide' | 'act',
    signal: AbortSignal,
    work: (hooks: Hooks) => Promise<void>,
  ): Promise<StepOutcome | undefined> {
    const { clock } = this.environment;
    const from = clock();
    const calls: ModelCall[] = [];
    let partial = '';
    const round = this.current.rounds.length + (phase === 'decide' && !isUndecided(this.current) ? 1 : 0);
    const hooks: Hooks = {
      record: (call) => void calls.push(call),
      onDelta: (text) => {
        partial += text;
        for (const listener of this.listeners) listener.onDelta?.(text);
      },
      onRetry: (notice) => {
        partial = '';
        for (const listener of this.listeners) listener.onRetry?.(notice);
      },
    };
    try {
      throwIfCancelled(signal, 'The round');
      await work(hooks);
      return undefined;
    } catch (error) {
      const durationMs = Math.max(0, clock() - from);
      if (signal.aborted || error instanceof CancelledError) {
        await this.emit({ type: 'interrupted', round, phase, partial, durationMs });
        return { status: 'interrupted' };
      }
      if (!(error instanceof ToolRecError)) throw error;
      const { code, message, remedy } = error;
      await this.emit({
        type: 'failed',
        round,
        phase,
        error: { className: error.name, code, message, remedy },
        calls,
        durationMs,
      });
      return { status: 'failed', error };
    }
  }

  private async decide(signal: AbortSignal, hooks: Hooks): Promise<void> {
    await this.emit(await decideRound(this.environment, this.current, signal, hooks));
  }

  private async act(round: Round, signal: AbortSignal, hooks: Hooks): Promise<void> {
    await this.emit(await actRound(this.environment, this.current, round, signal, hooks));
  }

  private stopReason(): StopReason | undefined {
    for (const rule of this.rules) {
      const reason = rule(this.current);
      if (reason) return reason;
    }
    return undefined;
  }

  private async finishNow(
    reason: StopReason,
    named: readonly string[],
    signal: AbortSignal,
    evenIfStopped = false,
  ): Promise<StepOutcome> {
    const { clock } = this.environment;
    const from = clock();
    const ending = { state: this.current, named, history: this.history, historySet: this.historySet };
    const result = await endingOf(this.environment, ending, signal);
    const durationMs = Math.max(0, clock() - from);
    if (signal.aborted && !evenIfStopped) {
      const round = Math.max(1, this.current.rounds.length);
      await this.emit({ type: 'interrupted', round, phase: 'act', partial: '', durationMs });
      return { status: 'interrupted' };
    }
    await this.emit({ type: 'finished', reason, result, durationMs });
    return { status: 'finished', reason, result };
  }

  private requireRound(round: number, lowest: number): void {
    if (!Number.isInteger(round) || round < lowest || round > this.current.rounds.length)
      throw new UsageError(
        'unknown-round',
        `There is no round ${round}; the session has ${this.current.rounds.length}.`,
        'Choose one of its rounds.',
      );
  }

  private async emit(event: NewSessionEvent): Promise<void> {
    const full = { seq: this.current.seq + 1, time: this.environment.clock(), ...event } as SessionEvent;
    const next = fold(this.current, full);
    await this.environment.append?.(full);
    this.current = next;
    for (const listener of this.listeners) listener.onEvent?.(full, next);
  }
}

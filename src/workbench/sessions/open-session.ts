import { stat } from 'node:fs/promises';
import type { BranchPoint } from '../../agent/branch.ts';
import type { SessionEvent } from '../../agent/events.ts';
import type { Action } from '../../agent/grammar/action.ts';
import { parseReply } from '../../agent/grammar/parse.ts';
import type { SessionLog, SessionStore } from '../../agent/log-store.ts';
import { replay, type Divergence } from '../../agent/replay.ts';
import { Session, type RoundEdit, type SessionEnvironment, type StepOutcome } from '../../agent/session.ts';
import { foldAll, type SessionState } from '../../agent/state.ts';
import type { Breakpoint } from '../../agent/stop-rules.ts';
import type { StoredDataset } from '../../data/store.ts';
import { metricsOf, type SessionMetrics } from '../../experiments/session-parts.ts';
import type { RetryNotice } from '../../llm/chat-model.ts';
import { Emitter } from '../../shared/emitter.ts';
import { CancelledError, ToolRecError, UsageError } from '../../shared/errors.ts';
import { newSessionId, type SessionReference } from './session-ids.ts';
import type { SessionWorlds, WorldNeed } from './worlds.ts';

/** What a session is doing now. */
export interface Activity {
  readonly kind: 'step' | 'run' | 'replay';
  /** When it began, milliseconds since 1970. */
  readonly since: number;
  /** What the model has written of its present reply. */
  readonly text: string;
  /** Attempts that failed and are made again, of the present round. */
  readonly retries: readonly RetryNotice[];
  /** What is prepared before the round can begin. */
  readonly preparing?: string;
}

export type Preparation =
  /** Nothing has been opened yet; the next thing that needs it will. */
  | { readonly kind: 'idle' }
  | { readonly kind: 'working'; readonly message: string }
  | { readonly kind: 'ready' }
  /** The session can be looked at and exported, and not go on. */
  | { readonly kind: 'failed'; readonly error: ToolRecError };

/** `state`: an event was logged; `text`: a model writes; `other`: anything else that a view shows. */
export type SessionChange = 'state' | 'text' | 'other';

/** What a person changes in a round, as they write it. */
export interface WrittenEdit {
  readonly round: number;
  readonly part: 'thought' | 'action' | 'observation';
  /** An observation: one title or id a line. */
  readonly text: string;
}

/**
 * One session that is open in the workbench: its log, its state, and all that a person can do with it. Knows nothing
 * of VS Code. What it does is in the log before any view hears of it.
 */
export class OpenSession {
  readonly reference: SessionReference;
  private readonly store: SessionStore;
  private readonly worlds: SessionWorlds;
  private readonly changed = new Emitter<SessionChange>();
  /** Events of the log, for export and replay. */
  private readonly kept: SessionEvent[];
  private current: SessionState;
  private log: SessionLog | undefined;
  private session: Promise<Session> | undefined;
  /** Bytes of the log when nothing was under way. */
  private size: number | undefined;
  private work: AbortController | undefined;
  /** Chosen by the person; else what the log says. */
  private retrieval: string | undefined;
  private environmentIsOld = false;
  private opened: SessionEnvironment | undefined;
  private loaded: StoredDataset | undefined;

  private shown = false;
  private points: readonly Breakpoint[] = [];
  private doing: Activity | undefined;
  private ready: Preparation = { kind: 'idle' };
  private wrong: ToolRecError | undefined;
  private holding: Breakpoint | undefined;
  private replayedWith: readonly Divergence[] | undefined;

  readonly onDidChange = this.changed.event;

  /** From a log that was read; `Sessions` makes these. */
  constructor(
    reference: SessionReference,
    store: SessionStore,
    worlds: SessionWorlds,
    events: readonly SessionEvent[],
  ) {
    this.reference = reference;
    this.store = store;
    this.worlds = worlds;
    this.current = foldAll(events);
    this.kept = [...events];
  }

  get id(): string {
    return this.reference.id;
  }
  get state(): SessionState {
    return this.current;
  }
  get events(): readonly SessionEvent[] {
    return this.kept;
  }
  /** undefined while it is read, and where it cannot be. */
  get dataset(): StoredDataset | undefined {
    return this.loaded;
  }
  /** What the next round works with; undefined until it is prepared. */
  get environment(): SessionEnvironment | undefined {
    return this.opened;
  }
  get preparation(): Preparation {
    return this.ready;
  }
  get activity(): Activity | undefined {
    return this.doing;
  }
  /** Why the last thing a person asked for could not be done, where the log does not say it. */
  get problem(): ToolRecError | undefined {
    return this.wrong;
  }
  /** The breakpoint that holds it now. */
  get held(): Breakpoint | undefined {
    return this.holding;
  }
  /** What the last replay found; undefined before one and after any change. */
  get replayed(): readonly Divergence[] | undefined {
    return this.replayedWith;
  }

  /** Whether the held-out item and the metrics are shown. */
  get revealed(): boolean {
    return this.shown;
  }
  set revealed(revealed: boolean) {
    if (revealed === this.shown) return;
    this.shown = revealed;
    this.changed.fire('other');
  }

  get breakpoints(): readonly Breakpoint[] {
    return this.points;
  }
  set breakpoints(points: readonly Breakpoint[]) {
    this.points = points;
    this.changed.fire('other');
  }

  /** How the final list did on the test items; undefined until it has ended, and for histories written by hand. */
  get metrics(): SessionMetrics | undefined {
    const { outcome, started } = this.current;
    const { user } = started.subject;
    return outcome && user && this.loaded?.hash === started.dataset.hash
      ? metricsOf(this.loaded, user.code, outcome.result, started.subject.before)
      : undefined;
  }

  private get need(): WorldNeed {
    return {
      folder: this.reference.folder,
      dataset: this.current.started.dataset.name,
      retrieval: this.retrieval ?? this.current.setup.retrievalSource?.model,
    };
  }

  /** Opens dataset and retrieval, so that the session can go on. Never throws: `preparation` says what came of it. */
  async prepare(): Promise<void> {
    try {
      await this.going();
    } catch (error) {
      if (!(error instanceof ToolRecError)) throw error;
    }
  }

  /** Reads the dataset alone, which is all that it takes to show the session. Never throws: `preparation` says why. */
  async look(): Promise<void> {
    try {
      this.loaded ??= await this.worlds.dataset(this.need);
      this.changed.fire('other');
    } catch {
      await this.prepare();
    }
  }

  step(): Promise<void> {
    return this.act('step', (session, signal) => session.step({ signal }));
  }

  /** Rounds until it ends, a breakpoint holds, or something fails. */
  run(): Promise<void> {
    return this.act('run', (session, signal) => session.run({ signal, breakpoints: this.points }));
  }

  /** Stops in the middle of what is under way, of a model's reply too. */
  stop(): void {
    this.work?.abort();
  }

  /** Takes the last round off the line. */
  back(): Promise<void> {
    return this.rewind(Math.max(0, this.current.rounds.length - 1));
  }

  /** Begins again; what there was stays reachable as an earlier line. */
  restart(): Promise<void> {
    return this.rewind(0);
  }

  rewind(round: number): Promise<void> {
    return this.change((session) => session.rewind(round));
  }

  /** Decides a round anew; later ones leave the line. */
  async rerun(round: number): Promise<void> {
    await this.rewind(round - 1);
    await this.step();
  }

  /**
   * Takes over what a person wrote, and runs what follows from it: a new action for a thought, the tool for an action.
   * Returns when that is done, or, with `onRunning`, when the change is kept.
   * @throws UsageError `unreadable-action` before anything has changed.
   */
  async edit(edit: WrittenEdit, onRunning?: (running: Promise<void>) => void): Promise<void> {
    const change = await this.readEdit(edit);
    await this.change((session) => session.edit(change));
    if (edit.part === 'observation') return;
    const running = this.step();
    if (onRunning) onRunning(running);
    else await running;
  }

  /** Ends now with the best list that memory has. */
  finish(): Promise<void> {
    return this.act('step', (session) => session.finish());
  }

  /** The log of a new session that shares the rounds up to the point, and its id. */
  async fork(point: BranchPoint): Promise<SessionReference> {
    const id = newSessionId();
    const session = await this.going();
    const log = await this.store.create(id, session.fork(id, point));
    await log.close();
    return { folder: this.reference.folder, id };
  }

  /** Runs the recorded rounds again without a model or an engine, and keeps what differed. */
  async replay(): Promise<void> {
    if (this.work) throw busy();
    const work = (this.work = new AbortController());
    this.begin('replay');
    try {
      const { dataset, catalogue, tools } = (await this.going(), this.opened!);
      if (work.signal.aborted) return;
      const { divergences } = await replay(this.kept, { dataset, catalogue, tools });
      this.replayedWith = divergences;
    } catch (error) {
      this.note(error);
    } finally {
      this.end();
    }
  }

  /** The language model, a prompt or a tool is another now: the next round uses it. */
  async refresh(): Promise<void> {
    this.environmentIsOld = true;
    if (!this.work && this.opened) await this.prepare();
  }

  /** From the next round on retrieves with another trained backbone (its id) or floor model (its name). */
  async retrieveWith(model: string): Promise<void> {
    if (this.work) throw busy();
    this.retrieval = model;
    this.environmentIsOld = true;
    await this.prepare();
  }

  dismissProblem(): void {
    this.wrong = undefined;
    this.changed.fire('other');
  }

  async close(): Promise<void> {
    this.stop();
    this.changed.dispose();
    await this.session?.catch(() => undefined);
    const { log } = this;
    this.log = undefined;
    await log?.close();
  }

  private async readEdit({ round, part, text }: WrittenEdit): Promise<RoundEdit> {
    if (part === 'thought') return { round, thought: text.trim() };
    if (part === 'observation') {
      const lines = text
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== '');
      return { round, observation: lines };
    }
    await this.going();
    return { round, action: this.readAction(text) };
  }

  private readAction(text: string): Action {
    const { dataset, tools } = this.opened!;
    const read = parseReply(text, {
      signatures: tools.signatures,
      attributes: dataset.attributes.map(({ name }) => name),
    });
    if (read.parsed) return read.parsed.action;
    const { message, hint } = read.problem ?? { message: 'No action was found.', hint: '' };
    throw new UsageError('unreadable-action', message, hint);
  }

  /** Runs rounds; what fails in them is in the log, what cannot even begin becomes `problem`. */
  private async act(
    kind: Activity['kind'],
    work: (session: Session, signal: AbortSignal) => Promise<StepOutcome>,
  ): Promise<void> {
    if (this.work) throw busy();
    const { signal } = (this.work = new AbortController());
    this.begin(kind);
    try {
      const session = await this.going(signal);
      const outcome = await work(session, signal);
      this.holding = outcome.status === 'held' ? outcome.breakpoint : undefined;
      this.size = await this.sizeNow();
    } catch (error) {
      this.note(error);
    } finally {
      this.end();
    }
  }

  /** A change of the line without rounds. */
  private async change(work: (session: Session) => Promise<void>): Promise<void> {
    if (this.work) throw busy();
    const session = await this.going();
    this.holding = undefined;
    await work(session);
    this.size = await this.sizeNow();
  }

  private begin(kind: Activity['kind']): void {
    this.wrong = undefined;
    this.holding = undefined;
    this.replayedWith = undefined;
    this.doing = { kind, since: Date.now(), text: '', retries: [] };
    this.changed.fire('other');
  }

  private end(): void {
    this.work = undefined;
    this.doing = undefined;
    this.changed.fire('other');
  }

  private note(error: unknown): void {
    if (error instanceof CancelledError) return;
    if (!(error instanceof ToolRecError)) throw error;
    this.wrong = error;
  }

  /** The session, ready to go on. @throws ToolRecError, kept as `preparation`. */
  private async going(signal?: AbortSignal): Promise<Session> {
    if (this.size !== undefined && this.size !== (await this.sizeNow())) throw changedElsewhere();
    if (this.environmentIsOld && this.session) {
      const session = await this.session;
      const environment = await this.environmentNow(signal);
      await session.use(environment);
    }
    this.session ??= this.open(signal);
    try {
      return await this.session;
    } catch (error) {
      this.session = undefined; // it can be tried again
      const typed = error instanceof ToolRecError ? error : internal(error);
      this.become(error instanceof CancelledError ? { kind: 'idle' } : { kind: 'failed', error: typed });
      throw typed;
    }
  }

  private async open(signal: AbortSignal | undefined): Promise<Session> {
    const environment = await this.environmentNow(signal);
    const session = Session.resume(environment, this.kept);
    session.listen({
      onEvent: (event, state) => {
        this.kept.push(event);
        this.current = state;
        this.replayedWith = undefined;
        if (this.doing) this.doing = { ...this.doing, text: '', retries: [] };
        this.changed.fire('state');
      },
      onDelta: (text) => {
        if (!this.doing) return;
        this.doing = { ...this.doing, text: this.doing.text + text };
        this.changed.fire('text');
      },
      onRetry: (notice) => {
        if (!this.doing) return;
        this.doing = { ...this.doing, text: '', retries: [...this.doing.retries, notice] };
        this.changed.fire('other');
      },
    });
    return session;
  }

  private async environmentNow(signal: AbortSignal | undefined): Promise<SessionEnvironment> {
    this.environmentIsOld = false;
    this.become({ kind: 'working', message: 'Opening the dataset' });
    try {
      this.loaded = await this.worlds.dataset(this.need);
      const environment = await this.worlds.environment(this.need, {
        ...(signal && { signal }),
        onProgress: ({ message }) => this.become({ kind: 'working', message }),
      });
      this.opened = { ...environment, append: (event) => this.append(event) };
    } catch (error) {
      this.environmentIsOld = true;
      throw error;
    }
    this.become({ kind: 'ready' });
    return this.opened;
  }

  private become(preparation: Preparation): void {
    this.ready = preparation;
    this.changed.fire('other');
  }

  private async append(event: SessionEvent): Promise<void> {
    this.log ??= await this.reopenLog();
    await this.log.append(event);
  }

  /** @throws UsageError `changed-elsewhere` when another window has gone on with the session. */
  private async reopenLog(): Promise<SessionLog> {
    const { log, stored } = await this.store.open(this.id);
    if (stored.events.length === this.kept.length) return log;
    await log.close();
    throw changedElsewhere();
  }

  private async sizeNow(): Promise<number | undefined> {
    const found = await stat(this.store.file(this.id)).catch(() => undefined);
    return found?.size;
  }
}

function changedElsewhere(): UsageError {
  return new UsageError(
    'changed-elsewhere',
    'The session has gone on elsewhere, or its log was deleted, since it was opened here.',
    'Close it and open it again.',
  );
}

function busy(): UsageError {
  return new UsageError(
    'session-busy',
    'The session is at work.',
    'Stop it first, or wait for the round to end.',
  );
}

function internal(error: unknown): ToolRecError {
  const text = error instanceof Error ? error.message : String(error);
  return new ToolRecError('internal', `Something unexpected happened: ${text}`, 'See the ToolRec log.', {
    cause: error,
  });
}

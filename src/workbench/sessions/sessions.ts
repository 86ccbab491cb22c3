import type { BranchPoint } from '../../agent/branch.ts';
import type { SessionSettings, SessionStarted } from '../../agent/events.ts';
import type { Disposable } from '../../shared/disposable.ts';
import { Emitter } from '../../shared/emitter.ts';
import type { ToolRecError } from '../../shared/errors.ts';
import type { LongWork } from '../../shared/progress.ts';
import type { OpenSession } from './open-session.ts';
import type { SessionRuntime } from './runtime.ts';
import type { FamilyMember } from './session-view.ts';
import { sameReference, type SessionReference } from './session-ids.ts';
import type { WorldNeed, SessionWorlds } from './worlds.ts';

/** Whom a new session is for, and how it ends. */
export interface NewSession extends WorldNeed {
  /** Code of the dataset's user; absent when the history was written by hand. */
  readonly user?: number;
  /** Item codes, oldest first; the user's own history before the test part when absent. */
  readonly history?: readonly number[];
  readonly settings?: Partial<SessionSettings>;
}

/** A session as a list shows it. */
export type SessionEntry = SessionReference & {
  /** Last change of its log, milliseconds since 1970. */
  readonly changed: number;
} & (
    | { readonly started: SessionStarted; readonly problem?: undefined }
    | { readonly problem: ToolRecError; readonly started?: undefined }
  );

/**
 * The sessions that are open in this window, and the active one. Light until the first is opened: what runs them is
 * loaded then. Knows nothing of VS Code.
 */
export class Sessions implements Disposable {
  private readonly all: OpenSession[] = [];
  private readonly opening = new Map<string, Promise<OpenSession>>();
  private readonly load: () => Promise<SessionRuntime>;
  private runtime: Promise<SessionRuntime> | undefined;
  private chosen: OpenSession | undefined;
  private readonly activeChanged = new Emitter<OpenSession | undefined>();
  private readonly changed = new Emitter<OpenSession>();
  private readonly listChanged = new Emitter<undefined>();

  /** The active session is another, or there is none any more. */
  readonly onDidChangeActive = this.activeChanged.event;
  /** The active session has changed: a round, a text, the held-out item revealed. Not told of streamed text. */
  readonly onDidChange = this.changed.event;
  /** A session was made or deleted. */
  readonly onDidChangeList = this.listChanged.event;

  /** `load` is called once, when the first session is needed. */
  constructor(load: () => Promise<SessionRuntime>) {
    this.load = load;
  }

  /** The session whose panel was used last. */
  get active(): OpenSession | undefined {
    return this.chosen;
  }

  get open(): readonly OpenSession[] {
    return this.all;
  }

  setActive(session: OpenSession | undefined): void {
    if (session === this.chosen) return;
    this.chosen = session;
    this.activeChanged.fire(session);
  }

  /**
   * The session of a log: the one that is open, or opened now; its dataset follows in the background.
   * @throws StorageError `not-found`, `damaged-log`, `newer-log`.
   */
  get(reference: SessionReference): Promise<OpenSession> {
    const known = this.all.find((session) => sameReference(session.reference, reference));
    if (known) return Promise.resolve(known);
    const key = `${reference.folder}\n${reference.id}`;
    let opening = this.opening.get(key);
    if (!opening) {
      opening = this.read(reference).finally(() => this.opening.delete(key));
      this.opening.set(key, opening);
    }
    return opening;
  }

  /** Starts a session and keeps its beginning. @throws what opening dataset, retrieval and model throws. */
  async create(start: NewSession, work: LongWork = {}): Promise<OpenSession> {
    const reference = await (await this.loaded()).create(start, work);
    this.listChanged.fire(undefined);
    return this.get(reference);
  }

  /** A new session that shares the rounds up to a point of another, opened. */
  async fork(session: OpenSession, point: BranchPoint): Promise<OpenSession> {
    const reference = await session.fork(point);
    this.listChanged.fire(undefined);
    const fork = await this.get(reference);
    fork.revealed = session.revealed;
    fork.breakpoints = session.breakpoints;
    return fork;
  }

  /** Stops it, and closes its log. */
  async close(session: OpenSession): Promise<void> {
    const at = this.all.indexOf(session);
    if (at >= 0) this.all.splice(at, 1);
    if (this.chosen === session) this.setActive(undefined);
    await session.close();
  }

  /** Closes and deletes a session. Its forks stand on their own. @throws StorageError. */
  async delete(reference: SessionReference): Promise<void> {
    const known = this.all.find((session) => sameReference(session.reference, reference));
    if (known) await this.close(known);
    await (await this.loaded()).store(reference.folder).delete(reference.id);
    this.listChanged.fire(undefined);
  }

  /** The sessions of a workspace folder, the latest first; one that cannot be read says why. */
  async list(folder: string): Promise<SessionEntry[]> {
    return (await this.loaded()).list(folder);
  }

  /** The sessions that were forked from one another, oldest first. */
  async family(reference: SessionReference): Promise<FamilyMember[]> {
    return (await this.loaded()).family(reference, this.all);
  }

  /** Datasets, retrieval and models of sessions. */
  async worlds(): Promise<SessionWorlds> {
    return (await this.loaded()).worlds;
  }

  /** The language model or a prompt is another now: the next round of each session uses it. */
  async refresh(): Promise<void> {
    await Promise.all(this.all.map((session) => session.refresh()));
  }

  /** Models were trained or deleted: sessions that are opened from now on look for them again. */
  async forgetRetrieval(): Promise<void> {
    if (this.runtime) (await this.worlds()).forgetRetrieval();
  }

  private async read(reference: SessionReference): Promise<OpenSession> {
    const session = await (await this.loaded()).open(reference);
    session.onDidChange((change) => {
      if (session === this.chosen && change !== 'text') this.changed.fire(session);
    });
    this.all.push(session);
    void session.look();
    return session;
  }

  private loaded(): Promise<SessionRuntime> {
    this.runtime ??= this.load();
    return this.runtime;
  }

  dispose(): void {
    for (const session of this.all.splice(0)) void session.close();
    this.activeChanged.dispose();
    this.changed.dispose();
    this.listChanged.dispose();
  }
}

import { stat } from 'node:fs/promises';
import { SessionStore } from '../../agent/log-store.ts';
import { foldAll } from '../../agent/state.ts';
import { Session } from '../../agent/session.ts';
import { historyBefore } from '../../data/dataset.ts';
import { ToolRecError } from '../../shared/errors.ts';
import type { LongWork } from '../../shared/progress.ts';
import { Workspace } from '../../shared/workspace.ts';
import { OpenSession } from './open-session.ts';
import { newSessionId, sameReference, type SessionReference } from './session-ids.ts';
import type { FamilyMember } from './session-view.ts';
import type { NewSession, SessionEntry } from './sessions.ts';
import type { SessionWorlds } from './worlds.ts';

/** Branches that a selector shows at most: the latest. */
const largestFamily = 40;

/** All of sessions that has weight: loaded when the first is needed (`Sessions`). */
export class SessionRuntime {
  readonly worlds: SessionWorlds;

  constructor(worlds: SessionWorlds) {
    this.worlds = worlds;
  }

  store(folder: string): SessionStore {
    return new SessionStore(new Workspace(folder).directory('sessions'));
  }

  /** Starts a session and keeps its beginning. */
  async create(start: NewSession, work: LongWork): Promise<SessionReference> {
    const environment = await this.worlds.environment(start, work);
    const history =
      start.history ??
      (start.user === undefined ? [] : [...historyBefore(environment.dataset, start.user, 'test')]);
    const id = newSessionId();
    const session = await Session.start(environment, {
      id,
      history,
      ...(start.user === undefined ? {} : { user: start.user, before: 'test' }),
      settings: start.settings ?? {},
    });
    const log = await this.store(start.folder).create(id, [session.state.started]);
    await log.close();
    return { folder: start.folder, id };
  }

  async open(reference: SessionReference): Promise<OpenSession> {
    const store = this.store(reference.folder);
    const { events } = await store.read(reference.id);
    return new OpenSession(reference, store, this.worlds, events);
  }

  /**
   * The sessions that were forked from one another, this one among them; those that cannot be read are left out. Logs of
   * sessions that are open are not read again.
   */
  async family({ folder, id }: SessionReference, open: readonly OpenSession[] = []): Promise<FamilyMember[]> {
    const entries = (await this.list(folder)).flatMap((entry) => (entry.started ? [entry] : []));
    const parentOf = new Map(entries.map((entry) => [entry.id, entry.started.parent?.session]));
    const rootOf = (of: string): string => {
      const seen = new Set<string>();
      for (let at = of; ;) {
        seen.add(at);
        const parent = parentOf.get(at);
        if (parent === undefined || seen.has(parent)) return at;
        at = parent;
      }
    };
    const root = rootOf(id);
    const members = entries.filter((entry) => rootOf(entry.id) === root).slice(0, largestFamily);
    const store = this.store(folder);
    const found = await Promise.all(
      members.map(async ({ id: member, started }) => {
        try {
          const known = open.find(({ reference }) => sameReference(reference, { folder, id: member }));
          const state = known?.state ?? foldAll((await store.read(member)).events);
          const ended = state.outcome !== undefined;
          return { id: member, parent: started.parent, rounds: state.rounds.length, ended };
        } catch (error) {
          if (error instanceof ToolRecError) return undefined;
          throw error;
        }
      }),
    );
    return found.filter((member) => member !== undefined).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async list(folder: string): Promise<SessionEntry[]> {
    const store = this.store(folder);
    const entries = await Promise.all(
      (await store.ids()).map(async (id): Promise<SessionEntry | undefined> => {
        const found = await stat(store.file(id)).catch(() => undefined);
        if (!found) return undefined; // deleted meanwhile
        const entry = { folder, id, changed: found.mtimeMs };
        try {
          return { ...entry, started: await store.head(id) };
        } catch (error) {
          if (!(error instanceof ToolRecError)) throw error;
          return { ...entry, problem: error };
        }
      }),
    );
    return entries.filter((entry) => entry !== undefined).sort((a, b) => b.changed - a.changed);
  }
}

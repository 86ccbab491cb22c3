import * as vscode from 'vscode';
import { panels } from '../names.ts';
import { DisposableStore } from '../../shared/disposable.ts';
import { webviewOptions } from '../webview-page.ts';
import type { Workbench } from '../workbench.ts';
import type { OpenSession } from './open-session.ts';
import { sameReference, type SessionReference } from './session-ids.ts';
import type { PanelTimings, SessionPanel } from './session-panel.ts';
import type { NewSession } from './sessions.ts';

export type { PanelTimings } from './session-panel.ts';

/** What a command can ask of the page at the round that has the focus. */
export type SessionMove = 'next' | 'previous' | 'edit' | 'fork' | 'rerun';

type PanelOptions = ConstructorParameters<typeof SessionPanel>[2];

const switchedKey = 'toolrec.sessions.switched';
const revealedKey = 'toolrec.sessions.revealed';
const switchesKept = 200;

/** The open session panels. Brings them back after a reload of the window. */
export class SessionPanels implements vscode.WebviewPanelSerializer, vscode.Disposable {
  private readonly workbench: () => Workbench;
  private readonly all: SessionPanel[] = [];
  private readonly serializer: vscode.Disposable;
  private readonly memory: vscode.Memento;

  constructor(workbench: () => Workbench, memory: vscode.Memento) {
    this.workbench = workbench;
    this.memory = memory;
    this.serializer = vscode.window.registerWebviewPanelSerializer(panels.session, this);
  }

  /**
   * Tells open sessions when the language model or a prompt is another. Called once, by `activate`.
   */
  follow(): vscode.Disposable {
    const { sessions, languageModels, models } = this.workbench();
    const owned = new DisposableStore();
    // A tool that was trained meanwhile answers in sessions that are opened from now on.
    owned.add(models.onDidChange(() => void sessions.forgetRetrieval()));
    owned.add(languageModels.onDidChange(() => void sessions.refresh()));
    for (const glob of ['**/prompts/**/*.toolrec.md', '**/demonstrations/*.yaml']) {
      const watcher = owned.add(vscode.workspace.createFileSystemWatcher(glob));
      for (const event of [watcher.onDidChange, watcher.onDidCreate, watcher.onDidDelete])
        owned.add(event(() => void sessions.refresh()));
    }
    return owned;
  }

  /** The panel that the person is in. */
  get inFront(): SessionPanel | undefined {
    return this.all.find((panel) => panel.active);
  }

  /** The panel that the person is in, else the one of the active session. */
  get active(): SessionPanel | undefined {
    const { sessions } = this.workbench();
    return (
      this.inFront ??
      this.all.find((panel) => panel.session !== undefined && panel.session === sessions.active)
    );
  }

  shows(session: OpenSession): boolean {
    return this.all.some((panel) => panel.session === session);
  }

  /** For benches and tests. */
  get timings(): readonly PanelTimings[] {
    return this.all.map((panel) => panel.timings);
  }

  /**
   * Shows a session: in the panel that has it, or in a new one.
   * @param title of the new panel until the session has been read
   */
  async open(reference: SessionReference, title = reference.id): Promise<void> {
    const asked = performance.now();
    const [existing] = this.of(reference);
    if (existing) {
      existing.reveal();
      return;
    }
    const { [reference.id]: switched, ...others } = this.memory.get<Record<string, string>>(switchedKey, {});
    // Asked for by name: it is not another's place.
    if (switched !== undefined) void this.memory.update(switchedKey, others);
    const open = () => this.workbench().sessions.get(reference);
    await this.attach(this.create(title), { title, asked, reference, open });
  }

  /** Starts a session in a new panel, which shows what is prepared meanwhile. */
  async start(session: NewSession, title: string, asked = performance.now()): Promise<void> {
    const { sessions } = this.workbench();
    const open: PanelOptions['open'] = (work) => sessions.create(session, work);
    await this.attach(this.create(title), { title, asked, open });
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const { sessions, log } = this.workbench();
    const remembered = parseState(state);
    if (!remembered) {
      log.warn('A session panel was not brought back: it left no state.');
      panel.dispose();
      return;
    }
    const { revealed, folder, id } = remembered;
    const reference = { folder, id: this.latest(id) };
    panel.webview.options = webviewOptions(this.workbench().extensionUri);
    const open = async () => {
      const session = await sessions.get(reference);
      session.revealed = this.memory.get<Record<string, boolean>>(revealedKey, {})[reference.id] ?? revealed;
      return session;
    };
    await this.attach(panel, { title: panel.title, asked: performance.now(), reference, open });
  }

  /**
   * A panel shows another session of the family from now on. Kept here too: what a page leaves with VS Code reaches the
   * disk late, and a window that is reloaded before would bring back the session of before.
   */
  switched(from: SessionReference, to: SessionReference): void {
    const { [to.id]: _, ...others } = this.memory.get<Record<string, string>>(switchedKey, {});
    const latest = Object.entries({ ...others, [from.id]: to.id }).slice(-switchesKept);
    void this.memory.update(switchedKey, Object.fromEntries(latest));
  }

  /** Whether a session's held-out items are shown; kept here for the same reason. */
  revealed({ id }: SessionReference, revealed: boolean): void {
    const { [id]: before, ...others } = this.memory.get<Record<string, boolean>>(revealedKey, {});
    if (before === revealed) return;
    const latest = Object.entries({ ...others, [id]: revealed }).slice(-switchesKept);
    void this.memory.update(revealedKey, Object.fromEntries(latest));
  }

  /** The session that a panel was on when the window closed, from the one that its page remembered. */
  private latest(id: string): string {
    const switched = this.memory.get<Record<string, string>>(switchedKey, {});
    const seen = new Set<string>();
    let at = id;
    for (let next = switched[at]; next !== undefined && !seen.has(at); next = switched[at]) {
      seen.add(at);
      at = next;
    }
    return at;
  }

  /** Closes the panels of a session, as when it is deleted. */
  close(reference: SessionReference): void {
    for (const panel of this.of(reference)) panel.dispose();
  }

  /** The panels of a session, those included that cannot show it yet, or not at all. */
  private of(wanted: SessionReference): SessionPanel[] {
    return this.all.filter(({ reference }) => reference !== undefined && sameReference(reference, wanted));
  }

  /** The “⋯” of the panel: what is done less often. */
  async showMore(session: OpenSession): Promise<void> {
    const { showMore } = await import('./session-commands.ts');
    await showMore(this.workbench(), session);
  }

  private create(title: string): vscode.WebviewPanel {
    return vscode.window.createWebviewPanel(
      panels.session,
      title,
      vscode.ViewColumn.Active,
      // What a person has half written in a cell, and where they were, survives a look at another tab.
      { ...webviewOptions(this.workbench().extensionUri), retainContextWhenHidden: true },
    );
  }

  private async attach(panel: vscode.WebviewPanel, options: PanelOptions): Promise<void> {
    let closed = false;
    const closing = panel.onDidDispose(() => (closed = true));
    const { SessionPanel } = await import('./session-panel.ts');
    closing.dispose();
    if (closed) return;
    const made = new SessionPanel(panel, this.workbench(), options);
    this.all.push(made);
    panel.onDidDispose(() => this.all.splice(this.all.indexOf(made), 1));
  }

  dispose(): void {
    this.serializer.dispose(); // the panels stay: VS Code brings them back
  }
}

/** What the page left with VS Code (`remember` of the protocol). Untrusted: it may come from another version. */
function parseState(state: unknown): (SessionReference & { readonly revealed: boolean }) | undefined {
  if (typeof state !== 'object' || state === null) return undefined;
  const { folder, id, revealed } = state as Record<string, unknown>;
  if (typeof folder !== 'string' || typeof id !== 'string') return undefined;
  return { folder, id, revealed: revealed === true };
}

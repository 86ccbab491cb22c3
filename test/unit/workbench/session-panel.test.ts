import './vscode-stub.ts';
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type * as vscode from 'vscode';
import { connectInProcess } from '../../../src/service/in-process.ts';
import type { EngineConnection } from '../../../src/service/protocol.ts';
import { datasetSample } from '../../../src/service/requests/dataset.ts';
import type { OpenSession } from '../../../src/workbench/sessions/open-session.ts';
import type { SessionPanel as Panel } from '../../../src/workbench/sessions/session-panel.ts';
import { SessionRuntime } from '../../../src/workbench/sessions/runtime.ts';
import { Sessions } from '../../../src/workbench/sessions/sessions.ts';
import { SessionWorlds } from '../../../src/workbench/sessions/worlds.ts';
import type { Workbench } from '../../../src/workbench/workbench.ts';

const { SessionPanel } = await import('../../../src/workbench/sessions/session-panel.ts');

/** A panel as VS Code gives one: its page is never there, for nobody looks at it long enough. */
class HiddenPanel {
  active = true;
  visible = true;
  iconPath: unknown;
  options = { retainContextWhenHidden: true };
  posted = 0;
  private name = '';
  private disposed = false;
  private readonly closing: (() => void)[] = [];
  private readonly changing: (() => void)[] = [];
  readonly webview = {
    html: '',
    cspSource: 'vscode:',
    asWebviewUri: (uri: unknown) => uri,
    onDidReceiveMessage: () => ({ dispose() {} }),
    postMessage: () => void this.posted++,
  };

  get title(): string {
    assert.ok(!this.disposed, 'Webview is disposed');
    return this.name;
  }
  set title(title: string) {
    this.name = title;
  }
  onDidDispose(heard: () => void) {
    this.closing.push(heard);
  }
  onDidChangeViewState(heard: () => void) {
    this.changing.push(heard);
  }
  /** The person goes to another editor, or comes. */
  show(active: boolean) {
    this.active = this.visible = active;
    for (const heard of this.changing) heard();
  }
  dispose() {
    this.disposed = true;
    for (const heard of this.closing) heard();
  }
}

describe('a session panel', () => {
  let folder: string;
  let engine: EngineConnection;
  let sessions: Sessions;
  let panels: Panel[];

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'toolrec-session-panel-'));
    engine = connectInProcess();
    await engine.request(datasetSample, { workspace: folder });
  });
  beforeEach(() => {
    const runtime = new SessionRuntime(new SessionWorlds(engine, () => Promise.resolve(undefined)));
    sessions = new Sessions(() => Promise.resolve(runtime));
    panels = [];
  });
  afterEach(() => sessions.dispose());
  after(async () => {
    engine.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  function open(user: number): { shown: HiddenPanel; opened: Promise<OpenSession> } {
    const shown = new HiddenPanel();
    const opened = sessions.create({ folder, dataset: 'sample', user });
    const workbench = {
      extensionUri: '/nowhere',
      log: { warn() {}, error: assert.fail, debug() {} },
      sessions,
      sessionPanels: {
        shows: (session: OpenSession) => panels.some((panel) => panel.session === session),
        get inFront() {
          return panels.find((panel) => panel.active);
        },
      },
    };
    const panel = new SessionPanel(
      shown as unknown as vscode.WebviewPanel,
      workbench as unknown as Workbench,
      { asked: performance.now(), title: 'User', open: () => opened },
    );
    panels.push(panel);
    return { shown, opened };
  }

  it('that is closed while its session is opened leaves nothing open', async () => {
    const { shown, opened } = open(42);
    shown.dispose();
    await opened;
    for (let i = 0; i < 5; i++) await new Promise(setImmediate);
    assert.deepEqual(sessions.open, []);
    assert.equal(shown.posted, 0);
    assert.equal(sessions.active, undefined);
  });

  it('that a person leaves for a file before it has drawn is all the same the active session', async () => {
    const { shown, opened } = open(42);
    shown.show(false);
    const session = await opened;
    while (sessions.active !== session) await new Promise((resolve) => setTimeout(resolve, 10));
    shown.dispose();
    assert.equal(sessions.active, undefined);
    assert.deepEqual(sessions.open, []);
  });

  it('that a person leaves for another session is not', async () => {
    const first = open(42);
    first.shown.show(false);
    const second = open(41);
    const session = await second.opened;
    const changes: (OpenSession | undefined)[] = [];
    sessions.onDidChangeActive((active) => changes.push(active));
    while (sessions.active !== session) await new Promise((resolve) => setTimeout(resolve, 10));
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(changes.at(-1), session);
    first.shown.dispose();
    assert.equal(sessions.active, session);
    second.shown.dispose();
  });
});

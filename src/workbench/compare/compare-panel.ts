import * as vscode from 'vscode';
import { compareContract } from '../../../webview/protocol.ts';
import type { CompareContract, Compared, CompareState, LineReference } from '../../../webview/protocol.ts';
import { SessionStore } from '../../agent/log-store.ts';
import type { SessionEvent } from '../../agent/events.ts';
import { earlierLines } from '../../agent/lines.ts';
import { foldAll } from '../../agent/state.ts';
import { DisposableStore } from '../../shared/disposable.ts';
import { ToolRecError, UsageError } from '../../shared/errors.ts';
import { HostEnd } from '../../shared/message-channel.ts';
import { Workspace } from '../../shared/workspace.ts';
import { showFailure } from '../failures.ts';
import { vscodeTexts } from '../language.ts';
import type { WorkbenchLog } from '../log.ts';
import type { Sessions } from '../sessions/sessions.ts';
import { webviewPage } from '../webview-page.ts';
import { compareSessions, type ComparedSide } from './compare-model.ts';

export interface ComparePanelParts {
  readonly extension: vscode.Uri;
  readonly sessions: Sessions;
  readonly log: WorkbenchLog;
  /** Shows a session in its own panel. */
  readonly openSession: (reference: { readonly folder: string; readonly id: string }) => Promise<void>;
}

/** One comparison. Owns its state; the page only shows it. Follows sessions that go on. */
export class ComparePanel implements vscode.Disposable {
  private readonly panel: vscode.WebviewPanel;
  private readonly parts: ComparePanelParts;
  private readonly page: HostEnd<CompareContract>;
  private readonly disposables = new DisposableStore();
  private compared: Compared;
  private onlyChanged: boolean;
  private state: CompareState = { kind: 'loading' };
  private reading = 0;

  constructor(panel: vscode.WebviewPanel, compared: Compared, parts: ComparePanelParts) {
    this.panel = panel;
    this.parts = parts;
    this.compared = compared;
    this.onlyChanged = false;
    const { extension, log, sessions } = parts;
    const icon = (theme: string) => vscode.Uri.joinPath(extension, 'media', `compare-${theme}.svg`);
    panel.iconPath = { light: icon('light'), dark: icon('dark') };
    this.page = new HostEnd(compareContract, (message) => void panel.webview.postMessage(message), {
      requests: {},
      intents: {
        onlyChanged: ({ on }) => {
          this.onlyChanged = on;
          if (this.state.kind === 'full') this.become({ ...this.state, onlyChanged: on });
        },
        swap: () => {
          const { first, second } = this.compared;
          this.compared = { first: second, second: first };
          this.page.update('remember', this.compared);
          void this.reload();
        },
        open: ({ side }) =>
          void parts.openSession(this.compared[side]).catch((error: unknown) => showFailure(error, log)),
        reload: () => void this.reload(),
        showLog: () => log.show(),
      },
      onReady: () => this.tellEverything(),
      onViolation: (error) => showFailure(error, log),
    });
    this.disposables.add(panel.webview.onDidReceiveMessage((message: unknown) => this.page.receive(message)));
    this.disposables.add(
      panel.onDidChangeViewState(() => {
        if (!panel.visible) this.page.suspend(); // VS Code drops a hidden page and loads it anew
      }),
    );
    this.disposables.add(
      sessions.onDidChange(({ id }) => {
        if (id === this.compared.first.id || id === this.compared.second.id) void this.reload();
      }),
    );
    panel.onDidDispose(() => this.disposables.dispose());
    panel.webview.html = webviewPage(panel.webview, extension, 'compare', panel.title);
    void this.reload();
  }

  reveal(): void {
    this.panel.reveal();
  }

  /** Reads both sides again; what was shown stays until they are there. */
  async reload(): Promise<void> {
    const mine = ++this.reading;
    try {
      const [first, second] = await Promise.all([
        this.side(this.compared.first),
        this.side(this.compared.second),
      ]);
      if (mine === this.reading) this.become(compareSessions(first, second, vscodeTexts, this.onlyChanged));
    } catch (error) {
      if (mine !== this.reading) return;
      if (!(error instanceof ToolRecError)) throw error;
      this.parts.log.error(`${error.code}: ${error.describe()}`);
      this.become({ kind: 'failed', failure: { message: error.message, remedy: error.remedy } });
    }
  }

  private async side({ folder, id, line }: LineReference): Promise<ComparedSide> {
    const open = this.parts.sessions.open.find(
      ({ reference }) => reference.id === id && reference.folder === folder,
    );
    const events: readonly SessionEvent[] =
      open?.events ?? (await new SessionStore(new Workspace(folder).directory('sessions')).read(id)).events;
    if (line === null) return { state: foldAll(events), line: '' };
    const state = earlierLines(events)[line];
    if (!state)
      throw new UsageError(
        'no-line',
        `Session ${id} has no such earlier line.`,
        'Compare with the line that it is on.',
      );
    return { state, line: vscode.l10n.t('earlier line {0}', line + 1) };
  }

  private become(state: CompareState): void {
    this.state = state;
    if (this.page.listening) this.page.update('state', state);
  }

  private tellEverything(): void {
    this.page.update('language', { locale: vscode.env.language, texts: vscode.l10n.bundle ?? {} });
    this.page.update('remember', this.compared);
    this.page.update('state', this.state);
  }

  dispose(): void {
    this.panel.dispose();
  }
}

import * as vscode from 'vscode';
import type { Engine } from '../engine.ts';
import { openFolders } from '../folders.ts';
import type { WorkbenchLog } from '../log.ts';
import type { ModelStore } from '../models/model-store.ts';
import { panels } from '../names.ts';
import { webviewOptions } from '../webview-page.ts';
import type { TrainingPanel } from './training-panel.ts';
import type { TrainingRuns } from './training-runs.ts';

/** What a training panel is made with. */
export interface TrainingPanelParts {
  readonly extension: vscode.Uri;
  readonly engine: Engine;
  readonly runs: TrainingRuns;
  readonly models: ModelStore;
  readonly memory: vscode.Memento;
  readonly log: WorkbenchLog;
}

/** The training panels, one a folder. Brings them back after a reload of the window. */
export class TrainingPanels implements vscode.WebviewPanelSerializer, vscode.Disposable {
  private readonly parts: TrainingPanelParts;
  private readonly shown = new Map<string, TrainingPanel>();
  private readonly serializer: vscode.Disposable;

  constructor(parts: TrainingPanelParts) {
    this.parts = parts;
    this.serializer = vscode.window.registerWebviewPanelSerializer(panels.training, this);
  }

  /** Shows the panel of a folder: the one that is open, or a new one. @param ids runs to show; as it was when empty */
  async open(folder: vscode.Uri, ids: readonly string[] = []): Promise<void> {
    const existing = this.shown.get(folder.toString());
    if (existing) {
      existing.reveal(ids);
      return;
    }
    const panel = vscode.window.createWebviewPanel(
      panels.training,
      titleOf(folder),
      vscode.ViewColumn.Active,
      webviewOptions(this.parts.extension),
    );
    await this.attach(panel, folder, ids);
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const folder = parseState(state) ?? openFolders()[0]?.uri;
    if (!folder || this.shown.has(folder.toString())) {
      panel.dispose();
      return;
    }
    panel.webview.options = webviewOptions(this.parts.extension);
    await this.attach(panel, folder, []);
  }

  private async attach(
    panel: vscode.WebviewPanel,
    folder: vscode.Uri,
    ids: readonly string[],
  ): Promise<void> {
    const { TrainingPanel } = await import('./training-panel.ts');
    // Asked for twice at once.
    if (this.shown.has(folder.toString())) {
      panel.dispose();
      return;
    }
    const shown = new TrainingPanel(panel, folder, ids, this.parts);
    this.shown.set(folder.toString(), shown);
    panel.onDidDispose(() => this.shown.delete(folder.toString()));
  }

  dispose(): void {
    this.serializer.dispose();
    for (const panel of [...this.shown.values()]) panel.dispose();
  }
}

/** The folder is named where several are open. */
function titleOf(folder: vscode.Uri): string {
  const name = vscode.workspace.getWorkspaceFolder(folder)?.name;
  return openFolders().length > 1 && name ? vscode.l10n.t('Training · {0}', name) : vscode.l10n.t('Training');
}

/** What the page left with VS Code. Untrusted: it may come from another version. */
function parseState(state: unknown): vscode.Uri | undefined {
  if (typeof state !== 'object' || state === null) return undefined;
  const { folder } = state as Record<string, unknown>;
  return typeof folder === 'string' ? vscode.Uri.parse(folder) : undefined;
}

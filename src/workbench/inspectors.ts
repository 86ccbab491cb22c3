import * as vscode from 'vscode';
import type { DatasetPanel } from './dataset-panel.ts';
import type { DatasetReference } from './dataset-tree.ts';
import type { Engine } from './engine.ts';
import { openFolders } from './folders.ts';
import type { WorkbenchLog } from './log.ts';
import { panels } from './names.ts';
import { webviewOptions } from './webview-page.ts';

/** The open dataset inspectors, one a dataset. Brings them back after a reload of the window. */
export class DatasetInspectors implements vscode.WebviewPanelSerializer, vscode.Disposable {
  private readonly extension: vscode.Uri;
  private readonly engine: Engine;
  private readonly log: WorkbenchLog;
  private readonly shown = new Map<string, DatasetPanel>();
  private readonly serializer: vscode.Disposable;

  constructor(extension: vscode.Uri, engine: Engine, log: WorkbenchLog) {
    this.extension = extension;
    this.engine = engine;
    this.log = log;
    this.serializer = vscode.window.registerWebviewPanelSerializer(panels.dataset, this);
  }

  /** Shows the inspector of a dataset: the one that is open, or a new one. */
  async open(reference: DatasetReference): Promise<void> {
    const existing = this.shown.get(key(reference));
    if (existing) {
      existing.reveal();
      return;
    }
    const panel = vscode.window.createWebviewPanel(
      panels.dataset,
      reference.name,
      vscode.ViewColumn.Active,
      webviewOptions(this.extension),
    );
    await this.attach(panel, reference);
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const reference = parseState(state) ?? byTitle(panel.title);
    if (!reference || this.shown.has(key(reference))) {
      this.log.warn(`A panel was not brought back: ${reference ? 'it is open' : 'it left no state'}.`);
      panel.dispose();
      return;
    }
    panel.webview.options = webviewOptions(this.extension);
    await this.attach(panel, reference);
  }

  /** Reads a dataset again that has changed on disk, where it is open. */
  reload(reference: DatasetReference): void {
    void this.shown.get(key(reference))?.reload();
  }

  close(reference: DatasetReference): void {
    this.shown.get(key(reference))?.dispose();
  }

  private async attach(panel: vscode.WebviewPanel, reference: DatasetReference): Promise<void> {
    const { DatasetPanel } = await import('./dataset-panel.ts');
    // Asked for twice at once.
    if (this.shown.has(key(reference))) {
      panel.dispose();
      return;
    }
    const inspector = new DatasetPanel(panel, reference, this.extension, this.engine, this.log);
    this.shown.set(key(reference), inspector);
    panel.onDidDispose(() => this.shown.delete(key(reference)));
  }

  dispose(): void {
    this.serializer.dispose();
    for (const inspector of [...this.shown.values()]) inspector.dispose();
  }
}

function key({ folder, name }: DatasetReference): string {
  return vscode.Uri.joinPath(folder, name).toString();
}

/** For a page that VS Code put away before it could leave anything: its title is the name of its dataset. */
function byTitle(name: string): DatasetReference | undefined {
  const [folder, ...others] = openFolders();
  return folder && others.length === 0 ? { folder: folder.uri, name } : undefined;
}

/** What the page left with VS Code (`remember` of the protocol). Untrusted: it may come from another version. */
function parseState(state: unknown): DatasetReference | undefined {
  if (typeof state !== 'object' || state === null) return undefined;
  const { folder, name } = state as Record<string, unknown>;
  if (typeof folder !== 'string' || typeof name !== 'string') return undefined;
  return { folder: vscode.Uri.parse(folder), name };
}

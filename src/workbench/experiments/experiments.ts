import path from 'node:path';
import * as vscode from 'vscode';
import type { ExperimentReference } from '../../../webview/protocol.ts';
import type { RunState } from '../../experiments/run-progress.ts';
import { CancelledError } from '../../shared/errors.ts';
import { workspaceOf } from '../folders.ts';
import { experimentFileSuffix, panels } from '../names.ts';
import { webviewOptions } from '../webview-page.ts';
import type { Workbench } from '../workbench.ts';
import type { ExperimentPanel } from './experiment-panel.ts';

/** An experiment that this window runs. */
export interface ExperimentRun {
  readonly reference: ExperimentReference;
  /** The latest snapshot; undefined while methods are opened. */
  state: RunState | undefined;
  /** What is being opened. */
  message: string;
  readonly leave: AbortController;
  readonly pause: AbortController;
}

/** The experiments that this window runs or shows. Brings panels back after a reload. */
export class Experiments implements vscode.WebviewPanelSerializer, vscode.Disposable {
  private readonly workbench: () => Workbench;
  private readonly runs = new Map<string, ExperimentRun>();
  private readonly shown = new Map<string, ExperimentPanel>();
  private readonly changed = new vscode.EventEmitter<ExperimentReference>();
  private readonly serializer: vscode.Disposable;

  /** A run of this window went on, or ended. */
  readonly onDidChange = this.changed.event;

  constructor(workbench: () => Workbench) {
    this.workbench = workbench;
    this.serializer = vscode.window.registerWebviewPanelSerializer(panels.experiment, this);
  }

  run(reference: ExperimentReference): ExperimentRun | undefined {
    return this.runs.get(keyOf(reference));
  }

  /** The panel of an experiment: the one that is open, or a new one. */
  async open(reference: ExperimentReference): Promise<void> {
    const existing = this.shown.get(keyOf(reference));
    if (existing) return existing.reveal();
    const panel = vscode.window.createWebviewPanel(
      panels.experiment,
      reference.id,
      vscode.ViewColumn.Active,
      webviewOptions(this.workbench().extensionUri),
    );
    await this.attach(panel, reference);
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const { experimentReferenceSchema } = await import('../../../webview/protocol.ts');
    const reference = experimentReferenceSchema.safeParse(state);
    if (!reference.success) {
      this.workbench().log.warn('An experiment was not brought back: it left no state.');
      panel.dispose();
      return;
    }
    panel.webview.options = webviewOptions(this.workbench().extensionUri);
    await this.attach(panel, reference.data);
  }

  /**
   * Runs the experiment of a file. Resolves when it ends, however it ends; its panel shows how.
   * @throws ConfigurationError with the line of the file; UsageError `experiment-exists`, `already-running`
   */
  async start(file: vscode.Uri, folder: vscode.Uri, mode: 'fresh' | 'resume' | 'again'): Promise<void> {
    const { runInWindow } = await import('./run-in-window.ts');
    const id = await idOf(file);
    const reference = { folder: folder.fsPath, id };
    const key = keyOf(reference);
    const run: ExperimentRun = {
      reference,
      state: undefined,
      message: vscode.l10n.t('Checking the experiment…'),
      leave: new AbortController(),
      pause: new AbortController(),
    };
    if (this.runs.has(key)) return this.open(reference);
    this.runs.set(key, run);
    const tell = () => this.changed.fire(reference);
    try {
      await runInWindow(this.workbench(), file, workspaceOf(folder), run, mode, tell);
    } catch (error) {
      if (!(error instanceof CancelledError)) throw error;
    } finally {
      this.runs.delete(key);
      tell();
    }
  }

  private async attach(panel: vscode.WebviewPanel, reference: ExperimentReference): Promise<void> {
    const { ExperimentPanel } = await import('./experiment-panel.ts');
    const key = keyOf(reference);
    this.shown.set(key, new ExperimentPanel(panel, reference, this.workbench(), this));
    panel.onDidDispose(() => this.shown.delete(key));
  }

  dispose(): void {
    for (const run of this.runs.values()) run.leave.abort();
    this.serializer.dispose();
    for (const panel of [...this.shown.values()]) panel.dispose();
    this.changed.dispose();
  }
}

function keyOf({ folder, id }: ExperimentReference): string {
  return `${path.resolve(folder)}\n${id}`;
}

async function idOf(file: vscode.Uri): Promise<string> {
  const { experimentId } = await import('../../experiments/experiment-file.ts');
  return experimentId(file.fsPath);
}

/** The file of an experiment in its folder, wherever it lies; undefined where it is gone. */
export async function fileOf({ folder, id }: ExperimentReference): Promise<vscode.Uri | undefined> {
  const found = await vscode.workspace.findFiles(
    new vscode.RelativePattern(folder, `**/*${experimentFileSuffix}`),
    '**/node_modules/**',
    200,
  );
  for (const file of found) if ((await idOf(file)) === id) return file;
  return undefined;
}

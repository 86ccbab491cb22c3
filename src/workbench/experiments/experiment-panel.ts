import path from 'node:path';
import * as vscode from 'vscode';
import { experimentContract } from '../../../webview/protocol.ts';
import type {
  ExperimentBlock,
  ExperimentContract,
  ExperimentReference,
  ExperimentState,
} from '../../../webview/protocol.ts';
import { experimentDirectory } from '../../experiments/places.ts';
import type { MethodRecords } from '../../experiments/report/report-job.ts';
import type { ExperimentPlan } from '../../experiments/plan-file.ts';
import type { RunState } from '../../experiments/run-progress.ts';
import { experimentStatus } from '../../experiments/run-state.ts';
import { wishForRun } from '../../experiments/run-lock.ts';
import { DisposableStore } from '../../shared/disposable.ts';
import { StorageError, ToolRecError } from '../../shared/errors.ts';
import { HostEnd } from '../../shared/message-channel.ts';
import { Workspace } from '../../shared/workspace.ts';
import { showFailure } from '../failures.ts';
import { vscodeTexts } from '../language.ts';
import { webviewPage } from '../webview-page.ts';
import type { Workbench } from '../workbench.ts';
import { blocksOf, headOf, type ShownUsers, usersOf } from './experiment-model.ts';
import { type Experiments, fileOf } from './experiments.ts';
import { openExperimentSession } from './open-experiment-session.ts';

/** Tables of a run that goes on are made again this often. */
const refreshMs = 4000;
/** Larger runs have their tables made when they end. */
const liveUpTo = 5000;

/** One experiment. Owns its state; the page only shows it. Follows runs of this window and of others. */
export class ExperimentPanel implements vscode.Disposable {
  private readonly panel: vscode.WebviewPanel;
  private readonly reference: ExperimentReference;
  private readonly workbench: Workbench;
  private readonly experiments: Experiments;
  private readonly workspace: Workspace;
  private readonly page: HostEnd<ExperimentContract>;
  private readonly disposables = new DisposableStore();
  private state: ExperimentState;
  private plan: ExperimentPlan | undefined;
  private users: MethodRecords | null = null;
  private blocks: readonly ExperimentBlock[] = [];
  private shown: ShownUsers | undefined;
  private reading = 0;
  private refreshed = 0;
  private computing = 0;
  private wasRunning = false;

  constructor(
    panel: vscode.WebviewPanel,
    reference: ExperimentReference,
    workbench: Workbench,
    experiments: Experiments,
  ) {
    this.panel = panel;
    this.reference = reference;
    this.workbench = workbench;
    this.experiments = experiments;
    this.workspace = new Workspace(reference.folder);
    this.state = { kind: 'loading', message: vscode.l10n.t('Reading the experiment…') };
    const { extensionUri, log } = workbench;
    const icon = (theme: string) => vscode.Uri.joinPath(extensionUri, 'media', `experiment-${theme}.svg`);
    panel.iconPath = { light: icon('light'), dark: icon('dark') };
    const safely = (work: () => Promise<unknown>) => () =>
      void work().catch((error: unknown) => showFailure(error, log));
    this.page = new HostEnd(experimentContract, (message) => void panel.webview.postMessage(message), {
      requests: {},
      intents: {
        pause: safely(() => this.stop('pause')),
        cancel: safely(() => this.stop('stop')),
        resume: safely(() => this.resume()),
        showUsers: (shown) => {
          this.shown = shown;
          void this.reload();
        },
        hideUsers: () => {
          this.shown = undefined;
          void this.reload();
        },
        openSession: ({ session }) =>
          safely(() => openExperimentSession(workbench, this.reference, session))(),
        openReport: ({ format }) => safely(() => this.openReport(format))(),
        openFile: safely(() => this.openFile()),
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
      experiments.onDidChange(({ folder, id }) => {
        if (folder === reference.folder && id === reference.id) void this.follow();
      }),
    );
    // Another window or a command line may run it.
    const timer = setInterval(() => {
      if (this.computing > 0 || this.own || !panel.visible) return;
      if (this.state.kind === 'full' && this.state.status === 'running') void this.reload();
    }, refreshMs);
    this.disposables.add({ dispose: () => clearInterval(timer) });
    panel.onDidDispose(() => this.disposables.dispose());
    panel.webview.html = webviewPage(panel.webview, extensionUri, 'experiment', reference.id);
    void this.follow();
  }

  reveal(): void {
    this.panel.reveal();
  }

  private get own() {
    return this.experiments.run(this.reference);
  }

  /** A run of this window has news. Its numbers are shown at once, tables now and then. */
  private async follow(): Promise<void> {
    const run = this.own;
    if (run && !run.state) {
      this.become({ kind: 'loading', message: run.message });
      return;
    }
    // Tables that take longer than that are waited for: the next would only take their place.
    const due = performance.now() - this.refreshed > refreshMs && this.computing === 0;
    const ended = this.wasRunning && !run;
    this.wasRunning = run !== undefined;
    if (!run?.state || ended || (due && run.state.done <= liveUpTo) || this.state.kind !== 'full')
      return this.reload();
    if (!this.plan) return this.reload();
    // The last users are in, and the numbers are not yet: it goes on until both can be shown together.
    const state: RunState = { ...run.state, status: 'running' };
    this.become({ ...this.state, ...headOf({ plan: this.plan, state, error: null }, vscodeTexts) });
  }

  /** Reads plan and records again and shows them: how far it is and its numbers at the same time. */
  async reload(): Promise<void> {
    const mine = ++this.reading;
    this.refreshed = performance.now();
    try {
      const status = await experimentStatus(this.workspace, this.reference.id);
      const run = this.own?.state;
      const state: RunState = run ? { ...run, status: 'running' } : status.state;
      this.plan = status.plan;
      const live = state.status !== 'running' || state.done <= liveUpTo;
      if (live) {
        const { folder, id } = this.reference;
        const method = this.shown?.method ?? null;
        this.computing++;
        const view = await this.workbench.reportThread
          .ask({ kind: 'view', folder, id, method })
          .finally(() => this.computing--);
        if (mine !== this.reading) return;
        this.blocks = blocksOf(view.blocks);
        this.users = view.users;
      }
      if (mine !== this.reading) return;
      this.panel.title = status.plan.title;
      const users = this.shown && this.users?.id === this.shown.method ? this.users : null;
      this.become({
        ...headOf({ ...status, state }, vscodeTexts),
        blocks: [...this.blocks],
        users: users && usersOf(users, this.shown!, vscodeTexts),
      });
    } catch (error) {
      if (mine !== this.reading) return;
      if (!(error instanceof ToolRecError)) throw error;
      this.workbench.log.error(`${error.code}: ${error.describe()}`);
      this.become({ kind: 'failed', failure: { message: error.message, remedy: error.remedy } });
    }
  }

  /** Whoever runs it: this window at once, another process when it next looks. */
  private async stop(wish: 'pause' | 'stop'): Promise<void> {
    const run = this.own;
    if (run) (wish === 'pause' ? run.pause : run.leave).abort();
    else await wishForRun(this.workspace, this.reference.id, wish);
  }

  private async resume(): Promise<void> {
    const file = await this.file();
    await this.experiments.start(file, vscode.Uri.file(this.reference.folder), 'resume');
  }

  private async openReport(format: 'md' | 'html' | 'csv' | 'tex'): Promise<void> {
    const file = path.join(experimentDirectory(this.workspace, this.reference.id), `report.${format}`);
    const uri = vscode.Uri.file(file);
    if (format === 'md') await vscode.commands.executeCommand('markdown.showPreview', uri);
    else if (format === 'html') await vscode.env.openExternal(uri);
    else await vscode.window.showTextDocument(uri);
  }

  private async openFile(): Promise<void> {
    await vscode.window.showTextDocument(await this.file());
  }

  private async file(): Promise<vscode.Uri> {
    const file = await fileOf(this.reference);
    if (file) return file;
    throw new StorageError(
      'not-found',
      `The file of the experiment “${this.reference.id}” is no longer in this folder.`,
      'Its configuration as it was run is in the report.',
    );
  }

  private become(state: ExperimentState): void {
    this.state = state;
    if (this.page.listening) this.page.update('state', state);
  }

  private tellEverything(): void {
    this.page.update('language', { locale: vscode.env.language, texts: vscode.l10n.bundle ?? {} });
    this.page.update('remember', this.reference);
    this.page.update('state', this.state);
  }

  dispose(): void {
    this.panel.dispose();
  }
}

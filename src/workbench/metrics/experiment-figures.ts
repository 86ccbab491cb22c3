import * as vscode from 'vscode';
import type { MethodFigures } from '../../experiments/report/report-job.ts';
import type { ReportThread } from '../../experiments/report/report-thread.ts';
import { ChangeSource } from '../../shared/change-source.ts';
import { DisposableStore } from '../../shared/disposable.ts';
import { Workspace } from '../../shared/workspace.ts';
import { openFolders } from '../folders.ts';
import type { MeasuredExperiment } from './metrics-rows.ts';

const settleMs = 1000;

/**
 * Experiments of the open folders and what their methods reached so far. Means and intervals are those of the report;
 * they are computed in a thread, when a person unfolds an experiment.
 */
export class ExperimentFigures implements vscode.Disposable {
  private readonly thread: ReportThread;
  private readonly changes = new ChangeSource();
  readonly onDidChange = this.changes.onDidChange;
  private readonly disposables = new DisposableStore();
  private watchers = new DisposableStore();
  private timer: NodeJS.Timeout | undefined;

  constructor(thread: ReportThread) {
    this.thread = thread;
    this.disposables.add(this.changes);
    this.disposables.add(
      vscode.workspace.onDidChangeWorkspaceFolders(() => {
        this.watch();
        this.changes.fire();
      }),
    );
    this.watch();
  }

  async all(): Promise<MeasuredExperiment[]> {
    const { listExperiments } = await import('../../experiments/run-state.ts');
    const perFolder = await Promise.all(
      openFolders().map(async ({ uri }) => {
        const folder = uri.fsPath;
        const entries = await listExperiments(new Workspace(folder));
        return entries.map((entry): MeasuredExperiment => {
          const { id } = entry;
          if (entry.problem) {
            const problem = entry.problem.describe();
            const nothing = { dataset: '', simulated: false, done: 0, total: 0, failures: 0 };
            return { folder, id, ...nothing, status: 'unreadable', problem };
          }
          const { plan, state, error } = entry;
          return {
            folder,
            id,
            dataset: plan.dataset.name,
            simulated: plan.dataset.simulated,
            done: state.done,
            total: state.total,
            failures: state.methods.reduce((sum, method) => sum + method.failures, 0),
            status: state.status,
            problem: error ? `${error.message} ${error.remedy}` : undefined,
          };
        });
      }),
    );
    return perFolder.flat();
  }

  /** @throws StorageError `no-experiment`, `damaged-plan`, `damaged-records`; ToolRecError `report-failed` */
  methods(folder: string, id: string): Promise<readonly MethodFigures[]> {
    return this.thread.ask({ kind: 'figures', folder, id });
  }

  private watch(): void {
    this.watchers.dispose();
    this.watchers = new DisposableStore();
    for (const { uri } of openFolders()) {
      const pattern = new vscode.RelativePattern(
        uri,
        '.toolrec/{experiments,experiments/*,experiments/*/{plan,state}.json,experiments/*/records.jsonl}',
      );
      const watcher = this.watchers.add(vscode.workspace.createFileSystemWatcher(pattern));
      const soon = () => {
        // Records come many a second: told once a while, and the last of them always.
        this.timer ??= setTimeout(() => {
          this.timer = undefined;
          this.changes.fire();
        }, settleMs);
      };
      this.watchers.add(watcher.onDidCreate(soon));
      this.watchers.add(watcher.onDidChange(soon));
      this.watchers.add(watcher.onDidDelete(soon));
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.watchers.dispose();
    this.disposables.dispose();
  }
}

import path from 'node:path';
import * as vscode from 'vscode';
import { DisposableStore } from '../../shared/disposable.ts';
import { CancelledError, ToolRecError } from '../../shared/errors.ts';
import { taskType, trainingFileSuffix } from '../names.ts';
import type { RunPlan } from '../training/run-plan.ts';
import type { Workbench } from '../workbench.ts';

/** Saved training configurations as tasks: `{ "type": "toolrec", "file": "sasrec-sample.toolrec-train.yaml" }`. */
export class TrainingTasks implements vscode.TaskProvider, vscode.Disposable {
  private readonly workbench: Workbench;
  private readonly registration: vscode.Disposable;

  constructor(workbench: Workbench) {
    this.workbench = workbench;
    this.registration = vscode.tasks.registerTaskProvider(taskType, this);
  }

  async provideTasks(): Promise<vscode.Task[]> {
    const files = await vscode.workspace.findFiles(`**/*${trainingFileSuffix}`, '**/node_modules/**', 100);
    return files.flatMap((uri) => {
      const folder = vscode.workspace.getWorkspaceFolder(uri);
      if (!folder) return [];
      const file = path.relative(folder.uri.fsPath, uri.fsPath).replaceAll(path.sep, '/');
      return [this.taskOf({ type: taskType, file }, folder, file)];
    });
  }

  resolveTask(task: vscode.Task): vscode.Task | undefined {
    const file: unknown = task.definition['file'];
    const folder = typeof task.scope === 'object' ? task.scope : (vscode.workspace.workspaceFolders ?? [])[0];
    if (typeof file !== 'string' || !folder) return undefined;
    return this.taskOf(task.definition, folder, file);
  }

  private taskOf(
    definition: vscode.TaskDefinition,
    folder: vscode.WorkspaceFolder,
    file: string,
  ): vscode.Task {
    const uri = vscode.Uri.joinPath(folder.uri, file);
    const name = vscode.l10n.t('train {0}', path.posix.basename(file, trainingFileSuffix));
    const execution = new vscode.CustomExecution(() =>
      Promise.resolve(new TrainingTerminal(this.workbench, uri)),
    );
    // No matcher, said so: VS Code would ask for one. What is wrong with the file is in the Problems view anyway.
    const task = new vscode.Task(definition, folder, name, 'ToolRec', execution, []);
    task.detail = file;
    return task;
  }

  dispose(): void {
    this.registration.dispose();
  }
}

/** A task's terminal: a line an epoch. Closing it stops the run, with a usable checkpoint. */
class TrainingTerminal implements vscode.Pseudoterminal {
  private readonly workbench: Workbench;
  private readonly uri: vscode.Uri;
  private readonly written = new vscode.EventEmitter<string>();
  private readonly closed = new vscode.EventEmitter<number>();
  private readonly disposables = new DisposableStore();
  private current: RunPlan | undefined;
  private stopped = false;

  readonly onDidWrite = this.written.event;
  readonly onDidClose = this.closed.event;

  constructor(workbench: Workbench, uri: vscode.Uri) {
    this.workbench = workbench;
    this.uri = uri;
  }

  open(): void {
    void this.run().then((code) => {
      this.disposables.dispose();
      this.closed.fire(code);
    });
  }

  close(): void {
    this.stopped = true;
    if (this.current) this.workbench.training.stop(this.current);
  }

  /** Ctrl-C. */
  handleInput(data: string): void {
    if (data === '\x03') this.close();
  }

  private async run(): Promise<number> {
    const { plansIn, runOne } = await import('./training-file-commands.ts');
    try {
      const { text, plans } = await plansIn(this.workbench, this.uri);
      this.disposables.add(
        this.workbench.training.onEvents(({ id }, events) => {
          if (id !== this.current?.id) return;
          for (const event of events) {
            if (event.kind !== 'epoch') continue;
            const ndcg = event.validation['ndcg@10'];
            this.line(
              `epoch ${event.epoch}  loss ${event.loss.toFixed(4)}` +
                (ndcg === undefined ? '' : `  ndcg@10 ${ndcg.toFixed(4)}${event.best ? ' *' : ''}`),
            );
          }
        }),
      );
      for (const plan of plans) {
        if (this.stopped) return 130;
        this.current = plan;
        this.line(vscode.l10n.t('Training {0} on {1}', plan.id, plan.dataset));
        const model = await runOne(this.workbench, this.uri, text, plan);
        this.line(`${plan.id}: ${model?.status ?? 'stopped'}`);
      }
      return this.stopped ? 130 : 0;
    } catch (error) {
      if (error instanceof CancelledError) return 130;
      this.line(error instanceof ToolRecError ? error.describe() : String(error));
      if (error instanceof ToolRecError && error.code === 'bad-training-file')
        await vscode.commands.executeCommand('workbench.actions.view.problems');
      return 1;
    }
  }

  private line(text: string): void {
    this.written.fire(`${text.replace(/\n/g, '\r\n')}\r\n`);
  }
}

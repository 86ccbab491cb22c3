import * as vscode from 'vscode';
import { ToolRecError, UsageError } from '../../shared/errors.ts';
import { openFolders, requireTrust, workspaceOf } from '../folders.ts';
import { experimentFileSuffix } from '../names.ts';
import type { Workbench } from '../workbench.ts';

/** “ToolRec: Run Experiment”: the file of the argument, the one in the editor, or one that the person picks. */
export async function runExperimentCommand(workbench: Workbench, argument: unknown): Promise<void> {
  requireTrust();
  const file = await fileFor(argument);
  if (!file) return;
  const folder = vscode.workspace.getWorkspaceFolder(file)?.uri;
  if (!folder)
    throw new UsageError(
      'no-folder',
      'The experiment lies outside the folders of this window.',
      'Open its folder; datasets, models and results are kept there.',
    );
  const document = await vscode.workspace.openTextDocument(file);
  if (document.isDirty) await document.save();
  const { experimentId } = await import('../../experiments/experiment-file.ts');
  const reference = { folder: folder.fsPath, id: experimentId(file.fsPath) };
  if (workbench.experiments.run(reference)) return workbench.experiments.open(reference);
  const mode = await modeFor(reference.folder, reference.id);
  if (!mode) return;
  if (mode === 'show') return workbench.experiments.open(reference);
  const running = workbench.experiments.start(file, folder, mode);
  await workbench.experiments.open(reference);
  await running;
}

/** “ToolRec: Show Experiment”: one of those that have been run. */
export async function showExperiment(workbench: Workbench): Promise<void> {
  const { listExperiments } = await import('../../experiments/run-state.ts');
  const rows = (
    await Promise.all(
      openFolders().map(async ({ uri, name }) =>
        (await listExperiments(workspaceOf(uri))).map((entry) => ({
          label: entry.problem ? entry.id : entry.plan.title,
          description: entry.problem
            ? entry.problem.message
            : vscode.l10n.t('{0} of {1} users', entry.state.done, entry.state.total),
          detail: entry.problem ? name : `${entry.id} · ${entry.plan.dataset.name}`,
          reference: { folder: uri.fsPath, id: entry.id },
        })),
      ),
    )
  ).flat();
  if (rows.length === 0)
    throw new UsageError(
      'no-experiment',
      'No experiment has been run here.',
      'Make one with “ToolRec: New Experiment”, then choose “Run Experiment” above its first line.',
    );
  const chosen =
    rows.length === 1
      ? rows[0]
      : await vscode.window.showQuickPick(rows, { placeHolder: vscode.l10n.t('Which experiment?') });
  if (chosen) await workbench.experiments.open(chosen.reference);
}

/** “ToolRec: New Experiment”: a file to start from, with what this folder has. */
export async function newExperiment(workbench: Workbench): Promise<void> {
  requireTrust();
  const { pickFolder } = await import('../folders.ts');
  const folder = await pickFolder();
  if (!folder) return;
  const { starterExperiment } = await import('./starter.ts');
  const text = await starterExperiment(workspaceOf(folder), (definition, params) =>
    workbench.engine.request(definition, params),
  );
  for (let number = 1; ; number++) {
    const name = number === 1 ? 'experiment' : `experiment-${number}`;
    const uri = vscode.Uri.joinPath(folder, `${name}${experimentFileSuffix}`);
    if (
      await vscode.workspace.fs.stat(uri).then(
        () => true,
        () => false,
      )
    )
      continue;
    await vscode.workspace.fs.writeFile(uri, Buffer.from(text));
    await vscode.window.showTextDocument(uri);
    return;
  }
}

async function fileFor(argument: unknown): Promise<vscode.Uri | undefined> {
  if (argument instanceof vscode.Uri) return argument;
  const open = vscode.window.activeTextEditor?.document.uri;
  if (open?.path.endsWith(experimentFileSuffix)) return open;
  const found = await vscode.workspace.findFiles(`**/*${experimentFileSuffix}`, '**/node_modules/**', 100);
  if (found.length === 0)
    throw new UsageError(
      'no-experiment-file',
      'There is no experiment in this folder.',
      'Make one with “ToolRec: New Experiment”.',
    );
  if (found.length === 1) return found[0];
  const rows = found.map((uri) => ({ label: vscode.workspace.asRelativePath(uri), uri }));
  return (await vscode.window.showQuickPick(rows, { placeHolder: vscode.l10n.t('Which experiment?') }))?.uri;
}

/** What to do where there are records already; undefined when the person dismisses. */
async function modeFor(
  folder: string,
  id: string,
): Promise<'fresh' | 'resume' | 'again' | 'show' | undefined> {
  const { experimentStatus } = await import('../../experiments/run-state.ts');
  const status = await experimentStatus(workspaceOf(vscode.Uri.file(folder)), id).catch((error: unknown) => {
    if (error instanceof ToolRecError) return undefined;
    throw error;
  });
  if (!status || status.state.done === 0) return status ? 'resume' : 'fresh';
  const { done, total } = status.state;
  const rows = [
    {
      label: vscode.l10n.t('Go On'),
      detail: vscode.l10n.t('{0} of {1} users are done and are not run again.', done, total),
      mode: 'resume' as const,
    },
    {
      label: vscode.l10n.t('Show the Results'),
      detail: vscode.l10n.t('Nothing is run.'),
      mode: 'show' as const,
    },
    {
      label: vscode.l10n.t('Begin Anew'),
      detail: vscode.l10n.t('What was run is put aside, not deleted.'),
      mode: 'again' as const,
    },
  ];
  const placeHolder = vscode.l10n.t('“{0}” has been run before', id);
  return (await vscode.window.showQuickPick(rows, { placeHolder }))?.mode;
}

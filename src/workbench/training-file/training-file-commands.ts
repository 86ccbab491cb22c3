import path from 'node:path';
import * as vscode from 'vscode';
import { ConfigurationError, UsageError } from '../../shared/errors.ts';
import { showFailure } from '../failures.ts';
import { requireTrust } from '../folders.ts';
import { trainingFileSuffix } from '../names.ts';
import { startTraining } from '../training/start-training.ts';
import { withId } from '../training/training-commands.ts';
import type { RunPlan } from '../training/run-plan.ts';
import type { RunOutcome } from '../training/training-runs.ts';
import type { Workbench } from '../workbench.ts';
import { plansOfFile, readTrainingFile } from './read.ts';
import { trainingFileText } from './write.ts';

/** Asks where, writes the configuration of these runs there, and opens it. */
export async function saveTrainingFile(plans: readonly Omit<RunPlan, 'id'>[]): Promise<void> {
  const [first] = plans;
  if (!first) return;
  const base = first.tool ? `${first.tool.backbone}-tools` : `${first.preset ?? 'model'}-${first.dataset}`;
  const uri = await vscode.window.showSaveDialog({
    title: vscode.l10n.t('Save Training Configuration'),
    defaultUri: vscode.Uri.file(path.join(first.folder, `${base}${trainingFileSuffix}`)),
    filters: { [vscode.l10n.t('Training configuration')]: ['yaml'] },
  });
  if (!uri) return;
  // Without the whole suffix nothing would know what it is.
  const target = uri.path.endsWith(trainingFileSuffix)
    ? uri
    : uri.with({ path: `${uri.path.replace(/\.ya?ml$/, '')}${trainingFileSuffix}` });
  const comment = vscode.l10n.t('Run by “Run Training” above, or by the task of this name.');
  await vscode.workspace.fs.writeFile(target, Buffer.from(trainingFileText(plans, comment)));
  await vscode.window.showTextDocument(target);
}

/** “ToolRec: Run Training Configuration”: the file of the argument, or the one in the editor. */
export async function runTrainingFile(workbench: Workbench, argument: unknown): Promise<void> {
  requireTrust();
  const uri = argument instanceof vscode.Uri ? argument : vscode.window.activeTextEditor?.document.uri;
  if (!uri?.path.endsWith(trainingFileSuffix))
    throw new UsageError(
      'no-training-file',
      'No training configuration is open.',
      `Open a file whose name ends in ${trainingFileSuffix}, or save one from “ToolRec: Train”.`,
    );
  const { text, plans } = await plansIn(workbench, uri);
  for (const plan of plans)
    void runOne(workbench, uri, text, plan).catch((error: unknown) => showFailure(error, workbench.log));
  await workbench.trainingPanels.open(
    vscode.Uri.file(plans[0]!.folder),
    plans.map(({ id }) => id),
  );
}

/** Reads and checks a file as it stands in the editor. @throws ConfigurationError `bad-training-file` with the place */
export async function plansIn(
  workbench: Workbench,
  uri: vscode.Uri,
): Promise<{ text: string; plans: readonly RunPlan[] }> {
  const document = await vscode.workspace.openTextDocument(uri);
  const folder = vscode.workspace.getWorkspaceFolder(uri)?.uri;
  if (!folder)
    throw new UsageError(
      'outside-folder',
      'The training configuration lies outside of the open folders.',
      'Open the folder that holds it and its datasets.',
    );
  const text = document.getText();
  const { value, findings } = readTrainingFile(text);
  const [finding] = findings;
  if (!value || finding) {
    const start = document.positionAt(finding?.start ?? 0);
    throw new ConfigurationError(
      'bad-training-file',
      finding?.message ?? 'The training configuration is not valid.',
      'Correct it; the Problems view lists everything that is wrong.',
      { place: { file: uri.fsPath, line: start.line + 1, column: start.character + 1 } },
    );
  }
  await workbench.trainingFiles.clearFailure(uri);
  const plans: RunPlan[] = [];
  for (const plan of plansOfFile(value, folder.fsPath, uri.fsPath))
    plans.push(await withId(workbench, plan, plans));
  return { text, plans };
}

/** One run of a file. A failure is also shown at its line. @throws what training throws */
export async function runOne(
  workbench: Workbench,
  uri: vscode.Uri,
  text: string,
  plan: RunPlan,
): Promise<RunOutcome> {
  try {
    return await startTraining(workbench, plan, { quiet: true });
  } catch (error) {
    await workbench.trainingFiles.showFailure(uri, text, error);
    throw error;
  }
}

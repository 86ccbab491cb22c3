import * as vscode from 'vscode';
import { datasetSample } from '../service/requests/dataset.ts';
import type { DatasetReference } from './dataset-tree.ts';
import { askForFolder, openFolders, pickFolder, requireTrust } from './folders.ts';
import { runWithProgress } from './long-work.ts';
import { commands, views } from './names.ts';
import type { Workbench } from './workbench.ts';

/**
 * “ToolRec: Create Sample Dataset”. Without an open folder it asks for one, makes the sample there and opens it, so
 * that one command leads from nothing to a dataset.
 * @param given where to make it, for when no folder is open
 */
export async function createSample(workbench: Workbench, given?: vscode.Uri): Promise<void> {
  requireTrust();
  const open = openFolders().length > 0;
  const folder =
    given ?? (open ? await pickFolder() : await askForFolder(vscode.l10n.t('Folder for the Sample Dataset')));
  if (!folder) return;
  if (given) await vscode.workspace.fs.createDirectory(given);
  const sample = await runWithProgress(vscode.l10n.t('Making the sample dataset'), (work) =>
    workbench.engine.request(datasetSample, { workspace: folder.fsPath }, work),
  );
  workbench.log.info(
    `Made the dataset ${sample.name}: ${sample.users} users, ${sample.items} items, ${sample.interactions} interactions.`,
  );
  if (!open) {
    await vscode.commands.executeCommand('vscode.openFolder', folder);
    return;
  }
  workbench.datasets.refresh();
  const reference: DatasetReference = { folder, name: sample.name };
  workbench.inspectors.reload(reference);
  await vscode.commands.executeCommand(`${views.datasets}.focus`);
  const show = vscode.l10n.t('Show Dataset');
  const message = vscode.l10n.t(
    'The dataset “{0}” is ready: {1} simulated viewers, {2} films.',
    sample.name,
    sample.users.toLocaleString(vscode.env.language),
    sample.items.toLocaleString(vscode.env.language),
  );
  void vscode.window
    .showInformationMessage(message, show)
    .then((chosen) => chosen && vscode.commands.executeCommand(commands.showDataset, reference));
}

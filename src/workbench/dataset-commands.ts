import * as vscode from 'vscode';
import { UsageError } from '../shared/errors.ts';
import { datasetDescription } from './dataset-text.ts';
import type { DatasetReference } from './dataset-tree.ts';
import { requireTrust, workspaceOf } from './folders.ts';
import { vscodeTexts } from './language.ts';
import { modelReferenceOf } from './models/model-reference.ts';
import type { Workbench } from './workbench.ts';

/** The dataset a command was run on: a tree row or a reference given by a program. */
export function referenceOf(argument: unknown): DatasetReference | undefined {
  if (typeof argument !== 'object' || argument === null) return undefined;
  const { folder, name } = argument as Partial<DatasetReference>;
  return folder instanceof vscode.Uri && typeof name === 'string' ? { folder, name } : undefined;
}

/** Every dataset as an item to pick. @throws UsageError `no-datasets` */
export async function pickableDatasets(workbench: Workbench) {
  const all = await workbench.datasets.all();
  if (all.length === 0)
    throw new UsageError(
      'no-datasets',
      'There is no dataset yet.',
      'Run “ToolRec: Create Sample Dataset” or “ToolRec: Import Dataset…”.',
    );
  const several = new Set(all.map(({ folder }) => folder.toString())).size > 1;
  return all.map((node) => ({
    label: node.name,
    description: node.entry.manifest
      ? datasetDescription(node.entry.manifest, vscodeTexts)
      : vscode.l10n.t('cannot be read'),
    ...(several && { detail: vscode.workspace.asRelativePath(node.folder) }),
    iconPath: new vscode.ThemeIcon(node.entry.manifest?.simulated ? 'beaker' : 'database'),
    node,
  }));
}

/** Asks which dataset. @throws UsageError `no-datasets` */
export async function pickDataset(
  workbench: Workbench,
  placeHolder: string,
): Promise<DatasetReference | undefined> {
  const picks = await pickableDatasets(workbench);
  return (await vscode.window.showQuickPick(picks, { placeHolder, matchOnDescription: true }))?.node;
}

/** The dataset, if there is one and no other: then there is nothing to ask. */
async function onlyDataset(workbench: Workbench): Promise<DatasetReference | undefined> {
  const all = await workbench.datasets.all();
  return all.length === 1 ? all[0] : undefined;
}

/** “ToolRec: Show Dataset”: opens the inspector. */
export async function showDataset(workbench: Workbench, argument: unknown): Promise<void> {
  const reference =
    referenceOf(argument) ??
    (await onlyDataset(workbench)) ??
    (await pickDataset(workbench, vscode.l10n.t('Which dataset should be shown?')));
  if (reference) await workbench.inspectors.open(reference);
}

/** “ToolRec: Delete Dataset…”: asks, then deletes. */
export async function deleteDataset(workbench: Workbench, argument: unknown): Promise<void> {
  requireTrust();
  const reference =
    referenceOf(argument) ??
    (await pickDataset(workbench, vscode.l10n.t('Which dataset should be deleted?')));
  if (!reference) return;
  const confirm = vscode.l10n.t('Delete');
  const answer = await vscode.window.showWarningMessage(
    vscode.l10n.t('Delete the dataset “{0}”?', reference.name),
    {
      modal: true,
      detail: vscode.l10n.t(
        'Its folder under .toolrec is deleted for good. The files it was imported from are not touched.',
      ),
    },
    confirm,
  );
  if (answer !== confirm) return;
  const { deleteDataset: deleteStored } = await import('../data/library.ts');
  try {
    await deleteStored(workspaceOf(reference.folder), reference.name);
  } finally {
    workbench.datasets.refresh();
  }
  workbench.inspectors.close(reference);
  workbench.log.info(`Deleted the dataset ${reference.name}.`);
}

/** Of a dataset or a model. */
export async function copyDatasetName(argument: unknown): Promise<void> {
  const name = referenceOf(argument)?.name ?? modelReferenceOf(argument)?.id;
  if (name !== undefined) await vscode.env.clipboard.writeText(name);
}

export async function revealDataset(argument: unknown): Promise<void> {
  const reference = referenceOf(argument);
  if (!reference) return;
  const directory = workspaceOf(reference.folder).entry('datasets', reference.name);
  await vscode.commands.executeCommand('revealInExplorer', vscode.Uri.file(`${directory}/dataset.json`));
}

import * as vscode from 'vscode';
import { createSample } from './create-sample.ts';
import { openFolders, requireTrust, workspaceOf } from './folders.ts';
import { commands, views } from './names.ts';
import type { Workbench } from './workbench.ts';

/** What it is called where nothing else is asked for. */
const sampleName = 'sample';

/**
 * “ToolRec: Open Sample”: leads from wherever the person is to the sample, shown. It is made where it is not there
 * yet; without an open folder, in one that ToolRec keeps or one that they choose.
 */
export async function openSample(workbench: Workbench): Promise<void> {
  requireTrust();
  const known = (await workbench.datasets.all()).find(
    ({ name, entry }) => name === sampleName && entry.manifest?.simulated,
  );
  if (known) {
    await vscode.commands.executeCommand(`${views.datasets}.focus`);
    await vscode.commands.executeCommand(commands.showDataset, { folder: known.folder, name: known.name });
    return;
  }
  if (openFolders().length > 0) {
    await createSample(workbench);
    return;
  }
  const own = vscode.Uri.joinPath(workbench.storageUri, 'sample');
  const picked = await vscode.window.showQuickPick(
    [
      {
        label: `$(beaker) ${vscode.l10n.t('In a folder that ToolRec keeps')}`,
        detail: vscode.l10n.t('To look around. It stays until the extension is removed.'),
        folder: own as vscode.Uri | undefined,
      },
      {
        label: `$(folder-opened) ${vscode.l10n.t('In a folder of mine…')}`,
        detail: vscode.l10n.t('Any empty folder will do.'),
        folder: undefined,
      },
    ],
    { placeHolder: vscode.l10n.t('Where should the sample be opened?') },
  );
  if (!picked) return;
  if (picked.folder && (await hasSample(picked.folder)))
    await vscode.commands.executeCommand('vscode.openFolder', picked.folder);
  else await createSample(workbench, picked.folder);
}

/** True where it was made before, in another window. */
async function hasSample(folder: vscode.Uri): Promise<boolean> {
  const { listDatasets } = await import('../data/library.ts');
  const entries = await listDatasets(workspaceOf(folder));
  return entries.some(({ name, manifest }) => name === sampleName && manifest !== undefined);
}

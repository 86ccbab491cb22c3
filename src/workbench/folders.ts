import * as vscode from 'vscode';
import { UsageError } from '../shared/errors.ts';
import { Workspace } from '../shared/workspace.ts';

/** The open folders that are on disk; each has its own `.toolrec`. */
export function openFolders(): readonly vscode.WorkspaceFolder[] {
  return (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
}

export function workspaceOf(folder: vscode.Uri): Workspace {
  return new Workspace(folder.fsPath);
}

/** The folder to put something in: the only one, or the one that the person picks; undefined when they dismiss. */
export async function pickFolder(): Promise<vscode.Uri | undefined> {
  const folders = openFolders();
  if (folders.length === 1) return folders[0]!.uri;
  if (folders.length === 0)
    throw new UsageError('no-folder', 'No folder is open.', 'Open a folder and try again.');
  const picked = await vscode.window.showWorkspaceFolderPick({
    placeHolder: vscode.l10n.t('Which folder should hold the dataset?'),
  });
  return picked?.uri;
}

/** Asks for any folder on disk, for when none is open. */
export async function askForFolder(label: string): Promise<vscode.Uri | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    canSelectFiles: false,
    canSelectFolders: true,
    canSelectMany: false,
    title: label,
    openLabel: vscode.l10n.t('Use This Folder'),
  });
  return chosen?.[0];
}

/** @throws UsageError `not-trusted` in Restricted Mode. `enablement` hides the commands; programs can still call them. */
export function requireTrust(): void {
  if (vscode.workspace.isTrusted) return;
  throw new UsageError(
    'not-trusted',
    'This folder is in Restricted Mode, where nothing is created or deleted.',
    'Trust the folder (“Workspaces: Manage Workspace Trust”) and try again.',
  );
}

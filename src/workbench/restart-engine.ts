import * as vscode from 'vscode';
import type { Workbench } from './workbench.ts';

/** “ToolRec: Restart Engine”. */
export async function restartEngine({ engine }: Workbench): Promise<void> {
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: vscode.l10n.t('Restarting the ToolRec engine') },
    () => engine.restart(),
  );
  vscode.window.setStatusBarMessage(vscode.l10n.t('$(check) ToolRec: the engine runs.'), 4000);
}

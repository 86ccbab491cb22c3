import * as vscode from 'vscode';
import type { Workbench } from './workbench.ts';

/** “ToolRec: Restart Engine”. */
export async function restartEngine({ engine, trainer }: Workbench): Promise<void> {
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: vscode.l10n.t('Restarting the ToolRec engine') },
    // A training that is under way goes on from its last checkpoint.
    () => Promise.all([engine.restart(), ...(trainer.wasNeeded ? [trainer.restart()] : [])]),
  );
  vscode.window.setStatusBarMessage(vscode.l10n.t('$(check) ToolRec: the engine runs.'), 4000);
}

import * as vscode from 'vscode';
import { testConnection } from '../llm/connection-test.ts';
import { UsageError } from '../shared/errors.ts';
import { vscodeTexts } from './language.ts';
import { runWithProgress } from './long-work.ts';
import { choiceText } from './model-choice.ts';
import { connectionText } from './model-text.ts';
import { commands } from './names.ts';
import type { Workbench } from './workbench.ts';

/** “ToolRec: Test Language Model Connection”: one small question, over the same way that sessions use. */
export async function testLanguageModel({ languageModels, log }: Workbench): Promise<void> {
  const choice = await languageModels.current();
  const model = await languageModels.chatModelFor(choice);
  if (!model) {
    const select = vscode.l10n.t('Select Language Model');
    void vscode.window
      .showInformationMessage(vscode.l10n.t('Sessions run offline: there is no connection to test.'), select)
      .then((answer) => answer && vscode.commands.executeCommand(commands.selectLanguageModel));
    return;
  }
  const report = await runWithProgress(
    vscode.l10n.t('Asking {0}', choiceText(choice, vscodeTexts)),
    ({ signal }) => testConnection(model, signal),
  );
  const text = connectionText(model.label, report, vscodeTexts);
  log.info(text);
  void vscode.window.showInformationMessage(text);
}

/** “ToolRec: Forget API Key…”. */
export async function forgetApiKey({ languageModels, log }: Workbench): Promise<void> {
  const servers = languageModels.keys.servers();
  if (servers.length === 0)
    throw new UsageError('no-keys', 'No API key is kept.', 'There is nothing to forget.');
  const picked = await vscode.window.showQuickPick(
    servers.map((label) => ({ label, iconPath: new vscode.ThemeIcon('key') })),
    { placeHolder: vscode.l10n.t('The key of which server should be forgotten?'), canPickMany: true },
  );
  for (const { label } of picked ?? []) {
    await languageModels.keys.forget(label);
    log.info(`The API key for ${label} was forgotten.`);
  }
  if (picked && picked.length > 0)
    vscode.window.setStatusBarMessage(vscode.l10n.t('$(check) ToolRec: forgotten.'), 4000);
}

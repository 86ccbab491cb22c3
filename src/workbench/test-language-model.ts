import * as vscode from 'vscode';
import { testConnection } from '../llm/connection-test.ts';
import { normaliseBaseUrl } from '../llm/base-url.ts';
import { ModelError } from '../shared/errors.ts';
import { showFailure } from './failures.ts';
import type { Action } from './failures.ts';
import { vscodeTexts } from './language.ts';
import { runWithProgress } from './long-work.ts';
import { choiceText } from './model-choice.ts';
import type { LanguageModelChoice } from './model-choice.ts';
import { connectionText } from './model-text.ts';
import { commands } from './names.ts';
import { noticeText } from './untrusted-text.ts';
import type { Workbench } from './workbench.ts';

/** “ToolRec: Test Language Model Connection”: one small question, over the same way that sessions use. */
export async function testLanguageModel(workbench: Workbench): Promise<void> {
  const { languageModels, log } = workbench;
  const choice = await languageModels.current();
  const model = await languageModels.chatModelFor(choice);
  if (!model) {
    const select = vscode.l10n.t('Select Language Model');
    void vscode.window
      .showInformationMessage(vscode.l10n.t('Sessions run offline: there is no connection to test.'), select)
      .then((answer) => answer && vscode.commands.executeCommand(commands.selectLanguageModel));
    return;
  }
  const title = vscode.l10n.t('Asking {0}', choiceText(choice, vscodeTexts));
  const report = await runWithProgress(title, ({ signal, onProgress }) =>
    testConnection(model, signal, ({ error, waitMs }) =>
      onProgress?.({
        message: vscode.l10n.t('{0} Asking again in {1} s', error.message, Math.ceil(waitMs / 1000)),
      }),
    ),
  ).catch((error: unknown) => showFailure(error, log, waysOut(workbench, choice, error)));
  if (!report) return;
  const text = connectionText(model.label, report, vscodeTexts);
  log.info(text);
  void vscode.window.showInformationMessage(noticeText(text));
}

/** Where the person can put right what keeps a model from answering. */
function waysOut(workbench: Workbench, choice: LanguageModelChoice, error: unknown): Action[] {
  if (!(error instanceof ModelError)) return [];
  const select: Action = {
    title: vscode.l10n.t('Select Language Model'),
    run: () => vscode.commands.executeCommand(commands.selectLanguageModel),
  };
  if (error.code !== 'unauthorised' || choice.kind !== 'openai') return [select];
  const { protocol, baseURL, model } = choice;
  const enterKey: Action = {
    title: vscode.l10n.t('Enter API Key…'),
    run: async () => {
      try {
        const { ServerDialogue } = await import('./server-dialogue.ts');
        await new ServerDialogue(workbench, protocol, { baseURL: normaliseBaseUrl(baseURL), model }).ask();
      } catch (failure) {
        showFailure(failure, workbench.log);
      }
    },
  };
  return [enterKey, select];
}

/** “ToolRec: Forget API Key…”. */
export async function forgetApiKey({ languageModels, log }: Workbench): Promise<void> {
  const servers = languageModels.keys.servers();
  if (servers.length === 0) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('ToolRec keeps no API key: there is nothing to forget.'),
    );
    return;
  }
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

import path from 'node:path';
import * as vscode from 'vscode';
import { domainOf } from '../../agent/prompts/library.ts';
import { promptLibrary } from '../../experiments/session-parts.ts';
import { UsageError } from '../../shared/errors.ts';
import { requireTrust, workspaceOf } from '../folders.ts';
import { commands } from '../names.ts';
import type { Workbench } from '../workbench.ts';
import type { PromptFeatures } from './features.ts';
import { isPrompt } from './selectors.ts';

const { t } = vscode.l10n;

/** The prompt that a command is about: its argument or the active editor's. @throws UsageError `no-prompt-open` */
export async function promptOf(argument: unknown): Promise<vscode.TextDocument> {
  const document =
    argument instanceof vscode.Uri
      ? await vscode.workspace.openTextDocument(argument)
      : vscode.window.activeTextEditor?.document;
  if (document && isPrompt(document)) return document;
  throw new UsageError('no-prompt-open', 'No prompt is open.', 'Open one with “ToolRec: Edit Prompts”.');
}

export async function previewPrompt(features: PromptFeatures, argument: unknown): Promise<void> {
  await features.preview(await promptOf(argument));
}

/** “Run Session with This Prompt”: on the dataset that the prompt is shown with. */
export async function runSessionWithPrompt(
  workbench: Workbench,
  features: PromptFeatures,
  argument: unknown,
): Promise<void> {
  requireTrust();
  const document = await promptOf(argument);
  await features.requireOwn(document);
  await document.save();
  const subject = await features.subjects.ofPrompt(document.uri);
  const { folder } = subject;
  const dataset = await features.subjects.dataset(folder, subject.dataset);
  const used = await promptLibrary(workspaceOf(folder)).load('surrogate', domainOf(dataset));
  if (path.resolve(used.file) !== path.resolve(document.uri.fsPath))
    throw new UsageError(
      'prompt-not-used',
      `Sessions on “${dataset.name}” use the prompt “${used.name}”, not this one.`,
      `Edit ${used.name}.toolrec.md, or give this file that name.`,
      { place: { file: document.uri.fsPath } },
    );
  const choice = await workbench.languageModels.current();
  if (choice.kind === 'offline') {
    const [select, anyway] = [t('Select Language Model'), t('Run Offline')];
    const answer = await vscode.window.showInformationMessage(
      t('No language model is chosen. The offline policy does not read the prompt.'),
      select,
      anyway,
    );
    if (answer === select) await vscode.commands.executeCommand(commands.selectLanguageModel);
    if (answer !== anyway) return;
  }
  const user = (subject.user === undefined ? 0 : dataset.userCode(subject.user)) ?? 0;
  const title = t('User {0} · {1}', dataset.user(user).id, dataset.name);
  await workbench.sessionPanels.start({ folder: folder.fsPath, dataset: dataset.name, user }, title);
}

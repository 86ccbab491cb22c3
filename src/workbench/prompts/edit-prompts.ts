import * as vscode from 'vscode';
import type { PromptFile, PromptFiles, PromptState } from '../../agent/prompts/origins.ts';
import { promptKinds } from '../../agent/prompts/kinds.ts';
import { promptSuffix } from '../../agent/prompts/template.ts';
import { UsageError } from '../../shared/errors.ts';
import { pickFolder, requireTrust } from '../folders.ts';
import type { PromptFeatures } from './features.ts';
import { replaceAndSave } from './replace-text.ts';

const { t } = vscode.l10n;

function stateText(state: PromptState): string {
  switch (state) {
    case 'shipped':
      return '';
    case 'unchanged':
      return t('in prompts/, not edited');
    case 'edited':
      return t('edited');
    case 'outdated':
      return t('in prompts/, not edited; a newer version comes with ToolRec');
    case 'diverged':
      return t('edited; a newer version comes with ToolRec');
    case 'own':
      return t('your own');
  }
}

/** “ToolRec: Edit Prompts”: opens the workspace's copy of a prompt, and makes it at the first edit. */
export async function editPrompts(features: PromptFeatures): Promise<void> {
  requireTrust();
  const folder = await pickFolder();
  if (!folder) return;
  const files = features.subjects.files(folder);
  const entry = await pickPrompt(files, t('Which prompt should be edited? It is copied to “prompts” first.'));
  if (!entry) return;
  const file = await files.copyForEdit(entry.name);
  if (entry.state === 'shipped') features.parts.log.info(`Copied the prompt ${entry.name} to ${file}.`);
  await vscode.window.showTextDocument(vscode.Uri.file(file), { preview: false });
}

async function pickPrompt(files: PromptFiles, placeHolder: string): Promise<PromptFile | undefined> {
  const all = await files.list();
  const item = (entry: PromptFile) => ({
    label: entry.name.endsWith(promptSuffix) ? entry.name.slice(0, -promptSuffix.length) : entry.name,
    description: stateText(entry.state),
    iconPath: new vscode.ThemeIcon(
      entry.state === 'shipped' ? 'file' : entry.state === 'unchanged' ? 'file-symlink-file' : 'edit',
    ),
    entry,
  });
  const separator = (label: string) => ({
    label,
    kind: vscode.QuickPickItemKind.Separator,
    entry: undefined,
  });
  const own = all.filter(({ state }) => state !== 'shipped');
  // The ones that people edit most come first.
  const place = ({ name }: PromptFile) => promptKinds.findIndex((kind) => name.startsWith(`${kind}.`));
  const templates = all
    .filter(({ state, kind }) => state === 'shipped' && kind === 'template')
    .sort((a, b) => place(a) - place(b));
  const demonstrations = all.filter(({ state, kind }) => state === 'shipped' && kind === 'demonstrations');
  const picks = [
    ...(own.length > 0 ? [separator(t('In this folder')), ...own.map(item)] : []),
    ...(templates.length > 0 ? [separator(t('Templates')), ...templates.map(item)] : []),
    ...(demonstrations.length > 0 ? [separator(t('Demonstrations')), ...demonstrations.map(item)] : []),
  ];
  return (await vscode.window.showQuickPick(picks, { placeHolder, matchOnDescription: true }))?.entry;
}

/** The prompt that a command is about: its argument or the active editor's. @throws UsageError `no-prompt-open` */
async function target(
  features: PromptFeatures,
  argument: unknown,
): Promise<{ files: PromptFiles; entry: PromptFile; uri: vscode.Uri }> {
  const uri = argument instanceof vscode.Uri ? argument : vscode.window.activeTextEditor?.document.uri;
  const folder = uri && features.subjects.folderOf(uri);
  const files = folder && features.subjects.files(folder);
  const name = uri && files?.nameOf(uri.fsPath);
  if (!uri || !files || name === undefined)
    throw new UsageError(
      'no-prompt-open',
      'No prompt of this workspace is open.',
      'Open one with “ToolRec: Edit Prompts”.',
    );
  return { files, entry: await files.find(name), uri };
}

/** “Show What Changed”: the shipped prompt beside the workspace's. */
export async function showPromptChanges(features: PromptFeatures, argument: unknown): Promise<void> {
  const { entry, uri } = await target(features, argument);
  if (entry.shipped === undefined)
    throw new UsageError(
      'nothing-shipped',
      `“${entry.name}” does not come with ToolRec.`,
      'There is nothing to compare it with.',
    );
  const shipped = await vscode.workspace.fs.readFile(vscode.Uri.file(entry.shipped));
  const left = features.virtual(`shipped/${entry.name}`, Buffer.from(shipped).toString('utf8'));
  await vscode.commands.executeCommand('vscode.diff', left, uri, t('{0}: shipped ↔ yours', entry.name));
}

/** “Reset to Default”: asks, then puts the shipped prompt in the place of the copy; undo brings the edit back. */
export async function resetPrompt(features: PromptFeatures, argument: unknown): Promise<void> {
  requireTrust();
  const { files, entry, uri } = await target(features, argument);
  const reset = t('Reset');
  const answer = await vscode.window.showWarningMessage(
    t('Reset “{0}” to the prompt that comes with ToolRec?', entry.name),
    {
      modal: true,
      detail: t('Your changes are replaced. Undo in the editor brings them back while it is open.'),
    },
    reset,
  );
  if (answer !== reset) return;
  await replaceInEditor(files, entry, uri);
}

/** A newer prompt is shipped: look at it, take it, or keep one's own. Nothing is replaced unasked. */
export async function updatePrompt(features: PromptFeatures, argument: unknown): Promise<void> {
  requireTrust();
  const { files, entry, uri } = await target(features, argument);
  const [show, take, keep] = [t('Show What Changed'), t('Take the New Version'), t('Keep Mine')];
  const message =
    entry.state === 'outdated'
      ? t('A newer version of “{0}” comes with ToolRec. You have not edited yours.', entry.name)
      : t('A newer version of “{0}” comes with ToolRec. You have edited yours.', entry.name);
  const answer = await vscode.window.showInformationMessage(message, show, take, keep);
  if (answer === show) await showPromptChanges(features, uri);
  else if (answer === keep) {
    await files.keep(entry.name);
    features.subjects.forget();
  } else if (answer === take) {
    if (entry.state === 'diverged') await resetPrompt(features, uri);
    else await replaceInEditor(files, entry, uri);
  }
}

/** Through the editor, so that undo works; then on disk, so that it counts as unchanged. */
async function replaceInEditor(files: PromptFiles, entry: PromptFile, uri: vscode.Uri): Promise<void> {
  if (entry.shipped === undefined) {
    await files.reset(entry.name); // says why not
    return;
  }
  // A link that leads out of the folder is not followed.
  await files.requireOwn(entry.name);
  const shipped = Buffer.from(await vscode.workspace.fs.readFile(vscode.Uri.file(entry.shipped)));
  await replaceAndSave(await vscode.workspace.openTextDocument(uri), shipped.toString('utf8'));
  await files.keep(entry.name);
}

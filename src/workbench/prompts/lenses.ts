import * as vscode from 'vscode';
import { commands } from '../names.ts';
import type { PromptFeatures } from './features.ts';
import { isPrompt, shippedScheme } from './selectors.ts';

/** The lines above the first: what can be done with a prompt or a file of demonstrations. */
export async function lensesOf(
  features: PromptFeatures,
  document: vscode.TextDocument,
): Promise<vscode.CodeLens[]> {
  const top = new vscode.Range(0, 0, 0, 0);
  const lens = (title: string, command: string, ...args: unknown[]) =>
    new vscode.CodeLens(top, { title, command, arguments: args });
  const { t } = vscode.l10n;
  if (!isPrompt(document))
    return [
      lens(t('Open as List'), commands.editDemonstrations, document.uri),
      ...(await originLenses(features, document, lens)),
    ];
  if (document.uri.scheme === shippedScheme) return [];
  const { values } = await features.contextOf(document);
  const { rendered } = features.checkNow(document, values);
  const user = values?.subject.match(/^user (.+?) of /)?.[1];
  const lenses = [
    lens(
      user === undefined ? t('Preview') : t('Preview with user {0}', user),
      commands.previewPrompt,
      document.uri,
    ),
  ];
  if (features.read(document).front.kind === 'surrogate')
    lenses.push(
      lens(t('Run session with this prompt'), commands.runSessionWithPrompt, document.uri),
      lens(t('Quick check'), commands.quickCheckPrompt, document.uri),
    );
  if (rendered)
    lenses.push(
      lens(
        t('Tokens: {0}', rendered.tokens.toLocaleString(vscode.env.language)),
        commands.previewPrompt,
        document.uri,
      ),
    );
  return [...lenses, ...(await originLenses(features, document, lens))];
}

async function originLenses(
  features: PromptFeatures,
  document: vscode.TextDocument,
  lens: (title: string, command: string, ...args: unknown[]) => vscode.CodeLens,
): Promise<vscode.CodeLens[]> {
  const folder = features.subjects.folderOf(document.uri);
  const files = folder && features.subjects.files(folder);
  const name = files?.nameOf(document.uri.fsPath);
  if (!files || name === undefined) return [];
  const { t } = vscode.l10n;
  const entry = await files.find(name).catch(() => undefined);
  switch (entry?.state) {
    case 'edited':
      return [
        lens(t('Show what changed'), commands.showPromptChanges, document.uri),
        lens(t('Reset to default'), commands.resetPrompt, document.uri),
      ];
    case 'outdated':
    case 'diverged':
      return [lens(t('A newer version comes with ToolRec…'), commands.updatePrompt, document.uri)];
    case 'shipped':
    case 'unchanged':
    case 'own':
    case undefined:
      return [];
  }
}

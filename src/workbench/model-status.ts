import * as vscode from 'vscode';
import { DisposableStore } from '../shared/disposable.ts';
import { escapeMarkdown } from './dataset-text.ts';
import { openFolders, workspaceOf } from './folders.ts';
import { vscodeTexts } from './language.ts';
import type { LanguageModels } from './language-models.ts';
import { choiceSentence, choiceText, protocolText } from './model-choice.ts';
import type { LanguageModelChoice } from './model-choice.ts';
import { commands } from './names.ts';
import { labelText } from './untrusted-text.ts';

/** The entry of the status bar that says which language model sessions use from now on, and changes it on a click. */
export class ModelStatus implements vscode.Disposable {
  private readonly item: vscode.StatusBarItem;
  private readonly disposables = new DisposableStore();
  private readonly first: NodeJS.Timeout;
  private shown = false;

  /**
   * @param folders tells when a folder of the window may have come to hold something of ToolRec. Until one does, and
   *   while sessions are offline as ever, the entry stays away: most windows have nothing to do with it.
   */
  constructor(models: LanguageModels, folders: { readonly onDidChange: vscode.Event<unknown> }) {
    this.item = this.disposables.add(
      vscode.window.createStatusBarItem('toolrec.languageModel', vscode.StatusBarAlignment.Right, 90),
    );
    this.item.name = vscode.l10n.t('ToolRec Language Model');
    this.item.command = commands.selectLanguageModel;
    this.disposables.add(models.onDidChange((choice) => this.show(choice)));
    const look = async () => {
      if (this.shown) return;
      const choice = await models.current();
      if (choice.kind !== 'offline' || (await isUsedHere())) this.show(choice);
    };
    this.disposables.add(folders.onDidChange(() => void look()));
    // After activation, which must not wait for the settings' schemas.
    this.first = setTimeout(() => void look(), 200);
  }

  private show(choice: LanguageModelChoice): void {
    this.shown = true;
    const text = choiceText(choice, vscodeTexts);
    this.item.text = `$(${choice.kind === 'offline' ? 'circuit-board' : 'comment-discussion'}) ToolRec: ${labelText(text, 48)}`;
    const lines = [
      `**${vscode.l10n.t('Language model of sessions')}:** ${escapeMarkdown(text)}`,
      escapeMarkdown(choiceSentence(choice, vscodeTexts)),
      ...(choice.kind === 'offline'
        ? []
        : [vscode.l10n.t('Wire protocol: {0}.', protocolText(choice.protocol, vscodeTexts))]),
      vscode.l10n.t('Click to choose another. Open sessions use it from their next round on.'),
    ];
    this.item.tooltip = new vscode.MarkdownString(lines.join('\n\n'));
    this.item.accessibilityInformation = {
      label: vscode.l10n.t('ToolRec language model of sessions: {0}', text),
      role: 'button',
    };
    this.item.show();
  }

  dispose(): void {
    clearTimeout(this.first);
    this.disposables.dispose();
  }
}

/** True where some open folder has what ToolRec keeps. */
async function isUsedHere(): Promise<boolean> {
  const kept = await Promise.all(
    openFolders().map(({ uri }) =>
      vscode.workspace.fs.stat(vscode.Uri.file(workspaceOf(uri).root)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return kept.includes(true);
}

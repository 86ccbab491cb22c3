import * as vscode from 'vscode';
import { DisposableStore } from '../shared/disposable.ts';
import { escapeMarkdown } from './dataset-text.ts';
import { vscodeTexts } from './language.ts';
import type { LanguageModels } from './language-models.ts';
import { choiceSentence, choiceText, protocolText } from './model-choice.ts';
import type { LanguageModelChoice } from './model-choice.ts';
import { commands } from './names.ts';

/** The entry of the status bar that says which language model new sessions use, and changes it on a click. */
export class ModelStatus implements vscode.Disposable {
  private readonly item: vscode.StatusBarItem;
  private readonly disposables = new DisposableStore();
  private readonly first: NodeJS.Timeout;

  constructor(models: LanguageModels) {
    this.item = this.disposables.add(
      vscode.window.createStatusBarItem('toolrec.languageModel', vscode.StatusBarAlignment.Right, 90),
    );
    this.item.name = vscode.l10n.t('ToolRec Language Model');
    this.item.command = commands.selectLanguageModel;
    this.disposables.add(models.onDidChange((choice) => this.show(choice)));
    // After activation, which must not wait for the settings' schemas.
    this.first = setTimeout(() => void models.current().then((choice) => this.show(choice)), 200);
  }

  private show(choice: LanguageModelChoice): void {
    const text = choiceText(choice, vscodeTexts);
    this.item.text = `$(${choice.kind === 'offline' ? 'circuit-board' : 'comment-discussion'}) ToolRec: ${plain(text)}`;
    const lines = [
      `**${vscode.l10n.t('Language model of new sessions')}:** ${escapeMarkdown(text)}`,
      escapeMarkdown(choiceSentence(choice, vscodeTexts)),
      ...(choice.kind === 'offline'
        ? []
        : [vscode.l10n.t('Wire protocol: {0}.', protocolText(choice.protocol, vscodeTexts))]),
      vscode.l10n.t('Click to choose another.'),
    ];
    this.item.tooltip = new vscode.MarkdownString(lines.join('\n\n'));
    this.item.accessibilityInformation = {
      label: vscode.l10n.t('ToolRec language model of new sessions: {0}', text),
      role: 'button',
    };
    this.item.show();
  }

  dispose(): void {
    clearTimeout(this.first);
    this.disposables.dispose();
  }
}

/** A model's name comes from a server: `$(…)` in it must not become an icon. */
function plain(text: string): string {
  const short = text.length > 48 ? `${text.slice(0, 47)}…` : text;
  return short.replace(/\$\(/g, '$ (').replace(/[\p{Cc}\p{Cf}]/gu, '');
}

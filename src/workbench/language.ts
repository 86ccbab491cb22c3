import * as vscode from 'vscode';
import type { Texts } from './texts.ts';

const { t: translate } = vscode.l10n;

/** VS Code's display language. */
export const vscodeTexts: Texts = {
  locale: vscode.env.language,
  t: (message, ...args) => translate(message, ...args),
};

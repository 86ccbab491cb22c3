import type * as vscode from 'vscode';
import { promptLanguage } from './language-id.ts';

/** Shipped prompts and the texts of recorded versions, read-only. */
export const shippedScheme = 'toolrec-prompt';

export const promptSelector: vscode.DocumentSelector = { language: promptLanguage };
export const demonstrationSelector: vscode.DocumentSelector = {
  language: 'yaml',
  scheme: 'file',
  pattern: '**/prompts/demonstrations/*.yaml',
};

export function isPrompt(document: vscode.TextDocument): boolean {
  return document.languageId === promptLanguage;
}

export function isDemonstrations(document: vscode.TextDocument): boolean {
  return (
    document.languageId === 'yaml' &&
    document.uri.scheme === 'file' &&
    /[\\/]prompts[\\/]demonstrations[\\/][^\\/]+\.yaml$/.test(document.uri.fsPath)
  );
}

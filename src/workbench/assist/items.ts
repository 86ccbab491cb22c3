import * as vscode from 'vscode';
import type { Explanation, Suggestion } from './field.ts';

/** Suggestions in their order, as the editor takes them. After a key its values are asked for at once. */
export function completionItems(
  document: vscode.TextDocument,
  suggestions: readonly Suggestion[],
): vscode.CompletionItem[] {
  return suggestions.map(({ label, insert, detail, start, end }, order) => {
    const isKey = /: ?$|:\n\s*(?:- )?$/.test(insert);
    const kind = isKey ? vscode.CompletionItemKind.Property : vscode.CompletionItemKind.Value;
    const item = new vscode.CompletionItem(label, kind);
    item.insertText = insert;
    item.documentation = detail;
    item.sortText = String(order).padStart(3, '0');
    item.range = new vscode.Range(document.positionAt(start), document.positionAt(end));
    if (isKey) item.command = { command: 'editor.action.triggerSuggest', title: vscode.l10n.t('Suggest') };
    return item;
  });
}

export function hoverOf(
  document: vscode.TextDocument,
  found: Explanation | undefined,
): vscode.Hover | undefined {
  if (!found) return undefined;
  const range = new vscode.Range(document.positionAt(found.start), document.positionAt(found.end));
  return new vscode.Hover(new vscode.MarkdownString(found.markdown), range);
}

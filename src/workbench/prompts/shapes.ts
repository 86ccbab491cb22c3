import * as vscode from 'vscode';
import type { CompletionEntry } from '../../agent/prompts/language/complete.ts';
import type { OutlineNode } from '../../agent/prompts/language/outline.ts';
import type { PromptDiagnostic, Span } from '../../agent/prompts/language/spans.ts';

/** What the language core finds, in the shapes of VS Code. */

export const severities: Readonly<Record<PromptDiagnostic['severity'], vscode.DiagnosticSeverity>> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  information: vscode.DiagnosticSeverity.Information,
};

const completionKinds: Readonly<Record<CompletionEntry['kind'], vscode.CompletionItemKind>> = {
  variable: vscode.CompletionItemKind.Variable,
  field: vscode.CompletionItemKind.Field,
  filter: vscode.CompletionItemKind.Function,
  tag: vscode.CompletionItemKind.Keyword,
  tool: vscode.CompletionItemKind.Method,
  attribute: vscode.CompletionItemKind.EnumMember,
  key: vscode.CompletionItemKind.Property,
  value: vscode.CompletionItemKind.Value,
};

const symbolKinds: Readonly<Record<OutlineNode['kind'], vscode.SymbolKind>> = {
  front: vscode.SymbolKind.Namespace,
  key: vscode.SymbolKind.Property,
  role: vscode.SymbolKind.Class,
  block: vscode.SymbolKind.Struct,
  section: vscode.SymbolKind.String,
};

export function completionItem(document: vscode.TextDocument, entry: CompletionEntry): vscode.CompletionItem {
  const item = new vscode.CompletionItem(entry.label, completionKinds[entry.kind]);
  item.range = rangeOf(document, entry.replace);
  item.insertText = entry.isSnippet ? new vscode.SnippetString(entry.insert) : entry.insert;
  item.sortText = `${String(entry.rank).padStart(3, '0')}${entry.label}`;
  if (entry.detail !== undefined) item.detail = entry.detail;
  if (entry.documentation !== undefined) item.documentation = entry.documentation;
  return item;
}

export function rangeOf(document: vscode.TextDocument, { start, end }: Span): vscode.Range {
  return new vscode.Range(document.positionAt(start), document.positionAt(end));
}

export function documentSymbol(document: vscode.TextDocument, node: OutlineNode): vscode.DocumentSymbol {
  const range = rangeOf(document, node);
  const own = rangeOf(document, node.nameSpan);
  const symbol = new vscode.DocumentSymbol(
    node.name,
    node.detail,
    symbolKinds[node.kind],
    range.union(own),
    own,
  );
  symbol.children = node.children.map((child) => documentSymbol(document, child));
  return symbol;
}

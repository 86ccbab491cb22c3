import * as vscode from 'vscode';
import { DisposableStore } from '../../shared/disposable.ts';
import { ToolRecError } from '../../shared/errors.ts';
import { completionItems, hoverOf } from '../assist/items.ts';
import { workspaceOf } from '../folders.ts';
import type { ModelStore } from '../models/model-store.ts';
import { commands, trainingFileSuffix } from '../names.ts';

const selector: vscode.DocumentSelector = { pattern: `**/*${trainingFileSuffix}` };
const settleMs = 200;

/**
 * Completion, hover, checks and the Run lens of training configurations, without any other extension. What checks them
 * is loaded when the first is opened.
 */
export class TrainingFiles
  implements vscode.CompletionItemProvider, vscode.HoverProvider, vscode.CodeLensProvider, vscode.Disposable
{
  private readonly models: ModelStore;
  private readonly problems = vscode.languages.createDiagnosticCollection('toolrec-train');
  private readonly failures = new Map<string, vscode.Diagnostic>();
  private readonly disposables = new DisposableStore();
  private readonly timers = new Map<string, NodeJS.Timeout>();

  constructor(models: ModelStore) {
    this.models = models;
    const { languages, workspace } = vscode;
    for (const disposable of [
      this.problems,
      languages.registerCompletionItemProvider(selector, this, ':', ' ', '-', '['),
      languages.registerHoverProvider(selector, this),
      languages.registerCodeLensProvider(selector, this),
      workspace.onDidOpenTextDocument((document) => this.checkSoon(document)),
      workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0) this.failures.delete(document.uri.toString());
        this.checkSoon(document);
      }),
      workspace.onDidCloseTextDocument(({ uri }) => {
        if (!this.failures.has(uri.toString())) this.problems.delete(uri);
      }),
    ])
      this.disposables.add(disposable);
    for (const document of workspace.textDocuments) this.checkSoon(document);
  }

  /** Shows a failed run in the Problems view, at the line that it is about, until the file is changed or run again. */
  async showFailure(uri: vscode.Uri, text: string, error: unknown): Promise<void> {
    const { placeOfFailure } = await import('./read.ts');
    const typed = error instanceof ToolRecError ? error : undefined;
    const place = placeOfFailure(text, typed ?? new ToolRecError('internal', String(error), ''));
    const document = await vscode.workspace.openTextDocument(uri);
    const message = typed ? `${typed.message} ${typed.remedy}`.trim() : String(error);
    this.failures.set(uri.toString(), diagnostic(document, { ...place, message }));
    await this.check(document);
  }

  async clearFailure(uri: vscode.Uri): Promise<void> {
    if (!this.failures.delete(uri.toString())) return;
    await this.check(await vscode.workspace.openTextDocument(uri));
  }

  async provideCompletionItems(
    document: vscode.TextDocument,
    position: vscode.Position,
  ): Promise<vscode.CompletionItem[]> {
    const { suggest } = await import('./assist.ts');
    const text = document.getText();
    const found = suggest(text, document.offsetAt(position), await this.names(document));
    return completionItems(document, found);
  }

  async provideHover(
    document: vscode.TextDocument,
    position: vscode.Position,
  ): Promise<vscode.Hover | undefined> {
    const { explain } = await import('./assist.ts');
    return hoverOf(document, explain(document.getText(), document.offsetAt(position)));
  }

  provideCodeLenses({ uri }: vscode.TextDocument): vscode.CodeLens[] {
    const top = new vscode.Range(0, 0, 0, 0);
    return [
      new vscode.CodeLens(top, {
        title: `$(play) ${vscode.l10n.t('Run Training')}`,
        command: commands.runTrainingFile,
        arguments: [uri],
      }),
    ];
  }

  private async names({ uri, getText }: vscode.TextDocument) {
    const folder = vscode.workspace.getWorkspaceFolder(uri)?.uri;
    if (!folder) return { datasets: [], backbones: [], attributes: [] };
    const [{ listDatasets }, { isUsable }] = await Promise.all([
      import('../../data/library.ts'),
      import('../models/model-rows.ts'),
    ]);
    const [datasets, rows] = await Promise.all([
      listDatasets(workspaceOf(folder)),
      this.models.rows(folder.fsPath),
    ]);
    const named = /^dataset\s*:\s*(\S+)/m.exec(getText())?.[1];
    const attributes = datasets
      .filter(({ name }) => named === undefined || name === named)
      .flatMap(({ manifest }) => manifest?.attributes.map(({ name }) => name) ?? []);
    return {
      datasets: datasets.map(({ name }) => name),
      backbones: rows.filter((row) => !row.tool && isUsable(row)).map(({ id }) => id),
      attributes: [...new Set(attributes)],
    };
  }

  private checkSoon(document: vscode.TextDocument): void {
    const key = document.uri.toString();
    if (document.uri.scheme === 'git' || !document.fileName.endsWith(trainingFileSuffix)) return;
    clearTimeout(this.timers.get(key));
    this.timers.set(
      key,
      setTimeout(() => {
        this.timers.delete(key);
        if (!document.isClosed) void this.check(document);
      }, settleMs),
    );
  }

  private async check(document: vscode.TextDocument): Promise<void> {
    const { readTrainingFile } = await import('./read.ts');
    const { findings } = readTrainingFile(document.getText());
    const failure = this.failures.get(document.uri.toString());
    this.problems.set(document.uri, [
      ...findings.map((finding) => diagnostic(document, finding)),
      ...(failure ? [failure] : []),
    ]);
  }

  dispose(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.disposables.dispose();
  }
}

function diagnostic(
  document: vscode.TextDocument,
  { start, end, message }: { readonly start: number; readonly end: number; readonly message: string },
): vscode.Diagnostic {
  const range = new vscode.Range(document.positionAt(start), document.positionAt(end));
  const found = new vscode.Diagnostic(range, message, vscode.DiagnosticSeverity.Error);
  found.source = 'ToolRec';
  return found;
}

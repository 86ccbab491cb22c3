import * as vscode from 'vscode';
import { completePrompt } from '../../agent/prompts/language/complete.ts';
import {
  checkDemonstrations,
  completeDemonstrations,
  demonstrationAt,
  readDemonstrations,
} from '../../agent/prompts/language/demonstration-file.ts';
import { checkPrompt, type PromptCheck } from '../../agent/prompts/language/diagnose.ts';
import { type PromptDocument, readPrompt } from '../../agent/prompts/language/document.ts';
import { hoverPrompt } from '../../agent/prompts/language/hover.ts';
import {
  blockPartner,
  declarationOf,
  inputPlaces,
  localPlaces,
  renameEdits,
  requireRenamable,
  symbolAt,
} from '../../agent/prompts/language/navigate.ts';
import { foldsOf, outlineOf } from '../../agent/prompts/language/outline.ts';
import type { PromptDiagnostic, Span } from '../../agent/prompts/language/spans.ts';
import { requireInside } from '../../agent/prompts/origins.ts';
import { knownAttributes } from '../../experiments/prompt-context.ts';
import { itemLine } from '../../agent/tools/attributes.ts';
import { standardSignatures } from '../../agent/tools/registry.ts';
import { DisposableStore } from '../../shared/disposable.ts';
import { ToolRecError } from '../../shared/errors.ts';
import { escapeMarkdown } from '../dataset-text.ts';
import { inputsPage } from './inputs-page.ts';
import type { PromptParts } from './prompts.ts';
import { PromptPreviews } from './preview-panel.ts';
import { isPrompt, shippedScheme } from './selectors.ts';
import { completionItem, documentSymbol, rangeOf, severities } from './shapes.ts';
import { type Subject, Subjects, type SubjectValues } from './subject.ts';

/** Time for a rendering while a person types, and when the text is at rest. */
const typingRenderMs = 100;
const restRenderMs = 1000;

/** Adapters from the language core (src/agent/prompts/language) to VS Code, and what they share. */
export class PromptFeatures implements vscode.Disposable {
  readonly parts: PromptParts;
  readonly subjects: Subjects;
  private readonly disposables = new DisposableStore();
  private readonly collection = vscode.languages.createDiagnosticCollection('toolrec-prompt');
  private readonly documents = new WeakMap<
    vscode.TextDocument,
    { version: number; prompt: PromptDocument }
  >();
  private readonly checks = new WeakMap<
    vscode.TextDocument,
    {
      version: number;
      values: SubjectValues | undefined;
      contextTokens: number | null;
      renderMs: number;
      check: PromptCheck;
    }
  >();
  /** What was found at the last check, with its fixes. */
  private readonly found = new Map<string, { version: number; diagnostics: readonly PromptDiagnostic[] }>();
  private readonly texts = new Map<string, string>();
  private readonly previews: PromptPreviews;

  constructor(parts: PromptParts) {
    this.parts = parts;
    this.subjects = this.disposables.add(new Subjects(parts));
    this.previews = this.disposables.add(new PromptPreviews(this));
    this.disposables.add(this.collection);
  }

  get onDidChangeSubject(): vscode.Event<void> {
    return this.subjects.onDidChange;
  }

  read(document: vscode.TextDocument): PromptDocument {
    const known = this.documents.get(document);
    if (known?.version === document.version) return known.prompt;
    const prompt = readPrompt(document.getText());
    this.documents.set(document, { version: document.version, prompt });
    return prompt;
  }

  /** Folder, subject and values of a document; without values where there is no dataset or it cannot be read. */
  async contextOf(document: vscode.TextDocument): Promise<{
    folder: vscode.Uri | undefined;
    subject: Subject;
    values: SubjectValues | undefined;
    problem?: ToolRecError;
  }> {
    const folder = this.subjects.folderOf(document.uri);
    const kind = isPrompt(document) ? this.read(document).front.kind : 'plan';
    if (!folder) return { folder, subject: { round: 1 }, values: undefined };
    const subject = await this.subjects.of(folder);
    if (!kind) return { folder, subject, values: undefined };
    try {
      return { folder, subject, values: await this.subjects.values(folder, subject, kind) };
    } catch (error) {
      if (!(error instanceof ToolRecError)) throw error;
      return { folder, subject, values: undefined, problem: error };
    }
  }

  /** @param contextTokens of the model, null where it is not known; `any`: whether the prompt fits is not asked */
  checkNow(
    document: vscode.TextDocument,
    values: SubjectValues | undefined,
    contextTokens: number | null | 'any' = 'any',
    renderMs = typingRenderMs,
  ): PromptCheck {
    const known = this.checks.get(document);
    if (
      known?.version === document.version &&
      known.values === values &&
      (contextTokens === 'any' || known.contextTokens === contextTokens) &&
      !(known.check.stopped && known.renderMs < renderMs)
    )
      return known.check;
    const tokens = contextTokens === 'any' ? null : contextTokens;
    const prompt = this.read(document);
    const samples = Object.fromEntries(
      [...prompt.inputs.values()].map((input) => [input.name, input.sample]),
    );
    const own = Object.fromEntries(
      [...prompt.inputs.values()].filter((input) => input.own).map((input) => [input.name, input.sample]),
    );
    const check = checkPrompt(prompt, {
      file: document.uri.fsPath,
      signatures: standardSignatures(),
      attributes: knownAttributes(prompt, values?.dataset),
      values: values ? { ...own, ...values.values } : samples,
      contextTokens: tokens ?? undefined,
      renderMs,
    });
    this.checks.set(document, { version: document.version, values, contextTokens: tokens, renderMs, check });
    return check;
  }

  /** Finds what is wrong with a document and shows it. */
  async check(document: vscode.TextDocument): Promise<void> {
    if (document.isClosed || !['file', 'untitled'].includes(document.uri.scheme)) return;
    const { folder, values } = await this.contextOf(document);
    const contextTokens = (await this.contextTokens()) ?? null;
    if (document.isClosed) return;
    const diagnostics: PromptDiagnostic[] = isPrompt(document)
      ? [
          ...(await this.place(document, folder)),
          ...this.checkAtRest(document, values, contextTokens).diagnostics,
        ]
      : checkDemonstrations(readDemonstrations(document.getText()), {
          signatures: standardSignatures(),
          items: values && this.subjects.itemsOf(values.dataset),
        });
    this.found.set(document.uri.toString(), { version: document.version, diagnostics });
    this.collection.set(
      document.uri,
      diagnostics.map((one) => {
        const shown = new vscode.Diagnostic(rangeOf(document, one), one.message, severities[one.severity]);
        shown.source = 'ToolRec';
        shown.code = one.code;
        if (one.code === 'unused-input') shown.tags = [vscode.DiagnosticTag.Unnecessary];
        return shown;
      }),
    );
  }

  /**
   * As `checkNow`, but what took too long while the person typed is given more time, once: a machine that was busy for a
   * moment is no mistake of the prompt.
   */
  private checkAtRest(
    document: vscode.TextDocument,
    values: SubjectValues | undefined,
    contextTokens: number | null,
  ): PromptCheck {
    const first = this.checkNow(document, values, contextTokens);
    if (!first.stopped) return first;
    const again = this.checkNow(document, values, contextTokens, restRenderMs);
    if (!again.stopped) this.edited(document); // the preview shows that it was stopped
    return again;
  }

  /** A prompt outside of the workspace folder is refused: sessions never read it. */
  private async place(
    document: vscode.TextDocument,
    folder: vscode.Uri | undefined,
  ): Promise<PromptDiagnostic[]> {
    if (document.isUntitled || document.uri.scheme !== 'file' || !folder) return [];
    try {
      await requireInside(folder.fsPath, document.uri.fsPath);
      return [];
    } catch (error) {
      if (!(error instanceof ToolRecError)) throw error;
      return [
        {
          code: error.code,
          severity: 'error',
          message: `${error.message} ${error.remedy}`,
          start: 0,
          end: 3,
          fixes: [],
        },
      ];
    }
  }

  /** @throws UsageError `outside-workspace` */
  async requireOwn(document: vscode.TextDocument): Promise<void> {
    const folder = this.subjects.folderOf(document.uri);
    if (document.uri.scheme === 'file' && folder) await requireInside(folder.fsPath, document.uri.fsPath);
  }

  private async contextTokens(): Promise<number | undefined> {
    try {
      const choice = await this.parts.languageModels.current();
      return choice.kind === 'offline'
        ? undefined
        : (await this.parts.languageModels.chatModelFor(choice))?.contextTokens;
    } catch {
      return undefined; // the model's own commands say what is wrong with it
    }
  }

  async complete(document: vscode.TextDocument, at: vscode.Position): Promise<vscode.CompletionItem[]> {
    const { values } = await this.contextOf(document);
    const context = {
      signatures: standardSignatures(),
      attributes: values?.dataset.attributes.map(({ name }) => name),
      values: values?.values,
    };
    const offset = document.offsetAt(at);
    const entries = isPrompt(document)
      ? completePrompt(this.read(document), offset, context)
      : completeDemonstrations(readDemonstrations(document.getText()), offset, {
          ...context,
          items: values && this.subjects.itemsOf(values.dataset),
        });
    return entries.map((entry) => completionItem(document, entry));
  }

  async hover(document: vscode.TextDocument, at: vscode.Position): Promise<vscode.Hover | undefined> {
    const { values } = await this.contextOf(document);
    const offset = document.offsetAt(at);
    if (!isPrompt(document)) {
      const item = demonstrationAt(readDemonstrations(document.getText()), offset)?.item;
      if (item === undefined || !values) return undefined;
      const code = this.subjects.itemsOf(values.dataset).nearest(item);
      const { catalogueOf } = await import('../../agent/catalogue.ts');
      const found = code === undefined ? undefined : catalogueOf(values.dataset).resolve(code);
      if (found?.kind !== 'match') return undefined;
      return new vscode.Hover(new vscode.MarkdownString().appendText(itemLine(values.dataset, found.item)));
    }
    const facts = hoverPrompt(this.read(document), offset, {
      signatures: standardSignatures(),
      attributes: values?.dataset.attributes.map(({ name }) => name),
      values: values?.values,
      tools: values?.tools,
      subject: values?.subject,
    });
    if (!facts) return undefined;
    const markdown = new vscode.MarkdownString();
    // Not `appendText`: it makes every space one that does not break.
    markdown.appendMarkdown(`**${escapeMarkdown(facts.title)}**\n\n`);
    for (const line of facts.lines) markdown.appendMarkdown(`${escapeMarkdown(line)}\n\n`);
    if (facts.value !== undefined) markdown.appendCodeblock(facts.value, 'text');
    return new vscode.Hover(markdown, rangeOf(document, facts.span));
  }

  fixes(
    document: vscode.TextDocument,
    range: vscode.Range,
    context: vscode.CodeActionContext,
  ): vscode.CodeAction[] {
    const known = this.found.get(document.uri.toString());
    if (known?.version !== document.version) return [];
    return known.diagnostics
      .filter((one) => rangeOf(document, one).intersection(range))
      .flatMap((one) =>
        one.fixes.map((fix) => {
          const action = new vscode.CodeAction(fix.title, vscode.CodeActionKind.QuickFix);
          action.edit = new vscode.WorkspaceEdit();
          for (const edit of fix.edits) action.edit.replace(document.uri, rangeOf(document, edit), edit.text);
          action.isPreferred = fix.preferred ?? false;
          action.diagnostics = context.diagnostics.filter((shown) => shown.code === one.code);
          return action;
        }),
      );
  }

  async definition(document: vscode.TextDocument, at: vscode.Position): Promise<vscode.Location | undefined> {
    const prompt = this.read(document);
    const symbol = symbolAt(prompt, document.offsetAt(at));
    const here = (span: Span) => new vscode.Location(document.uri, rangeOf(document, span));
    switch (symbol?.kind) {
      case 'local':
        return here(symbol.definition.span);
      case 'tag': {
        const partner = blockPartner(prompt, symbol.start);
        return partner && here(partner);
      }
      case 'input': {
        const own = declarationOf(prompt, symbol.name);
        if (own) return here(own);
        const { kind } = prompt.front;
        if (!kind) return undefined;
        const page = inputsPage(kind);
        const uri = this.virtual(`${kind} inputs.md`, page.text);
        const line = page.lines.get(symbol.name) ?? 0;
        return new vscode.Location(uri, new vscode.Position(line, 0));
      }
      case 'field':
      case 'filter':
      case 'loop':
      case undefined:
        return undefined;
    }
  }

  async references(
    document: vscode.TextDocument,
    at: vscode.Position,
    withDeclaration: boolean,
  ): Promise<vscode.Location[]> {
    const prompt = this.read(document);
    const symbol = symbolAt(prompt, document.offsetAt(at));
    const locate = (where: vscode.TextDocument, spans: readonly Span[]) =>
      spans.map((span) => new vscode.Location(where.uri, rangeOf(where, span)));
    if (symbol?.kind === 'local') {
      const places = localPlaces(prompt, symbol.definition);
      return locate(document, withDeclaration ? places : places.slice(1));
    }
    if (symbol?.kind !== 'input') return [];
    const all: vscode.Location[] = [];
    for (const other of await this.templates(document)) {
      const read = this.read(other);
      // An own input of the same name is meant in every template that declares it; one of a kind wherever it is given.
      if (read.inputs.get(symbol.name)?.own !== symbol.own) continue;
      const declaration = declarationOf(read, symbol.name);
      const places = inputPlaces(read, symbol.name).filter(
        (span) => withDeclaration || span.start !== declaration?.start,
      );
      all.push(...locate(other, places));
    }
    return all;
  }

  prepareRename(document: vscode.TextDocument, at: vscode.Position): vscode.Range {
    const symbol = symbolAt(this.read(document), document.offsetAt(at));
    requireRenamable(symbol);
    return rangeOf(document, symbol.span);
  }

  async rename(
    document: vscode.TextDocument,
    at: vscode.Position,
    name: string,
  ): Promise<vscode.WorkspaceEdit> {
    const prompt = this.read(document);
    const symbol = symbolAt(prompt, document.offsetAt(at));
    requireRenamable(symbol);
    const edit = new vscode.WorkspaceEdit();
    const others = symbol.kind === 'input' ? await this.templates(document) : [document];
    for (const other of others) {
      const read = this.read(other);
      if (symbol.kind === 'input' && !read.inputs.get(symbol.name)?.own) continue;
      for (const change of renameEdits(read, symbol, name))
        edit.replace(other.uri, rangeOf(other, change), change.text);
    }
    return edit;
  }

  symbols(document: vscode.TextDocument): vscode.DocumentSymbol[] {
    return outlineOf(this.read(document)).map((node) => documentSymbol(document, node));
  }

  folds(document: vscode.TextDocument): vscode.FoldingRange[] {
    return foldsOf(this.read(document)).map(
      ({ start, end, kind }) =>
        new vscode.FoldingRange(
          start - 1,
          end - 1,
          kind === 'comment' ? vscode.FoldingRangeKind.Comment : vscode.FoldingRangeKind.Region,
        ),
    );
  }

  /** Every template of the document's folder, as open in an editor or as on disk; the document itself among them. */
  private async templates(document: vscode.TextDocument): Promise<vscode.TextDocument[]> {
    const folder = vscode.workspace.getWorkspaceFolder(document.uri);
    if (!folder) return [document];
    const found = await vscode.workspace.findFiles(
      new vscode.RelativePattern(folder, 'prompts/*.toolrec.md'),
      undefined,
      200,
    );
    const all = [document];
    for (const uri of found) {
      if (uri.toString() === document.uri.toString()) continue;
      try {
        await requireInside(folder.uri.fsPath, uri.fsPath);
      } catch {
        continue; // a link out of the folder is no prompt of it
      }
      all.push(await vscode.workspace.openTextDocument(uri));
    }
    return all;
  }

  edited(document: vscode.TextDocument): void {
    this.previews.edited(document);
  }

  closed(document: vscode.TextDocument): void {
    this.collection.delete(document.uri);
    this.found.delete(document.uri.toString());
  }

  datasetsChanged(): void {
    this.subjects.forget();
  }

  preview(document: vscode.TextDocument): Promise<void> {
    return this.previews.open(document);
  }

  restorePreview(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    return this.previews.restore(panel, state);
  }

  async editDemonstrations(document: vscode.TextDocument, panel: vscode.WebviewPanel): Promise<void> {
    const { DemonstrationsEditor } = await import('./demonstrations-editor.ts');
    new DemonstrationsEditor(this, document, panel);
  }

  /** A read-only page with this text. */
  virtual(name: string, text: string): vscode.Uri {
    const uri = vscode.Uri.from({ scheme: shippedScheme, path: `/${name}` });
    this.texts.set(uri.path, text);
    return uri;
  }

  virtualText(uri: vscode.Uri): string {
    return this.texts.get(uri.path) ?? '';
  }

  dispose(): void {
    this.disposables.dispose();
  }
}

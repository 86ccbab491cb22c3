import * as vscode from 'vscode';
import { completePrompt, type CompletionEntry } from '../../agent/prompts/language/complete.ts';
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
import { foldsOf, outlineOf, type OutlineNode } from '../../agent/prompts/language/outline.ts';
import type { PromptDiagnostic, Span } from '../../agent/prompts/language/spans.ts';
import { requireInside } from '../../agent/prompts/origins.ts';
import { knownAttributes } from '../../experiments/prompt-context.ts';
import { itemLine } from '../../agent/tools/attributes.ts';
import { standardSignatures } from '../../agent/tools/registry.ts';
import { DisposableStore } from '../../shared/disposable.ts';
import { ToolRecError } from '../../shared/errors.ts';
import { escapeMarkdown } from '../dataset-text.ts';
import { commands } from '../names.ts';
import { inputsPage } from './inputs-page.ts';
import type { PromptParts } from './prompts.ts';
import { PromptPreviews } from './preview-panel.ts';
import { isPrompt, shippedScheme } from './selectors.ts';
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

  async lenses(document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    const top = new vscode.Range(0, 0, 0, 0);
    const lens = (title: string, command: string, ...args: unknown[]) =>
      new vscode.CodeLens(top, { title, command, arguments: args });
    const { t } = vscode.l10n;
    if (!isPrompt(document))
      return [
        lens(t('Open as List'), commands.editDemonstrations, document.uri),
        ...(await this.originLenses(document, lens)),
      ];
    if (document.uri.scheme === shippedScheme) return [];
    const { values } = await this.contextOf(document);
    const { rendered } = this.checkNow(document, values);
    const user = values?.subject.match(/^user (.+?) of /)?.[1];
    const lenses = [
      lens(
        user === undefined ? t('Preview') : t('Preview with user {0}', user),
        commands.previewPrompt,
        document.uri,
      ),
    ];
    if (this.read(document).front.kind === 'surrogate')
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
    return [...lenses, ...(await this.originLenses(document, lens))];
  }

  private async originLenses(
    document: vscode.TextDocument,
    lens: (title: string, command: string, ...args: unknown[]) => vscode.CodeLens,
  ): Promise<vscode.CodeLens[]> {
    const folder = this.subjects.folderOf(document.uri);
    const files = folder && this.subjects.files(folder);
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
    const make = (node: OutlineNode): vscode.DocumentSymbol => {
      const range = rangeOf(document, node);
      const own = rangeOf(document, node.nameSpan);
      const symbol = new vscode.DocumentSymbol(
        node.name,
        node.detail,
        symbolKinds[node.kind],
        range.union(own),
        own,
      );
      symbol.children = node.children.map(make);
      return symbol;
    };
    return outlineOf(this.read(document)).map(make);
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

const severities: Readonly<Record<PromptDiagnostic['severity'], vscode.DiagnosticSeverity>> = {
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

function completionItem(document: vscode.TextDocument, entry: CompletionEntry): vscode.CompletionItem {
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

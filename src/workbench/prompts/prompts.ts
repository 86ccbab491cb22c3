import * as vscode from 'vscode';
import { DisposableStore } from '../../shared/disposable.ts';
import type { DatasetTree } from '../dataset-tree.ts';
import type { LanguageModels } from '../language-models.ts';
import type { WorkbenchLog } from '../log.ts';
import { customEditors, panels } from '../names.ts';
import type { Sessions } from '../sessions/sessions.ts';
import type { PromptFeatures } from './features.ts';
import {
  demonstrationSelector,
  isDemonstrations,
  isPrompt,
  promptSelector,
  shippedScheme,
} from './selectors.ts';

/** What the prompt features work with. */
export interface PromptParts {
  readonly extensionUri: vscode.Uri;
  readonly log: WorkbenchLog;
  readonly datasets: DatasetTree;
  readonly sessions: Sessions;
  readonly languageModels: LanguageModels;
  /** Keeps whose values prompts are shown with. */
  readonly memory: vscode.Memento;
}

/** As short as a person takes between two keys. */
const settleMs = 150;

/**
 * Prompts and demonstrations in the editor. Everything of weight is loaded with the first prompt that is opened; what is
 * registered here only leads there.
 */
export class Prompts implements vscode.Disposable {
  private readonly parts: PromptParts;
  private readonly disposables = new DisposableStore();
  private readonly lenses = new vscode.EventEmitter<void>();
  private readonly waiting = new Map<string, NodeJS.Timeout>();
  private features: Promise<PromptFeatures> | undefined;

  constructor(parts: PromptParts) {
    this.parts = parts;
    const add = (one: vscode.Disposable) => this.disposables.add(one);
    add(this.lenses);
    for (const [selector, ...triggers] of [
      [promptSelector, '{', '%', '.', '|', '[', ' ', ':'],
      [demonstrationSelector, '[', ' ', ':'],
    ] as const)
      add(
        vscode.languages.registerCompletionItemProvider(
          selector,
          { provideCompletionItems: async (document, at) => (await this.load()).complete(document, at) },
          ...triggers,
        ),
      );
    for (const selector of [promptSelector, demonstrationSelector]) {
      add(
        vscode.languages.registerHoverProvider(selector, {
          provideHover: async (document, at) => (await this.load()).hover(document, at),
        }),
      );
      add(
        vscode.languages.registerCodeActionsProvider(
          selector,
          {
            provideCodeActions: async (document, range, context) =>
              (await this.load()).fixes(document, range, context),
          },
          { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix] },
        ),
      );
      add(
        vscode.languages.registerCodeLensProvider(selector, {
          onDidChangeCodeLenses: this.lenses.event,
          provideCodeLenses: async (document) =>
            (await import('./lenses.ts')).lensesOf(await this.load(), document),
        }),
      );
    }
    add(
      vscode.languages.registerDefinitionProvider(promptSelector, {
        provideDefinition: async (document, at) => (await this.load()).definition(document, at),
      }),
    );
    add(
      vscode.languages.registerReferenceProvider(promptSelector, {
        provideReferences: async (document, at, { includeDeclaration }) =>
          (await this.load()).references(document, at, includeDeclaration),
      }),
    );
    add(
      vscode.languages.registerRenameProvider(promptSelector, {
        prepareRename: async (document, at) => (await this.load()).prepareRename(document, at),
        provideRenameEdits: async (document, at, name) => (await this.load()).rename(document, at, name),
      }),
    );
    add(
      vscode.languages.registerDocumentSymbolProvider(promptSelector, {
        provideDocumentSymbols: async (document) => (await this.load()).symbols(document),
      }),
    );
    add(
      vscode.languages.registerFoldingRangeProvider(promptSelector, {
        provideFoldingRanges: async (document) => (await this.load()).folds(document),
      }),
    );
    add(
      vscode.workspace.registerTextDocumentContentProvider(shippedScheme, {
        provideTextDocumentContent: async (uri) => (await this.load()).virtualText(uri),
      }),
    );
    add(
      vscode.window.registerCustomEditorProvider(
        customEditors.demonstrations,
        {
          resolveCustomTextEditor: async (document, panel) =>
            (await this.load()).editDemonstrations(document, panel),
        },
        { supportsMultipleEditorsPerDocument: true },
      ),
    );
    add(
      vscode.window.registerWebviewPanelSerializer(panels.promptPreview, {
        deserializeWebviewPanel: async (panel, state) => (await this.load()).restorePreview(panel, state),
      }),
    );
    add(vscode.workspace.onDidOpenTextDocument((document) => this.check(document, 0)));
    add(
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length === 0) return;
        this.check(document, settleMs);
        // The preview must not wait.
        if (isPrompt(document)) void this.features?.then((features) => features.edited(document));
      }),
    );
    add(
      vscode.workspace.onDidCloseTextDocument(
        (document) => void this.features?.then((features) => features.closed(document)),
      ),
    );
    add(vscode.workspace.onDidSaveTextDocument((document) => this.saved(document)));
    add(
      parts.datasets.onDidChangeTreeData(
        () => void this.features?.then((features) => features.datasetsChanged()),
      ),
    );
    add(parts.languageModels.onDidChange(() => this.recheck()));
    this.recheck();
  }

  /** For commands: the features, loaded. */
  load(): Promise<PromptFeatures> {
    this.features ??= import('./features.ts').then(({ PromptFeatures }) => {
      const features = new PromptFeatures(this.parts);
      this.disposables.add(features);
      this.disposables.add(
        features.onDidChangeSubject(() => {
          this.lenses.fire();
          this.recheck();
        }),
      );
      return features;
    });
    return this.features;
  }

  private recheck(): void {
    for (const document of vscode.workspace.textDocuments) this.check(document, 0);
  }

  private check(document: vscode.TextDocument, after: number): void {
    if (!isPrompt(document) && !isDemonstrations(document)) return;
    const key = document.uri.toString();
    clearTimeout(this.waiting.get(key));
    this.waiting.set(
      key,
      setTimeout(() => {
        this.waiting.delete(key);
        this.load()
          .then((features) => features.check(document))
          .then(
            () => this.lenses.fire(),
            (error: unknown) => this.parts.log.error(`Prompt check: ${String(error)}`),
          );
      }, after),
    );
  }

  private saved(document: vscode.TextDocument): void {
    if (!isPrompt(document) && !isDemonstrations(document)) return;
    this.lenses.fire();
    void this.parts.sessions.refresh().catch((error: unknown) => this.parts.log.warn(String(error)));
  }

  dispose(): void {
    for (const timer of this.waiting.values()) clearTimeout(timer);
    this.disposables.dispose();
  }
}

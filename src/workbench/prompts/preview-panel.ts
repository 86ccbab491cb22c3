import path from 'node:path';
import { performance } from 'node:perf_hooks';
import * as vscode from 'vscode';
import { previewContract } from '../../../webview/protocol.ts';
import type { PreviewContract, PreviewState } from '../../../webview/protocol.ts';
import { promptSuffix } from '../../agent/prompts/template.ts';
import type { ToolRecError } from '../../shared/errors.ts';
import { HostEnd } from '../../shared/message-channel.ts';
import { showFailure } from '../failures.ts';
import { vscodeTexts } from '../language.ts';
import { panels } from '../names.ts';
import { webviewOptions, webviewPage } from '../webview-page.ts';
import type { PromptFeatures } from './features.ts';
import { nextPreview, nothingShown, type PreviewMemory } from './preview-state.ts';
import { isPrompt } from './selectors.ts';
import type { Subject, SubjectValues } from './subject.ts';

/** The open previews, one a template. */
export class PromptPreviews implements vscode.Disposable {
  private readonly features: PromptFeatures;
  private readonly open_ = new Map<string, PromptPreview>();
  private readonly subscription: vscode.Disposable;

  constructor(features: PromptFeatures) {
    this.features = features;
    this.subscription = features.subjects.onDidChange(() => {
      for (const preview of this.open_.values()) void preview.refresh();
    });
  }

  /** Shows the preview of a template beside its editor. */
  async open(document: vscode.TextDocument): Promise<void> {
    const key = document.uri.toString();
    const existing = this.open_.get(key);
    if (existing) {
      existing.reveal();
      return;
    }
    await this.features.requireOwn(document);
    const panel = vscode.window.createWebviewPanel(
      panels.promptPreview,
      vscode.l10n.t('Preview {0}', nameOf(document.uri)),
      { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
      webviewOptions(this.features.parts.extensionUri),
    );
    this.attach(panel, document);
  }

  async restore(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const uri =
      typeof state === 'object' && state !== null && 'uri' in state && typeof state.uri === 'string'
        ? vscode.Uri.parse(state.uri)
        : undefined;
    try {
      if (!uri) throw new Error('it left no state');
      const document = await vscode.workspace.openTextDocument(uri);
      if (!isPrompt(document) || this.open_.has(uri.toString())) throw new Error('it is no prompt, or open');
      await this.features.requireOwn(document);
      panel.webview.options = webviewOptions(this.features.parts.extensionUri);
      this.attach(panel, document);
    } catch (error) {
      this.features.parts.log.warn(`A preview was not brought back: ${String(error)}.`);
      panel.dispose();
    }
  }

  edited(document: vscode.TextDocument): void {
    this.open_.get(document.uri.toString())?.edited(document);
  }

  private attach(panel: vscode.WebviewPanel, document: vscode.TextDocument): void {
    const key = document.uri.toString();
    this.open_.set(key, new PromptPreview(this.features, panel, document));
    panel.onDidDispose(() => this.open_.delete(key));
  }

  dispose(): void {
    this.subscription.dispose();
    for (const preview of [...this.open_.values()]) preview.dispose();
  }
}

/** One preview. Owns its state; the page only shows it. */
class PromptPreview implements vscode.Disposable {
  private readonly features: PromptFeatures;
  private readonly panel: vscode.WebviewPanel;
  private document: vscode.TextDocument;
  private readonly page: HostEnd<PreviewContract>;
  private memory: PreviewMemory = nothingShown;
  private problem: PreviewState['problem'];
  private values: SubjectValues | undefined;
  private valuesProblem: ToolRecError | undefined;
  private subject: Subject = { round: 1 };
  private choices: Pick<PreviewState['choices'], 'datasets' | 'sessions'> = { datasets: [], sessions: [] };
  private sequence = 0;
  private readonly typedAt = new Map<number, number>();

  constructor(features: PromptFeatures, panel: vscode.WebviewPanel, document: vscode.TextDocument) {
    this.features = features;
    this.panel = panel;
    this.document = document;
    const { extensionUri, log } = features.parts;
    this.page = new HostEnd(previewContract, (message) => void panel.webview.postMessage(message), {
      requests: {},
      intents: {
        choose: ({ dataset, user, round, session }) =>
          void this.choose({
            dataset: dataset ?? undefined,
            user: user.trim() === '' ? undefined : user.trim(),
            round,
            session: session ?? undefined,
          }),
        goTo: ({ line, column }) => void this.goTo(line, column),
        painted: ({ sequence }) => {
          const from = this.typedAt.get(sequence);
          if (from === undefined) return;
          this.typedAt.clear();
          log.debug(
            `Preview ${sequence}: painted ${(performance.now() - from).toFixed(1)} ms after the edit.`,
          );
        },
      },
      onReady: () => this.tellEverything(),
      onViolation: (error) => showFailure(error, log),
    });
    const icon = (theme: string) => vscode.Uri.joinPath(extensionUri, 'media', `prompt-${theme}.svg`);
    panel.iconPath = { light: icon('light'), dark: icon('dark') };
    panel.webview.onDidReceiveMessage((message: unknown) => this.page.receive(message));
    panel.onDidChangeViewState(() => {
      if (!panel.visible) this.page.suspend();
    });
    panel.webview.html = webviewPage(panel.webview, extensionUri, 'prompt-preview', panel.title);
    void this.refresh();
  }

  reveal(): void {
    this.panel.reveal(undefined, true);
  }

  /** A keystroke: rendered at once with the values there are. */
  edited(document: vscode.TextDocument): void {
    const typed = performance.now();
    this.document = document;
    const kind = this.features.read(document).front.kind;
    this.render(true);
    this.typedAt.set(this.sequence, typed);
    // Another kind has other values.
    if (kind !== this.kind) void this.refresh();
  }

  private kind: string | undefined;

  /** Reads the values anew, then renders; nothing is marked as changed. */
  async refresh(): Promise<void> {
    const { features } = this;
    const before = this.subject;
    const { folder, subject, values, problem } = await features.contextOf(this.document);
    this.kind = features.read(this.document).front.kind;
    this.subject = subject;
    this.values = values;
    this.valuesProblem = problem;
    if (folder) {
      const all = await features.parts.datasets.all();
      const mine = all.filter((node) => node.folder.toString() === folder.toString() && node.entry.manifest);
      const sessions = await features.parts.sessions.list(folder.fsPath).catch(() => []);
      this.choices = {
        datasets: mine.map(({ name }) => name),
        sessions: sessions
          .filter((entry) => entry.started)
          .sort((a, b) => b.changed - a.changed)
          .slice(0, 50)
          .map(({ id, started }) => ({
            id,
            label: `${id} · ${started!.dataset.name}${started!.subject.user ? ` · ${vscode.l10n.t('user {0}', started!.subject.user.id)}` : ''}`,
          })),
      };
    }
    if (JSON.stringify(before) !== JSON.stringify(subject)) this.memory = { ...this.memory, messages: [] };
    this.render(false);
  }

  private render(marks: boolean): void {
    const check = this.features.checkNow(this.document, this.values);
    const next = nextPreview(this.memory, check, this.features.read(this.document).lines, { marks });
    this.memory = next.memory;
    this.problem = next.problem;
    this.sequence++;
    if (this.page.listening) this.page.update('state', this.state());
  }

  private state(): PreviewState {
    const { values, subject, memory, valuesProblem } = this;
    const { t } = vscode.l10n;
    const title = this.features.read(this.document).front.value?.title ?? nameOf(this.document.uri);
    const missing = valuesProblem
      ? `${valuesProblem.message} ${valuesProblem.remedy}`
      : values
        ? values.note
        : t('no dataset in this folder; these are sample values');
    return {
      sequence: this.sequence,
      title,
      subject: values?.subject ?? t('sample values'),
      ...(missing === undefined ? {} : { note: missing }),
      choices: {
        ...this.choices,
        ...(subject.dataset === undefined ? {} : { dataset: subject.dataset }),
        user: subject.user ?? values?.dataset.user(0).id ?? '',
        round: values?.round ?? 1,
        rounds: values?.rounds ?? 1,
        ...(subject.session === undefined ? {} : { session: subject.session }),
        hasRounds:
          this.features.read(this.document).front.kind === 'surrogate' || subject.session !== undefined,
      },
      messages: [...memory.shown],
      tokens: memory.tokens,
      ...(this.problem ? { problem: this.problem } : {}),
    };
  }

  private async choose(subject: Subject): Promise<void> {
    const folder = this.features.subjects.folderOf(this.document.uri);
    if (!folder) return;
    try {
      if (subject.session === undefined && subject.dataset !== undefined && subject.user !== undefined) {
        const dataset = await this.features.subjects.dataset(folder, subject.dataset);
        if (dataset.userCode(subject.user) === undefined) {
          this.problem = {
            message: vscode.l10n.t(
              'The dataset has no user “{0}”; users are named like {1}.',
              subject.user.slice(0, 60),
              dataset.user(0).id,
            ),
            more: 0,
          };
          this.sequence++;
          if (this.page.listening) this.page.update('state', this.state());
          return;
        }
      }
      await this.features.subjects.choose(folder, subject);
    } catch (error) {
      showFailure(error, this.features.parts.log);
    }
  }

  private async goTo(line: number, column: number): Promise<void> {
    const at = new vscode.Position(Math.max(0, line - 1), Math.max(0, column - 1));
    const open = vscode.window.visibleTextEditors.find(
      ({ document }) => document.uri.toString() === this.document.uri.toString(),
    );
    await vscode.window.showTextDocument(this.document, {
      viewColumn: open?.viewColumn ?? vscode.ViewColumn.One,
      selection: new vscode.Range(at, at),
    });
  }

  private tellEverything(): void {
    this.page.update('language', { locale: vscodeTexts.locale, texts: vscode.l10n.bundle ?? {} });
    this.page.update('remember', { uri: this.document.uri.toString() });
    this.page.update('state', this.state());
  }

  dispose(): void {
    this.panel.dispose();
  }
}

function nameOf(uri: vscode.Uri): string {
  const base = path.posix.basename(uri.path);
  return base.endsWith(promptSuffix) ? base.slice(0, -promptSuffix.length) : base;
}

import * as vscode from 'vscode';
import { demonstrationsContract } from '../../../webview/protocol.ts';
import type { DemonstrationsContract, DemonstrationsState } from '../../../webview/protocol.ts';
import {
  enableDemonstration,
  moveDemonstration,
  removeDemonstration,
  replaceDemonstration,
} from '../../agent/prompts/demonstration-edits.ts';
import { demonstrationSchema, demonstrationText } from '../../agent/prompts/demonstrations.ts';
import { checkDemonstrations, readDemonstrations } from '../../agent/prompts/language/demonstration-file.ts';
import { entryAt } from '../../agent/prompts/language/yaml-model.ts';
import { standardSignatures } from '../../agent/tools/registry.ts';
import { estimateTokens } from '../../llm/tokens.ts';
import { InputError } from '../../shared/errors.ts';
import { HostEnd } from '../../shared/message-channel.ts';
import { showFailure } from '../failures.ts';
import { vscodeTexts } from '../language.ts';
import { commands } from '../names.ts';
import { webviewOptions, webviewPage } from '../webview-page.ts';
import type { PromptFeatures } from './features.ts';
import { replaceText } from './replace-text.ts';

/**
 * A file of demonstrations as a list. The text document is the truth: every change is an edit of it, so undo, save and
 * other editors of the same file work as everywhere.
 */
export class DemonstrationsEditor {
  private readonly features: PromptFeatures;
  private readonly document: vscode.TextDocument;
  private readonly page: HostEnd<DemonstrationsContract>;

  constructor(features: PromptFeatures, document: vscode.TextDocument, panel: vscode.WebviewPanel) {
    this.features = features;
    this.document = document;
    const { extensionUri, log } = features.parts;
    panel.webview.options = webviewOptions(extensionUri);
    const attempt = (work: () => Promise<unknown>) =>
      void work().catch((error: unknown) => showFailure(error, log));
    this.page = new HostEnd(demonstrationsContract, (message) => void panel.webview.postMessage(message), {
      requests: {
        edit: async ({ index, demonstration }) => {
          const old = readDemonstrations(document.getText()).value?.demonstrations[index];
          const parsed = demonstrationSchema.safeParse({ ...old, ...demonstration });
          if (!parsed.success) {
            const issue = parsed.error.issues[0]!;
            throw new InputError(
              'bad-demonstrations',
              `“${issue.path.join('.')}”: ${issue.message}.`,
              'Correct it and save again.',
            );
          }
          await this.apply(replaceDemonstration(document.getText(), index, parsed.data));
          return {};
        },
      },
      intents: {
        move: ({ from, to }) => attempt(() => this.apply(moveDemonstration(document.getText(), from, to))),
        enable: ({ index, enabled }) =>
          attempt(() => this.apply(enableDemonstration(document.getText(), index, enabled))),
        remove: ({ index }) => attempt(() => this.apply(removeDemonstration(document.getText(), index))),
        addFromSession: () => void vscode.commands.executeCommand(commands.addDemonstration, { pick: true }),
        showText: ({ line }) => {
          const at = new vscode.Position(Math.max(0, line - 1), 0);
          void vscode.window.showTextDocument(document.uri, {
            selection: new vscode.Range(at, at),
            viewColumn: vscode.ViewColumn.Beside,
          });
        },
      },
      onReady: () => {
        this.page.update('language', { locale: vscodeTexts.locale, texts: vscode.l10n.bundle ?? {} });
        void this.show();
      },
      onViolation: (error) => showFailure(error, log),
    });
    panel.webview.onDidReceiveMessage((message: unknown) => this.page.receive(message));
    const changes = vscode.workspace.onDidChangeTextDocument((event) => {
      if (event.document === document && event.contentChanges.length > 0) void this.show();
    });
    panel.onDidChangeViewState(() => {
      if (!panel.visible) this.page.suspend();
    });
    panel.onDidDispose(() => changes.dispose());
    panel.webview.html = webviewPage(
      panel.webview,
      extensionUri,
      'demonstrations',
      vscode.l10n.t('Demonstrations'),
    );
  }

  private apply(text: string): Promise<void> {
    return replaceText(this.document, text);
  }

  private async show(): Promise<void> {
    const { values } = await this.features.contextOf(this.document);
    const read = readDemonstrations(this.document.getText());
    const findings = checkDemonstrations(read, {
      signatures: standardSignatures(),
      items: values && this.features.subjects.itemsOf(values.dataset),
    });
    const file = vscode.workspace.asRelativePath(this.document.uri);
    const state: DemonstrationsState = {
      file,
      domain: read.value?.domain ?? '',
      demonstrations: (read.value?.demonstrations ?? []).map((one, i) => {
        const place = entryAt(read.yaml, ['demonstrations', i])?.value ?? { start: 0, end: 0 };
        return {
          title: one.title,
          source: one.source,
          enabled: one.enabled,
          history: [...one.history],
          rounds: one.rounds.map(({ thought, action, observation }) => ({
            thought,
            action,
            ...(observation ? { observation: [...observation] } : {}),
          })),
          tokens: estimateTokens(demonstrationText(one)),
          findings: findings
            .filter((found) => found.start >= place.start && found.start < place.end)
            .map(({ severity, message, start }) => ({
              severity,
              message,
              line: read.lines.position(start).line,
            })),
        };
      }),
      ...(read.value ? {} : { problem: findings[0]?.message ?? vscode.l10n.t('The file is empty.') }),
    };
    this.page.update('state', state);
  }
}

import * as vscode from 'vscode';
import { demonstrationsContract } from '../../../webview/protocol.ts';
import type { DemonstrationsContract } from '../../../webview/protocol.ts';
import {
  enableDemonstration,
  moveDemonstration,
  removeDemonstration,
} from '../../agent/prompts/demonstration-edits.ts';
import { HostEnd } from '../../shared/message-channel.ts';
import { showFailure } from '../failures.ts';
import { vscodeTexts } from '../language.ts';
import { commands } from '../names.ts';
import { webviewOptions, webviewPage } from '../webview-page.ts';
import { demonstrationsState, withEdited } from './demonstration-list.ts';
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
          await this.apply(withEdited(document.getText(), index, demonstration));
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
    this.page.update(
      'state',
      demonstrationsState(this.document.getText(), {
        file: vscode.workspace.asRelativePath(this.document.uri),
        items: values && this.features.subjects.itemsOf(values.dataset),
        texts: vscodeTexts,
      }),
    );
  }
}

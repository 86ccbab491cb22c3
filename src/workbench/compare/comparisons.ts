import * as vscode from 'vscode';
import type { Compared } from '../../../webview/protocol.ts';
import { panels } from '../names.ts';
import { webviewOptions } from '../webview-page.ts';
import type { ComparePanel, ComparePanelParts } from './compare-panel.ts';

/** The open comparisons, one a pair. Brings them back after a reload of the window. */
export class Comparisons implements vscode.WebviewPanelSerializer, vscode.Disposable {
  private readonly parts: ComparePanelParts;
  private readonly shown = new Map<string, ComparePanel>();
  private readonly serializer: vscode.Disposable;

  constructor(parts: ComparePanelParts) {
    this.parts = parts;
    this.serializer = vscode.window.registerWebviewPanelSerializer(panels.compare, this);
  }

  async open(compared: Compared): Promise<void> {
    const existing = this.shown.get(JSON.stringify(compared));
    if (existing) return existing.reveal();
    const panel = vscode.window.createWebviewPanel(
      panels.compare,
      vscode.l10n.t('Compare Sessions'),
      vscode.ViewColumn.Active,
      webviewOptions(this.parts.extension),
    );
    await this.attach(panel, compared);
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const { comparedSchema } = await import('../../../webview/protocol.ts');
    const compared = comparedSchema.safeParse(state);
    if (!compared.success) {
      this.parts.log.warn('A comparison was not brought back: it left no state.');
      panel.dispose();
      return;
    }
    panel.webview.options = webviewOptions(this.parts.extension);
    await this.attach(panel, compared.data);
  }

  private async attach(panel: vscode.WebviewPanel, compared: Compared): Promise<void> {
    const { ComparePanel } = await import('./compare-panel.ts');
    const key = JSON.stringify(compared);
    this.shown.set(key, new ComparePanel(panel, compared, this.parts));
    panel.onDidDispose(() => this.shown.delete(key));
  }

  dispose(): void {
    this.serializer.dispose();
    for (const panel of [...this.shown.values()]) panel.dispose();
  }
}

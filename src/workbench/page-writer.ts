import type * as vscode from 'vscode';
import type { Disposable } from '../shared/disposable.ts';
import { firstPicture, type DrawPicture } from './first-pictures.ts';
import type { WorkbenchLog } from './log.ts';
import { webviewPage } from './webview-page.ts';

/** VS Code needs longer than this to make the frame that a page goes into: so long a page can wait for its picture. */
const pictureAtLatestMs = 120;

/** Writes the page of a panel, once: with its first picture where that is there in time. */
export class PageWriter implements Disposable {
  private readonly panel: vscode.WebviewPanel;
  private readonly page: {
    readonly extension: vscode.Uri;
    readonly log: WorkbenchLog;
    readonly bundle: string;
    readonly title: string;
    /** It is written and about to be shown: what VS Code is told for it from now on reaches it. */
    readonly onWritten: () => void;
  };
  private waiting: NodeJS.Timeout | undefined;

  constructor(panel: vscode.WebviewPanel, page: PageWriter['page']) {
    this.panel = panel;
    this.page = page;
    this.waiting = setTimeout(() => this.write(undefined), pictureAtLatestMs);
  }

  /** Whether the page can still have a picture. */
  get open(): boolean {
    return this.waiting !== undefined;
  }

  /** Draws the picture, and writes the page with it. */
  picture(draw: DrawPicture): void {
    if (!this.open) return;
    const { extension, log } = this.page;
    this.write(this.panel.visible ? firstPicture(extension, log, draw) : undefined);
  }

  /** Of a panel that is hidden the page comes later: by then its picture would be an old one, so it has none. */
  private write(picture: string | undefined): void {
    this.dispose();
    const { panel } = this;
    const { extension, bundle, title, onWritten } = this.page;
    panel.webview.html = webviewPage(panel.webview, extension, bundle, title, picture);
    if (panel.visible) onWritten();
  }

  dispose(): void {
    clearTimeout(this.waiting);
    this.waiting = undefined;
  }
}

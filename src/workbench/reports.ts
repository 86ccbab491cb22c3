import * as vscode from 'vscode';
import { DisposableStore } from '../shared/disposable.ts';

const scheme = 'toolrec-report';

/** Read-only Markdown pages made by commands: shown rendered, never asked to be saved. */
export class Reports implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly texts = new Map<string, string>();
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changed.event;
  private readonly disposables = new DisposableStore();

  constructor() {
    this.disposables.add(this.changed);
    this.disposables.add(vscode.workspace.registerTextDocumentContentProvider(scheme, this));
  }

  /**
   * @param name of the page, such as `Doctor`; a page of the same name is replaced where it is open
   * @param where beside what is open, where that is to stay in view
   */
  async show(name: string, markdown: string, where: 'here' | 'beside' = 'here'): Promise<void> {
    const uri = vscode.Uri.from({ scheme, path: `/${name}.md` });
    this.texts.set(uri.path, markdown);
    if (where === 'here') await vscode.commands.executeCommand('markdown.showPreview', uri);
    else {
      // Beside the first group: the second is then used again, whichever has the focus now.
      await vscode.commands.executeCommand('workbench.action.focusFirstEditorGroup');
      await vscode.commands.executeCommand('markdown.showPreviewToSide', uri);
    }
    // Where the page was open it is in view by now, and only then another.
    this.changed.fire(uri);
  }

  provideTextDocumentContent({ path }: vscode.Uri): string {
    return this.texts.get(path) ?? vscode.l10n.t('Run the command again to make this report.');
  }

  dispose(): void {
    this.disposables.dispose();
  }
}

import * as vscode from 'vscode';
import type { ViewId } from './names.ts';

/** A view that has nothing to list yet, so that its welcome content shows. */
export class EmptyTree implements vscode.TreeDataProvider<never>, vscode.Disposable {
  private readonly view: vscode.Disposable;

  constructor(id: ViewId) {
    this.view = vscode.window.createTreeView(id, { treeDataProvider: this });
  }

  getChildren(): never[] {
    return [];
  }

  getTreeItem(node: never): never {
    return node;
  }

  dispose(): void {
    this.view.dispose();
  }
}

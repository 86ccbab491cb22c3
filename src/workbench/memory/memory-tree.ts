import * as vscode from 'vscode';
import { DisposableStore } from '../../shared/disposable.ts';
import { Settling } from '../../shared/settling.ts';
import { escapeMarkdown } from '../dataset-text.ts';
import { vscodeTexts } from '../language.ts';
import { commands, contextKeys, treeItems, views } from '../names.ts';
import type { OpenSession } from '../sessions/open-session.ts';
import type { Sessions } from '../sessions/sessions.ts';
import type { GroupRow, ItemRow, MemoryRow, TextRow } from './memory-rows.ts';

/** An item row of the tree as commands get it. */
export interface ItemReference {
  readonly session: { readonly folder: string; readonly id: string };
  readonly item: string;
}

/** The rounds themselves are in the panel, which comes first. */
const settle = { quietMs: 200, atMostMs: 1000 };

type Node = MemoryRow & { readonly session: OpenSession };

/** The view “Memory”: what the tools of the active session found (paper 3.4). */
export class MemoryTree implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly sessions: Sessions;
  private readonly view: vscode.TreeView<Node>;
  private readonly disposables = new DisposableStore();
  private filter = '';
  /** Context keys as they were last set. */
  private readonly context = new Map<string, boolean>();

  constructor(sessions: Sessions) {
    this.sessions = sessions;
    this.disposables.add(this.changed);
    this.view = this.disposables.add(
      vscode.window.createTreeView(views.memory, { treeDataProvider: this, showCollapseAll: true }),
    );
    const refresh = this.disposables.add(new Settling(() => void this.refresh(), settle));
    this.disposables.add(sessions.onDidChangeActive(refresh.soon));
    this.disposables.add(sessions.onDidChange(refresh.soon));
    const follow = () => this.followSession();
    this.disposables.add(sessions.onDidChangeActive(follow));
    this.disposables.add(sessions.onDidChange(follow));
  }

  get filterText(): string {
    return this.filter;
  }

  /** Shows only items whose title holds this; all for an empty text. */
  setFilter(text: string): void {
    this.filter = text;
    void vscode.commands.executeCommand('setContext', contextKeys.memoryFiltered, text.trim() !== '');
    void this.refresh();
  }

  async getChildren(node?: Node): Promise<Node[]> {
    const session = node?.session ?? this.sessions.active;
    if (!session) return [];
    if (node) return node.kind === 'group' ? node.children.map((row) => ({ ...row, session })) : [];
    const { memoryRows } = await import('./memory-rows.ts');
    return memoryRows(session.state, vscodeTexts, this.filter).map((row) => ({ ...row, session }));
  }

  getTreeItem(node: Node): vscode.TreeItem {
    const item =
      node.kind === 'group' ? groupItem(node) : node.kind === 'item' ? itemItem(node) : textItem(node);
    // Unfolded groups stay so while the session goes on; a filter unfolds anew.
    item.id = `${node.session.id}/${this.filter}/${node.key}`;
    return item;
  }

  /** An item's trail is made when the person stops on it. */
  async resolveTreeItem(item: vscode.TreeItem, node: Node): Promise<vscode.TreeItem> {
    if (node.kind !== 'item') return item;
    const [{ itemTrail }, { trailMarkdown }] = await Promise.all([
      import('../../agent/trail.ts'),
      import('./trail-text.ts'),
    ]);
    const trail = itemTrail(node.session.state, node.id);
    if (trail) item.tooltip = new vscode.MarkdownString(trailMarkdown(trail, vscodeTexts));
    return item;
  }

  /** What commands ask is true at once. */
  private followSession(): void {
    const { active } = this.sessions;
    this.set(contextKeys.hasSession, active !== undefined);
    this.set(contextKeys.sessionEnded, active?.state.outcome !== undefined);
  }

  private set(key: string, value: boolean): void {
    if (this.context.get(key) === value) return;
    this.context.set(key, value);
    void vscode.commands.executeCommand('setContext', key, value);
  }

  private async refresh(): Promise<void> {
    const session = this.sessions.active;
    this.changed.fire(undefined);
    if (!session) {
      this.view.description = '';
      this.view.badge = undefined;
      this.view.message = '';
      return;
    }
    const { memoryCounts, memoryRows } = await import('./memory-rows.ts');
    const { user } = session.state.started.subject;
    const who = user ? vscode.l10n.t('user {0}', user.id) : vscode.l10n.t('written history');
    this.view.description = this.filter.trim() === '' ? who : `${who} · “${this.filter.trim()}”`;
    const { outside } = memoryCounts(session.state);
    this.view.badge =
      outside > 0
        ? { value: outside, tooltip: vscode.l10n.t('{0} suggestions outside the catalogue', outside) }
        : undefined;
    const nothing =
      this.filter.trim() !== '' && memoryRows(session.state, vscodeTexts, this.filter).length === 0;
    this.view.message = nothing ? vscode.l10n.t('No title holds “{0}”.', this.filter.trim()) : '';
  }

  dispose(): void {
    this.disposables.dispose();
  }
}

function groupItem(row: GroupRow): vscode.TreeItem {
  const { Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(row.label, row.expanded ? Expanded : Collapsed);
  if (row.icon !== 'blank') item.iconPath = new vscode.ThemeIcon(row.icon);
  item.description = row.description;
  item.contextValue = treeItems.memoryGroup;
  if (row.tooltip.length > 0)
    item.tooltip = new vscode.MarkdownString(row.tooltip.map(escapeMarkdown).join('\n\n'));
  return item;
}

function itemItem(row: ItemRow & { readonly session: OpenSession }): vscode.TreeItem {
  const label = row.rank === undefined ? row.title : `${row.rank}  ${row.title}`;
  const item = new vscode.TreeItem(label, vscode.TreeItemCollapsibleState.None);
  item.description = row.description;
  item.contextValue = treeItems.memoryItem;
  const reference: ItemReference = { session: row.session.reference, item: row.id };
  item.command = {
    command: commands.showItemTrail,
    title: vscode.l10n.t('Show Where It Came From'),
    arguments: [reference],
  };
  item.accessibilityInformation = {
    label: [
      row.title,
      ...(row.rank === undefined ? [] : [vscode.l10n.t('rank {0}', row.rank)]),
      row.description,
    ].join(', '),
  };
  return item;
}

function textItem(row: TextRow): vscode.TreeItem {
  const item = new vscode.TreeItem(row.text, vscode.TreeItemCollapsibleState.None);
  item.description = row.description;
  item.contextValue = treeItems.memoryText;
  item.tooltip = new vscode.MarkdownString(escapeMarkdown(row.text));
  return item;
}

import * as vscode from 'vscode';
import type { DatasetEntry } from '../data/library.ts';
import { DisposableStore } from '../shared/disposable.ts';
import { ToolRecError } from '../shared/errors.ts';
import { datasetDescription, datasetTooltip, escapeMarkdown } from './dataset-text.ts';
import { openFolders, workspaceOf } from './folders.ts';
import type { ModelStore } from './models/model-store.ts';
import { ModelBranches, type ModelNode } from './models/model-tree.ts';
import { vscodeTexts } from './language.ts';
import { commands, contextKeys, treeItems, views } from './names.ts';
import type { WorkbenchLog } from './log.ts';

/** Which dataset: its workspace folder and its name. What commands take and panels remember. */
export interface DatasetReference {
  readonly folder: vscode.Uri;
  readonly name: string;
}

/** A row of the tree. A folder's row exists only where several folders are open. */
export type DatasetNode =
  | {
      readonly kind: 'folder';
      readonly folder: vscode.WorkspaceFolder;
      readonly children: readonly DatasetNode[];
    }
  | ({ readonly kind: 'dataset'; readonly entry: DatasetEntry } & DatasetReference)
  | ModelNode
  /** Models whose dataset is gone, and those that cannot be read. */
  | { readonly kind: 'orphans'; readonly folder: vscode.Uri; readonly children: readonly ModelNode[] }
  /** The datasets of a folder cannot be listed. */
  | { readonly kind: 'problem'; readonly error: unknown };

const settleMs = 150;
/** How often rows of models are drawn again at most, in ms. */
const modelsMs = 500;

/**
 * The view “Datasets & Models”: datasets, their models, and under each backbone its tools. Lists once, again when files
 * under `.toolrec` change or on `refresh`.
 */
export class DatasetTree implements vscode.TreeDataProvider<DatasetNode>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<DatasetNode[] | undefined>();
  readonly onDidChangeTreeData = this.changed.event;

  private readonly disposables = new DisposableStore();
  private readonly log: WorkbenchLog;
  private readonly models: ModelStore;
  private readonly branches: ModelBranches;
  private readonly view: vscode.TreeView<DatasetNode>;
  private filter = '';
  private modelTimer: NodeJS.Timeout | undefined;
  private watchers = new DisposableStore();
  private listing: Promise<readonly DatasetNode[]> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private context: Readonly<Record<string, boolean>> = {};
  /** Datasets that had models at the last look; undefined before the first. */
  private populated: ReadonlySet<string> | undefined;
  /** Datasets whose first model has come, still folded. */
  private readonly folded = new Map<string, DatasetNode>();

  constructor(log: WorkbenchLog, models: ModelStore) {
    this.log = log;
    this.models = models;
    this.branches = new ModelBranches(models);
    this.disposables.add(this.changed);
    this.view = vscode.window.createTreeView(views.datasets, {
      treeDataProvider: this,
      showCollapseAll: true,
      canSelectMany: true,
    });
    this.disposables.add(this.view);
    this.disposables.add(this.view.onDidChangeVisibility(() => void this.unfold()));
    // Running models tell of every step.
    this.disposables.add(
      models.onDidChange(() => {
        this.modelTimer ??= setTimeout(() => {
          this.modelTimer = undefined;
          void this.showRunning();
          void this.showChanged();
          void this.noteFirstModels();
        }, modelsMs);
      }),
    );
    this.disposables.add(
      vscode.workspace.onDidChangeWorkspaceFolders(() => {
        this.watch();
        this.refresh();
      }),
    );
    this.watch();
    // Its context keys must be right even while the view is hidden.
    this.timer = setTimeout(
      () => void this.list().then(() => Promise.all([this.showRunning(), this.noteFirstModels()])),
      settleMs,
    );
  }

  /** Every dataset of every open folder, damaged ones included. */
  async all(): Promise<readonly Extract<DatasetNode, { kind: 'dataset' }>[]> {
    const nodes = await this.list();
    return nodes.flatMap((node) => (node.kind === 'folder' ? node.children : [node])).filter(isDataset);
  }

  /**
   * Opens a walkthrough whose steps look at the context keys. VS Code completes a step when its key becomes true after
   * the walkthrough was opened, and never one whose key was true before; so they are false meanwhile.
   */
  async announceTo(openWalkthrough: () => Thenable<unknown>): Promise<void> {
    await this.list();
    for (const key of Object.keys(this.context))
      await vscode.commands.executeCommand('setContext', key, false);
    await openWalkthrough();
    await new Promise((resolve) => setTimeout(resolve, 1000)); // it reads its steps after it has opened
    this.setContext();
  }

  private setContext(): void {
    for (const [key, value] of Object.entries(this.context))
      void vscode.commands.executeCommand('setContext', key, value);
  }

  refresh(): void {
    this.listing = undefined;
    this.changed.fire(undefined);
  }

  /** Shows only datasets and models that match; everything when empty. */
  showOnly(text: string): void {
    this.filter = text.trim();
    this.view.description = this.filter === '' ? '' : vscode.l10n.t('filter: {0}', this.filter);
    void vscode.commands.executeCommand('setContext', contextKeys.modelsFiltered, this.filter !== '');
    this.changed.fire(undefined);
  }

  get shownOnly(): string {
    return this.filter;
  }

  async getChildren(node?: DatasetNode): Promise<DatasetNode[]> {
    switch (node?.kind) {
      case undefined:
        return this.filtered(await this.withOrphans(await this.list()));
      case 'folder':
        return this.filtered(await this.withOrphans(node.children));
      case 'dataset':
        return this.modelsOf(node);
      case 'model':
        return [...node.tools];
      case 'orphans':
        return [...node.children];
      case 'problem':
        return [];
    }
  }

  /** None where they cannot be listed: the panel says why. */
  private modelsOf({ folder, name }: DatasetReference): Promise<ModelNode[]> {
    return this.branches.ofDataset(folder, name, this.filter).catch((error: unknown) => {
      this.log.error(error instanceof ToolRecError ? error.describe() : String(error));
      return [];
    });
  }

  /** Draws only the rows of models that look otherwise now, where no row comes or goes. */
  private async showChanged(): Promise<void> {
    const rows = this.filter === '' ? await this.branches.changed().catch(() => undefined) : undefined;
    if (rows === undefined) this.changed.fire(undefined);
    else if (rows.length > 0) this.changed.fire([...rows]);
  }

  /** VS Code leaves a row that had nothing below it folded: what a person has just begun to train would not be seen. */
  private async noteFirstModels(): Promise<void> {
    const populated = new Set<string>();
    for (const node of await this.all()) {
      const key = vscode.Uri.joinPath(node.folder, node.name).toString();
      const models = await this.branches.ofDataset(node.folder, node.name, '').catch(() => []);
      if (models.length === 0) continue;
      populated.add(key);
      if (this.populated && !this.populated.has(key)) this.folded.set(key, node);
    }
    this.populated = populated;
    await this.unfold();
  }

  private async unfold(): Promise<void> {
    if (!this.view.visible) return; // looked at again when it is
    const nodes = [...this.folded.values()];
    this.folded.clear();
    for (const node of nodes)
      try {
        await this.view.reveal(node, { select: false, focus: false, expand: true });
      } catch {
        // Deleted meanwhile, or left out by the filter.
      }
  }

  /** What `reveal` needs to find a dataset where several folders are open. */
  async getParent(node: DatasetNode): Promise<DatasetNode | undefined> {
    if (node.kind !== 'dataset') return undefined;
    const holds = ({ children }: { children: readonly DatasetNode[] }) =>
      children.some((child) => child.kind === 'dataset' && child.entry === node.entry);
    return (await this.list()).find((other) => other.kind === 'folder' && holds(other));
  }

  /** Models that no dataset row can show follow after the datasets. */
  private async withOrphans(nodes: readonly DatasetNode[]): Promise<readonly DatasetNode[]> {
    const folders = openFolders();
    if (nodes.some(({ kind }) => kind === 'folder')) return nodes;
    const own = nodes.find((node) => node.kind === 'dataset')?.folder ?? folders[0]?.uri;
    if (!own) return nodes;
    const names = nodes.flatMap((node) =>
      node.kind === 'dataset' && node.entry.manifest ? [node.name] : [],
    );
    const children = await this.branches.withoutDataset(own, names, this.filter);
    return children.length === 0 ? nodes : [...nodes, { kind: 'orphans', folder: own, children }];
  }

  private async filtered(nodes: readonly DatasetNode[]): Promise<DatasetNode[]> {
    if (this.filter === '') return [...nodes];
    const shown = await Promise.all(
      nodes.map(
        async (node) =>
          node.kind !== 'dataset' ||
          node.name.toLowerCase().includes(this.filter.toLowerCase()) ||
          (await this.branches.ofDataset(node.folder, node.name, this.filter)).length > 0,
      ),
    );
    return nodes.filter((_, i) => shown[i]);
  }

  /** The badge says how many models are being trained. */
  private async showRunning(): Promise<void> {
    const rows = await this.models.all().catch(() => []);
    const { isUnderWay } = await import('./models/model-rows.ts');
    const running = rows.filter(isUnderWay).length;
    this.view.badge =
      running === 0
        ? undefined
        : {
            value: running,
            tooltip: running === 1 ? vscode.l10n.t('One training') : vscode.l10n.t('{0} trainings', running),
          };
    const hasModels = rows.length > 0;
    if (this.context[contextKeys.hasModels] === hasModels) return;
    this.context = { ...this.context, [contextKeys.hasModels]: hasModels };
    this.setContext();
  }

  async getTreeItem(node: DatasetNode): Promise<vscode.TreeItem> {
    switch (node.kind) {
      case 'folder':
        return folderItem(node.folder);
      case 'dataset':
        return datasetItem(node, (await this.modelsOf(node)).length > 0);
      case 'model':
        return this.branches.item(node);
      case 'orphans':
        return orphansItem(node.folder);
      case 'problem':
        return problemItem(node.error);
    }
  }

  private list(): Promise<readonly DatasetNode[]> {
    this.listing ??= this.read();
    return this.listing;
  }

  private async read(): Promise<readonly DatasetNode[]> {
    const folders = openFolders();
    // Loaded here, not at the top: it brings zod, which activation must not wait for.
    const { listDatasets } = await import('../data/library.ts');
    const perFolder = await Promise.all(
      folders.map(async (folder) => {
        try {
          const entries = await listDatasets(workspaceOf(folder.uri));
          return entries.map((entry): DatasetNode => ({
            kind: 'dataset',
            folder: folder.uri,
            name: entry.name,
            entry,
          }));
        } catch (error) {
          this.log.error(error instanceof ToolRecError ? error.describe() : String(error));
          return [{ kind: 'problem', error } satisfies DatasetNode];
        }
      }),
    );
    const any = perFolder.some((nodes) => nodes.length > 0);
    const datasets = perFolder.flat().some((node) => node.kind === 'dataset');
    this.context = {
      ...this.context,
      [contextKeys.hasFolder]: folders.length > 0,
      [contextKeys.hasDatasets]: datasets,
    };
    this.setContext();
    if (!any) return []; // an empty tree shows the welcome content
    if (folders.length === 1) return perFolder[0]!;
    return folders.map((folder, i): DatasetNode => ({ kind: 'folder', folder, children: perFolder[i]! }));
  }

  private watch(): void {
    this.watchers.dispose();
    this.watchers = new DisposableStore();
    for (const { uri } of openFolders()) {
      // Folders as well as files: a dataset is put in place by renaming a folder.
      const pattern = new vscode.RelativePattern(
        uri,
        '.toolrec/{datasets,datasets/*,datasets/*/dataset.json}',
      );
      const watcher = this.watchers.add(vscode.workspace.createFileSystemWatcher(pattern));
      const soon = () => {
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.refresh(), settleMs);
      };
      this.watchers.add(watcher.onDidCreate(soon));
      this.watchers.add(watcher.onDidChange(soon));
      this.watchers.add(watcher.onDidDelete(soon));
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
    clearTimeout(this.modelTimer);
    this.watchers.dispose();
    this.disposables.dispose();
  }
}

function isDataset(node: DatasetNode): node is Extract<DatasetNode, { kind: 'dataset' }> {
  return node.kind === 'dataset';
}

function folderItem(folder: vscode.WorkspaceFolder): vscode.TreeItem {
  const item = new vscode.TreeItem(folder.name, vscode.TreeItemCollapsibleState.Expanded);
  item.contextValue = treeItems.folder;
  item.iconPath = vscode.ThemeIcon.Folder;
  item.resourceUri = folder.uri;
  return item;
}

function orphansItem(folder: vscode.Uri): vscode.TreeItem {
  const item = new vscode.TreeItem(
    vscode.l10n.t('Models without a dataset'),
    vscode.TreeItemCollapsibleState.Collapsed,
  );
  item.id = `${folder.toString()} orphans`;
  item.iconPath = new vscode.ThemeIcon('question');
  item.tooltip = vscode.l10n.t('Their dataset was deleted, or they cannot be read.');
  return item;
}

function problemItem(error: unknown): vscode.TreeItem {
  const typed = error instanceof ToolRecError ? error : undefined;
  const item = new vscode.TreeItem(typed?.message ?? String(error));
  item.iconPath = new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground'));
  item.tooltip = new vscode.MarkdownString(escapeMarkdown(typed?.describe() ?? String(error)));
  item.command = { command: commands.showLog, title: vscode.l10n.t('Show Log') };
  return item;
}

function datasetItem(node: Extract<DatasetNode, { kind: 'dataset' }>, hasModels: boolean): vscode.TreeItem {
  const { folder, name, entry } = node;
  const { Expanded, None } = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(name, hasModels ? Expanded : None);
  item.id = vscode.Uri.joinPath(folder, name).toString();
  if (entry.manifest) {
    const { manifest } = entry;
    item.contextValue = treeItems.dataset;
    item.iconPath = new vscode.ThemeIcon(manifest.simulated ? 'beaker' : 'database');
    item.description = datasetDescription(manifest, vscodeTexts);
    item.tooltip = new vscode.MarkdownString(datasetTooltip(manifest, vscodeTexts));
    item.command = { command: commands.showDataset, title: vscode.l10n.t('Show Dataset'), arguments: [node] };
    item.accessibilityInformation = { label: `${name}, ${item.description}` };
  } else {
    item.contextValue = treeItems.damagedDataset;
    item.iconPath = new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'));
    item.description = vscode.l10n.t('cannot be read');
    item.tooltip = new vscode.MarkdownString(escapeMarkdown(entry.error.describe()));
  }
  return item;
}

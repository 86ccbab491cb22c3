import * as vscode from 'vscode';
import type { ModelRow } from '../../../webview/protocol.ts';
import { vscodeTexts } from '../language.ts';
import { commands, treeItems } from '../names.ts';
import { bestIds, canResume, isUnderWay, isUsable, modelHierarchy } from './model-rows.ts';
import type { ModelStore } from './model-store.ts';
import { modelDescription, modelTooltip } from './model-text.ts';

/** A model in the tree; what commands take as its reference. One object for as long as the model is there. */
export interface ModelNode {
  readonly kind: 'model';
  readonly folder: vscode.Uri;
  readonly id: string;
  row: ModelRow;
  best: boolean;
  tools: readonly ModelNode[];
}

/**
 * The part of the tree below datasets. Knows what its rows show, so that a training draws its own row anew: VS Code
 * takes a whole tree that changes from under the hover or menu that a person has open on another row.
 */
export class ModelBranches {
  private readonly models: ModelStore;
  private readonly nodes = new Map<string, ModelNode>();
  /** What the row of a node shows. */
  private readonly shown = new WeakMap<ModelNode, string>();
  /** Which models there are, and where they stand. */
  private shape: string | undefined;

  constructor(models: ModelStore) {
    this.models = models;
  }

  /** Backbones of a dataset with their tools; with a filter, those that match or have a tool that does. */
  async ofDataset(folder: vscode.Uri, dataset: string, filter: string): Promise<ModelNode[]> {
    const rows = await this.models.rows(folder.fsPath);
    const best = bestIds(rows);
    return modelHierarchy(rows, dataset).flatMap(({ row, tools }) => {
      const shown = tools.filter((tool) => matches(tool, filter) || matches(row, filter));
      if (!matches(row, filter) && shown.length === 0) return [];
      return [this.node(folder, row, best, shown)];
    });
  }

  item(node: ModelNode): vscode.TreeItem {
    const item = modelItem(node);
    this.shown.set(node, looks(item));
    return item;
  }

  /** Rows that are to be drawn anew; undefined when models have come, gone or moved since the last look. */
  async changed(): Promise<readonly ModelNode[] | undefined> {
    const rows = await this.models.all();
    const shape = JSON.stringify(
      rows.map(({ folder, id, dataset, tool, status }) => [
        folder,
        id,
        dataset,
        tool?.backbone,
        status === 'damaged',
      ]),
    );
    if (shape !== this.shape) {
      this.shape = shape;
      return undefined;
    }
    const changed: ModelNode[] = [];
    const best = new Map<string, ReadonlySet<string>>();
    for (const { folder } of rows)
      if (!best.has(folder)) best.set(folder, bestIds(rows.filter((row) => row.folder === folder)));
    for (const row of rows) {
      const node = this.nodes.get(keyOf(row.folder, row.id));
      if (!node) continue;
      node.row = row;
      node.best = best.get(row.folder)!.has(row.id);
      const before = this.shown.get(node);
      if (before !== undefined && before !== looks(modelItem(node))) changed.push(node);
    }
    return changed;
  }

  private node(
    folder: vscode.Uri,
    row: ModelRow,
    best: ReadonlySet<string>,
    tools: readonly ModelRow[],
  ): ModelNode {
    const key = keyOf(row.folder, row.id);
    const now = {
      row,
      best: best.has(row.id),
      tools: tools.map((tool) => this.node(folder, tool, best, [])),
    };
    const node: ModelNode = Object.assign(
      this.nodes.get(key) ?? { kind: 'model' as const, folder, id: row.id },
      now,
    );
    this.nodes.set(key, node);
    return node;
  }

  /** Models of datasets other than these. */
  async withoutDataset(
    folder: vscode.Uri,
    datasets: readonly string[],
    filter: string,
  ): Promise<ModelNode[]> {
    const rows = await this.models.rows(folder.fsPath).catch(() => []);
    const best = bestIds(rows);
    return rows
      .filter((row) => !datasets.includes(row.dataset) && matches(row, filter))
      .map((row) => this.node(folder, row, best, []));
  }
}

const keyOf = (folder: string, id: string): string => `${folder}\0${id}`;

/** All of a row that a person sees or that menus look at. */
function looks({ description, tooltip, contextValue, iconPath }: vscode.TreeItem): string {
  return JSON.stringify([description, (tooltip as vscode.MarkdownString).value, contextValue, iconPath]);
}

function matches(row: ModelRow, filter: string): boolean {
  if (filter === '') return true;
  const words = [row.id, row.title, row.loss, row.status, row.tool?.attribute ?? ''].join(' ').toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => words.includes(word));
}

function modelItem({ folder, row, best, tools }: ModelNode): vscode.TreeItem {
  const item = new vscode.TreeItem(
    row.tool ? row.tool.attribute : row.id,
    tools.length > 0 ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.None,
  );
  item.id = `${folder.toString()} model ${row.id}`;
  item.contextValue = contextValue(row);
  item.iconPath = icon(row);
  item.description = modelDescription(row, best, vscodeTexts);
  item.tooltip = new vscode.MarkdownString(modelTooltip(row, best, vscodeTexts));
  item.accessibilityInformation = {
    label: [
      row.id,
      row.title,
      best ? vscode.l10n.t('best on this dataset') : '',
      item.description.replace('★ ', ''),
    ]
      .filter(Boolean)
      .join(', '),
  };
  if (row.status !== 'damaged')
    item.command = {
      command: commands.showTraining,
      title: vscode.l10n.t('Show Training'),
      arguments: [{ folder, id: row.id }],
    };
  return item;
}

/** `toolrec.model backbone usable resumable`: what menus look at. */
function contextValue(row: ModelRow): string {
  const words = [
    ...(row.tool ? ['tool'] : ['backbone']),
    ...(isUsable(row) ? ['usable'] : []),
    ...(isUnderWay(row) ? ['running'] : ['idle']),
    ...(canResume(row) ? ['resumable'] : []),
  ];
  return [treeItems.model, ...words].join(' ');
}

function icon(row: ModelRow): vscode.ThemeIcon {
  const themed = (name: string, color: string) => new vscode.ThemeIcon(name, new vscode.ThemeColor(color));
  switch (row.status) {
    case 'training':
    case 'preparing':
    case 'pausing':
    case 'stopping':
    case 'elsewhere':
      return new vscode.ThemeIcon('sync~spin');
    case 'waiting':
      return new vscode.ThemeIcon('clock');
    case 'paused':
      return new vscode.ThemeIcon('debug-pause');
    case 'interrupted':
      return themed('debug-disconnect', 'list.warningForeground');
    case 'failed':
      return themed('error', 'list.errorForeground');
    case 'damaged':
      return themed('warning', 'list.warningForeground');
    case 'stopped':
      return new vscode.ThemeIcon('debug-stop');
    case 'finished':
      return new vscode.ThemeIcon(row.tool ? 'tools' : 'layers');
  }
}

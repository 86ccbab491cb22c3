import * as vscode from 'vscode';
import type { ModelRow } from '../../../webview/protocol.ts';
import { vscodeTexts } from '../language.ts';
import { commands, treeItems } from '../names.ts';
import { bestIds, canResume, isUnderWay, isUsable, modelHierarchy } from './model-rows.ts';
import type { ModelStore } from './model-store.ts';
import { modelDescription, modelTooltip } from './model-text.ts';

/** A model in the tree; what commands take as its reference. */
export interface ModelNode {
  readonly kind: 'model';
  readonly folder: vscode.Uri;
  readonly id: string;
  readonly row: ModelRow;
  readonly best: boolean;
  readonly tools: readonly ModelNode[];
}

/** The part of the tree below datasets. */
export class ModelBranches {
  private readonly models: ModelStore;

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
      return [node(folder, row, best, shown)];
    });
  }

  /** Models of datasets other than these. */
  async withoutDataset(
    folder: vscode.Uri,
    datasets: readonly string[],
    filter: string,
  ): Promise<ModelNode[]> {
    const rows = (await this.models.rows(folder.fsPath).catch(() => [])).filter(
      (row) => !datasets.includes(row.dataset) && matches(row, filter),
    );
    return rows.map((row) => node(folder, row, new Set(), []));
  }
}

function node(
  folder: vscode.Uri,
  row: ModelRow,
  best: ReadonlySet<string>,
  tools: readonly ModelRow[],
): ModelNode {
  return {
    kind: 'model',
    folder,
    id: row.id,
    row,
    best: best.has(row.id),
    tools: tools.map((tool) => node(folder, tool, best, [])),
  };
}

function matches(row: ModelRow, filter: string): boolean {
  if (filter === '') return true;
  const words = [row.id, row.title, row.loss, row.status, row.tool?.attribute ?? ''].join(' ').toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => words.includes(word));
}

export function modelItem({ folder, row, best, tools }: ModelNode): vscode.TreeItem {
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

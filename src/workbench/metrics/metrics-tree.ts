import * as vscode from 'vscode';
import { DisposableStore } from '../../shared/disposable.ts';
import { ToolRecError } from '../../shared/errors.ts';
import { Settling } from '../../shared/settling.ts';
import { escapeMarkdown } from '../dataset-text.ts';
import { vscodeTexts } from '../language.ts';
import type { WorkbenchLog } from '../log.ts';
import { commands, contextKeys, treeItems, views } from '../names.ts';
import type { Sessions } from '../sessions/sessions.ts';
import type { ExperimentFigures } from './experiment-figures.ts';
import type { Measured, MeasuredModel, MetricsRow } from './metrics-rows.ts';

/** Where the figures of models and experiments come from, and when they have changed. */
export interface MetricsSource<T> {
  all(): Promise<readonly T[]>;
  readonly onDidChange: (listener: () => void) => { dispose(): void };
}

/** A training tells of every step, a session of every part of a round. */
const settle = { quietMs: 200, atMostMs: 1000 };

/** The view “Metrics”: the active session, models by dataset, and experiments. */
export class MetricsTree implements vscode.TreeDataProvider<MetricsRow>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly sessions: Sessions;
  private readonly models: MetricsSource<MeasuredModel>;
  private readonly experiments: ExperimentFigures;
  private readonly log: WorkbenchLog;
  private readonly view: vscode.TreeView<MetricsRow>;
  private readonly disposables = new DisposableStore();
  private filter = '';
  /** The rows that it shows. */
  private given = '';

  constructor(
    sessions: Sessions,
    log: WorkbenchLog,
    models: MetricsSource<MeasuredModel>,
    experiments: ExperimentFigures,
  ) {
    this.sessions = sessions;
    this.log = log;
    this.models = models;
    this.experiments = experiments;
    this.disposables.add(this.changed);
    this.view = this.disposables.add(
      vscode.window.createTreeView(views.metrics, { treeDataProvider: this, showCollapseAll: true }),
    );
    const refresh = this.disposables.add(new Settling(() => this.changed.fire(undefined), settle));
    for (const listen of [sessions.onDidChangeActive, sessions.onDidChange, experiments.onDidChange])
      this.disposables.add(listen(refresh.soon));
    // A training tells of much that is not shown here.
    const compare = this.disposables.add(new Settling(() => void this.showChanged(), settle));
    this.disposables.add(models.onDidChange(compare.soon));
  }

  get filterText(): string {
    return this.filter;
  }

  setFilter(text: string): void {
    this.filter = text;
    this.view.description = text.trim() === '' ? '' : `“${text.trim()}”`;
    void vscode.commands.executeCommand('setContext', contextKeys.metricsFiltered, text.trim() !== '');
    this.changed.fire(undefined);
  }

  async getChildren(row?: MetricsRow): Promise<MetricsRow[]> {
    if (row?.action?.kind === 'experiment') {
      const { methodRows } = await import('./metrics-rows.ts');
      const { folder, id } = row.action;
      const methods = await this.read({ all: () => this.experiments.methods(folder, id) });
      return methodRows(row.action, methods, vscodeTexts);
    }
    if (row) return [...row.children];
    const measured = await this.measured();
    const running = measured.experiments.filter(({ status }) => status === 'running').length;
    this.view.badge =
      running > 0
        ? { value: running, tooltip: vscode.l10n.t('{0} experiments are running', running) }
        : undefined;
    const rows = await this.rows(measured);
    this.given = JSON.stringify(rows);
    return rows;
  }

  private async rows(measured: Measured): Promise<MetricsRow[]> {
    const { metricsRows } = await import('./metrics-rows.ts');
    return metricsRows(measured, vscodeTexts, this.filter);
  }

  /** VS Code takes a tree that changes from under the hover or menu that a person has open on it. */
  private async showChanged(): Promise<void> {
    if (this.view.visible && JSON.stringify(await this.rows(await this.measured())) === this.given) return;
    this.changed.fire(undefined);
  }

  getTreeItem(row: MetricsRow): vscode.TreeItem {
    const { Collapsed, Expanded, None } = vscode.TreeItemCollapsibleState;
    const item = new vscode.TreeItem(
      row.label,
      row.children.length === 0 && row.action?.kind !== 'experiment'
        ? None
        : row.expanded
          ? Expanded
          : Collapsed,
    );
    item.id = `${this.filter}/${row.key}`;
    if (row.icon !== undefined) item.iconPath = new vscode.ThemeIcon(row.icon);
    item.description = row.description;
    item.tooltip = tooltipOf(row);
    item.contextValue = row.action ? `${treeItems.metric}.${row.action.kind}` : treeItems.metric;
    item.accessibilityInformation = { label: `${row.label}, ${row.description}` };
    if (row.action?.kind === 'model')
      item.command = {
        command: commands.showTraining,
        title: vscode.l10n.t('Show Training'),
        arguments: [{ folder: vscode.Uri.file(row.action.folder), id: row.action.id }],
      };
    if (row.action?.kind === 'reveal')
      item.command = { command: commands.revealHeldOut, title: vscode.l10n.t('Reveal the Held-out Item') };
    return item;
  }

  private async measured(): Promise<Measured> {
    const session = this.sessions.active;
    return {
      session: session && {
        id: session.id,
        folder: session.reference.folder,
        state: session.state,
        revealed: session.revealed,
        metrics: session.metrics,
      },
      models: await this.read(this.models),
      experiments: await this.read(this.experiments),
    };
  }

  /** What cannot be listed hides nothing else; the log says why. */
  private async read<T>(source: Pick<MetricsSource<T>, 'all'>): Promise<readonly T[]> {
    try {
      return await source.all();
    } catch (error) {
      if (!(error instanceof ToolRecError)) throw error;
      this.log.error(`${error.code}: ${error.describe()}`);
      return [];
    }
  }

  dispose(): void {
    this.disposables.dispose();
  }
}

function tooltipOf({ tooltip, table = [], label }: MetricsRow): vscode.MarkdownString | undefined {
  if (tooltip.length === 0 && table.length === 0) return undefined;
  const lines = [`**${escapeMarkdown(label)}**`, ...tooltip.map(escapeMarkdown)];
  if (table.length > 0)
    lines.push(
      [
        '| | |',
        '| :- | -: |',
        ...table.map(([name, value]) => `| ${escapeMarkdown(name)} | ${escapeMarkdown(value)} |`),
      ].join('\n'),
    );
  return new vscode.MarkdownString(lines.join('\n\n'));
}

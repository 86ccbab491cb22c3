import * as vscode from 'vscode';
import { chartOptionsSchema, trainingContract } from '../../../webview/protocol.ts';
import type { ChartOptions, ModelRow, TrainingContract, TrainingState } from '../../../webview/protocol.ts';
import { trainingCurve } from '../../service/requests/model.ts';
import { DisposableStore } from '../../shared/disposable.ts';
import { ToolRecError } from '../../shared/errors.ts';
import { HostEnd } from '../../shared/message-channel.ts';
import { listDatasets } from '../../data/library.ts';
import { showFailure } from '../failures.ts';
import { workspaceOf } from '../folders.ts';
import { isUnderWay } from '../models/model-rows.ts';
import { commands } from '../names.ts';
import { PageWriter } from '../page-writer.ts';
import { ShownCurves } from './shown-curves.ts';
import type { TrainingPanelParts } from './training-panels.ts';

const optionsKey = 'toolrec.training.chart';
const selectedKey = 'toolrec.training.selected';
const standard: ChartOptions = { axis: 'epoch', smoothing: 0.6, logarithmic: false };
/** How often a page is told of changes at most, in ms. */
const everyMs = 250;
/** How often the curve of a run in another process is read, in ms. */
const elsewhereMs = 2000;

/** The training panel of a folder. Owns what is selected and shown; the page only shows it. */
export class TrainingPanel implements vscode.Disposable {
  private readonly panel: vscode.WebviewPanel;
  private readonly folder: vscode.Uri;
  private readonly parts: TrainingPanelParts;
  private readonly page: HostEnd<TrainingContract>;
  private readonly writer: PageWriter;
  private readonly curves: ShownCurves;
  private readonly disposables = new DisposableStore();
  private state: TrainingState = { kind: 'loading' };
  private selected: readonly string[];
  private options: ChartOptions;
  private stateTimer: NodeJS.Timeout | undefined;
  private curvesTimer: NodeJS.Timeout | undefined;
  private curvesTold = -Infinity;
  private known = new Set<string>();
  private disposed = false;

  constructor(
    panel: vscode.WebviewPanel,
    folder: vscode.Uri,
    ids: readonly string[],
    parts: TrainingPanelParts,
  ) {
    this.panel = panel;
    this.folder = folder;
    this.parts = parts;
    this.selected = ids.length > 0 ? ids : rememberedIds(parts.memory.get(selectedKey));
    const options = chartOptionsSchema.safeParse(parts.memory.get(optionsKey));
    this.options = options.success ? options.data : standard;
    const icon = (theme: string) => vscode.Uri.joinPath(parts.extension, 'media', `training-${theme}.svg`);
    panel.iconPath = { light: icon('light'), dark: icon('dark') };
    const run = (command: string) => (argument: unknown) =>
      void vscode.commands.executeCommand(command, argument);
    const onModel =
      (command: string) =>
      ({ id }: { id: string }) =>
        run(command)({ folder, id });
    this.page = new HostEnd(trainingContract, (message) => void panel.webview.postMessage(message), {
      requests: {},
      intents: {
        select: ({ ids }) => this.select(ids),
        options: (chosen) => {
          this.options = chosen;
          void parts.memory.update(optionsKey, chosen);
          void this.refresh();
        },
        train: () => run(commands.train)(undefined),
        createSample: () => run(commands.createSample)(undefined),
        pause: onModel(commands.pauseTraining),
        resume: onModel(commands.resumeTraining),
        stop: onModel(commands.stopTraining),
        evaluate: onModel(commands.evaluateModel),
        compare: ({ ids }) => run(commands.compareModels)(ids.map((id) => ({ folder, id }))),
        showLog: () => parts.log.show(),
        reload: () => parts.models.refresh(),
      },
      onReady: () => this.tellEverything(),
      onViolation: (error) => showFailure(error, parts.log),
    });
    this.curves = new ShownCurves(
      (id) => parts.engine.request(trainingCurve, { workspace: folder.fsPath, id }),
      () => this.tellCurvesSoon(),
    );
    const own = this.disposables;
    own.add(panel.webview.onDidReceiveMessage((message: unknown) => this.page.receive(message)));
    own.add(
      panel.onDidChangeViewState(() => {
        if (!panel.visible) this.page.suspend(); // VS Code drops a hidden page and loads it anew
      }),
    );
    own.add(parts.models.onDidChange(() => this.refreshSoon()));
    own.add(
      parts.runs.onEvents((plan, events) => {
        if (plan.folder === folder.fsPath) this.curves.add(plan.id, events);
      }),
    );
    const poll = setInterval(() => this.readElsewhere(), elsewhereMs);
    own.add({ dispose: () => clearInterval(poll) });
    panel.onDidDispose(() => this.release());
    this.writer = own.add(
      new PageWriter(panel, {
        extension: parts.extension,
        log: parts.log,
        bundle: 'training',
        title: panel.title,
        onWritten: () => this.page.greet(),
      }),
    );
    void this.refresh().then(() => {
      this.writer.picture((pictures, language) => pictures.training(this.state, language));
      this.curves.select(this.selected);
    });
  }

  /** @param ids runs to show; what is shown stays when empty */
  reveal(ids: readonly string[]): void {
    this.panel.reveal();
    if (ids.length > 0) this.select(ids);
  }

  private select(ids: readonly string[]): void {
    this.selected = [...new Set(ids)];
    void this.parts.memory.update(selectedKey, this.selected);
    this.curves.select(this.selected);
    void this.refresh();
  }

  private refreshSoon(): void {
    this.stateTimer ??= setTimeout(() => {
      this.stateTimer = undefined;
      void this.refresh();
    }, everyMs);
  }

  private async refresh(): Promise<void> {
    try {
      const [rows, datasets] = await Promise.all([
        this.parts.models.rows(this.folder.fsPath),
        listDatasets(workspaceOf(this.folder)),
      ]);
      if (this.disposed) return;
      this.readEnded(rows);
      this.followSelection(rows);
      this.become({
        kind: 'full',
        hasDatasets: datasets.some(({ manifest }) => manifest !== undefined),
        trusted: vscode.workspace.isTrusted,
        rows,
        selected: this.selected.filter((id) => rows.some((row) => row.id === id)),
        options: this.options,
      });
    } catch (error) {
      const typed = error instanceof ToolRecError ? error : undefined;
      this.parts.log.error(typed?.describe() ?? String(error));
      const failure = { message: typed?.message ?? String(error), remedy: typed?.remedy ?? '' };
      this.become({ kind: 'failed', failure });
    }
  }

  /** Deleted runs leave the selection; where nothing is selected, the newest run is. */
  private followSelection(rows: readonly ModelRow[]): void {
    const ids = new Set(rows.map(({ id }) => id));
    const kept = this.selected.filter((id) => ids.has(id) || !this.known.has(id));
    const first = rows.find(isUnderWay) ?? rows[0];
    const next = kept.some((id) => ids.has(id)) ? kept : first ? [first.id] : kept;
    this.known = ids;
    if (next.join('\n') === this.selected.join('\n')) return;
    this.selected = next;
    this.curves.select(next);
  }

  private readElsewhere(): void {
    if (this.state.kind !== 'full' || !this.panel.visible) return;
    for (const { id, status } of this.state.rows)
      if (status === 'elsewhere' && this.selected.includes(id)) void this.curves.load(id);
  }

  /** What a run in another process wrote last, after it was read last. */
  private readEnded(rows: readonly ModelRow[]): void {
    if (this.state.kind !== 'full') return;
    const before = new Map(this.state.rows.map(({ id, status }) => [id, status]));
    for (const { id, status } of rows)
      if (before.get(id) === 'elsewhere' && status !== 'elsewhere' && this.selected.includes(id))
        void this.curves.load(id);
  }

  /** At once where the last time is long ago. A hidden page learns them when it is back. */
  private tellCurvesSoon(): void {
    const left = Math.max(0, this.curvesTold + everyMs - performance.now());
    this.curvesTimer ??= setTimeout(() => {
      this.curvesTimer = undefined;
      if (!this.page.listening) return;
      this.curvesTold = performance.now();
      this.page.update('curves', { curves: this.curves.curves });
    }, left);
  }

  private become(state: TrainingState): void {
    this.state = state;
    if (this.page.listening) this.page.update('state', state);
  }

  private tellEverything(): void {
    this.page.update('language', { locale: vscode.env.language, texts: vscode.l10n.bundle ?? {} });
    this.page.update('remember', { folder: this.folder.toString() });
    this.page.update('state', this.state);
    this.page.update('curves', { curves: this.curves.curves });
  }

  private release(): void {
    this.disposed = true;
    clearTimeout(this.stateTimer);
    clearTimeout(this.curvesTimer);
    this.disposables.dispose();
  }

  dispose(): void {
    this.panel.dispose();
  }
}

function rememberedIds(stored: unknown): readonly string[] {
  return Array.isArray(stored) ? stored.filter((id) => typeof id === 'string') : [];
}

import * as vscode from 'vscode';
import { inspectorContract } from '../../webview/protocol.ts';
import type { DatasetFacts, InspectorContract, InspectorState } from '../../webview/protocol.ts';
import type { DatasetManifest } from '../data/manifest.ts';
import { readManifest } from '../data/manifest.ts';
import { datasetHistory, datasetInspect, datasetItems } from '../service/requests/dataset.ts';
import { CancelledError, ToolRecError } from '../shared/errors.ts';
import { HostEnd } from '../shared/message-channel.ts';
import type { DatasetReference } from './dataset-tree.ts';
import type { Engine } from './engine.ts';
import { showFailure } from './failures.ts';
import { workspaceOf } from './folders.ts';
import type { WorkbenchLog } from './log.ts';
import { readSetting } from './settings.ts';
import { PageWriter } from './page-writer.ts';

/** One dataset inspector. Owns its state; the page only shows it. */
export class DatasetPanel implements vscode.Disposable {
  private readonly panel: vscode.WebviewPanel;
  private readonly reference: DatasetReference;
  private readonly engine: Engine;
  private readonly log: WorkbenchLog;
  private readonly page: HostEnd<InspectorContract>;
  private readonly writer: PageWriter;
  private state: InspectorState;
  private loading: AbortController | undefined;

  constructor(
    panel: vscode.WebviewPanel,
    reference: DatasetReference,
    extension: vscode.Uri,
    engine: Engine,
    log: WorkbenchLog,
  ) {
    this.panel = panel;
    this.reference = reference;
    this.engine = engine;
    this.log = log;
    this.state = { kind: 'loading', name: reference.name };
    const icon = (theme: string) => vscode.Uri.joinPath(extension, 'media', `dataset-${theme}.svg`);
    panel.iconPath = { light: icon('light'), dark: icon('dark') };
    const target = { workspace: reference.folder.fsPath, name: reference.name };
    this.page = new HostEnd(inspectorContract, (message) => void panel.webview.postMessage(message), {
      requests: {
        items: async ({ query, offset }) => {
          const limit = await readSetting('inspector.sampleRows');
          return engine.request(datasetItems, { ...target, query: query.slice(0, 200), offset, limit });
        },
        history: async ({ user }) => {
          const limit = await readSetting('inspector.sampleRows');
          return engine.request(datasetHistory, { ...target, user, limit });
        },
      },
      intents: {
        reload: () => void this.reload(),
        showLog: () => log.show(),
      },
      onReady: () => this.tellEverything(),
      onViolation: (error) => showFailure(error, log),
    });
    panel.webview.onDidReceiveMessage((message: unknown) => this.page.receive(message));
    panel.onDidChangeViewState(() => {
      if (!panel.visible) this.page.suspend(); // VS Code drops a hidden page and loads it anew
    });
    this.writer = new PageWriter(panel, {
      extension,
      log,
      bundle: 'dataset',
      title: reference.name,
      onWritten: () => this.page.greet(),
    });
    panel.onDidDispose(() => {
      this.loading?.abort();
      this.writer.dispose();
    });
    void this.reload();
  }

  reveal(): void {
    this.panel.reveal();
  }

  /** Reads manifest and statistics again and shows them. */
  async reload(): Promise<void> {
    this.loading?.abort();
    const loading = (this.loading = new AbortController());
    const { folder, name } = this.reference;
    this.become({ kind: 'loading', name });
    try {
      const directory = workspaceOf(folder).entry('datasets', name);
      const [manifest, statistics] = await Promise.all([
        readManifest(directory),
        this.engine.request(datasetInspect, { workspace: folder.fsPath, name }, { signal: loading.signal }),
      ]);
      if (loading.signal.aborted) return;
      this.become({ kind: 'full', facts: factsOf(manifest), statistics });
    } catch (error) {
      if (error instanceof CancelledError || loading.signal.aborted) return;
      const text = error instanceof Error ? error.message : String(error);
      this.log.error(error instanceof ToolRecError ? `${error.code}: ${error.describe()}` : text);
      const remedy = error instanceof ToolRecError ? error.remedy : '';
      this.become({ kind: 'failed', name, failure: { message: text, remedy } });
    }
  }

  private become(state: InspectorState): void {
    this.state = state;
    if (this.page.listening) this.page.update('state', state);
    else if (state.kind !== 'loading')
      this.writer.picture((pictures, language) => pictures.dataset(state, language));
  }

  private tellEverything(): void {
    const { folder, name } = this.reference;
    this.page.update('language', { locale: vscode.env.language, texts: vscode.l10n.bundle ?? {} });
    this.page.update('remember', { folder: folder.toString(), name });
    this.page.update('state', this.state);
  }

  dispose(): void {
    this.panel.dispose();
  }
}

function factsOf(manifest: DatasetManifest): DatasetFacts {
  const { name, simulated, createdAt, hash, preparation, provenance, report } = manifest;
  const { split } = preparation;
  return {
    name,
    simulated,
    createdAt,
    hash,
    format: provenance.format,
    protocol: preparation.protocol,
    split:
      split.kind === 'leave-one-out'
        ? vscode.l10n.t('leave one out')
        : vscode.l10n.t('by time ({0} % validation, {1} % test)', split.validation * 100, split.test * 100),
    files: provenance.files.map((file) => ({ name: file.name, bytes: file.bytes })),
    ...(provenance.licence !== undefined && { licence: provenance.licence }),
    ...(provenance.note !== undefined && { note: provenance.note }),
    ...(report && {
      report: {
        rows: report.rows,
        badRows: report.badRows,
        unknownItems: report.unknownItems,
        reasons: Object.entries(report.reasons).map(([value, count]) => ({ value, count })),
        steps: report.steps,
      },
    }),
  };
}

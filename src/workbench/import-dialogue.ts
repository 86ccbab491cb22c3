import path from 'node:path';
import * as vscode from 'vscode';
import { listDatasets } from '../data/library.ts';
import type { ProtocolName } from '../data/preparation.ts';
import { datasetDetect, datasetPreview } from '../service/requests/dataset.ts';
import type { DetectedSource } from '../service/requests/dataset.ts';
import { ToolRecError } from '../shared/errors.ts';
import { checkName } from '../shared/workspace.ts';
import type { Engine } from './engine.ts';
import { showFailure } from './failures.ts';
import { workspaceOf } from './folders.ts';
import { askPreview } from './import-preview.ts';
import { sourcesIn } from './import-sources.ts';
import type { WorkbenchLog } from './log.ts';
import { formatBytes } from './progress-text.ts';
import { askPick, askText } from './quick-input.ts';
import type { Answer, Heading } from './quick-input.ts';
import { readSetting } from './settings.ts';
import { walkSteps } from './steps.ts';
import type { Move, Step } from './steps.ts';

export interface ImportChoices {
  readonly paths: readonly string[];
  readonly format: string;
  readonly name: string;
  readonly protocol: ProtocolName;
  readonly map?: Readonly<Record<string, string>>;
}

/** The questions of “Import Dataset…”. Keeps every answer, so that asking again starts from them. */
export class ImportDialogue {
  private readonly engine: Engine;
  private readonly folder: vscode.Uri;
  private readonly log: WorkbenchLog;
  private paths: readonly string[] | undefined;
  private detected: Promise<DetectedSource> | undefined;
  private format: string | undefined;
  private map: Readonly<Record<string, string>> = {};
  private name: string | undefined;
  private protocol: ProtocolName | undefined;

  constructor(engine: Engine, folder: vscode.Uri, log: WorkbenchLog) {
    this.engine = engine;
    this.folder = folder;
    this.log = log;
  }

  /** Asks everything; undefined when the person left. */
  async ask(): Promise<ImportChoices | undefined> {
    const steps: readonly Step[] = [
      this.askSource,
      this.askFormat,
      this.askMapping,
      this.askName,
      this.askProtocol,
    ];
    const guarded = steps.map((step, i): Step => async ({ canGoBack }) => {
      try {
        return await step({ canGoBack });
      } catch (error) {
        // Nothing chosen so far is lost: the question before is asked again.
        showFailure(error, this.log);
        return i > 0 && error instanceof ToolRecError ? 'back' : 'stop';
      }
    });
    if (!(await walkSteps(guarded))) return undefined;
    const { paths, format, name, protocol, map } = this;
    if (!paths || format === undefined || name === undefined || !protocol) return undefined;
    return { paths, format, name, protocol, ...(Object.keys(map).length > 0 && { map }) };
  }

  private heading(step: number, canGoBack: boolean): Heading {
    return { title: vscode.l10n.t('Import Dataset'), step, total: 5, canGoBack };
  }

  private readonly askSource: Step = async ({ canGoBack }) => {
    const answer = await askPick({
      ...this.heading(1, canGoBack),
      placeholder: vscode.l10n.t('What should be imported?'),
      items: this.sourceItems(),
    });
    if (answer.kind !== 'answer') return answer.kind;
    const chosen = answer.value.paths ?? (await this.browse(answer.value.browse === 'folder'));
    if (!chosen) return this.askSource({ canGoBack });
    if (chosen.join('\n') !== this.paths?.join('\n')) {
      this.paths = chosen;
      this.detected = undefined;
      this.format = undefined;
      this.map = {};
      this.name = undefined;
    }
    return 'next';
  };

  private async sourceItems() {
    interface Source extends vscode.QuickPickItem {
      readonly paths?: readonly string[];
      readonly browse?: 'files' | 'folder';
    }
    const separator = (label: string): Source => ({ label, kind: vscode.QuickPickItemKind.Separator });
    const here = await sourcesIn(this.folder.fsPath);
    const earlier: Source[] = this.paths
      ? [
          {
            label: `$(check) ${this.paths.map((file) => path.basename(file)).join(', ')}`,
            description: path.dirname(this.paths[0]!),
            paths: this.paths,
          },
        ]
      : [];
    return [
      ...earlier,
      {
        label: `$(folder-opened) ${vscode.l10n.t('Choose a Folder…')}`,
        detail: vscode.l10n.t('A dataset of several files, such as ml-1m'),
        browse: 'folder',
      },
      {
        label: `$(file-add) ${vscode.l10n.t('Choose Files…')}`,
        detail: vscode.l10n.t('Tables, .gz and .zip archives'),
        browse: 'files',
      },
      ...(here.length > 0 ? [separator(vscode.l10n.t('In this folder'))] : []),
      ...here.map(({ name, kind, bytes }): Source => ({
        label: `$(${kind === 'folder' ? 'folder' : 'file'}) ${name}`,
        ...(bytes !== undefined && { description: formatBytes(bytes) }),
        paths: [path.join(this.folder.fsPath, name)],
      })),
    ] satisfies Source[] as Source[];
  }

  private async browse(folders: boolean): Promise<readonly string[] | undefined> {
    const chosen = await vscode.window.showOpenDialog({
      canSelectFiles: !folders,
      canSelectFolders: folders,
      canSelectMany: !folders,
      defaultUri: this.folder,
      title: vscode.l10n.t('Import Dataset'),
      openLabel: vscode.l10n.t('Choose'),
    });
    return chosen?.map(({ fsPath }) => fsPath);
  }

  private detect(): Promise<DetectedSource> {
    this.detected ??= this.engine.request(datasetDetect, { paths: [...this.paths!] });
    this.detected.catch(() => (this.detected = undefined)); // looked at again when asked again
    return this.detected;
  }

  private readonly askFormat: Step = async ({ canGoBack }) => {
    const answer = await askPick({
      ...this.heading(2, canGoBack),
      placeholder: vscode.l10n.t('Which format is it?'),
      items: this.detect().then((source) => formatItems(source)),
      active: ({ id }) => id !== undefined && id === this.format,
    });
    return this.keep(answer, ({ id }) => {
      if (id !== this.format) this.map = {};
      this.format = id;
    });
  };

  private readonly askMapping: Step = async ({ canGoBack }) => {
    const answer = await askPreview(
      this.heading(3, canGoBack),
      (map) =>
        this.engine.request(datasetPreview, {
          paths: [...this.paths!],
          format: this.format!,
          map: { ...map },
        }),
      this.map,
    );
    return this.keep(answer, (map) => (this.map = map));
  };

  private readonly askName: Step = async ({ canGoBack }) => {
    const [{ suggestedName }, existing] = await Promise.all([
      this.detect(),
      listDatasets(workspaceOf(this.folder)),
    ]);
    const taken = new Set(existing.map(({ name }) => name));
    const answer = await askText({
      ...this.heading(4, canGoBack),
      prompt: vscode.l10n.t('Name of the dataset'),
      value: this.name ?? suggestedName,
      check: (text) => {
        try {
          checkName(text);
        } catch (error) {
          return { message: (error as ToolRecError).remedy, wrong: true };
        }
        return taken.has(text)
          ? { message: vscode.l10n.t('There is a dataset of this name; it will be replaced.'), wrong: false }
          : undefined;
      },
    });
    return this.keep(answer, (name) => (this.name = name));
  };

  private readonly askProtocol: Step = async ({ canGoBack }) => {
    const first = this.protocol ?? (await readSetting('import.protocol', this.folder));
    const items: readonly (vscode.QuickPickItem & { readonly protocol: ProtocolName })[] = [
      {
        label: 'reference',
        detail: vscode.l10n.t(
          'Users and items with at least 5 interactions, as in careful reproductions on MovieLens 1M.',
        ),
        protocol: 'reference',
      },
      {
        label: 'paper',
        detail: vscode.l10n.t('As in the ToolRec paper: MovieLens unfiltered, everything else 10-core.'),
        protocol: 'paper',
      },
    ];
    const answer = await askPick({
      ...this.heading(5, canGoBack),
      placeholder: vscode.l10n.t('How should it be prepared?'),
      items: Promise.resolve(items),
      active: ({ protocol }) => protocol === first,
    });
    return this.keep(answer, ({ protocol }) => (this.protocol = protocol));
  };

  private keep<T>(answer: Answer<T>, set: (value: T) => void): Move {
    if (answer.kind !== 'answer') return answer.kind;
    set(answer.value);
    return 'next';
  }
}

function formatItems({ formats, sure }: DetectedSource) {
  type Item = vscode.QuickPickItem & { readonly id?: string };
  const detected = formats.filter(({ confidence }) => confidence > 0);
  const others = formats.filter(({ confidence }) => confidence === 0);
  const separator = (label: string): Item => ({ label, kind: vscode.QuickPickItemKind.Separator });
  return [
    separator(sure ? vscode.l10n.t('Detected') : vscode.l10n.t('Possible')),
    ...detected.map(({ id, label, confidence }): Item => ({
      label,
      description: vscode.l10n.t('{0}% sure', Math.round(confidence * 100)),
      id,
    })),
    separator(vscode.l10n.t('Other formats')),
    ...others.map(({ id, label }): Item => ({ label, id })),
  ] as readonly (vscode.QuickPickItem & { readonly id: string })[];
}

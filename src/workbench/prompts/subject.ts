import * as vscode from 'vscode';
import type { PromptKind } from '../../agent/prompts/kinds.ts';
import { knownItems, promptFiles } from '../../experiments/prompt-context.ts';
import { type PromptValues, recordedValues, userValues } from '../../experiments/prompt-values.ts';
import { promptLibrary } from '../../experiments/session-parts.ts';
import { domainOf } from '../../agent/prompts/library.ts';
import type { KnownItems } from '../../agent/prompts/language/demonstration-file.ts';
import type { PromptFiles } from '../../agent/prompts/origins.ts';
import { offlineRanker } from '../../agent/offline/ranker.ts';
import { defaultWeights } from '../../agent/offline/weights.ts';
import { SessionStore } from '../../agent/log-store.ts';
import { foldAll } from '../../agent/state.ts';
import { standardTools } from '../../agent/tools/registry.ts';
import type { Dataset } from '../../data/dataset.ts';
import { UsageError } from '../../shared/errors.ts';
import { openFolders, workspaceOf } from '../folders.ts';
import type { PromptParts } from './prompts.ts';

/** Whose values prompts are shown with, in one workspace folder. */
export interface Subject {
  /** Absent: sample values. */
  readonly dataset?: string | undefined;
  /** As the dataset's source names it; absent: the first. */
  readonly user?: string | undefined;
  readonly round: number;
  /** A recorded session; its dataset and user then count. */
  readonly session?: string | undefined;
}

export interface SubjectValues extends PromptValues {
  readonly dataset: Dataset;
  readonly tools: Readonly<Record<string, string>>;
}

const memoryKey = 'toolrec.promptSubject';

/** Which dataset, user and round prompts are shown with, and their values. Kept for each folder. */
export class Subjects implements vscode.Disposable {
  private readonly parts: PromptParts;
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changed.event;
  private readonly kept = new Map<string, Promise<SubjectValues | undefined>>();
  private readonly items = new WeakMap<Dataset, KnownItems>();

  constructor(parts: PromptParts) {
    this.parts = parts;
  }

  /** The folder that a document belongs to; the first where it belongs to none. */
  folderOf(uri: vscode.Uri): vscode.Uri | undefined {
    return vscode.workspace.getWorkspaceFolder(uri)?.uri ?? openFolders()[0]?.uri;
  }

  files(folder: vscode.Uri): PromptFiles {
    return promptFiles(workspaceOf(folder));
  }

  async of(folder: vscode.Uri): Promise<Subject> {
    const all = this.parts.memory.get<Record<string, Subject>>(memoryKey, {});
    const own = all[folder.toString()];
    if (own?.session !== undefined) return own;
    const names = (await this.parts.datasets.all())
      .filter((node) => node.folder.toString() === folder.toString() && node.entry.manifest)
      .map(({ name }) => name);
    if (own && (own.dataset === undefined || names.includes(own.dataset))) return own;
    return { dataset: names[0], round: 1 };
  }

  async choose(folder: vscode.Uri, subject: Subject): Promise<void> {
    const all = this.parts.memory.get<Record<string, Subject>>(memoryKey, {});
    await this.parts.memory.update(memoryKey, { ...all, [folder.toString()]: subject });
    this.changed.fire();
  }

  forget(): void {
    this.kept.clear();
    this.changed.fire();
  }

  /** Values for a kind of prompt; undefined where there is no dataset. @throws ToolRecError */
  values(folder: vscode.Uri, subject: Subject, kind: PromptKind): Promise<SubjectValues | undefined> {
    const key = JSON.stringify([folder.toString(), subject, kind]);
    let values = this.kept.get(key);
    if (!values) {
      if (this.kept.size > 30) this.kept.clear();
      values = this.read(folder, subject, kind);
      this.kept.set(key, values);
      values.catch(() => this.kept.delete(key));
    }
    return values;
  }

  /** Where a prompt is, and the dataset that it is shown with. @throws UsageError `no-datasets` */
  async ofPrompt(uri: vscode.Uri): Promise<Subject & { folder: vscode.Uri; dataset: string }> {
    const folder = this.folderOf(uri);
    const subject = folder && (await this.of(folder));
    if (folder && subject?.dataset !== undefined) return { ...subject, folder, dataset: subject.dataset };
    throw new UsageError(
      'no-datasets',
      'There is no dataset yet.',
      'Run “ToolRec: Create Sample Dataset” or “ToolRec: Import Dataset…”.',
    );
  }

  async dataset(folder: vscode.Uri, name: string): Promise<Dataset> {
    return (await this.parts.sessions.worlds()).dataset({ folder: folder.fsPath, dataset: name });
  }

  itemsOf(dataset: Dataset): KnownItems {
    let items = this.items.get(dataset);
    if (!items) this.items.set(dataset, (items = knownItems(dataset)));
    return items;
  }

  private async read(
    folder: vscode.Uri,
    subject: Subject,
    kind: PromptKind,
  ): Promise<SubjectValues | undefined> {
    const workspace = workspaceOf(folder);
    const examples = async (dataset: Dataset) => {
      // A file with mistakes has its own diagnostics; the prompt is then shown without examples.
      const file = await promptLibrary(workspace)
        .demonstrations(domainOf(dataset))
        .catch(() => undefined);
      return file?.demonstrations ?? [];
    };
    if (subject.session !== undefined) {
      const stored = await new SessionStore(workspace.directory('sessions')).read(subject.session);
      const state = foldAll(stored.events);
      const dataset = await this.dataset(folder, state.started.dataset.name);
      const demonstrations = await examples(dataset);
      const values = recordedValues(kind, { dataset, state, round: subject.round, demonstrations });
      return { ...values, dataset, tools: toolTexts(dataset) };
    }
    if (subject.dataset === undefined) return undefined;
    const dataset = await this.dataset(folder, subject.dataset);
    const user = subject.user === undefined ? 0 : (dataset.userCode(subject.user) ?? 0);
    const demonstrations = await examples(dataset);
    const values = await userValues(kind, { dataset, user, round: subject.round, demonstrations });
    return { ...values, dataset, tools: toolTexts(dataset) };
  }

  dispose(): void {
    this.changed.dispose();
  }
}

function toolTexts(dataset: Dataset): Record<string, string> {
  const tools = standardTools(offlineRanker(defaultWeights(dataset.attributes.map(({ name }) => name))));
  const attributes = [null, ...dataset.attributes.map(({ name }) => name)];
  const setting = { dataset, retriever: { attributes, retrieve: () => Promise.resolve([]) } };
  return Object.fromEntries(tools.describe(setting).map(({ name, description }) => [name, description]));
}

import * as vscode from 'vscode';
import type { ModelRow } from '../../../webview/protocol.ts';
import { ChangeSource } from '../../shared/change-source.ts';
import { DisposableStore } from '../../shared/disposable.ts';
import { openFolders, workspaceOf } from '../folders.ts';
import type { TrainingRuns } from '../training/training-runs.ts';
import type { KnownModel } from './model-rows.ts';

const settleMs = 150;
/** How often it looks whether another process still trains a model, in ms. */
const elsewhereMs = 2000;

/**
 * The models of the open folders, as on disk and as trained now. Lists once, again when files under `.toolrec/models`
 * change, and tells when anything is different.
 */
export class ModelStore implements vscode.Disposable {
  private readonly runs: TrainingRuns;
  private readonly changes = new ChangeSource();
  private readonly disposables = new DisposableStore();
  private watchers = new DisposableStore();
  private readonly known = new Map<string, Promise<readonly KnownModel[]>>();
  private readonly awaited = new Set<string>();
  private settle: NodeJS.Timeout | undefined;
  private poll: NodeJS.Timeout | undefined;

  readonly onDidChange = this.changes.onDidChange;

  constructor(runs: TrainingRuns) {
    this.runs = runs;
    this.disposables.add(runs.onDidChange(() => this.changes.fire()));
    this.disposables.add(
      vscode.workspace.onDidChangeWorkspaceFolders(() => {
        this.watch();
        this.refresh();
      }),
    );
    this.watch();
  }

  /** Rows of a folder, newest first. @throws StorageError when they cannot be listed */
  async rows(folder: string): Promise<ModelRow[]> {
    const [{ modelRows }, models] = await Promise.all([import('./model-rows.ts'), this.list(folder)]);
    return modelRows(folder, models, this.runs.all, this.awaitedIn(folder));
  }

  async row(place: { readonly folder: string; readonly id: string }): Promise<ModelRow | undefined> {
    return (await this.rows(place.folder)).find(({ id }) => id === place.id);
  }

  /** Rows of every open folder. */
  async all(): Promise<ModelRow[]> {
    return (await Promise.all(openFolders().map(({ uri }) => this.rows(uri.fsPath)))).flat();
  }

  /** A run of an earlier window that is about to go on; `false` when it has begun, or will not. */
  expect({ folder, id }: { readonly folder: string; readonly id: string }, expected: boolean): void {
    if (expected) this.awaited.add(`${folder}\0${id}`);
    else this.awaited.delete(`${folder}\0${id}`);
    this.changes.fire();
  }

  refresh(): void {
    this.known.clear();
    this.changes.fire();
  }

  private awaitedIn(folder: string): ReadonlySet<string> {
    const own = [...this.awaited].filter((key) => key.startsWith(`${folder}\0`));
    return new Set(own.map((key) => key.slice(folder.length + 1)));
  }

  private list(folder: string): Promise<readonly KnownModel[]> {
    const held = this.known.get(folder);
    if (held) return held;
    const listing = this.read(folder);
    this.known.set(folder, listing);
    listing.catch(() => this.known.delete(folder)); // looked at again when asked again
    return listing;
  }

  private async read(folder: string): Promise<readonly KnownModel[]> {
    // Loaded here, not at the top: it brings zod, which activation must not wait for.
    const [{ listModels }, { trainingHolder }] = await Promise.all([
      import('../../recommender/model-list.ts'),
      import('../../recommender/training-lock.ts'),
    ]);
    const workspace = workspaceOf(vscode.Uri.file(folder));
    const entries = await listModels(workspace);
    const models = await Promise.all(
      entries
        .filter(({ error }) => error?.code !== 'no-model') // a folder that holds nothing yet
        .map(async (entry): Promise<KnownModel> => {
          const own = this.runs.get({ folder, id: entry.id }) !== undefined;
          const held =
            !own &&
            entry.manifest?.status === 'training' &&
            (await trainingHolder(workspace, entry.id)) !== undefined;
          return { ...entry, elsewhere: held };
        }),
    );
    clearTimeout(this.poll);
    if (models.some(({ elsewhere }) => elsewhere)) {
      this.poll = setTimeout(() => this.refresh(), elsewhereMs);
      this.poll.unref();
    }
    return models;
  }

  private watch(): void {
    this.watchers.dispose();
    this.watchers = new DisposableStore();
    const soon = () => {
      clearTimeout(this.settle);
      this.settle = setTimeout(() => this.refresh(), settleMs);
    };
    for (const { uri } of openFolders()) {
      const pattern = new vscode.RelativePattern(uri, '.toolrec/{models,models/*,models/*/model.json}');
      const watcher = this.watchers.add(vscode.workspace.createFileSystemWatcher(pattern));
      this.watchers.add(watcher.onDidCreate(soon));
      this.watchers.add(watcher.onDidChange(soon));
      this.watchers.add(watcher.onDidDelete(soon));
    }
  }

  dispose(): void {
    clearTimeout(this.settle);
    clearTimeout(this.poll);
    this.watchers.dispose();
    this.disposables.dispose();
    this.changes.dispose();
  }
}

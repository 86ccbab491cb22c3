import { closest, distance } from 'fastest-levenshtein';
import { listDatasets, openNamedDataset } from '../data/library.ts';
import { readManifest } from '../data/manifest.ts';
import type { StoredDataset } from '../data/store.ts';
import { StorageError } from '../shared/errors.ts';
import { Workspace } from '../shared/workspace.ts';

/** Datasets that stay open between requests, the most recently used ones; reopened when they were replaced. */
export class OpenDatasets {
  private readonly open = new Map<string, StoredDataset>();
  private readonly limit: number;

  constructor(limit = 3) {
    this.limit = limit;
  }

  /** @throws UsageError `bad-name`; StorageError `no-dataset` (with the nearest name), `dataset-…` */
  async get(folder: string, name: string): Promise<StoredDataset> {
    const workspace = new Workspace(folder);
    const directory = workspace.entry('datasets', name);
    const held = this.open.get(directory);
    this.open.delete(directory);
    let dataset = held;
    try {
      if (!held || (await readManifest(directory)).hash !== held.hash)
        dataset = await openNamedDataset(workspace, name);
    } catch (error) {
      throw error instanceof StorageError && error.code === 'no-dataset'
        ? await withNearest(workspace, name, error)
        : error;
    }
    this.open.set(directory, dataset!);
    for (const oldest of this.open.keys()) {
      if (this.open.size <= this.limit) break;
      this.open.delete(oldest);
    }
    return dataset!;
  }
}

async function withNearest(workspace: Workspace, name: string, error: StorageError): Promise<StorageError> {
  const names = (await listDatasets(workspace).catch(() => [])).map((entry) => entry.name);
  const near = names.length > 0 ? closest(name, names) : undefined;
  const remedy =
    near !== undefined && distance(name, near) <= 3
      ? `Did you mean “${near}”?`
      : names.length > 0
        ? `There is ${names.slice(0, 8).join(', ')}.`
        : 'Make the sample with “toolrec sample”, or import one with “toolrec import”.';
  return new StorageError(error.code, error.message, remedy, { place: error.place });
}

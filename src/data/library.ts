import fs from 'node:fs/promises';
import path from 'node:path';
import { asStorageError, temporaryMark } from '../shared/atomic-file.ts';
import { StorageError, ToolRecError } from '../shared/errors.ts';
import type { Workspace } from '../shared/workspace.ts';
import { clearLeftovers } from './leftovers.ts';
import { manifestFile, readManifest, type DatasetManifest } from './manifest.ts';
import { openDataset, type StoredDataset } from './store.ts';

/** A dataset of a workspace; `error` in the place of the manifest where it cannot be used. */
export type DatasetEntry = { readonly name: string; readonly directory: string } & (
  | { readonly manifest: DatasetManifest; readonly error?: undefined }
  | { readonly error: ToolRecError; readonly manifest?: undefined }
);

/** All datasets of a workspace by name; reads their manifests only. */
export async function listDatasets(workspace: Workspace): Promise<DatasetEntry[]> {
  const datasets = workspace.directory('datasets');
  await clearLeftovers(datasets);
  const found = await fs.readdir(datasets, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw asStorageError(error, datasets);
  });
  const names = found
    .filter((entry) => entry.isDirectory() && !entry.name.includes(temporaryMark))
    .map((entry) => entry.name)
    .sort((a, b) => a.localeCompare(b, 'en'));
  return Promise.all(
    names.map(async (name): Promise<DatasetEntry> => {
      const directory = path.join(datasets, name);
      try {
        return { name, directory, manifest: await readManifest(directory) };
      } catch (error) {
        if (error instanceof ToolRecError) return { name, directory, error };
        throw error;
      }
    }),
  );
}

/** @throws UsageError `bad-name`, StorageError `no-dataset`, `dataset-newer`, `dataset-damaged`. */
export async function openNamedDataset(workspace: Workspace, name: string): Promise<StoredDataset> {
  const directory = workspace.entry('datasets', name);
  try {
    return await openDataset(directory);
  } catch (error) {
    if (!(error instanceof StorageError && error.code === 'no-dataset')) throw error;
    await clearLeftovers(workspace.directory('datasets')); // an import may have died while putting it in place
    return openDataset(directory);
  }
}

/** Deletes a dataset, damaged or not. @throws StorageError `no-dataset`. */
export async function deleteDataset(workspace: Workspace, name: string): Promise<void> {
  const directory = workspace.entry('datasets', name);
  // Renamed first, so that it is gone as a whole; without its manifest nothing would put it back.
  const doomed = path.join(path.dirname(directory), `.${name}${temporaryMark}deleted`);
  try {
    await fs.rm(doomed, { recursive: true, force: true });
    await fs.rename(directory, doomed);
    await fs.rm(path.join(doomed, manifestFile), { force: true });
    await fs.rm(doomed, { recursive: true, force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new StorageError(
        'no-dataset',
        `There is no dataset “${name}”.`,
        'List the datasets with “toolrec dataset list”.',
        { place: { file: directory } },
      );
    throw asStorageError(error, directory);
  }
}

/** Models of a workspace: found and deleted. Loads nothing of weight. */
import fs from 'node:fs/promises';
import path from 'node:path';
import { asStorageError } from '../shared/atomic-file.ts';
import { StorageError, ToolRecError } from '../shared/errors.ts';
import type { Workspace } from '../shared/workspace.ts';
import { type ModelManifest, readManifest } from './checkpoint.ts';

/** A model of a workspace; `error` in the place of the manifest where it cannot be used. */
export type ModelEntry =
  | { readonly id: string; readonly manifest: ModelManifest; readonly error?: undefined }
  | { readonly id: string; readonly error: ToolRecError; readonly manifest?: undefined };

/** All models by id; reads their descriptions only. */
export async function listModels(workspace: Workspace): Promise<ModelEntry[]> {
  const folder = workspace.directory('models');
  const found = await fs.readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw asStorageError(error, folder);
  });
  const ids = found
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name);
  return Promise.all(
    ids
      .sort((a, b) => a.localeCompare(b, 'en'))
      .map(async (id): Promise<ModelEntry> => {
        try {
          return { id, manifest: await readManifest(path.join(folder, id)) };
        } catch (error) {
          if (error instanceof ToolRecError) return { id, error };
          throw error;
        }
      }),
  );
}

/** Deletes a model, damaged or not. @throws StorageError `no-model` */
export async function deleteModel(workspace: Workspace, id: string): Promise<void> {
  const directory = workspace.entry('models', id);
  const doomed = path.join(path.dirname(directory), `.${id}.deleted`);
  try {
    await fs.rm(doomed, { recursive: true, force: true });
    await fs.rename(directory, doomed); // gone as a whole
    await fs.rm(doomed, { recursive: true, force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw asStorageError(error, directory);
    throw new StorageError(
      'no-model',
      `There is no model “${id}”.`,
      'List the models with “toolrec models list”.',
      {
        place: { file: directory },
      },
    );
  }
}

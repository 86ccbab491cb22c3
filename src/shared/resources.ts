import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

let root: string | undefined;

/** Path of a file that ships with ToolRec under `resources/`, from the sources or from a bundle in `dist/`. */
export function resourcePath(...parts: string[]): string {
  root ??= findRoot(path.dirname(fileURLToPath(import.meta.url)));
  return path.join(root, 'resources', ...parts);
}

/** The nearest folder upwards that has both a manifest and resources. */
function findRoot(from: string): string {
  for (let folder = from; ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'resources')) && existsSync(path.join(folder, 'package.json')))
      return folder;
    if (folder === path.dirname(folder))
      throw new Error(`No resources folder above ${from}: this installation is incomplete.`);
  }
}

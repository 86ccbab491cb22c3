import fs from 'node:fs/promises';
import path from 'node:path';

/** Something in a folder that looks like data. */
export interface Source {
  readonly name: string;
  readonly kind: 'file' | 'folder';
  readonly bytes?: number;
}

const dataFile =
  /\.(dat|data|csv|tsv|inter|item|jsonl|ndjson|parquet|json\.gz|csv\.gz|dat\.gz|tsv\.gz|inter\.gz|jsonl\.gz|zip)$|^(review|business)\.json$/i;
const most = 30;

/** Data files in a folder, and folders in it that hold some, so that they need not be searched for. */
export async function sourcesIn(folder: string): Promise<Source[]> {
  const entries = await fs.readdir(folder, { withFileTypes: true }).catch(() => []);
  const found = await Promise.all(
    entries
      .filter((entry) => !entry.name.startsWith('.') && entry.name !== 'node_modules')
      .map(async (entry): Promise<Source | undefined> => {
        const full = path.join(folder, entry.name);
        if (entry.isDirectory()) {
          const inside = await fs.readdir(full).catch(() => []);
          return inside.some((name) => dataFile.test(name))
            ? { name: entry.name, kind: 'folder' }
            : undefined;
        }
        if (!entry.isFile() || !dataFile.test(entry.name)) return undefined;
        const { size } = await fs.stat(full);
        return { name: entry.name, kind: 'file', bytes: size };
      }),
  );
  return found.filter((source) => source !== undefined).slice(0, most);
}

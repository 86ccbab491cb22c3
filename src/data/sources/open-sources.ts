import fs from 'node:fs/promises';
import path from 'node:path';
import { throwIfCancelled } from '../../shared/errors.ts';
import type { LongWork } from '../../shared/progress.ts';
import type { SourceFile } from '../reader.ts';
import { asSourceError, sourceError } from './failures.ts';
import { defaultLimits, type SourceLimits } from './limits.ts';
import { emptyFile } from './text.ts';
import { gunzip, headOf, storedBytes, supervised, type Chunks, type Meter } from './streams.ts';
import { listZip } from './zip.ts';

const zipMagic = [0x50, 0x4b];
const gzipMagic = [0x1f, 0x8b];
/** Heads are asked for by every format in turn; this much of each file is kept. */
const keptHead = 128 * 1024;

/**
 * Finds the files of a source: files, folders (searched `limits.depth` deep, hidden files left out) and zip
 * archives, whose members are read in place; `.gz` is unpacked while it is read. Sorted by name within a folder
 * or archive, so that the order does not depend on the file system.
 * @throws InputError when a path is missing, empty, or leaves its folder.
 */
export async function openSources(
  paths: readonly string[],
  work: LongWork = {},
  limits: SourceLimits = defaultLimits,
): Promise<SourceFile[]> {
  if (paths.length === 0) {
    throw sourceError('missing-file', '', 'No file was named.', 'Name a file, a folder or a zip archive.');
  }
  const files: SourceFile[] = [];
  for (const given of paths) {
    throwIfCancelled(work.signal, 'The import');
    try {
      const stat = await fs.stat(given);
      if (stat.isDirectory()) {
        for (const found of await listFolder(given, limits)) files.push(...(await openOne(found, limits)));
      } else files.push(...(await openOne(given, limits)));
    } catch (error) {
      throw asSourceError(error, given);
    }
  }
  if (files.length === 0) {
    throw sourceError(
      'empty-folder',
      paths[0]!,
      'The folder or archive holds no files.',
      'Name the folder that the data files are in.',
    );
  }
  return files;
}

/** Files below a folder. A link that leads out of the folder is refused. */
async function listFolder(root: string, limits: SourceLimits): Promise<string[]> {
  const realRoot = await fs.realpath(root);
  const found: string[] = [];
  const visit = async (folder: string, depth: number): Promise<void> => {
    const entries = await fs.readdir(folder, { withFileTypes: true });
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      if (entry.name.startsWith('.') || entry.name === '__MACOSX') continue;
      const full = path.join(folder, entry.name);
      let kind: { isFile(): boolean; isDirectory(): boolean } = entry;
      if (entry.isSymbolicLink()) {
        const target = await fs.realpath(full);
        if (!isInside(realRoot, target)) {
          throw sourceError(
            'path-leaves-folder',
            full,
            'The link leads to a file outside of the folder.',
            'Import the file it points to by its own path, or remove the link.',
          );
        }
        kind = await fs.stat(full);
        if (kind.isDirectory()) continue; // its files are found under their own names
      }
      if (kind.isDirectory()) {
        if (depth < limits.depth) await visit(full, depth + 1);
      } else if (kind.isFile()) {
        found.push(full);
        if (found.length > limits.files) {
          throw sourceError(
            'too-many-files',
            root,
            `The folder holds more than ${limits.files} files.`,
            'Name the folder that the data files are in.',
          );
        }
      }
    }
  };
  await visit(root, 0);
  return found;
}

function isInside(root: string, target: string): boolean {
  const relative = path.relative(root, target);
  return relative === '' || (!path.isAbsolute(relative) && relative.split(path.sep)[0] !== '..');
}

async function openOne(file: string, limits: SourceLimits): Promise<SourceFile[]> {
  const stat = await fs.stat(file);
  if (!stat.isFile()) {
    throw sourceError(
      'wrong-kind',
      file,
      'This is not a regular file.',
      'Name a file, a folder or a zip archive.',
    );
  }
  const magic = await firstBytes(file);
  if (startsWith(magic, zipMagic) && /\.(zip|npz)$/i.test(file)) {
    const members = await listZip(file, limits);
    members.sort((a, b) => (a.inner < b.inner ? -1 : 1));
    return members
      .filter(({ inner }) => !/(^|\/)(\.|__MACOSX\/)/.test(inner))
      .map(({ inner, storedBytes: size, open }) => {
        const gzip = /\.gz$/i.test(inner);
        return sourceFile(`${file}/${inner}`, size, (work) => open(gzip, work));
      });
  }
  if (/\.zip$/i.test(file)) {
    if (stat.size === 0) throw emptyFile(file);
    throw sourceError(
      'damaged-archive',
      file,
      'The file is named .zip but is not a zip archive.',
      'Download it again: a page with an error message may have been saved in its place.',
    );
  }
  if (/\.(tar|tgz|tar\.gz|tar\.bz2|7z|rar|bz2|xz|zst)$/i.test(file)) {
    // Left in the list: a folder may hold one beside its unpacked files. Reading it says what to do.
    return [sourceFile(file, stat.size, () => refusedArchive(file))];
  }
  if (startsWith(magic, gzipMagic)) {
    return [
      sourceFile(file, stat.size, (work) => {
        const meter: Meter = { stored: 0 };
        const unpacked = gunzip(storedBytes(file, meter), file, meter, limits);
        return supervised(unpacked, file, stat.size, meter, work);
      }),
    ];
  }
  if (/\.gz$/i.test(file) && stat.size > 0) {
    throw sourceError(
      'damaged-archive',
      file,
      'The file is named .gz but is not compressed with gzip.',
      'Some browsers unpack while they download: if it holds plain text, rename it without .gz.',
    );
  }
  const open = (work: LongWork): Chunks => {
    const meter: Meter = { stored: 0 };
    return supervised(storedBytes(file, meter), file, stat.size, meter, work);
  };
  return [{ ...sourceFile(file, stat.size, open), path: file }];
}

// eslint-disable-next-line require-yield
async function* refusedArchive(file: string): AsyncGenerator<Uint8Array> {
  throw sourceError(
    'unknown-compression',
    file,
    'Archives of this kind are not read in place; zip and gz are.',
    'Unpack it and import the folder.',
  );
}

function sourceFile(name: string, size: number, open: (work: LongWork) => Chunks): SourceFile {
  let kept: Promise<Uint8Array> | undefined;
  return {
    name,
    base: path.posix.basename(name.split(path.sep).join('/')).toLowerCase().replace(/\.gz$/, ''),
    size,
    open,
    async head(bytes) {
      if (bytes > keptHead) return headOf(() => open({}), bytes);
      kept ??= headOf(() => open({}), keptHead);
      return (await kept).subarray(0, bytes);
    },
  };
}

async function firstBytes(file: string): Promise<Uint8Array> {
  const handle = await fs.open(file, 'r');
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, i) => bytes[i] === byte);
}

import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { StorageError } from './errors.ts';

/** Marks names that are being built; whatever bears it and was left behind by a crash may be deleted. */
export const temporaryMark = '.toolrec-tmp-';

/** How often a folder is put in place again when other processes put theirs there at the same moment. */
const attempts = 20;

function temporaryName(target: string): string {
  return path.join(
    path.dirname(target),
    `.${path.basename(target)}${temporaryMark}${randomBytes(6).toString('hex')}`,
  );
}

/**
 * Writes a file so that a crash leaves the old content or the new, never a mixture: temporary file beside the
 * target, fsync, rename, fsync of the folder. Creates the folder.
 * @throws StorageError when the disk is full, read-only or not permitted; nothing is left behind.
 */
export async function writeFileAtomic(target: string, content: string | Uint8Array): Promise<void> {
  const temporary = temporaryName(target);
  try {
    await makeFolder(path.dirname(target));
    const handle = await fs.open(temporary, 'wx');
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await fs.rename(temporary, target);
    await syncDirectory(path.dirname(target));
  } catch (error) {
    await fs.rm(temporary, { force: true }).catch(() => undefined);
    throw asStorageError(error, target);
  }
}

/**
 * Adds a line to a file of lines, on the disk when it returns. Half a line that a crash left before is ended first, so
 * that it takes no other with it. Creates file and folder.
 * @throws StorageError when the disk is full, read-only or not permitted.
 */
export async function appendLine(target: string, line: string): Promise<void> {
  try {
    await makeFolder(path.dirname(target));
    const handle = await fs.open(target, 'a+');
    try {
      const { size } = await handle.stat();
      const last = Buffer.alloc(1);
      if (size > 0) await handle.read(last, 0, 1, size - 1);
      const torn = size > 0 && last[0] !== 10;
      await handle.appendFile(`${torn ? '\n' : ''}${line}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw asStorageError(error, target);
  }
}

/**
 * Builds a whole folder and puts it in the place of `target` in one step. `build` writes into the folder it is
 * given; if it throws, `target` is as it was and the half-built folder is gone.
 * @throws StorageError for failures of the file system; other errors of `build` pass through.
 */
export async function replaceDirectoryAtomic(
  target: string,
  build: (directory: string) => Promise<void>,
): Promise<void> {
  const temporary = temporaryName(target);
  const previous = temporaryName(target);
  try {
    await makeFolder(path.dirname(target));
    await fs.mkdir(temporary);
    await build(temporary);
    for (const name of await fs.readdir(temporary)) await syncFile(path.join(temporary, name));
    await syncDirectory(temporary);
    for (let left = attempts; ; left--) {
      const existed = await moveAside(target, previous);
      try {
        await fs.rename(temporary, target);
        break;
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        // Another process has put its own there in between: the later one stands, as it would a moment after.
        const overtaken = code === 'ENOTEMPTY' || code === 'EEXIST';
        if (existed && !overtaken) await fs.rename(previous, target);
        if (!overtaken || left === 1) throw error;
        await fs.rm(previous, { recursive: true, force: true });
      }
    }
    await syncDirectory(path.dirname(target));
    await fs.rm(previous, { recursive: true, force: true });
  } catch (error) {
    await fs.rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    throw asStorageError(error, target);
  }
}

/** Renames what stands at `target`; false when nothing does. */
async function moveAside(target: string, aside: string): Promise<boolean> {
  try {
    await fs.rename(target, aside);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/**
 * Makes a folder and those above it, one by one: Node's own recursion gives the wrong reason on a read-only file
 * system and never ends where a folder that exists takes no entries (`/proc`).
 */
export async function makeFolder(folder: string): Promise<void> {
  const made = (): Promise<boolean> =>
    fs.mkdir(folder).then(
      () => true,
      async (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return false;
        if ((await fs.stat(folder).catch(() => undefined))?.isDirectory()) return true;
        throw error;
      },
    );
  if (await made()) return;
  const above = path.dirname(folder);
  if (above !== folder) await makeFolder(above);
  if (await made()) return;
  throw Object.assign(new Error(`No folder can be made at ${folder}.`), { code: 'EACCES' });
}

async function syncFile(file: string): Promise<void> {
  const stat = await fs.stat(file);
  if (!stat.isFile()) return;
  const handle = await fs.open(file, 'r+');
  await handle.sync().finally(() => handle.close());
}

async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return; // folders cannot be opened for fsync there
  const handle = await fs.open(directory, 'r');
  await handle.sync().finally(() => handle.close());
}

/** Turns an error of the file system into one that says what to do; others are returned as they are. */
export function asStorageError(error: unknown, file: string): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  const fail = (name: string, message: string, remedy: string) =>
    new StorageError(name, message, remedy, { place: { file }, cause: error });
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return fail('disk-full', 'There is no space left to write this.', 'Free some space and try again.');
    case 'EROFS':
      return fail(
        'read-only',
        'The folder is on a read-only file system.',
        'Choose a workspace folder that you can write to.',
      );
    case 'EACCES':
    case 'EPERM':
      return fail(
        'not-permitted',
        'The file or folder may not be read or written.',
        'Check its permissions, or choose another workspace folder.',
      );
    case 'ENOENT':
      return fail('not-found', 'The file or folder does not exist.', 'Check the path.');
    case 'ENOTDIR':
    case 'EISDIR':
    case 'EEXIST':
    case 'ENOTEMPTY':
      return fail('wrong-kind', 'A file stands where a folder is needed, or the reverse.', 'Move it away.');
    default:
      return error;
  }
}

/**
 * Who trains a model now, for every process that looks at the same folder: windows, their engines, command lines. A
 * lock is a small file under `.toolrec/cache/training`; a wish beside it asks its holder to pause or stop.
 */
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import * as z from 'zod';
import { asStorageError, makeFolder, writeFileAtomic } from '../shared/atomic-file.ts';
import { UsageError } from '../shared/errors.ts';
import type { Workspace } from '../shared/workspace.ts';

const holderSchema = z.object({
  pid: z.int().positive(),
  host: z.string(),
  /** ISO 8601. */
  since: z.string(),
});
/** The process that trains a model. */
export type TrainingHolder = z.output<typeof holderSchema>;

const wishes = ['pause', 'stop'] as const;
export type TrainingWish = (typeof wishes)[number];

export interface TrainingLock {
  release(): Promise<void>;
}

const folderOf = (workspace: Workspace) => path.join(workspace.directory('cache'), 'training');
const lockFile = (workspace: Workspace, id: string) => path.join(folderOf(workspace), `${id}.lock`);
const wishFile = (workspace: Workspace, id: string) => path.join(folderOf(workspace), `${id}.wish`);

/**
 * Takes the lock of a model. One whose holder is gone is taken over.
 * @throws UsageError `already-training`
 */
export async function lockTraining(workspace: Workspace, id: string): Promise<TrainingLock> {
  const file = lockFile(workspace, id);
  const own = { pid: process.pid, host: os.hostname(), since: new Date().toISOString() };
  await makeFolder(path.dirname(file)).catch((error: unknown) => {
    throw asStorageError(error, file);
  });
  for (let attempt = 0; ; attempt++) {
    try {
      await fs.writeFile(file, `${JSON.stringify(own)}\n`, { flag: 'wx' });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw asStorageError(error, file);
      const holder = await trainingHolder(workspace, id);
      if (holder || attempt > 3) throw alreadyTraining(id, holder);
      await fs.rm(file, { force: true });
    }
  }
  await fs.rm(wishFile(workspace, id), { force: true });
  return { release: () => fs.rm(file, { force: true }) };
}

export function alreadyTraining(id: string, holder?: TrainingHolder): UsageError {
  const where = holder && holder.pid !== process.pid ? ` by process ${holder.pid}` : '';
  return new UsageError(
    'already-training',
    `“${id}” is being trained already${where}.`,
    'Wait for it, or pause it.',
  );
}

/** The living process that holds a model's lock; undefined when nothing trains it. */
export async function trainingHolder(workspace: Workspace, id: string): Promise<TrainingHolder | undefined> {
  const text = await fs.readFile(lockFile(workspace, id), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const parsed = holderSchema.safeParse(parseJson(text));
  return parsed.success && isAlive(parsed.data) ? parsed.data : undefined;
}

/** Asks the holder of the lock, whichever process that is, to pause or stop. It looks several times a second. */
export async function wishForTraining(workspace: Workspace, id: string, wish: TrainingWish): Promise<void> {
  await writeFileAtomic(wishFile(workspace, id), wish);
}

/** Takes a wish away and returns it, as its holder does. */
export async function takeWish(workspace: Workspace, id: string): Promise<TrainingWish | undefined> {
  const file = wishFile(workspace, id);
  const text = await fs.readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  await fs.rm(file, { force: true });
  return wishes.find((wish) => wish === text.trim());
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isAlive({ pid, host, since }: TrainingHolder): boolean {
  if (host !== os.hostname()) return true; // a shared disk: nobody here can tell
  const started = Date.now() - os.uptime() * 1000;
  if (Date.parse(since) < started - 60_000) return false; // before this machine started: the number is another's now
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

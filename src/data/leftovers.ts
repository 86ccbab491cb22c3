import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { temporaryMark } from '../shared/atomic-file.ts';
import { readManifest } from './manifest.ts';

/** Stands in a dataset's folder until it is in its place, with the process that writes it. */
const claimFile = '.writing';
/** Folders without a claim change hands within microseconds; after this long their process must be gone. */
const settledMs = 10_000;

export async function claimUnfinished(folder: string): Promise<void> {
  await fs.writeFile(path.join(folder, claimFile), JSON.stringify({ pid: process.pid, host: os.hostname() }));
}

export async function releaseUnfinished(folder: string): Promise<void> {
  await fs.rm(path.join(folder, claimFile), { force: true });
}

/**
 * Tidies what killed imports left in a folder of datasets: half-written ones are deleted unless their process
 * still runs; and where a process died between the two renames that put a new dataset in an old one's place, so
 * that neither stands there, the newest whole one is put back.
 */
export async function clearLeftovers(datasets: string): Promise<void> {
  const names = await fs.readdir(datasets).catch(() => []);
  const whole = new Map<string, { folder: string; createdAt: string }[]>();
  for (const name of names) {
    const end = name.startsWith('.') ? name.lastIndexOf(temporaryMark) : -1;
    if (end < 1) continue;
    const folder = path.join(datasets, name);
    if (await isInUse(folder)) continue;
    const target = path.join(datasets, name.slice(1, end));
    const manifest = await readManifest(folder).catch(() => undefined);
    if (manifest && !(await exists(target)))
      whole.set(target, [...(whole.get(target) ?? []), { folder, createdAt: manifest.createdAt }]);
    else await discard(folder);
  }
  for (const [target, candidates] of whole) {
    candidates.sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
    await fs.rename(candidates[0]!.folder, target);
    await releaseUnfinished(target);
    for (const { folder } of candidates.slice(1)) await discard(folder);
  }
}

/** What cannot be deleted (a read-only workspace) is in nobody's way. */
const discard = (folder: string): Promise<void> =>
  fs.rm(folder, { recursive: true, force: true }).catch(() => undefined);

const exists = (file: string): Promise<boolean> =>
  fs.stat(file).then(
    () => true,
    () => false,
  );

async function isInUse(folder: string): Promise<boolean> {
  const claim = await fs.readFile(path.join(folder, claimFile), 'utf8').catch(() => undefined);
  if (claim !== undefined) return isRunning(claim);
  const stat = await fs.stat(folder).catch(() => undefined);
  return stat !== undefined && Date.now() - stat.ctimeMs < settledMs;
}

async function isRunning(claim: string): Promise<boolean> {
  try {
    const { pid, host } = JSON.parse(claim) as { pid: number; host: string };
    if (host !== os.hostname()) return true; // cannot be known: leave it
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

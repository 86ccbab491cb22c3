import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export interface SmallDisk {
  readonly folder: string;
  makeReadOnly(): void;
  remove(): void;
}

/** A file system of a few kilobytes, or why there can be none here. */
export function mountSmallDisk(kilobytes: number): SmallDisk | string {
  if (process.platform !== 'linux') return 'a small file system is mounted on Linux only';
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'toolrec-disk-'));
  const mount = (...args: string[]) => spawnSync('mount', args, { encoding: 'utf8' });
  const { status, stderr, error } = mount('-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', folder);
  if (status !== 0) {
    fs.rmdirSync(folder);
    return `mounting is not permitted here (${String(error?.message ?? stderr).trim()})`;
  }
  return {
    folder,
    makeReadOnly() {
      const remount = mount('-o', 'remount,ro', folder);
      if (remount.status !== 0) throw new Error(remount.stderr);
    },
    remove() {
      spawnSync('umount', [folder]);
      fs.rmdirSync(folder);
    },
  };
}

import { randomBytes } from 'node:crypto';

/** A session's file and its id. */
export interface SessionReference {
  /** Path of the workspace folder. */
  readonly folder: string;
  readonly id: string;
}

/** `s-20260131-102030-1a2b`: sorts by time, unique enough for two in the same second. */
export function newSessionId(now = new Date()): string {
  const time = now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return `s-${time}-${randomBytes(2).toString('hex')}`;
}

export function sameReference(a: SessionReference, b: SessionReference): boolean {
  return a.id === b.id && a.folder === b.folder;
}

import path from 'node:path';
import { UsageError } from './errors.ts';

/** The kinds of things kept under `.toolrec/` (docs/architecture.md, "Data that is kept"). */
export type StoreKind = 'datasets' | 'models' | 'sessions' | 'experiments' | 'cache';

/** Paths under `<folder>/.toolrec`. Only computes them; touches no disk. */
export class Workspace {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = path.resolve(folder);
  }

  get root(): string {
    return path.join(this.folder, '.toolrec');
  }

  directory(kind: StoreKind): string {
    return path.join(this.root, kind);
  }

  /** @throws UsageError `bad-name` when the name could leave its folder or is not portable. */
  entry(kind: StoreKind, name: string): string {
    return path.join(this.directory(kind), checkName(name));
  }
}

/** A name that is safe as a file name on every platform: letters, digits, `.`, `_`, `-`; at most 64. */
export function checkName(name: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/.test(name) && !/\.$/.test(name) && !reserved.test(name))
    return name;
  throw new UsageError(
    'bad-name',
    `“${name.slice(0, 80)}” cannot be used as a name.`,
    'Use up to 64 letters, digits, dots, dashes and underscores, starting with a letter or digit.',
  );
}

const reserved = /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i;

/** Resolves `relative` inside `folder`. @throws UsageError `outside-folder` when it would leave it. */
export function resolveInside(folder: string, relative: string): string {
  const resolved = path.resolve(folder, relative);
  const inside = path.relative(path.resolve(folder), resolved);
  if (inside === '' || (!inside.startsWith('..') && !path.isAbsolute(inside))) return resolved;
  throw new UsageError(
    'outside-folder',
    `“${relative.slice(0, 200)}” leads out of its folder.`,
    'Use a path inside the folder.',
  );
}

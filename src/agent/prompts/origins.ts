import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { asStorageError, writeFileAtomic } from '../../shared/atomic-file.ts';
import { InputError, UsageError } from '../../shared/errors.ts';
import { promptSuffix } from './template.ts';

/**
 * The workspace's own prompts and the shipped ones they came from. A copy is made when a person first edits a prompt;
 * what it was copied from is written beside it, so that an update of the extension can be told from an edit. Nothing
 * here overwrites an edit unless it is asked to by name.
 */

/** Under `prompts/`; may be committed with the prompts. */
const originsFile = '.origins.json';

const originsSchema = z.object({
  version: z.literal(1),
  files: z.record(
    z.string(),
    z.object({
      /** SHA-256 of the shipped text, line ends as \n. */
      shipped: z.string(),
      /** Version of ToolRec that shipped it. */
      toolrec: z.string(),
    }),
  ),
});
type Origins = z.infer<typeof originsSchema>;

export type PromptState =
  /** Only shipped: nothing in the workspace. */
  | 'shipped'
  /** The workspace's copy is what is shipped now. */
  | 'unchanged'
  | 'edited'
  /** Copied and not edited; a newer one is shipped. */
  | 'outdated'
  /** Edited, and what it came from has changed since. */
  | 'diverged'
  /** The workspace's alone. */
  | 'own';

export interface PromptFile {
  /** Under `prompts/`, with `/`: `surrogate.movies.toolrec.md`, `demonstrations/movies.yaml`. */
  readonly name: string;
  readonly kind: 'template' | 'demonstrations';
  readonly state: PromptState;
  /** Where it is in the workspace, whether it is there or not. */
  readonly file: string;
  /** The shipped one, if there is one. */
  readonly shipped: string | undefined;
}

export class PromptFiles {
  /** `<workspace>/prompts` */
  readonly folder: string;
  private readonly workspace: string;
  private readonly resources: string;
  private readonly toolrec: string;

  /**
   * @param workspace folder that is open
   * @param resources folder `resources` of this installation
   * @param toolrec version of this installation
   */
  constructor(workspace: string, resources: string, toolrec: string) {
    this.workspace = workspace;
    this.folder = path.join(workspace, 'prompts');
    this.resources = resources;
    this.toolrec = toolrec;
  }

  /** All prompts and demonstrations, by name. */
  async list(): Promise<PromptFile[]> {
    const own = await namesUnder(this.folder);
    const shipped = await this.shippedNames();
    const names = [...new Set([...own, ...shipped])].sort();
    const origins = await this.origins();
    return Promise.all(names.map((name) => this.describe(name, origins)));
  }

  /** @throws UsageError `no-prompt` when there is no such prompt, here or shipped. */
  async find(name: string): Promise<PromptFile> {
    const found = await this.describe(checkPromptName(name), await this.origins());
    if (found.state !== 'own' || (await exists(found.file))) return found;
    throw new UsageError(
      'no-prompt',
      `There is no prompt “${name.slice(0, 80)}”.`,
      'See the list of prompts.',
    );
  }

  /** The file to edit: the copy that is there, or a new one of what is shipped. */
  async copyForEdit(name: string): Promise<string> {
    const entry = await this.find(name);
    await requireInside(this.workspace, entry.file);
    if (entry.state === 'shipped') await this.takeShipped(entry);
    return entry.file;
  }

  /** @throws UsageError `outside-workspace` when the file does not really lie in the workspace. */
  async requireOwn(name: string): Promise<void> {
    await requireInside(this.workspace, (await this.find(name)).file);
  }

  /** Puts what is shipped in the place of the workspace's copy. @throws UsageError `nothing-shipped`. */
  async reset(name: string): Promise<void> {
    const entry = await this.find(name);
    await requireInside(this.workspace, entry.file);
    await this.takeShipped(entry);
  }

  /** Keeps the workspace's copy as it is and counts it as made from what is shipped now. */
  async keep(name: string): Promise<void> {
    const entry = await this.find(name);
    const text = await this.shippedText(entry);
    await this.record(entry.name, text);
  }

  /** Name under `prompts/` of a file of this workspace; undefined for any other. */
  nameOf(file: string): string | undefined {
    const relative = path.relative(this.folder, file).split(path.sep).join('/');
    return /^(?:[^/]+\.toolrec\.md|demonstrations\/[^/]+\.yaml)$/.test(relative) ? relative : undefined;
  }

  private async takeShipped(entry: PromptFile): Promise<void> {
    const text = await this.shippedText(entry);
    await writeFileAtomic(entry.file, text);
    await this.record(entry.name, text);
  }

  private async shippedText(entry: PromptFile): Promise<string> {
    if (entry.shipped === undefined)
      throw new UsageError(
        'nothing-shipped',
        `“${entry.name}” does not come with ToolRec.`,
        'It is the workspace’s own; there is nothing to go back to.',
      );
    return readText(entry.shipped);
  }

  private async record(name: string, text: string): Promise<void> {
    const origins = await this.origins();
    const files = { ...origins.files, [name]: { shipped: promptHash(text), toolrec: this.toolrec } };
    const sorted = Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)));
    await writeFileAtomic(
      path.join(this.folder, originsFile),
      `${JSON.stringify({ version: 1, files: sorted } satisfies Origins, null, 2)}\n`,
    );
  }

  private async describe(name: string, origins: Origins): Promise<PromptFile> {
    const kind = name.endsWith(promptSuffix) ? 'template' : 'demonstrations';
    const shippedFile = this.shippedPath(name);
    const file = path.join(this.folder, ...name.split('/'));
    const [mine, theirs] = await Promise.all([hashOf(file), hashOf(shippedFile)]);
    const shipped = theirs === undefined ? undefined : shippedFile;
    return { name, kind, file, shipped, state: stateOf(mine, theirs, origins.files[name]?.shipped) };
  }

  private shippedPath(name: string): string {
    return path.join(
      this.resources,
      ...(name.startsWith('demonstrations/') ? [] : ['prompts']),
      ...name.split('/'),
    );
  }

  private async shippedNames(): Promise<string[]> {
    const [templates, demonstrations] = await Promise.all([
      filesIn(path.join(this.resources, 'prompts'), promptSuffix),
      filesIn(path.join(this.resources, 'demonstrations'), '.yaml'),
    ]);
    return [...templates, ...demonstrations.map((name) => `demonstrations/${name}`)];
  }

  /** @throws InputError `bad-origins` when the file was damaged: guessing could lose an edit. */
  private async origins(): Promise<Origins> {
    const file = path.join(this.folder, originsFile);
    let text: string;
    try {
      text = await fs.readFile(file, 'utf8');
    } catch (error) {
      if (
        (error as NodeJS.ErrnoException).code === 'ENOENT' ||
        (error as NodeJS.ErrnoException).code === 'ENOTDIR'
      )
        return { version: 1, files: {} };
      throw asStorageError(error, file);
    }
    try {
      return originsSchema.parse(JSON.parse(text));
    } catch (error) {
      throw new InputError(
        'bad-origins',
        'What the prompts were copied from cannot be read.',
        'Restore the file, or delete it: the copies then count as edited.',
        { place: { file }, cause: error },
      );
    }
  }
}

function stateOf(
  mine: string | undefined,
  theirs: string | undefined,
  origin: string | undefined,
): PromptState {
  if (mine === undefined) return theirs === undefined ? 'own' : 'shipped';
  if (theirs === undefined) return 'own';
  if (mine === theirs) return 'unchanged';
  if (origin === undefined || origin === theirs) return 'edited';
  return mine === origin ? 'outdated' : 'diverged';
}

/**
 * Refuses a file that is not really inside a folder, whatever links lead to it. A file that does not exist yet is judged
 * by the nearest folder above it that does.
 * @throws UsageError `outside-workspace`
 */
export async function requireInside(folder: string, file: string): Promise<void> {
  const root = await fs.realpath(folder).catch(() => path.resolve(folder));
  let at = path.resolve(file);
  let rest = '';
  for (;;) {
    try {
      at = path.join(await fs.realpath(at), rest);
      break;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // A dangling link leads where writing would follow it.
      const isLink = await fs.lstat(at).then(
        (stat) => stat.isSymbolicLink(),
        () => false,
      );
      if (isLink || (code !== 'ENOENT' && code !== 'ENOTDIR') || at === path.dirname(at)) throw outside(file);
      rest = path.join(path.basename(at), rest);
      at = path.dirname(at);
    }
  }
  const relative = path.relative(root, at);
  if (relative.startsWith('..') || path.isAbsolute(relative)) throw outside(file);
}

function outside(file: string): UsageError {
  return new UsageError(
    'outside-workspace',
    'The prompt lies outside of the workspace folder.',
    'Copy it into the folder’s “prompts”; a link that leads out of it is not followed.',
    { place: { file } },
  );
}

/** SHA-256 of a text, the same on every platform. */
export function promptHash(text: string): string {
  return createHash('sha256').update(text.replace(/\r\n/g, '\n')).digest('hex');
}

function checkPromptName(name: string): string {
  if (/^(?:demonstrations\/)?[A-Za-z0-9_][A-Za-z0-9._-]{0,80}$/.test(name) && !name.includes('..'))
    return name;
  throw new UsageError('no-prompt', `There is no prompt “${name.slice(0, 80)}”.`, 'See the list of prompts.');
}

async function hashOf(file: string): Promise<string | undefined> {
  try {
    return promptHash(await fs.readFile(file, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw asStorageError(error, file);
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await fs.readFile(file, 'utf8');
  } catch (error) {
    throw asStorageError(error, file);
  }
}

async function exists(file: string): Promise<boolean> {
  return fs.stat(file).then(
    () => true,
    () => false,
  );
}

async function namesUnder(folder: string): Promise<string[]> {
  const [templates, demonstrations] = await Promise.all([
    filesIn(folder, promptSuffix),
    filesIn(path.join(folder, 'demonstrations'), '.yaml'),
  ]);
  return [...templates, ...demonstrations.map((name) => `demonstrations/${name}`)];
}

async function filesIn(folder: string, ending: string): Promise<string[]> {
  try {
    return (await fs.readdir(folder)).filter((name) => name.endsWith(ending) && !name.startsWith('.')).sort();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw asStorageError(error, folder);
  }
}

import fs from 'node:fs/promises';
import path from 'node:path';
import { asStorageError } from '../../shared/atomic-file.ts';
import { UsageError } from '../../shared/errors.ts';
import type { Dataset } from '../../data/dataset.ts';
import { type DemonstrationFile, parseDemonstrations } from './demonstrations.ts';
import { type PromptDomain, promptDomains, type PromptKind } from './kinds.ts';
import { requireInside } from './origins.ts';
import { parseTemplate, promptSuffix, type PromptTemplate } from './template.ts';

/**
 * Where prompts come from: the workspace's own `prompts/` first, the shipped `resources/prompts/` for what is not
 * there. A file is read again each time; nothing is kept that an editor may have changed.
 */
export class PromptLibrary {
  private readonly folders: readonly string[];
  private readonly roots: readonly string[];

  /**
   * @param folders searched in this order; one that does not exist is skipped
   * @param roots folders in one of which a file must really lie, whatever links lead to it; without any it may lie
   * anywhere
   */
  constructor(folders: readonly string[], roots: readonly string[] = []) {
    this.folders = folders;
    this.roots = roots;
  }

  /** Names of all templates, `surrogate.movies`, and where each is. */
  async list(): Promise<{ name: string; file: string }[]> {
    const found = new Map<string, string>();
    for (const folder of this.folders)
      for (const file of await filesOf(folder, promptSuffix)) {
        const name = path.basename(file).slice(0, -promptSuffix.length);
        if (!found.has(name)) found.set(name, file);
      }
    return [...found].map(([name, file]) => ({ name, file })).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /**
   * The template of a kind for a domain; the generic one where the domain has none.
   * @throws UsageError `no-prompt`; InputError when it cannot be read.
   */
  async load(kind: PromptKind, domain: PromptDomain): Promise<PromptTemplate> {
    const all = await this.list();
    for (const name of [`${kind}.${domain}`, `${kind}.generic`]) {
      const entry = all.find((candidate) => candidate.name === name);
      if (entry) return this.read(entry.file);
    }
    throw new UsageError(
      'no-prompt',
      `There is no prompt for “${kind}”.`,
      `Put a ${kind}.${domain}${promptSuffix} into the prompts folder.`,
    );
  }

  /** By name (`surrogate.movies`). @throws UsageError `no-prompt`. */
  async named(name: string): Promise<PromptTemplate> {
    const entry = (await this.list()).find((candidate) => candidate.name === name);
    if (!entry)
      throw new UsageError(
        'no-prompt',
        `There is no prompt “${name.slice(0, 80)}”.`,
        'See the list of prompts.',
      );
    return this.read(entry.file);
  }

  /** @throws UsageError `outside-workspace`; InputError when it is no template. */
  async read(file: string): Promise<PromptTemplate> {
    await this.requireAllowed(file);
    return parseTemplate(await readText(file), file);
  }

  /** Demonstrations of a domain (`demonstrations/<domain>.yaml`); undefined when no folder has them. */
  async demonstrations(domain: PromptDomain): Promise<DemonstrationFile | undefined> {
    for (const folder of this.folders)
      for (const directory of [
        path.join(folder, 'demonstrations'),
        path.join(folder, '..', 'demonstrations'),
      ]) {
        const file = (await filesOf(directory, `${domain}.yaml`))[0];
        if (!file) continue;
        await this.requireAllowed(file);
        return parseDemonstrations(await readText(file), file);
      }
    return undefined;
  }

  private async requireAllowed(file: string): Promise<void> {
    let refusal: unknown;
    for (const root of this.roots) {
      try {
        await requireInside(root, file);
        return;
      } catch (error) {
        refusal ??= error;
      }
    }
    if (refusal !== undefined) throw refusal;
  }
}

/** A guess from the dataset's attribute names, for a person to overrule. */
export function domainOf(dataset: Pick<Dataset, 'attributes' | 'name'>): PromptDomain {
  const names = new Set(dataset.attributes.map((attribute) => attribute.name));
  const has = (...some: string[]) => some.some((name) => names.has(name));
  const called = dataset.name.toLowerCase();
  if (has('stars', 'city') && has('categories', 'city')) return 'businesses';
  if (/book/.test(called) || has('author', 'authors', 'publisher')) return 'books';
  if (/movie|film|^ml[-_]?|sample/.test(called) || has('director', 'directors')) return 'movies';
  if (has('genre', 'genres') && has('release_year', 'year')) return 'movies';
  return promptDomains.at(-1)!;
}

async function filesOf(folder: string, ending: string): Promise<string[]> {
  try {
    const names = await fs.readdir(folder);
    return names
      .filter((name) => name.endsWith(ending) && !name.startsWith('.'))
      .sort()
      .map((name) => path.join(folder, name));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw asStorageError(error, folder);
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await fs.readFile(file, 'utf8');
  } catch (error) {
    throw asStorageError(error, file);
  }
}

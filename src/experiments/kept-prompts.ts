import fs from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { asStorageError, writeFileAtomic } from '../shared/atomic-file.ts';
import { StorageError } from '../shared/errors.ts';
import { promptsFile } from './places.ts';

/**
 * `prompts.json` of an experiment: the full text of every prompt that its methods used, whether sessions are kept or not.
 * Which method used which stands in the plan, as `prompt <name>` of its provenance.
 */
const keptSchema = z.object({
  version: z.literal(1),
  prompts: z.array(z.object({ name: z.string(), hash: z.string(), text: z.string() })),
});
export type KeptPrompt = z.infer<typeof keptSchema>['prompts'][number];

const keyOf = ({ name, hash }: Pick<KeptPrompt, 'name' | 'hash'>) => `${name}\n${hash}`;

/** Adds prompts to those that the experiment has. */
export async function keepPrompts(directory: string, prompts: readonly KeptPrompt[]): Promise<void> {
  if (prompts.length === 0) return;
  const all = new Map((await keptPrompts(directory)).map((prompt) => [keyOf(prompt), prompt]));
  const before = all.size;
  for (const { name, hash, text } of prompts) all.set(keyOf({ name, hash }), { name, hash, text });
  if (all.size === before) return;
  const sorted = [...all.values()].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const content = JSON.stringify({ version: 1, prompts: sorted }, null, 1);
  await writeFileAtomic(path.join(directory, promptsFile), `${content}\n`);
}

/** The prompts of an experiment; none where it used none. @throws StorageError `damaged-prompts` */
export async function keptPrompts(directory: string): Promise<KeptPrompt[]> {
  const file = path.join(directory, promptsFile);
  const text = await fs.readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw asStorageError(error, file);
  });
  if (text === undefined) return [];
  try {
    return keptSchema.parse(JSON.parse(text)).prompts;
  } catch (cause) {
    throw new StorageError(
      'damaged-prompts',
      'What prompts the experiment used cannot be read.',
      'Delete the file; the next run writes it again.',
      { place: { file }, cause },
    );
  }
}

import fs from 'node:fs/promises';
import * as z from 'zod';
import { asStorageError, writeFileAtomic } from '../../shared/atomic-file.ts';
import { StorageError } from '../../shared/errors.ts';

/** What the offline ranker weighs evidence with. `fit.ts` finds good ones on the validation split. */
export const offlineWeightsSchema = z.strictObject({
  version: z.literal(1),
  /** Weight of each tool's list, by attribute; `None` is the backbone; `Search` counts for searches. */
  lists: z.record(z.string(), z.number().min(0)),
  /** Weight of the fit between an item's attribute and the history. */
  affinity: z.record(z.string(), z.number().min(0)),
  /** Constant of the reciprocal ranks: 1 / (constant + rank). */
  constant: z.number().positive(),
  /** Items after which a history item counts half. */
  halfLife: z.number().positive(),
  /** How the weights were found; absent for the defaults. */
  fitted: z
    .strictObject({
      dataset: z.string(),
      datasetHash: z.string(),
      retrieval: z.string(),
      split: z.literal('validation'),
      users: z.number().int(),
      /** Mean NDCG@10 on the validation items: the backbone alone, and with these weights. */
      backboneNdcg: z.number(),
      ndcg: z.number(),
    })
    .optional(),
});
export type OfflineWeights = z.infer<typeof offlineWeightsSchema>;

/** Without a fit: the backbone leads, attribute lists confirm, affinity breaks near-ties. */
export function defaultWeights(attributes: readonly string[]): OfflineWeights {
  return {
    version: 1,
    lists: { None: 1, ...Object.fromEntries(attributes.map((name) => [name, 0.5])), Search: 0.25 },
    affinity: Object.fromEntries(attributes.map((name) => [name, 0.05])),
    constant: 20,
    halfLife: 10,
  };
}

export async function saveWeights(file: string, weights: OfflineWeights): Promise<void> {
  await writeFileAtomic(file, `${JSON.stringify(weights, null, 2)}\n`);
}

/** Reads fitted weights; undefined when there is no file. @throws StorageError `damaged-weights`. */
export async function loadWeights(file: string): Promise<OfflineWeights | undefined> {
  let text: string;
  try {
    text = await fs.readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw asStorageError(error, file);
  }
  try {
    return offlineWeightsSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new StorageError(
      'damaged-weights',
      'The fitted weights of the offline policy cannot be read.',
      'Delete the file and fit them again.',
      { place: { file }, cause },
    );
  }
}

import fs from 'node:fs/promises';
import * as z from 'zod';
import { asStorageError, writeFileAtomic } from '../../shared/atomic-file.ts';
import { StorageError } from '../../shared/errors.ts';

/** What the offline ranker weighs evidence with. `fit.ts` finds good ones on the validation split. */
export const offlineWeightsSchema = z.strictObject({
  version: z.literal(2),
  /** Weight of each tool's list, by attribute; `None` is the backbone, `Neighbours` and `Search` are those tools. */
  lists: z.record(z.string(), z.number().min(0)),
  /** Weight of the fit between an item's attribute and the history. */
  affinity: z.record(z.string(), z.number().min(0)),
  /** Weight of ln(1 + interactions in the training part). */
  popularity: z.number(),
  /** Items after which a history item counts half. */
  halfLife: z.number().positive(),
  /** How the weights were found; absent for the defaults. */
  fitted: z
    .strictObject({
      dataset: z.string(),
      datasetHash: z.string(),
      /** Which models retrieved. */
      retrieval: z.string(),
      split: z.literal('validation'),
      users: z.number().int(),
      /** Strength of the pull towards the backbone alone, chosen by cross-validation. */
      shrinkage: z.number(),
      /** Mean NDCG@10 on the validation items: the backbone alone, and with weights fitted on the other users. */
      backboneNdcg: z.number(),
      ndcg: z.number(),
      /** Student's t of their paired difference. */
      t: z.number(),
    })
    .optional(),
});
export type OfflineWeights = z.infer<typeof offlineWeightsSchema>;

/**
 * Without a fit: the backbone leads, neighbours speak at half its weight, attribute tools and affinity nudge. Chosen on
 * the validation part of ML-1M, where they keep two thirds of what a fit gains (docs/agent.md).
 */
export function defaultWeights(attributes: readonly string[]): OfflineWeights {
  return {
    version: 2,
    lists: {
      None: 1,
      ...Object.fromEntries(attributes.map((name) => [name, 0.1])),
      Neighbours: 0.5,
      Search: 0.1,
    },
    affinity: Object.fromEntries(attributes.map((name) => [name, 0.05])),
    popularity: 0,
    halfLife: 10,
  };
}

export async function saveWeights(file: string, weights: OfflineWeights): Promise<void> {
  await writeFileAtomic(file, `${JSON.stringify(weights, null, 2)}\n`);
}

/** Reads fitted weights; undefined when there are none, or older ones. @throws StorageError `damaged-weights`. */
export async function loadWeights(file: string): Promise<OfflineWeights | undefined> {
  let text: string;
  try {
    text = await fs.readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw asStorageError(error, file);
  }
  try {
    const value = JSON.parse(text) as { version?: unknown };
    return value.version === 1 ? undefined : offlineWeightsSchema.parse(value);
  } catch (cause) {
    throw new StorageError(
      'damaged-weights',
      'The fitted weights of the offline policy cannot be read.',
      'Delete the file and fit them again.',
      { place: { file }, cause },
    );
  }
}

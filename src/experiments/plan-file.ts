import fs from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { asStorageError } from '../shared/atomic-file.ts';
import { StorageError } from '../shared/errors.ts';
import { planFile } from './places.ts';
import type { ExperimentRecord } from './records.ts';

const count = z.int().nonnegative();

/** What is kept of a method beside its records: all that a table needs, with the method itself no longer at hand. */
export const plannedMethodSchema = z.object({
  id: z.string(),
  /** Name of its definition, and its title in the paper's tables. */
  name: z.string(),
  title: z.string(),
  group: z.enum(['floor', 'baseline', 'ours', 'ablation', 'own']),
  detail: z.string(),
  standIn: z.string().nullable(),
  languageModel: z.string().nullable(),
  model: z.string().nullable(),
  size: z.object({ trainable: z.number(), parameters: z.number(), flops: z.number() }).nullable(),
  provenance: z.record(z.string(), z.string()),
  /** What its records must bear to count. */
  fingerprint: z.string(),
});
export type PlannedMethod = z.infer<typeof plannedMethodSchema>;

/** `plan.json`: everything about a run that is settled before the first user. */
export const planSchema = z.object({
  version: z.literal(1),
  id: z.string(),
  title: z.string(),
  /** The experiment file as it was, and where. */
  file: z.string(),
  configuration: z.string(),
  program: z.object({ version: z.string(), node: z.string(), platform: z.string() }),
  dataset: z.object({
    name: z.string(),
    hash: z.string(),
    simulated: z.boolean(),
    users: count,
    items: count,
    interactions: count,
    eligible: count,
  }),
  part: z.enum(['test', 'validation']),
  maskHistory: z.boolean(),
  n: count,
  metrics: z.array(z.string()),
  seed: count,
  /** null: all users, once. */
  sample: z.object({ users: count, repeats: count, seed: count }).nullable(),
  /** [repeats][users] codes. */
  samples: z.array(z.array(count)),
  reference: z.string().nullable(),
  methods: z.array(plannedMethodSchema),
});
export type ExperimentPlan = z.infer<typeof planSchema>;

/** Reads `plan.json`. @throws StorageError `no-experiment`, `damaged-plan`. */
export async function readPlan(directory: string): Promise<ExperimentPlan> {
  const file = path.join(directory, planFile);
  let text: string;
  try {
    text = await fs.readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new StorageError(
        'no-experiment',
        `“${path.basename(directory)}” has not been run.`,
        'Run it with “toolrec experiment run”.',
        { place: { file } },
      );
    throw asStorageError(error, file);
  }
  try {
    return planSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new StorageError('damaged-plan', 'The plan of the experiment cannot be read.', 'Run it again.', {
      place: { file },
      cause,
    });
  }
}

/** The records that count for a plan: of its methods as they are now, for users of its samples. */
export function countingRecords(
  plan: ExperimentPlan,
  records: readonly ExperimentRecord[],
): ExperimentRecord[] {
  const fingerprints = new Map(plan.methods.map(({ id, fingerprint }) => [id, fingerprint]));
  const samples = plan.samples.map((users) => new Set(users));
  return records.filter(
    (record) =>
      fingerprints.get(record.method) === record.fingerprint && samples[record.repeat]?.has(record.user),
  );
}

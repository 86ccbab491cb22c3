import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import * as z from 'zod';
import { asStorageError } from '../shared/atomic-file.ts';
import { StorageError } from '../shared/errors.ts';

/**
 * What an experiment knows of one user under one method in one repeat: a line of `records.jsonl`. Everything a report
 * says is computed from these lines and the plan. All but `timing` is the same whenever an offline run is repeated.
 */
export const recordVersion = 1;

export const failureSchema = z.object({
  /** Stable code of the error: `rate-limited`, `timeout`, `stream-truncated`, … */
  code: z.string(),
  message: z.string(),
});

export const recordSchema = z.object({
  v: z.literal(recordVersion),
  /** Id of the method's entry in the experiment file. */
  method: z.string(),
  /** 0-based number of the sample. */
  repeat: z.int().nonnegative(),
  /** Code of the user in the dataset, and the source's id. */
  user: z.int().nonnegative(),
  userId: z.string(),
  /** Item codes of the final list, best first; shorter than N, or empty, only when the method failed. */
  items: z.array(z.int().nonnegative()),
  /** Item codes held out of this user. */
  targets: z.array(z.int().nonnegative()),
  /** 1-based rank of the best-ranked held-out item in the list; null when none is in it: a miss. */
  rank: z.int().positive().nullable(),
  /** Why the method has no list of its own for this user. The user counts as a miss. */
  failure: failureSchema.nullable(),
  /** Length of the history that was shown, and how often the held-out item was chosen in training. */
  history: z.int().nonnegative(),
  popularity: z.int().nonnegative(),
  /** Rounds of a session; null for methods without rounds. */
  rounds: z.int().nonnegative().nullable(),
  /** The rule that ended the session: `finish`, `max-rounds`, …; null for methods without rounds. */
  stop: z.string().nullable(),
  /** Items of the final list that were filled in by rule. */
  completed: z.int().nonnegative(),
  /** What the model proposed that the catalogue lacks (paper 4.4.1, Figure 7). */
  outside: z.array(z.string()),
  /** Language-model calls, tokens, and US dollars; `cost` is null where no price is known. */
  calls: z.int().nonnegative(),
  tokens: z.object({
    prompt: z.number().nonnegative(),
    completion: z.number().nonnegative(),
    /** True when a server gave no numbers and these were estimated. */
    estimated: z.boolean(),
  }),
  cost: z.number().nonnegative().nullable(),
  /** Id of the session in the experiment's `sessions/`; null when the method has none or it was not kept. */
  session: z.string().nullable(),
  /** SHA-256 over what can change the answer: settings, models, prompts, dataset. */
  fingerprint: z.string(),
  /** The only part that differs from run to run. Milliseconds; `started` since 1970 UTC. */
  timing: z.object({ started: z.number(), durationMs: z.number().nonnegative(), retries: z.int() }),
});
export type ExperimentRecord = z.infer<typeof recordSchema>;

/** Names one record: a user under a method in a repeat. */
export function recordKey(record: Pick<ExperimentRecord, 'method' | 'repeat' | 'user'>): string {
  return `${record.method}/${record.repeat}/${record.user}`;
}

/** SHA-256 of a plain value, with the keys of objects in order. */
export function hashOf(value: unknown): string {
  return createHash('sha256').update(stableJson(value)).digest('hex');
}

/** JSON with the keys of every object sorted, so that equal values give equal text. */
export function stableJson(value: unknown): string {
  return JSON.stringify(value, (_key, entry: unknown) =>
    entry !== null && typeof entry === 'object' && !Array.isArray(entry)
      ? Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : entry,
  );
}

export interface StoredRecords {
  readonly records: readonly ExperimentRecord[];
  /** Bytes at the end that a crash left half-written; they are cut off when the run goes on. */
  readonly tornBytes: number;
}

/**
 * All records of a run, in the order they were written; none when there is no file. A second record of the same user
 * (a failure that was tried again) takes the place of the first.
 * @throws StorageError `damaged-records` when a line before the last cannot be read.
 */
export async function readRecords(file: string): Promise<StoredRecords> {
  let bytes: Buffer;
  try {
    bytes = await fs.readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { records: [], tornBytes: 0 };
    throw asStorageError(error, file);
  }
  const byKey = new Map<string, ExperimentRecord>();
  let start = 0;
  for (let line = 1; start < bytes.length; line++) {
    const newline = bytes.indexOf(10, start);
    if (newline < 0) return { records: [...byKey.values()], tornBytes: bytes.length - start };
    const record = readLine(bytes.toString('utf8', start, newline));
    if (!record) {
      if (newline === bytes.length - 1)
        return { records: [...byKey.values()], tornBytes: bytes.length - start };
      throw new StorageError(
        'damaged-records',
        `Line ${line} of the experiment’s records cannot be read.`,
        'Restore the file from a backup, or start the experiment again.',
        { place: { file, line } },
      );
    }
    byKey.set(recordKey(record), record);
    start = newline + 1;
  }
  return { records: [...byKey.values()], tornBytes: 0 };
}

function readLine(text: string): ExperimentRecord | undefined {
  try {
    const parsed = recordSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

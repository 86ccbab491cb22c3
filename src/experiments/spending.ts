import fs from 'node:fs/promises';
import * as z from 'zod';
import { asStorageError } from '../shared/atomic-file.ts';
import { LineWriter } from './line-writer.ts';
import type { ExperimentRecord } from './records.ts';

const amount = z.number().nonnegative();

/** What language models were paid: tokens, US dollars where a price is known, and calls that were answered. */
export const spendingSchema = z.object({ tokens: amount, cost: amount, calls: amount });
export type Spending = z.output<typeof spendingSchema>;

export const noSpending: Spending = { tokens: 0, cost: 0, calls: 0 };

/**
 * `spending.jsonl`: a line for each answer of a language model, on the disk before the answer is used. Records say what
 * users cost that came to their end; this says also what was spent on users that a crash, a cancelled run or a changed
 * prompt lost, so that a budget holds over all runs of an experiment.
 */
export class SpendingJournal {
  private readonly writer: LineWriter;
  private sum: Spending;

  private constructor(writer: LineWriter, sum: Spending) {
    this.writer = writer;
    this.sum = sum;
  }

  /** `records`: what an experiment begun without a journal has behind it. @throws StorageError */
  static async open(file: string, records: readonly ExperimentRecord[]): Promise<SpendingJournal> {
    const { total, tornBytes } = await readJournal(file);
    const writer = await LineWriter.open(file, tornBytes);
    const before = total ?? spendingOf(records);
    // From now on the journal alone counts.
    if (total === undefined) await writer.append(before);
    return new SpendingJournal(writer, before);
  }

  /** All that was spent so far, in this run and before it. */
  get total(): Spending {
    return this.sum;
  }

  /** @throws StorageError when the disk takes no more: nothing more is asked then. */
  async add(spent: Spending): Promise<void> {
    this.sum = plus(this.sum, spent);
    await this.writer.append(spent);
  }

  close(): Promise<void> {
    return this.writer.close();
  }
}

/** What an experiment has cost so far; undefined where it keeps no journal. @throws StorageError */
export async function readSpending(file: string): Promise<Spending | undefined> {
  return (await readJournal(file)).total;
}

/** What the users cost that have a record. */
export function spendingOf(records: readonly ExperimentRecord[]): Spending {
  return records
    .map(({ tokens, cost, calls }) => ({ tokens: tokens.prompt + tokens.completion, cost: cost ?? 0, calls }))
    .reduce(plus, noSpending);
}

const plus = (a: Spending, b: Spending): Spending => ({
  tokens: a.tokens + b.tokens,
  cost: a.cost + b.cost,
  calls: a.calls + b.calls,
});

/** A line that cannot be read is left out: to refuse a run for it would help nobody. Half a line at the end is torn. */
async function readJournal(file: string): Promise<{ total: Spending | undefined; tornBytes: number }> {
  let text: string;
  try {
    text = await fs.readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { total: undefined, tornBytes: 0 };
    throw asStorageError(error, file);
  }
  const whole = text.lastIndexOf('\n') + 1;
  const lines = text.slice(0, whole).split('\n').flatMap(readLine);
  const tornBytes = Buffer.byteLength(text.slice(whole));
  return { total: lines.length === 0 ? undefined : lines.reduce(plus), tornBytes };
}

function readLine(text: string): Spending[] {
  try {
    const parsed = spendingSchema.safeParse(JSON.parse(text));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return [];
  }
}

import fs from 'node:fs/promises';
import * as z from 'zod';
import { writeFileAtomic } from '../shared/atomic-file.ts';

/** A line of `training.jsonl`: what the live chart reads. Times are seconds of training, pauses not counted. */
export const trainingEventSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('step'),
    step: z.int(),
    /** With the fraction of the current one. */
    epoch: z.number(),
    loss: z.number(),
    learningRate: z.number(),
    gradientNorm: z.number(),
    seconds: z.number(),
    /** Real positions trained on per second. */
    tokensPerSecond: z.number(),
  }),
  z.object({
    kind: z.literal('epoch'),
    step: z.int(),
    epoch: z.int(),
    /** Mean over the epoch's targets. */
    loss: z.number(),
    validation: z.record(z.string(), z.number()),
    best: z.boolean(),
    seconds: z.number(),
    /** Resident memory of the process in bytes. */
    memory: z.number(),
  }),
]);
export type TrainingEvent = z.output<typeof trainingEventSchema>;

/** Appends events; opened at a step, it first drops what a crash left beyond that step. */
export class TrainingLog {
  private readonly file: string;
  private pending: string[] = [];

  private constructor(file: string) {
    this.file = file;
  }

  static async open(file: string, step: number): Promise<TrainingLog> {
    const kept = (await readTrainingLog(file)).filter((event) => event.step <= step);
    await writeFileAtomic(file, kept.map((event) => `${JSON.stringify(event)}\n`).join(''));
    return new TrainingLog(file);
  }

  add(event: TrainingEvent): void {
    this.pending.push(`${JSON.stringify(event)}\n`);
  }

  async flush(): Promise<void> {
    if (this.pending.length === 0) return;
    const text = this.pending.join('');
    this.pending = [];
    await fs.appendFile(this.file, text);
  }
}

/** Every whole line; a last one cut short by a crash is left out. */
export async function readTrainingLog(file: string): Promise<TrainingEvent[]> {
  const text = await fs.readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return text.split('\n').flatMap((line) => {
    try {
      const parsed = trainingEventSchema.safeParse(JSON.parse(line));
      return parsed.success ? [parsed.data] : [];
    } catch {
      return [];
    }
  });
}

import fs from 'node:fs/promises';
import { asStorageError, writeFileAtomic } from '../shared/atomic-file.ts';
import { type TrainingEvent, trainingEventSchema } from './training-event.ts';

/** Appends events; opened at a step, it first drops what a crash left beyond that step. */
export class TrainingLog {
  private readonly file: string;
  private pending: string[] = [];
  private flushed = performance.now();

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

  /** Writes what is pending twice a second, so that whoever reads along sees it soon. */
  async flushSometimes(): Promise<void> {
    if (performance.now() - this.flushed > 500) await this.flush();
  }

  async flush(): Promise<void> {
    this.flushed = performance.now();
    if (this.pending.length === 0) return;
    const text = this.pending.join('');
    this.pending = [];
    try {
      await fs.appendFile(this.file, text);
    } catch (error) {
      throw asStorageError(error, this.file);
    }
  }
}

/** Every whole line; a last one cut short by a crash is left out. */
export async function readTrainingLog(file: string): Promise<TrainingEvent[]> {
  const text = await fs.readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw asStorageError(error, file);
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

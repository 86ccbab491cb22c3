import { ByteIdTable } from '../../../../src/data/id-table.ts';
import type { BadRowReason, DatasetSink, Format, SourceFile } from '../../../../src/data/reader.ts';
import type { ItemRecord, UserRecord } from '../../../../src/data/schema.ts';
import type { LongWork } from '../../../../src/shared/progress.ts';

export interface BadRow {
  readonly file: string;
  readonly line: number;
  readonly reason: BadRowReason;
  readonly excerpt: string;
}

/** Everything a reader says, kept as plain data. */
export class CollectingSink implements DatasetSink {
  readonly users = new ByteIdTable();
  readonly items = new ByteIdTable();
  /** user, item (the source's ids), rating, timestamp, line */
  readonly interactions: [string, string, number, number, number][] = [];
  readonly catalogue: ItemRecord[] = [];
  readonly people: UserRecord[] = [];
  readonly badRows: BadRow[] = [];
  readonly files: string[] = [];
  count = 0;
  private readonly keep: boolean;

  /** @param keep whether interactions are kept, or counted only. */
  constructor(keep = true) {
    this.keep = keep;
  }

  interaction(user: number, item: number, rating: number, timestamp: number, line: number): void {
    this.count++;
    if (!this.keep) return;
    this.interactions.push([this.users.text(user), this.items.text(item), rating, timestamp, line]);
  }
  item(record: ItemRecord): void {
    this.catalogue.push(record);
  }
  user(record: UserRecord): void {
    this.people.push(record);
  }
  bad(place: { file: string; line: number }, reason: BadRowReason, excerpt: string): void {
    this.badRows.push({ ...place, reason, excerpt });
  }
  beginFile(file: string): void {
    this.files.push(file);
  }
  /** Without line excerpts: what two readings of the same data must agree in. */
  outcome(): unknown {
    return {
      interactions: this.interactions,
      catalogue: this.catalogue,
      people: this.people,
      bad: this.badRows.map(({ file, line, reason }) => `${file}:${line} ${reason}`),
    };
  }
}

/** A file in memory, streamed in the given chunk lengths (the last is repeated). */
export function memoryFile(name: string, content: string | Uint8Array, chunkLengths = [65536]): SourceFile {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  return {
    name,
    base: name.split('/').at(-1)!.toLowerCase(),
    size: bytes.length,
    async *open(work: LongWork) {
      let at = 0;
      for (let i = 0; at < bytes.length; i++) {
        work.signal?.throwIfAborted();
        const length = Math.max(1, chunkLengths[Math.min(i, chunkLengths.length - 1)]!);
        // A copy: a reader must not lean on bytes outside of its chunk.
        yield Uint8Array.prototype.slice.call(bytes, at, at + length);
        at += length;
        if (i % 64 === 63) await Promise.resolve();
      }
    },
    head: (count) => Promise.resolve(bytes.subarray(0, count)),
  };
}

export async function readAll(
  format: Format,
  files: readonly SourceFile[],
  map?: Record<string, string>,
  work: LongWork = {},
): Promise<CollectingSink> {
  const sink = new CollectingSink();
  const plan = await format.plan(files, map ? { map } : {});
  await plan.read(sink, work);
  return sink;
}

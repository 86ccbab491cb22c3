import * as z from 'zod';
import { ByteIdTable } from './id-table.ts';
import { damaged } from './manifest.ts';
import type { ItemRecord, UserRecord } from './schema.ts';

/** Records by dense code, and codes by the source's id. */
export interface Records<T extends { readonly id: string }> {
  readonly count: number;
  /** @throws RangeError for a code that is not there. */
  at(code: number): T;
  find(id: string): number | undefined;
}

const itemSchema = z.strictObject({
  id: z.string(),
  title: z.string(),
  attributes: z.record(z.string(), z.union([z.string(), z.number(), z.array(z.string())])),
});

const userSchema = z.strictObject({
  id: z.string(),
  profile: z.record(z.string(), z.union([z.string(), z.number()])),
});

export function recordsInMemory<T extends { readonly id: string }>(list: readonly T[]): Records<T> {
  let codes: Map<string, number> | undefined;
  return {
    count: list.length,
    at: (code) => list[code] ?? outOfRange(code, list.length),
    find: (id) => (codes ??= new Map(list.map((record, code) => [record.id, code]))).get(id),
  };
}

/**
 * Records of a JSON Lines file in memory, parsed and checked when first asked for.
 * @param lines [count + 1] byte offset of each line; the last is the size.
 */
class RecordLines<T extends { readonly id: string }> implements Records<T> {
  readonly count: number;
  private readonly parsed: (T | undefined)[];
  private readonly bytes: Buffer;
  private readonly lines: Uint32Array;
  private readonly schema: z.ZodType<T>;
  private readonly file: string;
  private ids: ByteIdTable | undefined;

  constructor(bytes: Buffer, lines: Uint32Array, schema: z.ZodType<T>, file: string) {
    this.bytes = bytes;
    this.lines = lines;
    this.schema = schema;
    this.file = file;
    this.count = lines.length - 1;
    this.parsed = new Array<T | undefined>(this.count);
  }

  at(code: number): T {
    return (this.parsed[code] ??= this.parse(code));
  }

  find(id: string): number | undefined {
    if (!this.ids) {
      // Ids are distinct, so the table's codes, given in order of appearance, are those of the lines.
      const ids = new ByteIdTable();
      for (let code = 0; code < this.count; code++)
        if (ids.code((this.parsed[code] ?? this.parse(code)).id) !== code)
          throw damaged(this.file, `line ${code + 1} repeats an id`);
      this.ids = ids;
    }
    return this.ids.find(id);
  }

  private parse(code: number): T {
    if (!(code >= 0 && code < this.count)) return outOfRange(code, this.count);
    let value: unknown;
    try {
      value = JSON.parse(this.bytes.toString('utf8', this.lines[code], this.lines[code + 1]));
    } catch (error) {
      throw damaged(this.file, `line ${code + 1} is not JSON`, error);
    }
    const record = this.schema.safeParse(value);
    if (!record.success) throw damaged(this.file, `line ${code + 1} is not a record`);
    return record.data;
  }
}

export const itemLines = (bytes: Buffer, lines: Uint32Array, file: string): Records<ItemRecord> =>
  new RecordLines<ItemRecord>(bytes, lines, itemSchema, file);

export const userLines = (bytes: Buffer, lines: Uint32Array, file: string): Records<UserRecord> =>
  new RecordLines<UserRecord>(bytes, lines, userSchema, file);

function outOfRange(code: number, count: number): never {
  throw new RangeError(`There is no code ${code} (there are ${count}).`);
}

import fs, { type FileHandle } from 'node:fs/promises';
import os from 'node:os';
import { crc32 } from 'node:zlib';
import * as z from 'zod';
import { throwIfCancelled } from '../shared/errors.ts';
import type { LongWork } from '../shared/progress.ts';
import { damaged, newer } from './manifest.ts';

/**
 * A file of named typed arrays that loads in one read. Little endian:
 *
 *     0     8 B   magic "TOOLREC\0"
 *     8     u32   version
 *     12    u32   CRC-32 of the table
 *     16    …     table of sections, JSON padded with spaces up to byte 4096
 *     4096  …     sections, each at a multiple of 64 B
 */
const magic = Buffer.from('TOOLREC\0', 'latin1');
const version = 1;
const tableStart = 16;
const headerBytes = 4096;
const alignment = 64;
const blockBytes = 1 << 23;

const sectionTypes = { u32: Uint32Array, f32: Float32Array, f64: Float64Array } as const;
type SectionType = keyof typeof sectionTypes;
export type SectionArray = Uint32Array | Float32Array | Float64Array;

const tableSchema = z.array(
  z.strictObject({
    name: z.string(),
    type: z.enum(['u32', 'f32', 'f64']),
    length: z.int().nonnegative(),
    offset: z.int().nonnegative().multipleOf(alignment),
    crc32: z.int().min(0).max(0xffffffff),
  }),
);

export interface SectionToWrite {
  readonly name: string;
  readonly type: SectionType;
  /** Written as `type`, whatever it is held as: numbers are converted block by block. */
  readonly values: SectionArray;
}

/** The section's bytes in blocks of at most 8 MiB, converted to its type where it is held as another. */
export function* sectionBlocks({ type, values }: SectionToWrite): Generator<Uint8Array> {
  const constructor = sectionTypes[type];
  const step = blockBytes / constructor.BYTES_PER_ELEMENT;
  for (let from = 0; from < values.length; from += step) {
    const part = values.subarray(from, from + step);
    const typed = part instanceof constructor ? part : new constructor(part);
    yield new Uint8Array(typed.buffer, typed.byteOffset, typed.byteLength);
  }
}

/** Writes the file. Returns its size and the CRC-32 of its header, which covers the checksums of the sections. */
export async function writeColumns(
  file: string,
  sections: readonly SectionToWrite[],
  work: LongWork,
  onBlock: (section: SectionToWrite, bytes: Uint8Array) => void,
): Promise<{ bytes: number; crc32: number }> {
  requireLittleEndian();
  const table: z.infer<typeof tableSchema> = [];
  const total = sections.reduce((sum, { type, values }) => sum + values.length * widthOf(type), 0);
  const handle = await fs.open(file, 'wx');
  try {
    let done = 0;
    let position = headerBytes;
    for (const section of sections) {
      const offset = Math.ceil(position / alignment) * alignment;
      let sum = 0;
      position = offset;
      for (const bytes of sectionBlocks(section)) {
        throwIfCancelled(work.signal, 'Writing the dataset');
        work.onProgress?.({ message: 'Writing the dataset', done, total, unit: 'bytes' });
        sum = crc32(bytes, sum);
        onBlock(section, bytes);
        await writeAll(handle, bytes, position);
        position += bytes.length;
        done += bytes.length;
      }
      const { name, type, values } = section;
      table.push({ name, type, length: values.length, offset, crc32: sum });
    }
    const header = Buffer.alloc(headerBytes, 0x20);
    const text = JSON.stringify(table);
    if (Buffer.byteLength(text) > headerBytes - tableStart) throw new RangeError('Too many sections.');
    magic.copy(header);
    header.write(text, tableStart, 'utf8');
    header.writeUInt32LE(version, 8);
    header.writeUInt32LE(crc32(header.subarray(tableStart)), 12);
    await writeAll(handle, header, 0);
    return { bytes: position, crc32: crc32(header) };
  } finally {
    await handle.close();
  }
}

export async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, position + at);
    at += bytesWritten;
  }
}

const widthOf = (type: SectionType): number => sectionTypes[type].BYTES_PER_ELEMENT;

/**
 * Loads the file in one read; the arrays are views into it. Every section's checksum is verified.
 * @throws StorageError `dataset-damaged` or `dataset-newer`.
 */
export async function readColumns(
  file: string,
  expected: { readonly bytes: number; readonly crc32: number },
): Promise<Map<string, SectionArray>> {
  requireLittleEndian();
  const handle = await fs.open(file, 'r');
  let bytes: Uint8Array;
  try {
    const { size } = await handle.stat();
    if (size >= headerBytes) {
      const head = Buffer.alloc(tableStart);
      await handle.read(head, 0, tableStart, 0);
      const found = head.readUInt32LE(8);
      if (head.subarray(0, 8).equals(magic) && found > version) throw newer(file, found);
    }
    if (size !== expected.bytes) throw damaged(file, `it has ${size} bytes instead of ${expected.bytes}`);
    bytes = new Uint8Array(new ArrayBuffer(size));
    for (let at = 0; at < size;) {
      const { bytesRead } = await handle.read(bytes, at, Math.min(size - at, 1 << 30), at);
      if (bytesRead === 0) throw damaged(file, 'it ends too early');
      at += bytesRead;
    }
  } finally {
    await handle.close();
  }
  const header = Buffer.from(bytes.buffer, 0, Math.min(bytes.length, headerBytes));
  if (header.length < headerBytes || !header.subarray(0, 8).equals(magic))
    throw damaged(file, 'it is not a file of columns');
  if (crc32(header) !== expected.crc32) throw damaged(file, 'its header has changed');
  const table = tableSchema.safeParse(parseJson(header.subarray(tableStart).toString('utf8')));
  if (!table.success) throw damaged(file, 'its table of sections is not valid');
  const sections = new Map<string, SectionArray>();
  for (const { name, type, length, offset, crc32: sum } of table.data) {
    const constructor = sectionTypes[type];
    const size = length * constructor.BYTES_PER_ELEMENT;
    if (offset + size > bytes.length) throw damaged(file, `section ${name} lies outside of it`);
    if (crc32(bytes.subarray(offset, offset + size)) !== sum)
      throw damaged(file, `the checksum of section ${name} does not match`);
    sections.set(name, new constructor(bytes.buffer as ArrayBuffer, offset, length));
  }
  return sections;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function requireLittleEndian(): void {
  if (os.endianness() !== 'LE') throw new RangeError('Datasets can be kept on little-endian machines only.');
}

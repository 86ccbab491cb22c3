/**
 * A table of word vectors in one compact file. Little endian, W words of D dimensions:
 *
 *     0    4 B     magic "TRWV"
 *     4    u16     version
 *     6    u16     D
 *     8    u32     W
 *     12   u32     T, bytes of the word list
 *     16   u32     CRC-32 of everything after the header
 *     20   4 B     zero
 *     24   f32[W]  scale of each word
 *     …    i8[W·D] components: value = component · scale
 *     …    T B     the words in UTF-8, one a line, most frequent first
 *
 * With scale = max|v| / 127 a component is off by half a scale at most, which bounds the cosine between a vector
 * and its stored form from below by √(1 − D·(scale/2)² / |v|²) (see `cosineBound`).
 */
import fs from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { StorageError } from '../../shared/errors.ts';
import { asSourceError } from '../sources/failures.ts';
import { resourcePath } from '../../shared/resources.ts';
import type { WordVectors } from './word-vectors.ts';

const magic = 'TRWV';
const version = 1;
const headerBytes = 24;

/** The table that ships with ToolRec: the 50,000 most frequent words of GloVe, 100 dimensions. */
export const shippedTable = (): string => resourcePath('word-vectors', 'glove-50k.bin');

/** @param vectors [words.length][dimensions] */
export function encodeWordTable(
  words: readonly string[],
  vectors: readonly ArrayLike<number>[],
  dimensions: number,
): Uint8Array {
  const list = Buffer.from(words.join('\n'), 'utf8');
  const body = Buffer.alloc(words.length * (4 + dimensions) + list.length);
  const components = words.length * 4;
  words.forEach((word, w) => {
    const vector = vectors[w]!;
    if (vector.length !== dimensions || word === '' || /\s/.test(word))
      throw new RangeError(`“${word}” cannot be stored: a word has no spaces and ${dimensions} numbers.`);
    const scale = Math.fround(largest(vector) / 127);
    body.writeFloatLE(scale, w * 4);
    for (let d = 0; d < dimensions; d++) {
      const component = scale === 0 ? 0 : Math.round(vector[d]! / scale);
      body.writeInt8(Math.max(-127, Math.min(127, component)), components + w * dimensions + d);
    }
  });
  list.copy(body, components + words.length * dimensions);
  const header = Buffer.alloc(headerBytes);
  header.write(magic, 0, 'latin1');
  header.writeUInt16LE(version, 4);
  header.writeUInt16LE(dimensions, 6);
  header.writeUInt32LE(words.length, 8);
  header.writeUInt32LE(list.length, 12);
  header.writeUInt32LE(crc32(body), 16);
  return Buffer.concat([header, body]);
}

function largest(vector: ArrayLike<number>): number {
  let most = 0;
  for (let d = 0; d < vector.length; d++) {
    if (!Number.isFinite(vector[d]!)) throw new RangeError('A vector holds something that is no number.');
    most = Math.max(most, Math.abs(vector[d]!));
  }
  return most;
}

/** No vector stored with this table's rounding can have a smaller cosine with its original than this. */
export function cosineBound(vector: ArrayLike<number>): number {
  let square = 0;
  for (let d = 0; d < vector.length; d++) square += vector[d]! ** 2;
  const error = (vector.length * (largest(vector) / 254) ** 2) / square;
  return Math.sqrt(Math.max(0, 1 - error));
}

/**
 * Loads a table in one read; vectors are unpacked when asked for.
 * @throws StorageError `word-table-newer`, `word-table-damaged`; InputError `missing-file`.
 */
export async function loadWordTable(file: string = shippedTable()): Promise<WordVectors> {
  let bytes: Buffer;
  try {
    bytes = await fs.readFile(file);
  } catch (error) {
    throw asSourceError(error, file);
  }
  return decodeWordTable(bytes, file);
}

export function decodeWordTable(bytes: Buffer, file: string): WordVectors {
  if (bytes.length < headerBytes || bytes.toString('latin1', 0, 4) !== magic)
    throw damaged(file, 'it is not a table of word vectors');
  const found = bytes.readUInt16LE(4);
  if (found > version)
    throw new StorageError(
      'word-table-newer',
      `The word vectors were written by a newer ToolRec (form ${found}; this one reads ${version}).`,
      'Update ToolRec.',
      { place: { file } },
    );
  const dimensions = bytes.readUInt16LE(6);
  const count = bytes.readUInt32LE(8);
  const listBytes = bytes.readUInt32LE(12);
  const components = headerBytes + count * 4;
  const list = components + count * dimensions;
  if (dimensions === 0 || bytes.length !== list + listBytes)
    throw damaged(file, `it has ${bytes.length} bytes instead of ${list + listBytes}`);
  if (crc32(bytes.subarray(headerBytes)) !== bytes.readUInt32LE(16))
    throw damaged(file, 'its checksum does not match');
  const words = count === 0 ? [] : bytes.toString('utf8', list).split('\n');
  const index = new Map(words.map((word, w) => [word, w]));
  if (index.size !== count) throw damaged(file, `it lists ${index.size} distinct words instead of ${count}`);
  return {
    dimensions,
    size: count,
    source: file,
    has: (word) => index.has(word),
    vector(word) {
      const w = index.get(word);
      if (w === undefined) return undefined;
      const scale = bytes.readFloatLE(headerBytes + w * 4);
      const start = components + w * dimensions;
      return Float32Array.from({ length: dimensions }, (_, d) => bytes.readInt8(start + d) * scale);
    },
  };
}

function damaged(file: string, why: string): StorageError {
  return new StorageError(
    'word-table-damaged',
    `The word vectors are damaged (${why}).`,
    'Reinstall ToolRec.',
    {
      place: { file },
    },
  );
}

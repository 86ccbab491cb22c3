import type { InputError } from '../../shared/errors.ts';
import type { LongWork } from '../../shared/progress.ts';
import type { SourceFile } from '../reader.ts';
import { sourceError } from './failures.ts';

/** How bytes of a file become text; see `decoder`. */
export type Encoding = 'utf-8' | 'utf-8-or-latin1';

/**
 * Streams a text file without its UTF-8 byte-order mark.
 * @throws InputError for an empty file and for UTF-16, which byte-wise readers would misread.
 */
export async function* textBytes(file: SourceFile, work: LongWork): AsyncGenerator<Uint8Array> {
  let first: Uint8Array | undefined = new Uint8Array(0);
  for await (const chunk of file.open(work)) {
    if (first === undefined) {
      yield chunk;
      continue;
    }
    first = first.length === 0 ? chunk : Buffer.concat([first, chunk]);
    if (first.length < 4) continue;
    yield start(first, file.name);
    first = undefined;
  }
  if (first === undefined) return;
  if (first.length === 0) throw emptyFile(file.name);
  yield start(first, file.name);
}

export function emptyFile(name: string): InputError {
  return sourceError('empty-file', name, 'The file is empty.', 'Download or copy it again.');
}

function start(bytes: Uint8Array, name: string): Uint8Array {
  if (looksUtf16(bytes)) {
    throw sourceError(
      'utf-16',
      name,
      'The file is in UTF-16.',
      'Save it as UTF-8, for instance with: iconv -f UTF-16 -t UTF-8 file > file.utf8',
    );
  }
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

/** A UTF-16 byte-order mark, or ASCII letters alternating with zero bytes. */
export function looksUtf16(bytes: Uint8Array): boolean {
  const [a, b, c, d] = bytes;
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) return true;
  if (bytes.length < 4) return false;
  return (a !== 0 && b === 0 && c !== 0 && d === 0) || (a === 0 && b !== 0 && c === 0 && d !== 0);
}

/**
 * Gives a function that turns `buffer[start, end)` into text, or undefined where the bytes are not of the
 * encoding. `utf-8-or-latin1` reads what is not valid UTF-8 as ISO-8859-1: the encoding of the old MovieLens
 * files, of which copies recoded to UTF-8 are around (accented Latin-1 text is practically never valid UTF-8).
 */
export function decoder(
  encoding: Encoding,
): (buffer: Uint8Array, from: number, to: number) => string | undefined {
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return (bytes, from, to) => {
    const buffer = asBuffer(bytes);
    if (isAscii(bytes, from, to)) return buffer.toString('latin1', from, to);
    try {
      return strict.decode(bytes.subarray(from, to));
    } catch {
      return encoding === 'utf-8' ? undefined : buffer.toString('latin1', from, to);
    }
  };
}

function isAscii(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i]! > 0x7f) return false;
  return true;
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The start of a bad line for a report: short, one line, nothing that a terminal would act on. */
export function excerpt(text: string): string {
  const clean = text.slice(0, 160).replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, '·');
  return clean.length > 120 ? `${clean.slice(0, 119)}…` : clean;
}

export function excerptOfBytes(bytes: Uint8Array, from = 0, to = bytes.length): string {
  return excerpt(asBuffer(bytes).toString('utf8', from, Math.min(to, from + 400)));
}

import fs from 'node:fs';
import { pipeline, Readable } from 'node:stream';
import zlib from 'node:zlib';
import { throwIfCancelled } from '../../shared/errors.ts';
import type { LongWork } from '../../shared/progress.ts';
import { asSourceError } from './failures.ts';
import { refuseBomb, type SourceLimits } from './limits.ts';

const chunkBytes = 256 * 1024;

export type Chunks = AsyncIterable<Uint8Array>;

/** How many stored bytes have been consumed. */
export interface Meter {
  stored: number;
}

/** Streams a file of the disk as it is stored. */
export async function* storedBytes(path: string, meter: Meter): AsyncGenerator<Uint8Array> {
  const stream = fs.createReadStream(path, { highWaterMark: chunkBytes });
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    meter.stored += chunk.length;
    yield chunk;
  }
}

/** Unpacks a gzip stream of one or several members. @throws InputError when it is truncated, damaged or a bomb. */
export async function* gunzip(
  chunks: Chunks,
  name: string,
  meter: Meter,
  limits: SourceLimits,
): AsyncGenerator<Uint8Array> {
  const source = Readable.from(chunks, { objectMode: false, highWaterMark: chunkBytes });
  const unpacker = zlib.createGunzip({ chunkSize: chunkBytes });
  // The loop below sees every failure of the pipeline, as an error of its last stream.
  pipeline(source, unpacker, () => undefined);
  let produced = 0;
  try {
    for await (const chunk of unpacker as AsyncIterable<Buffer>) {
      produced += chunk.length;
      refuseBomb(name, meter.stored, produced, limits);
      yield chunk;
    }
  } finally {
    unpacker.destroy();
    source.destroy();
  }
}

/** Adds to a stream what every reader expects of it: cancelling, progress in stored bytes, typed errors. */
export async function* supervised(
  chunks: Chunks,
  name: string,
  size: number,
  meter: Meter,
  work: LongWork,
): AsyncGenerator<Uint8Array> {
  try {
    throwIfCancelled(work.signal, 'The import');
    for await (const chunk of chunks) {
      throwIfCancelled(work.signal, 'The import');
      yield chunk;
      const done = Math.min(Math.round(meter.stored), size);
      work.onProgress?.({ message: `Reading ${name}`, done, total: size, unit: 'bytes' });
    }
  } catch (error) {
    throw asSourceError(error, name);
  }
}

/** The first `bytes` bytes of what `open` streams, or all there are. */
export async function headOf(open: () => Chunks, bytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of open()) {
      parts.push(chunk);
      length += chunk.length;
      if (length >= bytes) break;
    }
  } catch (error) {
    // A file that breaks off later still has a beginning to look at; reading it will report the damage.
    if (length === 0) throw error;
  }
  return Buffer.concat(parts).subarray(0, bytes);
}

import zlib from 'node:zlib';
import * as yauzl from 'yauzl';
import { InputError } from '../../shared/errors.ts';
import type { LongWork } from '../../shared/progress.ts';
import { asSourceError, sourceError } from './failures.ts';
import { refuseBomb, type SourceLimits } from './limits.ts';
import { gunzip, supervised, type Meter } from './streams.ts';

/** A file inside a zip, found but not opened. */
export interface ZipMember {
  /** Path inside the archive, with `/`; checked to stay inside it. */
  readonly inner: string;
  readonly storedBytes: number;
  open(gzip: boolean, work: LongWork): AsyncIterable<Uint8Array>;
}

/**
 * Lists the files of a zip (folders left out). @throws InputError when a member's name is absolute or has `..`,
 * when there are too many members, and when the archive is damaged.
 */
export async function listZip(path: string, limits: SourceLimits): Promise<ZipMember[]> {
  const zip = await openZip(path);
  const members: ZipMember[] = [];
  try {
    if (zip.entryCount > limits.files) throw tooMany(path, limits);
    for await (const entry of zip.eachEntry()) {
      const inner = memberName(entry, path);
      if (inner.endsWith('/')) continue;
      members.push(member(path, entry, inner, limits));
      if (members.length > limits.files) throw tooMany(path, limits);
    }
  } catch (error) {
    throw asZipError(error, path);
  } finally {
    zip.close();
  }
  return members;
}

function tooMany(path: string, limits: SourceLimits): InputError {
  return sourceError(
    'too-many-files',
    path,
    `The archive has more than ${limits.files} members.`,
    'Unpack it and import the files you need.',
  );
}

/** Decodes a member's name and refuses one that leads out of the archive's folder. */
function memberName(entry: yauzl.Entry, path: string): string {
  // `decodeStrings: false` leaves the name to us, so that a bad one gets a typed error.
  const name = yauzl
    .getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, false)
    .replaceAll('\\', '/');
  if (yauzl.validateFileName(name) !== null || name.includes('\0')) {
    throw sourceError(
      'path-leaves-folder',
      `${path}/${name}`,
      'A member of the archive has a name that leads out of its folder.',
      'Do not trust this archive; get it from its publisher.',
    );
  }
  return name;
}

function member(path: string, entry: yauzl.Entry, inner: string, limits: SourceLimits): ZipMember {
  const name = `${path}/${inner}`;
  return {
    inner,
    storedBytes: entry.compressedSize,
    open: (gzip, work) => readMember(path, name, entry, gzip, limits, work),
  };
}

async function* readMember(
  path: string,
  name: string,
  entry: yauzl.Entry,
  gzip: boolean,
  limits: SourceLimits,
  work: LongWork,
): AsyncGenerator<Uint8Array> {
  if (entry.isEncrypted()) {
    throw sourceError(
      'encrypted',
      name,
      'The member is encrypted.',
      'Unpack the archive with its password first.',
    );
  }
  if (!entry.canDecodeFileData()) {
    throw sourceError(
      'unknown-compression',
      name,
      `The member uses compression method ${entry.compressionMethod}, which is not supported.`,
      'Unpack the archive with another program and import the files.',
    );
  }
  const meter: Meter = { stored: 0 };
  const unpacked = unpackMember(path, name, entry, meter, limits);
  const chunks = gzip ? gunzip(unpacked, name, meter, limits) : unpacked;
  yield* supervised(chunks, name, entry.compressedSize, meter, work);
}

/** Unpacks one member and checks its checksum, which yauzl leaves to its caller. */
async function* unpackMember(
  path: string,
  name: string,
  entry: yauzl.Entry,
  meter: Meter,
  limits: SourceLimits,
): AsyncGenerator<Uint8Array> {
  const zip = await openZip(path);
  try {
    const stream = await zip.openReadStreamPromise(entry);
    let crc = 0;
    let unpacked = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      crc = zlib.crc32(chunk, crc);
      unpacked += chunk.length;
      meter.stored = (unpacked / entry.uncompressedSize) * entry.compressedSize;
      refuseBomb(name, entry.compressedSize, unpacked, limits);
      yield chunk;
    }
    if (crc !== entry.crc32) {
      throw sourceError(
        'damaged-archive',
        name,
        'The member does not have the checksum that the archive states.',
        'Download the archive again.',
      );
    }
  } catch (error) {
    throw asZipError(error, name);
  } finally {
    zip.close();
  }
}

async function openZip(path: string): Promise<yauzl.ZipFile> {
  try {
    return await yauzl.openPromise(path, { autoClose: false, lazyEntries: true, decodeStrings: false });
  } catch (error) {
    throw asZipError(error, path);
  }
}

/** yauzl throws plain Errors for every fault of an archive; only system errors and zlib's have a code. */
function asZipError(error: unknown, name: string): unknown {
  const failure = error as NodeJS.ErrnoException;
  if (error instanceof InputError || failure.code !== undefined) return asSourceError(error, name);
  const truncated = /end of central directory|unexpected EOF|not enough bytes|too (few|many) bytes/i.test(
    failure.message,
  );
  return sourceError(
    truncated ? 'truncated' : 'damaged-archive',
    name,
    `The zip archive cannot be read: ${failure.message}.`,
    truncated
      ? 'Download or copy it again: the transfer was probably cut off.'
      : 'Download it again and compare its checksum.',
    error,
  );
}

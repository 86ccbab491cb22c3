import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import fs, { type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { asStorageError, writeFileAtomic, makeFolder } from '../../shared/atomic-file.ts';
import { InputError, StorageError, throwIfCancelled } from '../../shared/errors.ts';
import type { LongWork } from '../../shared/progress.ts';
import { defaultPatience, Passing, request, withRetries, type Answer, type Patience } from './request.ts';

export interface DownloadOptions {
  readonly url: string;
  /** Where the file goes once it is whole and verified. Until then it is `<target>.part`. */
  readonly target: string;
  readonly md5: string;
  /** First bytes that the file must have. */
  readonly magic?: Uint8Array;
  /** More than this is refused. */
  readonly maximumBytes: number;
  readonly patience?: Partial<Patience>;
}

export interface DownloadedFile {
  readonly file: string;
  readonly bytes: number;
  /** Bytes that an earlier, unfinished download had left; the whole size when nothing had to be fetched. */
  readonly resumedFrom: number;
}

/** What is known of an unfinished download, kept beside it. */
const partSchema = z.strictObject({
  url: z.string(),
  /** ETag or Last-Modified: the server's name for this very version of the file. */
  validator: z.string(),
  total: z.int().nonnegative().nullable(),
});
type Part = z.infer<typeof partSchema>;

/** Headway that lets the count of failures start again: less may be a server that drops every connection. */
const headwayBytes = 64 * 1024;

/**
 * Downloads a file so that it can be broken off at any moment, by the network, a cancellation or a crash, and goes
 * on from there the next time: the part is kept with the server's name for its version (RFC 9110, If-Range), and
 * thrown away if that has changed or the server cannot send the rest. The file appears under its name only after
 * its checksum was verified.
 * @throws StorageError `download-failed`, `download-refused`, `too-large`, or of the disk; InputError
 * `checksum-mismatch`, `not-the-file`; CancelledError.
 */
export async function downloadFile(options: DownloadOptions, work: LongWork = {}): Promise<DownloadedFile> {
  const { target } = options;
  const part = `${target}.part`;
  try {
    await makeFolder(path.dirname(target));
    const existing = await sizeOf(target);
    if (existing !== undefined) {
      if ((await md5Of(target, work)) === options.md5)
        return { file: target, bytes: existing, resumedFrom: existing };
      await fs.rm(target);
    }
    let resumedFrom = (await sizeOf(part)) ?? 0;
    if (resumedFrom > 0 && !(await readPart(part, options.url))) resumedFrom = 0;
    for (let again = false; ;) {
      const whole = await fetchPart(part, options, work);
      const found = await md5Of(part, work);
      if (found === options.md5) break;
      await forget(part);
      // What an earlier run left may be at fault: once more, all of it.
      if (whole.resumed && !again) {
        again = true;
        resumedFrom = 0;
        continue;
      }
      throw new InputError(
        'checksum-mismatch',
        `The downloaded file has the MD5 ${found}; the publisher’s is ${options.md5}.`,
        'Nothing was kept. Run it again; if it stays so, the file has changed or somebody is in between.',
        { place: { file: options.url } },
      );
    }
    const bytes = (await sizeOf(part))!;
    await fs.rename(part, target);
    await fs.rm(noteOf(part), { force: true });
    return { file: target, bytes, resumedFrom };
  } catch (error) {
    throw asStorageError(error, target);
  }
}

/** Fetches until `part` is whole. `resumed`: some of it was there before. */
async function fetchPart(
  part: string,
  options: DownloadOptions,
  work: LongWork,
): Promise<{ resumed: boolean }> {
  const patience = { ...defaultPatience, ...options.patience };
  let resumed = false;
  const name = path.basename(options.target);
  await withRetries(
    patience,
    async (madeHeadway) => {
      throwIfCancelled(work.signal, 'The download');
      const known = await readPart(part, options.url);
      const size = known ? ((await sizeOf(part)) ?? 0) : 0;
      if (known && known.total !== null && size === known.total) {
        resumed = true;
        return;
      }
      const headers: Record<string, string> =
        known && size > 0 && known.validator !== ''
          ? { range: `bytes=${size}-`, 'if-range': known.validator }
          : {};
      const answer = await request(options.url, headers, patience, work.signal);
      try {
        const from = startOf(answer, known, size);
        if (from === undefined) {
          await forget(part);
          throw new Passing('the server could not send the rest');
        }
        if (from > 0) resumed = true;
        const total = totalOf(answer, from);
        refuseSize(total ?? 0, options);
        await rememberPart(part, options.url, answer, from, total);
        const end = await append(part, from, answer, options, work, total, name, madeHeadway);
        if (total !== null && end < total) throw new Passing('the connection ended too early');
        if (total === null) await notePart(part, { url: options.url, validator: '', total: end });
      } finally {
        answer.close();
      }
    },
    {
      url: options.url,
      kept: () => '; it goes on where it stopped',
      onWait: (why) => work.onProgress?.({ message: `Downloading ${name}: ${why}` }),
    },
    work.signal,
  );
  return { resumed };
}

/** Where the answer's body belongs: 0 = from the start, `size` = it goes on; undefined = it does not fit. */
function startOf(answer: Answer, known: Part | undefined, size: number): number | undefined {
  if (answer.status === 200) return 0; // no ranges here, or another version by now: the whole file comes
  if (answer.status !== 206) return undefined;
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(answer.headers.get('content-range') ?? '');
  const validator = validatorOf(answer);
  const sameVersion = validator === '' || validator === known?.validator;
  return range && sameVersion && Number(range[1]) === size ? size : undefined;
}

/** Size of the whole file, where the server says it. */
function totalOf({ status, headers }: Answer, from: number): number | null {
  if (status === 206) {
    const total = /\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1];
    return total === undefined ? null : Number(total);
  }
  const length = headers.get('content-length');
  return length !== null && /^\d+$/.test(length) ? from + Number(length) : null;
}

/** A strong ETag, else the date of the last change, else '': then nothing can be resumed. */
function validatorOf({ headers }: Answer): string {
  const etag = headers.get('etag');
  return etag !== null && /^"/.test(etag) ? etag : (headers.get('last-modified') ?? '');
}

async function append(
  part: string,
  from: number,
  answer: Answer,
  options: DownloadOptions,
  work: LongWork,
  total: number | null,
  name: string,
  madeHeadway: () => void,
): Promise<number> {
  const handle = await fs.open(part, from > 0 ? 'r+' : 'w');
  let end = from;
  try {
    await handle.truncate(from);
    for await (const chunk of answer.body) {
      refuseSize(end + chunk.length, options);
      if (end < (options.magic?.length ?? 0)) checkMagic(chunk, end, options);
      await writeFully(handle, chunk, end);
      end += chunk.length;
      if (end - from >= headwayBytes) madeHeadway();
      const ofTotal = total === null ? {} : { total };
      work.onProgress?.({ message: `Downloading ${name}`, done: end, ...ofTotal, unit: 'bytes' });
    }
    return end;
  } finally {
    await handle.sync().finally(() => handle.close());
  }
}

async function writeFully(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length;)
    at += (await handle.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
}

function checkMagic(chunk: Uint8Array, position: number, { magic, url }: DownloadOptions): void {
  for (let i = 0; i < chunk.length && position + i < magic!.length; i++)
    if (chunk[i] !== magic![position + i])
      throw new InputError(
        'not-the-file',
        'What the server sends is not the file that was asked for.',
        'A network’s sign-in page may be in between: open the address in a browser, then run it again.',
        { place: { file: url } },
      );
}

function refuseSize(bytes: number, { maximumBytes, url }: DownloadOptions): void {
  if (bytes <= maximumBytes) return;
  throw new StorageError(
    'too-large',
    `The file is larger than the ${maximumBytes.toLocaleString('en')} bytes that it may have.`,
    'It is not the file it should be: download it in a browser and look at it.',
    { place: { file: url } },
  );
}

const noteOf = (part: string): string => `${part}.json`;

/** What is known of the part, if it can be resumed from this address. */
async function readPart(part: string, url: string): Promise<Part | undefined> {
  const text = await fs.readFile(noteOf(part), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const note = partSchema.safeParse(JSON.parse(text));
    return note.success && note.data.url === url ? note.data : undefined;
  } catch {
    return undefined;
  }
}

/** Notes the version before its first byte, so that a crash leaves no part of an unknown version. */
async function rememberPart(part: string, url: string, answer: Answer, from: number, total: number | null) {
  if (from > 0) return;
  await forget(part);
  const validator = validatorOf(answer);
  if (validator !== '') await notePart(part, { url, validator, total });
}

async function notePart(part: string, note: Part): Promise<void> {
  await writeFileAtomic(noteOf(part), `${JSON.stringify(note)}\n`);
}

async function forget(part: string): Promise<void> {
  await fs.rm(part, { force: true });
  await fs.rm(noteOf(part), { force: true });
}

async function sizeOf(file: string): Promise<number | undefined> {
  return fs.stat(file).then(
    (stat) => stat.size,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    },
  );
}

async function md5Of(file: string, work: LongWork): Promise<string> {
  const hash = createHash('md5');
  const total = (await sizeOf(file)) ?? 0;
  let done = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    throwIfCancelled(work.signal, 'The download');
    hash.update(chunk);
    done += chunk.length;
    work.onProgress?.({ message: 'Verifying the checksum', done, total, unit: 'bytes' });
  }
  return hash.digest('hex');
}

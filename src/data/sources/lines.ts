import type { LongWork } from '../../shared/progress.ts';
import type { DatasetSink, SourceFile } from '../reader.ts';
import { asBuffer, decoder, excerpt, excerptOfBytes, textBytes, type Encoding } from './text.ts';

export interface LineHandler {
  /** A line without its end (`\n` or `\r\n`), as `buffer[start, end)`, valid only during the call. 1-based number. */
  line(buffer: Uint8Array, start: number, end: number, number: number): void;
  /** A line longer than the limit; its bytes were let go as they came. */
  tooLong(head: Uint8Array, number: number): void;
}

/** Cuts a stream of bytes into lines, whatever its chunks; holds at most `limit` bytes. */
export class LineSplitter {
  private readonly limit: number;
  private readonly handler: LineHandler;
  /** The unfinished line: pieces of earlier chunks. */
  private pieces: Uint8Array[] = [];
  private held = 0;
  private skipping = false;
  private number = 1;

  constructor(limit: number, handler: LineHandler) {
    this.limit = limit;
    this.handler = handler;
  }

  push(chunk: Uint8Array): void {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(10, start);
      if (end < 0) break;
      if (this.held > 0 || this.skipping) {
        this.hold(chunk.subarray(start, end));
        this.finish();
      } else this.emit(chunk, start, end);
      this.number++;
      start = end + 1;
    }
    if (start < chunk.length) this.hold(chunk.subarray(start));
  }

  /** The last line may lack its end. */
  end(): void {
    if (this.held > 0 || this.skipping) this.finish();
  }

  private hold(piece: Uint8Array): void {
    if (this.skipping || piece.length === 0) return;
    this.pieces.push(piece);
    this.held += piece.length;
    if (this.held <= this.limit + 1) return; // one more for a carriage return
    this.handler.tooLong(Buffer.concat(this.pieces).subarray(0, 400), this.number);
    this.pieces = [];
    this.held = 0;
    this.skipping = true;
  }

  private finish(): void {
    if (!this.skipping) {
      const line = Buffer.concat(this.pieces);
      this.emit(line, 0, line.length);
    }
    this.pieces = [];
    this.held = 0;
    this.skipping = false;
  }

  private emit(buffer: Uint8Array, start: number, end: number): void {
    const trimmed = end > start && buffer[end - 1] === 13 ? end - 1 : end;
    if (trimmed - start > this.limit) this.handler.tooLong(buffer.subarray(start, start + 400), this.number);
    else this.handler.line(buffer, start, trimmed, this.number);
  }
}

export interface TextLineOptions {
  readonly encoding: Encoding;
  /** Longest line in bytes. */
  readonly limit: number;
  /** Gives blank lines too: they matter inside a quoted field. */
  readonly blankLines?: boolean;
}

/** Generous for ratings and titles, far below what would hurt. */
export const tableLine: TextLineOptions = { encoding: 'utf-8', limit: 2 ** 20 };
/** A product with its description and related products stays below 2 MiB; a Yelp user with all friends below 1. */
export const jsonLine: TextLineOptions = { encoding: 'utf-8', limit: 16 * 2 ** 20 };

/**
 * Reads a text file line by line; blank lines are left out, lines that are too long or not in the encoding go to
 * `sink.bad`. @throws InputError for an empty, damaged or UTF-16 file.
 */
export async function readTextLines(
  file: SourceFile,
  sink: Pick<DatasetSink, 'bad'>,
  work: LongWork,
  options: TextLineOptions,
  onLine: (text: string, line: number) => void,
): Promise<void> {
  const decode = decoder(options.encoding);
  const splitter = new LineSplitter(options.limit, {
    line(buffer, start, end, number) {
      if (end === start && !options.blankLines) return;
      const text = decode(buffer, start, end);
      if (text === undefined) {
        sink.bad({ file: file.name, line: number }, 'bad-encoding', excerptOfBytes(buffer, start, end));
      } else if (options.blankLines || text.trim() !== '') onLine(text, number);
    },
    tooLong(head, number) {
      sink.bad({ file: file.name, line: number }, 'line-too-long', excerptOfBytes(head));
    },
  });
  for await (const chunk of textBytes(file, work)) splitter.push(chunk);
  splitter.end();
}

/** The first complete lines of a file as text, for detection and preview. Invalid bytes show as `�`. */
export async function headLines(file: SourceFile, count: number, bytes = 64 * 1024): Promise<string[]> {
  const head = asBuffer(await file.head(bytes));
  const bom = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0;
  const lines = head.toString('utf8', bom).split('\n');
  if (head.length === bytes && lines.length > 1) lines.pop(); // cut in the middle
  return lines
    .map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
    .filter((line) => line.trim() !== '')
    .slice(0, count);
}

export { excerpt };

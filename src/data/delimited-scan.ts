import type { LongWork } from '../shared/progress.ts';
import { throwIfCancelled } from '../shared/errors.ts';
import type { BadRowReason, DatasetSink, SourceFile } from './reader.ts';

/** Longest line, in bytes, that is looked at; longer ones are skipped without being kept in memory. */
export const defaultLineLimit = 1 << 20;
/** How many fields of a line have their bounds recorded; all are counted. */
const maximumFields = 64;

export interface LineHandler {
  /**
   * One line that is not blank. Field `f` is `buffer[bounds[2f], bounds[2f + 1])` for `f < min(count, 64)`; both
   * are overwritten by the next line. `line` is 1-based.
   */
  row(buffer: Uint8Array, bounds: Int32Array, count: number, line: number): void;
  /** A line longer than the limit; `head` is how it begins. */
  tooLong(line: number, head: Uint8Array): void;
}

export interface ScanOptions {
  /** One or two characters, tab or printable ASCII: `,`, `\t`, `::`. */
  readonly delimiter: string;
  readonly lineLimit?: number;
}

/**
 * Splits a stream of bytes into lines and fields without making strings. Knows no quoting: for sources whose
 * fields never hold the delimiter. Takes LF and CRLF, a byte-order mark, a last line without its newline, and
 * lines that cross chunk borders anywhere. Memory: one line.
 */
export class DelimitedScanner {
  private readonly handler: LineHandler;
  private readonly first: number;
  /** Second byte of the delimiter; -1 where it has one. */
  private readonly second: number;
  private readonly lineLimit: number;
  private readonly bounds = new Int32Array(2 * maximumFields);
  private carry: Uint8Array = new Uint8Array(1 << 12);
  private carried = 0;
  /** In the middle of a line that was too long: everything up to its newline is dropped. */
  private skipping = false;
  private line = 1;

  constructor(options: ScanOptions, handler: LineHandler) {
    const { delimiter } = options;
    if (!/^(\t|[ -~]){1,2}$/.test(delimiter))
      throw new RangeError('A delimiter is one or two characters, each a tab or printable ASCII.');
    this.first = delimiter.charCodeAt(0);
    this.second = delimiter.length === 2 ? delimiter.charCodeAt(1) : -1;
    this.lineLimit = options.lineLimit ?? defaultLineLimit;
    this.handler = handler;
  }

  push(chunk: Uint8Array): void {
    let start = 0;
    if (this.carried > 0 || this.skipping) {
      const newline = chunk.indexOf(10);
      if (newline < 0) return this.keep(chunk, 0);
      this.keep(chunk.subarray(0, newline + 1), 0);
      this.endCarriedLine();
      start = newline + 1;
    }
    const end = chunk.lastIndexOf(10) + 1;
    if (end > start) this.lines(chunk, start, end);
    if (Math.max(start, end) < chunk.length) this.keep(chunk, Math.max(start, end));
  }

  /** Ends the stream: a last line without a newline is a line. */
  end(): void {
    if (this.carried === 0) return;
    this.keep(newlineByte, 0);
    this.endCarriedLine();
  }

  /** Splits `buffer[start, end)`, which ends with a newline. */
  private lines(buffer: Uint8Array, start: number, end: number): void {
    const { bounds, first, second, handler, lineLimit } = this;
    let from = start;
    if (this.line === 1 && buffer[from] === 0xef && buffer[from + 1] === 0xbb && buffer[from + 2] === 0xbf)
      from += 3;
    let lineStart = from;
    let field = 0;
    for (let at = from; at < end; at++) {
      const byte = buffer[at]!;
      if (byte === first) {
        if (second >= 0 && buffer[at + 1] !== second) continue;
        if (field < maximumFields) {
          bounds[2 * field] = from;
          bounds[2 * field + 1] = at;
        }
        field++;
        if (second >= 0) at++;
        from = at + 1;
      } else if (byte === 10) {
        const lineEnd = at > lineStart && buffer[at - 1] === 13 ? at - 1 : at;
        if (lineEnd - lineStart > lineLimit)
          handler.tooLong(this.line, buffer.subarray(lineStart, lineStart + excerptBytes));
        else if (lineEnd > lineStart) {
          if (field < maximumFields) {
            bounds[2 * field] = from;
            bounds[2 * field + 1] = Math.max(from, lineEnd);
          }
          handler.row(buffer, bounds, field + 1, this.line);
        }
        this.line++;
        field = 0;
        from = lineStart = at + 1;
      }
    }
  }

  private keep(chunk: Uint8Array, start: number): void {
    if (this.skipping) return;
    const length = chunk.length - start;
    const needed = this.carried + length;
    if (needed > this.lineLimit + 5) {
      // 5: a byte-order mark and CRLF do not count as the line's own
      const head = new Uint8Array(Math.min(excerptBytes, needed));
      head.set(this.carry.subarray(0, Math.min(this.carried, head.length)));
      if (this.carried < head.length)
        head.set(chunk.subarray(start, start + head.length - this.carried), this.carried);
      this.handler.tooLong(this.line, head);
      this.skipping = true;
      this.carried = 0;
      return;
    }
    if (needed > this.carry.length) {
      const grown = new Uint8Array(Math.max(needed, this.carry.length * 2));
      grown.set(this.carry.subarray(0, this.carried));
      this.carry = grown;
    }
    this.carry.set(start === 0 ? chunk : chunk.subarray(start), this.carried);
    this.carried = needed;
  }

  private endCarriedLine(): void {
    if (this.skipping) {
      this.skipping = false;
      this.line++;
    } else this.lines(this.carry, 0, this.carried);
    this.carried = 0;
  }
}

const newlineByte = Uint8Array.of(10);
const excerptBytes = 120;

export interface InteractionLayout extends ScanOptions {
  /** Whether line 1 holds column names. */
  readonly header: boolean;
  /** How many fields a line has. */
  readonly columns: number;
  /** 0-based columns. */
  readonly user: number;
  readonly item: number;
  /** Absent: ratings are unknown. */
  readonly rating?: number;
  readonly timestamp: number;
}

/**
 * Reads a file of interactions whose fields are plain numbers and ids, straight from bytes to columns: the fast
 * path of the MovieLens formats. A field may stand in double quotes. Bad rows go to `sink.bad`; a row that is
 * bad in two ways is counted once.
 */
export async function scanInteractions(
  file: SourceFile,
  layout: InteractionLayout,
  sink: DatasetSink,
  work: LongWork,
): Promise<void> {
  const { columns, header } = layout;
  const name = file.name;
  const userAt = 2 * layout.user;
  const itemAt = 2 * layout.item;
  const ratingAt = layout.rating === undefined ? -1 : 2 * layout.rating;
  const timeAt = 2 * layout.timestamp;
  const { users, items } = sink;
  sink.beginFile(name);

  // One function a file, none a row: this runs once for each of many million lines.
  const row = (buffer: Uint8Array, bounds: Int32Array, count: number, line: number): void => {
    if (line === 1 && header) return;
    let reason: BadRowReason;
    if (count !== columns) reason = 'column-count';
    else {
      for (let i = 0; i < 2 * columns; i += 2) if (buffer[bounds[i]!] === 34) unquote(buffer, bounds, i);
      const userStart = bounds[userAt]!;
      const userEnd = bounds[userAt + 1]!;
      const itemStart = bounds[itemAt]!;
      const itemEnd = bounds[itemAt + 1]!;
      const rating = ratingAt < 0 ? NaN : decimalOf(buffer, bounds[ratingAt]!, bounds[ratingAt + 1]!);
      const timestamp = decimalOf(buffer, bounds[timeAt]!, bounds[timeAt + 1]!);
      if (userStart === userEnd || itemStart === itemEnd) reason = 'missing-field';
      else if (ratingAt >= 0 && rating !== rating) reason = 'not-a-number';
      else if (!(timestamp >= 0)) reason = 'bad-timestamp';
      else {
        const user = users.codeOfBytes(buffer, userStart, userEnd);
        const item = items.codeOfBytes(buffer, itemStart, itemEnd);
        if (user >= 0 && item >= 0) {
          sink.interaction(user, item, rating, timestamp, line);
          return;
        }
        reason = 'bad-encoding';
      }
    }
    sink.bad({ file: name, line }, reason, excerpt(buffer, bounds, count));
  };
  const tooLong = (line: number, head: Uint8Array): void =>
    sink.bad({ file: name, line }, 'line-too-long', Buffer.from(head).toString('latin1'));

  const scanner = new DelimitedScanner(layout, { row, tooLong });
  for await (const chunk of file.open(work)) {
    throwIfCancelled(work.signal, 'The import');
    scanner.push(chunk);
  }
  scanner.end();
}

function excerpt(buffer: Uint8Array, bounds: Int32Array, count: number): string {
  const start = bounds[0]!;
  const end = bounds[2 * Math.min(count, maximumFields) - 1]!;
  return Buffer.from(buffer.subarray(start, Math.min(end, start + excerptBytes))).toString('latin1');
}

/** Takes a pair of double quotes off the field whose bounds stand at `i`. */
function unquote(buffer: Uint8Array, bounds: Int32Array, i: number): void {
  const end = bounds[i + 1]!;
  if (end - bounds[i]! < 2 || buffer[end - 1] !== 34) return;
  bounds[i]!++;
  bounds[i + 1] = end - 1;
}

/** The number written as `[-]digits[.digits]` in `buffer[start, end)`; NaN for anything else. */
export function decimalOf(buffer: Uint8Array, start: number, end: number): number {
  let at = start;
  const negative = buffer[at] === 45;
  if (negative || buffer[at] === 43) at++;
  let value = 0;
  let digits = 0;
  let scale = 0;
  for (; at < end; at++) {
    const digit = buffer[at]! - 48;
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
      digits++;
      if (scale > 0) scale *= 10;
    } else if (digit === -2 && scale === 0) scale = 1;
    else return NaN;
  }
  if (digits === 0) return NaN;
  // Beyond 15 digits the sum above may have been rounded twice: leave those to the language.
  if (digits > 15) return Number(Buffer.from(buffer.subarray(start, end)).toString('latin1'));
  if (scale > 1) value /= scale;
  return negative ? -value : value;
}

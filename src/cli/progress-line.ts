import type { Progress } from '../shared/progress.ts';
import { plainText, widthOf, type OutputStream, type Style } from './terminal.ts';

const sparseMs = 10_000;
const liveMs = 80;

/**
 * Progress on stderr: one line that is rewritten on a terminal; elsewhere a line when the phase changes and then
 * at most one each ten seconds. Other lines go through `print`, so that they do not run into the live one.
 */
export class ProgressLine {
  private readonly stream: OutputStream;
  private readonly style: Style;
  private readonly quiet: boolean;
  private shown = false;
  private lastAt = -Infinity;
  private lastPhase = '';

  constructor(stream: OutputStream, style: Style, quiet: boolean) {
    this.stream = stream;
    this.style = style;
    this.quiet = quiet;
  }

  report(progress: Progress): void {
    if (this.quiet) return;
    const now = performance.now();
    const phase = progress.message.replace(/\d[\d.,]*/g, '#'); // a number that moves on is not a new phase
    const changed = phase !== this.lastPhase;
    if (!changed && now - this.lastAt < (this.stream.isTTY ? liveMs : sparseMs)) return;
    this.lastAt = now;
    this.lastPhase = phase;
    const text = describeProgress(progress);
    if (!this.stream.isTTY) {
      this.stream.write(`${text}\n`);
      return;
    }
    const columns = this.stream.columns ?? 80;
    const fitting = widthOf(text) < columns ? text : `${[...text].slice(0, columns - 2).join('')}…`;
    this.stream.write(`\r\u001b[2K${this.style.dim(fitting)}`);
    this.shown = true;
  }

  print(line: string): void {
    this.clear();
    this.stream.write(`${line}\n`);
  }

  clear(): void {
    if (!this.shown) return;
    this.stream.write('\r\u001b[2K');
    this.shown = false;
  }
}

/** "Reading ratings.dat  512,000 of 1,000,209 rows (51%)", "Reading ratings.dat  2 MB of 5 MB (40%), 400,000 rows". */
export function describeProgress({ rows, ...progress }: Progress): string {
  const text = describeAmount(progress);
  return rows === undefined ? text : `${text}, ${rows.toLocaleString('en')} rows`;
}

function describeAmount({ message, done, total, unit }: Progress): string {
  const text = plainText(message);
  if (done === undefined) return text;
  if (unit === 'bytes') {
    const of = total === undefined ? '' : ` of ${formatBytes(total)}${percent(done, total)}`;
    return `${text}  ${formatBytes(done)}${of}`;
  }
  const of = total === undefined ? '' : ` of ${total.toLocaleString('en')}`;
  return `${text}  ${done.toLocaleString('en')}${of}${unit ? ` ${unit}` : ''}${
    total === undefined ? '' : percent(done, total)
  }`;
}

function percent(done: number, total: number): string {
  return total > 0 ? ` (${Math.floor((100 * done) / total)}%)` : '';
}

/** Bytes with a decimal prefix: "1.2 GB". */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

import { styleText } from 'node:util';

/** What the CLI needs of a terminal or pipe; `process.stdout` is one. */
export interface OutputStream {
  write(text: string, done?: (error?: Error | null) => void): boolean;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

type Format = Parameters<typeof styleText>[0];

/** Colours and weights, or none. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  caution(text: string): string;
  accent(text: string): string;
}

export function styleFor(stream: OutputStream, env: NodeJS.ProcessEnv): Style {
  const wanted = env['NO_COLOR'] ? false : stream.isTTY === true && env['TERM'] !== 'dumb';
  const paint = (format: Format) => (text: string) =>
    wanted ? styleText(format, text, { validateStream: false }) : text;
  return {
    bold: paint('bold'),
    dim: paint('dim'),
    good: paint('green'),
    bad: paint('red'),
    caution: paint('yellow'),
    accent: paint('cyan'),
  };
}

/** Text of datasets and models as one harmless line: control characters could drive the terminal. */
export function plainText(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ').trim();
}

const segmenter = new Intl.Segmenter();

/** Width in terminal columns, colours not counted; wide scripts count double. */
export function widthOf(text: string): number {
  let width = 0;
  // eslint-disable-next-line no-control-regex
  for (const { segment } of segmenter.segment(text.replace(/\u001b\[[0-9;]*m/g, '')))
    width +=
      /\p{Script=Han}|\p{Script=Hangul}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Emoji_Presentation}/u.test(
        segment,
      )
        ? 2
        : 1;
  return width;
}

/** Lines of columns two spaces apart; those named in `right` are aligned to the right. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, widthOf(cell))));
  return rows.map((row) =>
    row
      .map((cell, i) => {
        const pad = ' '.repeat(widths[i]! - widthOf(cell));
        return right.includes(i) ? pad + cell : cell + pad;
      })
      .join('  ')
      .trimEnd(),
  );
}

/** JSON for machines: typed arrays as arrays; numbers that JSON lacks (NaN, infinite) as null. */
export function toJson(value: unknown): string {
  return JSON.stringify(
    value,
    (_key, entry: unknown) =>
      ArrayBuffer.isView(entry) && !(entry instanceof DataView)
        ? Array.from(entry as unknown as ArrayLike<number>)
        : entry,
    2,
  );
}

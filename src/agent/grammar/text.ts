/** Characters that models write where the grammar has brackets, commas and quotes. */

const closers: Readonly<Record<string, string>> = {
  '[': ']',
  '(': ')',
  '{': '}',
  '［': '］',
  '【': '】',
  '（': '）',
  '〔': '〕',
};
const allClosers = new Set(Object.values(closers));

const quotePairs: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '`': '`',
  '“': '”',
  '”': '”',
  '„': '“”',
  '‘': '’',
  '’': '’',
  '‚': '‘’',
  '«': '»',
  '»': '«',
  '‹': '›',
  '「': '」',
  '『': '』',
  '《': '》',
  '〈': '〉',
  '＂': '＂',
};

export const isOpener = (c: string | undefined): boolean => c !== undefined && Object.hasOwn(closers, c);
export const isCloser = (c: string | undefined): boolean => c !== undefined && allClosers.has(c);
export const closerOf = (opener: string): string => closers[opener] ?? ']';
export const isComma = (c: string | undefined): boolean => c === ',' || c === '，' || c === '、';

/**
 * Where the quotation that opens at `at` ends (index of its closing mark), or -1. A closing mark counts only where
 * an argument may end, so that `'It's a Wonderful Life'` is one quotation.
 */
export function endOfQuotation(text: string, at: number, end: number): number {
  const open = text[at];
  if (open === undefined || !Object.hasOwn(quotePairs, open)) return -1;
  const close = quotePairs[open]!;
  const limit = Math.min(end, at + 1000); // no title is longer; keeps hostile input linear
  for (let i = at + 1; i < limit; i++) {
    const c = text[i]!;
    if (c === '\\' && open !== '`') i++;
    else if (close.includes(c)) {
      let next = i + 1;
      while (next < end && (text[next] === ' ' || text[next] === '\t')) next++;
      const after = text[next];
      if (
        next >= end ||
        isComma(after) ||
        isCloser(after) ||
        after === '\n' ||
        after === '\r' ||
        after === ';' ||
        after === ':' ||
        after === '|'
      )
        return i;
    }
    if (c === '\n') return -1;
  }
  return -1;
}

/** Takes surrounding quotes, markdown emphasis and spaces off; undoes `\"` inside quotes. */
export function unquote(text: string): string {
  let out = text.trim();
  for (let round = 0; round < 4; round++) {
    const before = out;
    const first = out[0];
    if (out.length >= 2 && first !== undefined && quotePairs[first]?.includes(out.at(-1)!)) {
      const inner = out.slice(1, -1);
      out = (first === '"' || first === "'" ? inner.replace(/\\(["'\\])/g, '$1') : inner).trim();
      if (first === '"') return out; // what stands in double quotes is meant as it is
    }
    out = out.replace(/^(\*\*|__)(.+)\1$/s, '$2').trim();
    out = out
      .replace(/^[*_](.+)[*_]$/s, (whole, inner: string) => (/[*_]/.test(inner) ? whole : inner))
      .trim();
    if (out === before) break;
  }
  return out;
}

export interface Span {
  readonly text: string;
  /** Offset of the first character in the reply. */
  readonly start: number;
  /** Offset after the last character. */
  readonly end: number;
}

/** Trims a span and moves its offsets along. */
export function trimSpan(text: string, start: number, end: number): Span {
  let from = start;
  let to = end;
  while (from < to && /\s/.test(text[from]!)) from++;
  while (to > from && /\s/.test(text[to - 1]!)) to--;
  return { text: text.slice(from, to), start: from, end: to };
}

/** Splits at `isDelimiter` outside quotations. Empty pieces are dropped. */
export function splitOutsideQuotes(
  text: string,
  start: number,
  end: number,
  isDelimiter: (c: string) => boolean,
): Span[] {
  const pieces: Span[] = [];
  let from = start;
  let atStart = true;
  const push = (to: number) => {
    const span = trimSpan(text, from, to);
    if (span.text !== '') pieces.push(span);
    from = to + 1;
    atStart = true;
  };
  for (let i = start; i < end; i++) {
    const c = text[i]!;
    if (atStart) {
      const close = endOfQuotation(text, i, end);
      if (close >= 0) {
        i = close;
        atStart = false;
        continue;
      }
      if (!/\s/.test(c) && c !== '=' && c !== ':') atStart = c === '[' || c === '(';
    }
    if (c === '=' || c === ':') atStart = true;
    if (isDelimiter(c)) push(i);
  }
  push(end);
  return pieces;
}

import { endOfQuotation, isComma, type Span, splitOutsideQuotes, trimSpan, unquote } from './text.ts';
import { readLenientJson } from './lenient-json.ts';

/**
 * Splits a list of items as models write it. Titles contain commas, brackets and quotes, so the strongest sign of a
 * border wins: JSON, numbered or bulleted lines, lines, quotation marks, `;`, `|`, running numbers, commas. Where only
 * commas are left, a title with a comma comes out in pieces; the catalogue check joins them again.
 * Each span's text is the cleaned mention, its offsets those of the source.
 */
export function splitItems(text: string, start: number, end: number): Span[] {
  const whole = trimSpan(text, start, end);
  if (whole.text === '') return [];
  if (whole.text.startsWith('[')) {
    const json = readLenientJson(whole.text);
    // `[REC] (2007)` also starts with a bracket: JSON must take all of it.
    if (
      json &&
      Array.isArray(json.value) &&
      json.end === whole.text.length &&
      /^\[\s*["'“{\d]/.test(whole.text)
    ) {
      const items = json.value.map((entry) => (typeof entry === 'object' ? '' : String(entry)));
      if (items.every((item) => item !== ''))
        return items.map((item) => ({
          text: item.trim().slice(0, maxItem),
          start: whole.start,
          end: whole.end,
        }));
    }
    if (matchingEnd(whole.text) === whole.text.length - 1)
      return splitItems(text, whole.start + 1, whole.end - 1);
  }

  if (endOfQuotation(text, whole.start, whole.end) === whole.end - 1) return clean([whole]);
  const lines = splitAt(text, whole.start, whole.end, (c) => c === '\n');
  if (lines.length > 1) {
    const marked = lines.filter((line) => marker.test(line.text));
    if (marked.length >= 2 && marked.length * 2 >= lines.length) return clean(marked);
    return clean(lines.flatMap((line) => (quotedList(line) ? byQuotes(text, line) : [line])));
  }
  if (quotedList(whole)) return clean(byQuotes(text, whole));
  for (const delimiter of [';', '|', '；']) {
    if (whole.text.includes(delimiter))
      return clean(splitAt(text, whole.start, whole.end, (c) => c === delimiter));
  }
  const numbered = runningNumbers(text, whole);
  if (numbered) return clean(numbered);
  return clean(splitAt(text, whole.start, whole.end, isComma));
}

/** Titles longer than this are cut: no catalogue has them. */
const maxItem = 500;
/** A session never needs more; a 1 MB list must not cost a second. */
const maxItems = 200;

/** A bullet or number before an item. Not `300:` nor `M.`, which begin titles. */
const marker = /^\s*(?:[-*•·–—>]+\s+|\(?#?\d{1,3}[.)]\s+)/;

function quotedList(span: Span): boolean {
  const close = endOfQuotation(span.text, 0, span.text.length);
  return close > 0 && /^\s*[,，;、]/.test(span.text.slice(close + 1, close + 10));
}

function byQuotes(text: string, span: Span): Span[] {
  return splitOutsideQuotes(text, span.start, span.end, (c) => isComma(c) || c === ';').slice(0, maxItems);
}

function splitAt(text: string, start: number, end: number, isDelimiter: (c: string) => boolean): Span[] {
  const out: Span[] = [];
  let from = start;
  for (let i = start; i <= end && out.length < maxItems; i++) {
    if (i < end && !isDelimiter(text[i]!)) continue;
    const span = trimSpan(text, from, i);
    if (span.text !== '') out.push(span);
    from = i + 1;
  }
  return out;
}

/** `1. A 2. B 3. C` in one line, when the numbers really count up from 1. */
function runningNumbers(text: string, span: Span): Span[] | undefined {
  const marks: { at: number; after: number }[] = [];
  for (const match of span.text.matchAll(/(?:^|[\s,])\(?#?(\d{1,2})[.):]\s+/g)) {
    if (Number(match[1]) !== marks.length + 1) continue;
    marks.push({ at: match.index, after: match.index + match[0].length });
  }
  if (marks.length < 2 || marks[0]!.at !== 0) return undefined;
  return marks.map((mark, i) =>
    trimSpan(text, span.start + mark.after, span.start + (marks[i + 1]?.at ?? span.text.length)),
  );
}

function clean(spans: readonly Span[]): Span[] {
  const out: Span[] = [];
  for (const span of spans) {
    if (out.length >= maxItems) break;
    let item = span.text.replace(marker, '').replace(/[,;，]+\s*$/, '');
    const quoted = /^["“„«'‘]/.test(item);
    item = unquote(item).replace(/\s+/g, ' ').trim().slice(0, maxItem);
    if (item !== '' && (quoted || !/^[.…\][)(]+$/.test(item))) out.push({ ...span, text: item });
  }
  return out;
}

function matchingEnd(text: string): number {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '[') depth++;
    else if (text[i] === ']' && --depth === 0) return i;
  }
  return -1;
}

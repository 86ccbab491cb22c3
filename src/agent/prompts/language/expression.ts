import type { Span } from './spans.ts';

/** What stands inside an output or after a tag's name, in the order of the text. */
export type ExpressionPart =
  | ({
      readonly kind: 'path';
      readonly root: string;
      readonly rootSpan: Span;
      /** Names after dots and in quoted brackets; an index or a computed one is undefined. */
      readonly segments: readonly { readonly name: string | undefined; readonly span: Span }[];
    } & Span)
  | ({ readonly kind: 'filter'; readonly name: string } & Span)
  | ({ readonly kind: 'string' | 'number' | 'operator' | 'literal' | 'option' } & Span)
  | ({ readonly kind: 'stray' } & Span);
export type PathPart = Extract<ExpressionPart, { kind: 'path' }>;

const operators = new Set(['and', 'or', 'not', 'contains', 'in']);
const literals = new Set(['true', 'false', 'nil', 'null', 'empty', 'blank']);
const word = /[A-Za-z_][\w-]*\??/y;

/** Reads `text` between two offsets; never fails. */
export function readExpression(text: string, { start, end }: Span): ExpressionPart[] {
  const parts: ExpressionPart[] = [];
  let at = start;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    return found !== undefined && at + found.length <= end ? found : undefined;
  };
  let afterPipe = false;
  while (at < end) {
    const sign = text[at]!;
    if (/\s/.test(sign)) {
      at++;
      continue;
    }
    const from = at;
    if (sign === '|') {
      afterPipe = true;
      at++;
      continue;
    }
    if (sign === '"' || sign === "'") {
      const close = text.indexOf(sign, at + 1);
      at = close < 0 || close >= end ? end : close + 1;
      parts.push({ kind: 'string', start: from, end: at });
      continue;
    }
    const number = match(/-?\d+(?:\.\d+)?/y);
    if (number !== undefined) {
      at += number.length;
      parts.push({ kind: 'number', start: from, end: at });
      continue;
    }
    const name = match(word);
    if (name !== undefined) {
      at += name.length;
      if (afterPipe) {
        parts.push({ kind: 'filter', name, start: from, end: at });
        afterPipe = false;
        continue;
      }
      if (operators.has(name)) parts.push({ kind: 'operator', start: from, end: at });
      else if (literals.has(name)) parts.push({ kind: 'literal', start: from, end: at });
      else if (/^\s*:(?!:)/.test(text.slice(at, end))) {
        // `limit: 3`, or a named argument of a filter
        parts.push({ kind: 'option', start: from, end: at });
      } else {
        const segments: { name: string | undefined; span: Span }[] = [];
        at = readSegments(text, at, end, segments, parts);
        parts.push({
          kind: 'path',
          root: name,
          rootSpan: { start: from, end: from + name.length },
          segments,
          start: from,
          end: at,
        });
      }
      continue;
    }
    const operator = match(/==|!=|<>|>=|<=|[<>=:,()[\].]|\.\./y);
    at += operator?.length ?? 1;
    parts.push({ kind: operator === undefined ? 'stray' : 'operator', start: from, end: at });
    afterPipe = false;
  }
  return parts;
}

function readSegments(
  text: string,
  from: number,
  end: number,
  segments: { name: string | undefined; span: Span }[],
  parts: ExpressionPart[],
): number {
  let at = from;
  while (at < end) {
    if (text[at] === '.' && text[at + 1] !== '.') {
      word.lastIndex = at + 1;
      const name = word.exec(text)?.[0] ?? '';
      if (name === '' || at + 1 + name.length > end) {
        // `item.` while it is being typed
        segments.push({ name: '', span: { start: at + 1, end: at + 1 } });
        return at + 1;
      }
      segments.push({ name, span: { start: at + 1, end: at + 1 + name.length } });
      at += 1 + name.length;
      continue;
    }
    if (text[at] === '[') {
      const close = text.indexOf(']', at);
      if (close < 0 || close >= end) return at;
      const inside = text.slice(at + 1, close);
      const quoted = /^\s*(["'])(.*)\1\s*$/.exec(inside);
      const span = { start: at + 1, end: close };
      segments.push({ name: quoted ? quoted[2]! : undefined, span });
      if (!quoted) parts.push(...readExpression(text, span));
      at = close + 1;
      continue;
    }
    return at;
  }
  return at;
}

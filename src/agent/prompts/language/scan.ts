import type { PromptDiagnostic, Span } from './spans.ts';

/**
 * The body of a template as a sequence of text, outputs and tags, read so that one mistake does not hide what follows:
 * a tag without its end stops at the end of its line. The delimiters are Liquid's.
 */
export type BodyToken =
  | ({ readonly kind: 'text' | 'comment' | 'raw' } & Span)
  | ({
      readonly kind: 'output';
      /** Between the delimiters. */
      readonly inner: Span;
      readonly closed: boolean;
    } & Span)
  | ({
      readonly kind: 'tag';
      readonly name: string;
      readonly nameSpan: Span;
      /** What follows the name. */
      readonly inner: Span;
      readonly closed: boolean;
    } & Span);
export type TagToken = Extract<BodyToken, { kind: 'tag' }>;
export type OutputToken = Extract<BodyToken, { kind: 'output' }>;

export interface Scan {
  readonly tokens: readonly BodyToken[];
  readonly problems: readonly PromptDiagnostic<'syntax'>[];
}

/** Scans `text` from `from` to its end. */
export function scanBody(text: string, from: number): Scan {
  const tokens: BodyToken[] = [];
  const problems: PromptDiagnostic<'syntax'>[] = [];
  let at = from;
  let textStart = from;
  const flush = (end: number) => {
    if (end > textStart) tokens.push({ kind: 'text', start: textStart, end });
  };
  for (;;) {
    at = text.indexOf('{', at);
    if (at < 0 || at >= text.length - 1) break;
    const sign = text[at + 1];
    if (sign !== '{' && sign !== '%') {
      at++;
      continue;
    }
    flush(at);
    const token = sign === '{' ? readOutput(text, at, problems) : readTag(text, at, problems);
    tokens.push(token);
    at = textStart = token.end;
    if (token.kind === 'tag' && (token.name === 'raw' || token.name === 'comment')) {
      const end = new RegExp(`\\{%-?\\s*end${token.name}\\s*-?%\\}`, 'g');
      end.lastIndex = at;
      const stop = end.exec(text)?.index ?? text.length;
      if (stop > at) tokens.push({ kind: token.name, start: at, end: stop });
      at = textStart = stop;
    }
  }
  flush(text.length);
  return { tokens, problems };
}

function readOutput(text: string, start: number, problems: PromptDiagnostic<'syntax'>[]): OutputToken {
  let at = start + 2;
  if (text[at] === '-') at++;
  const from = at;
  let quote = '';
  for (; at < text.length; at++) {
    const sign = text[at]!;
    if (quote) {
      if (sign === quote) quote = '';
      else if (sign === '\n') break;
    } else if (sign === '"' || sign === "'") quote = sign;
    else if (sign === '}' && text[at + 1] === '}') {
      const end = text[at - 1] === '-' && at - 1 >= from ? at - 1 : at;
      return { kind: 'output', start, end: at + 2, inner: { start: from, end }, closed: true };
    } else if (sign === '{' && (text[at + 1] === '{' || text[at + 1] === '%')) break;
  }
  return unclosed(text, start, from, '}}', problems, (end) => ({
    kind: 'output',
    start,
    end,
    inner: { start: from, end },
    closed: false,
  }));
}

function readTag(text: string, start: number, problems: PromptDiagnostic<'syntax'>[]): TagToken {
  let at = start + 2;
  if (text[at] === '-') at++;
  const from = at;
  const make = (innerEnd: number, end: number, closed: boolean): TagToken => {
    const name = /^\s*(#|[A-Za-z_][\w-]*)?/.exec(text.slice(from, innerEnd))!;
    const word = name[1] ?? '';
    const nameStart = from + name[0].length - word.length;
    const nameSpan = { start: nameStart, end: nameStart + word.length };
    return {
      kind: 'tag',
      name: word,
      nameSpan,
      inner: { start: nameSpan.end, end: innerEnd },
      start,
      end,
      closed,
    };
  };
  for (; at < text.length; at++) {
    if (text[at] === '%' && text[at + 1] === '}') {
      const innerEnd = text[at - 1] === '-' && at - 1 >= from ? at - 1 : at;
      return make(innerEnd, at + 2, true);
    }
    if (text[at] === '{' && (text[at + 1] === '{' || text[at + 1] === '%')) break;
  }
  return unclosed(text, start, from, '%}', problems, (end) => make(end, end, false));
}

/** A tag or output whose end is missing: taken to the end of its line, or to where the next one begins. */
function unclosed<T>(
  text: string,
  start: number,
  from: number,
  delimiter: string,
  problems: PromptDiagnostic<'syntax'>[],
  make: (end: number) => T,
): T {
  const rest = /\{[{%]|\r?\n|$/g;
  rest.lastIndex = from;
  let end = rest.exec(text)?.index ?? text.length;
  // A single brace was probably meant to be the whole delimiter.
  const half = text.slice(from, end).search(/\s*[}%]\}?\s*$/);
  const insert = half >= 0 ? from + half : end;
  problems.push({
    code: 'syntax',
    severity: 'error',
    message: `“${text.slice(start, start + 2)}” has no closing “${delimiter}” on its line.`,
    start,
    end: Math.max(end, start + 2),
    fixes: [
      {
        title: `Insert “${delimiter}”`,
        edits: [{ start: insert, end: half >= 0 ? end : insert, text: ` ${delimiter}` }],
        preferred: true,
      },
    ],
  });
  if (end === start) end = start + 2;
  return make(end);
}

import type { Action, ActionSignature } from './action.ts';
import { type Repair, readArguments, readJsonArguments, repair } from './arguments.ts';
import { readLenientJson } from './lenient-json.ts';
import { maxCandidates, noteName, type ParsedAction, type Reading, signatureAt } from './reading.ts';
import { closerOf, endOfQuotation, isCloser, isOpener, trimSpan } from './text.ts';

/** Every `Name[…]` with a known name, in order. A bad one is a problem only when it comes first. */
export function readCalls(reading: Reading, start: number, end: number): ParsedAction[] {
  const found: ParsedAction[] = [];
  const pattern = /[\p{L}_][\p{L}\p{N}_-]{0,31}(?: [\p{L}]{1,12})?/gu;
  pattern.lastIndex = start;
  let tried = 0;
  let firstProblem: unknown;
  for (
    let match = pattern.exec(reading.text);
    match && match.index < end;
    match = pattern.exec(reading.text)
  ) {
    const named = signatureAt(reading, match[0]);
    if (!named) {
      if (match[0].includes(' ')) pattern.lastIndex = match.index + match[0].indexOf(' ') + 1;
      continue;
    }
    let at = match.index + named.length;
    const between = /^[ \t*_`'":]{0,8}/.exec(reading.text.slice(at, at + 8))![0];
    at += between.length;
    if (at >= end || !isOpener(reading.text[at])) {
      pattern.lastIndex = match.index + named.length;
      continue;
    }
    if (++tried > maxCandidates) break;
    const from = match.index;
    try {
      const call = readBrackets(reading, named.signature, from, at, end);
      noteName(reading, named.signature, { text: named.written, start: from, end: from + named.length });
      found.push(call);
      pattern.lastIndex = Math.max(call.end, at + 1);
    } catch (error) {
      if (found.length === 0) firstProblem ??= error;
      pattern.lastIndex = at + 1;
    }
  }
  if (found.length === 0 && firstProblem) throw firstProblem;
  return found;
}

function readBrackets(
  reading: Reading,
  signature: ActionSignature,
  from: number,
  opener: number,
  end: number,
): ParsedAction {
  const takesItems = signature.parameters.some((p) => p.kind === 'items');
  const close = takesItems ? endOfList(reading, opener, end) : endOfScalars(reading, opener, end);
  const span = { text: '', start: from, end: Math.min(close.at + 1, end) };
  const local: Repair[] = [];
  if (!close.closed) local.push(repair('missing-bracket', `${signature.name} had no closing bracket.`, span));
  else if (reading.text[opener] !== '[' || reading.text[close.at] !== closerOf(reading.text[opener]!))
    local.push(repair('other-bracket', `${signature.name} was not written with “[” and “]”.`, span));
  let action: Action;
  const inner = trimSpan(reading.text, opener + 1, close.at);
  if (inner.text.startsWith('{')) {
    const json = readLenientJson(inner.text);
    action = json
      ? readJsonArguments(signature, json.value, inner, local)
      : readArguments(signature, reading.text, inner.start, inner.end, local);
  } else action = readArguments(signature, reading.text, opener + 1, close.at, local);

  let last = span.end;
  if (takesItems && /^(?:items?|list|the list|final list|candidate list|\.\.\.|…|)$/i.test(inner.text)) {
    const after = trimSpan(reading.text, span.end, end);
    if (/^(?:[-*•]\s|\(?\d{1,3}[.)]\s)/.test(after.text)) {
      action = readArguments(signature, reading.text, after.start, after.end, local);
      last = after.end;
      local.push(repair('list-outside', 'The list stood after the brackets.', after));
    } else if (inner.text !== '') action = { name: signature.name, args: emptyItems(signature) };
  }
  reading.repairs.push(...local);
  return { action, start: from, end: last };
}

function endOfScalars(reading: Reading, opener: number, end: number): { at: number; closed: boolean } {
  const limit = Math.min(end, opener + 2000);
  let atStart = true;
  const nested: string[] = []; // the closers that inner brackets wait for: Lookup[Alien (1979)]
  for (let i = opener + 1; i < limit; i++) {
    const c = reading.text[i]!;
    if (atStart) {
      const close = endOfQuotation(reading.text, i, limit);
      if (close >= 0) {
        i = close;
        atStart = false;
        continue;
      }
    }
    if (!/\s/.test(c)) atStart = c === ',' || c === '=' || c === ':';
    if (isOpener(c)) nested.push(closerOf(c));
    else if (nested.includes(c)) nested.length = nested.lastIndexOf(c);
    else if (isCloser(c)) return { at: i, closed: true };
    else if (c === '\n' && !nested.includes('}') && reading.text.slice(opener + 1, i).trim() !== '')
      return { at: i, closed: false };
  }
  return { at: limit, closed: false };
}

function endOfList(reading: Reading, opener: number, end: number): { at: number; closed: boolean } {
  const open = reading.text[opener]!;
  const closer = closerOf(open);
  let depth = 1;
  let atStart = true;
  let firstClose = -1;
  for (let i = opener + 1; i < end; i++) {
    const c = reading.text[i]!;
    if (atStart) {
      const close = endOfQuotation(reading.text, i, end);
      if (close >= 0) {
        i = close;
        atStart = false;
        continue;
      }
    }
    if (!/\s/.test(c)) atStart = c === ',' || c === '[' || c === ';';
    if (c === open) depth++;
    else if (c === closer) {
      if (--depth === 0) return { at: i, closed: true };
      if (firstClose < 0 && /^\s*(\n|$)/.test(reading.text.slice(i + 1, i + 20))) firstClose = i;
    }
  }
  // An opening bracket too many inside: the first closing bracket at the end of a line is taken.
  return firstClose >= 0 ? { at: firstClose, closed: true } : { at: end, closed: false };
}

function emptyItems(signature: ActionSignature): Record<string, readonly string[]> {
  const list = signature.parameters.find((p) => p.kind === 'items');
  return list ? { [list.name]: [] } : {};
}

import type { Action, ActionSignature } from './action.ts';
import { readArguments, readAttribute, readCount, repair } from './arguments.ts';
import { maxCandidates, noteName, type ParsedAction, type Reading, signatureAt } from './reading.ts';
import { trimSpan } from './text.ts';

/** A known name at the start of a line, without brackets: `Rank genre 10`, `Finish: A; B`. */
export function readBare(reading: Reading, start: number, end: number): ParsedAction[] {
  const pattern = /(?:^|\n)[ \t>*_`#-]{0,8}(\p{L}[\p{L}_-]{2,24}(?: \p{L}{2,12})?)(?=[\s:*`_,]|$)/gu;
  const zone = reading.text.slice(start, end);
  let tried = 0;
  for (const match of zone.matchAll(pattern)) {
    const named = signatureAt(reading, match[1]!);
    if (!named || ++tried > maxCandidates) continue;
    const { signature } = named;
    const from = start + match.index + match[0].length - match[1]!.length;
    const nameEnd = from + named.length;
    const name = { text: named.written, start: from, end: nameEnd };
    const takesItems = signature.parameters.some((p) => p.kind === 'items');
    const restStart = nameEnd + /^[\s:*`_]{0,12}/.exec(reading.text.slice(nameEnd, nameEnd + 12))![0].length;
    if (takesItems) {
      const punctuated = /^\s*[:\n]/.test(reading.text.slice(nameEnd, nameEnd + 12));
      const rest = trimSpan(reading.text, restStart, end);
      if (!punctuated && rest.text !== '' && !/^["“\d\-*]/.test(rest.text)) continue;
      const action = readArguments(signature, reading.text, rest.start, rest.end, reading.repairs);
      noteName(reading, signature, name);
      reading.repairs.push(repair('missing-bracket', `${signature.name} had no brackets.`, name));
      return [{ action, start: from, end: rest.end }];
    }
    const newline = reading.text.indexOf('\n', restStart);
    const lineEnd = Math.min(end, newline < 0 ? end : newline, restStart + 400);
    const prose = readProse(reading, signature, restStart, lineEnd);
    if (!prose) continue;
    noteName(reading, signature, name);
    reading.repairs.push(repair('prose', `${signature.name} was written without brackets.`, name));
    return [{ action: prose, start: from, end: lineEnd }];
  }
  return [];
}

function readProse(
  reading: Reading,
  signature: ActionSignature,
  start: number,
  end: number,
): Action | undefined {
  const line = reading.text
    .slice(start, end)
    .trim()
    .replace(/[.!]+$/, '');
  const count = /(?:^|[\s,=(])(\d{1,6})(?=$|[\s,.;)])/.exec(line)?.[1];
  const attributeParameter = signature.parameters.find((p) => p.kind === 'attribute');
  const textParameter = signature.parameters.find((p) => p.kind === 'text');
  if (textParameter) {
    if (line === '' || line.split(/\s+/).length > 12) return undefined;
    return readArguments(signature, line, 0, line.length, reading.repairs);
  }
  if (!attributeParameter) return undefined;
  const folded = ` ${line.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, ' ')} `;
  const mentioned = (reading.options.attributes ?? []).filter((name) =>
    folded.includes(` ${name.toLowerCase().replaceAll('_', ' ')} `),
  );
  let attribute = mentioned.length === 1 ? mentioned[0] : undefined;
  if (attribute === undefined) {
    const rest = line
      .replace(/\b(?:top|k)\b|\d+|[,=()[\]]/gi, ' ')
      .replace(/\s+/g, ' ')
      .trim();
    if (rest === '' || rest.split(' ').length > 2 || mentioned.length > 1) return undefined;
    if (readCount(rest) !== undefined) return undefined;
    attribute = readAttribute(rest) ?? 'None';
  }
  const rebuilt = count ? `${attribute}, ${count}` : attribute;
  return readArguments(signature, rebuilt, 0, rebuilt.length, reading.repairs);
}

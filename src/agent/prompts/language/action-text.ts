import {
  type ActionParameter,
  type ActionSignature,
  finishSignature,
  foldName,
} from '../../grammar/action.ts';
import { readCount } from '../../grammar/arguments.ts';
import type { PromptDocument } from './document.ts';
import { nearestName, type PromptDiagnostic, type Span } from './spans.ts';

/** An action as a template shows it to the model: `Retrieve[genre, 10]`, or a form such as `Rank[attribute, K]`. */
export interface ShownCall extends Span {
  readonly name: string;
  readonly nameSpan: Span;
  /** Undefined for the JSON form. */
  readonly args: readonly (Span & { readonly text: string })[] | undefined;
  readonly closed: boolean;
  /** It follows an `Action:` label, so it can be nothing else. */
  readonly labelled: boolean;
}

/** Stands for an output in a text whose tags are blanked out. */
const hole = '\u0001';

/** The body's own words: tags blanked, outputs as holes, every offset kept. */
const wordsOf = new WeakMap<PromptDocument, string>();

export function ownWords(document: PromptDocument): string {
  const known = wordsOf.get(document);
  if (known !== undefined) return known;
  const { text, front, tokens } = document;
  let out = ' '.repeat(front.bodyStart);
  for (const token of tokens) {
    const length = token.end - token.start;
    if (token.kind === 'text' || token.kind === 'raw') out += text.slice(token.start, token.end);
    else if (token.kind === 'output') out += hole.repeat(length);
    else out += text.slice(token.start, token.end).replace(/[^\n]/g, ' ');
  }
  wordsOf.set(document, out);
  return out;
}

const nameBefore = /(?<![\p{L}\p{N}_])\p{L}[\p{L}_-]{1,30}$/u;
const jsonCall = /"action"\s*:\s*"([\p{L}_-]{1,31})"/gu;

const callsOf = new WeakMap<PromptDocument, { signatures: readonly ActionSignature[]; calls: ShownCall[] }>();

export function shownCalls(document: PromptDocument, signatures: readonly ActionSignature[]): ShownCall[] {
  const known = callsOf.get(document);
  if (known?.signatures === signatures) return known.calls;
  const words = ownWords(document);
  const all = [...signatures, finishSignature];
  const found: ShownCall[] = [];
  for (let open = words.indexOf('['); open >= 0; open = words.indexOf('[', open + 1)) {
    const name = nameBefore.exec(words.slice(Math.max(0, open - 33), open))?.[0];
    if (name === undefined) continue;
    const start = open - name.length;
    const argsStart = open + 1;
    const stop = /[\]\n]/g;
    stop.lastIndex = argsStart;
    const argsEnd = stop.exec(words)?.index ?? words.length;
    const closed = words[argsEnd] === ']';
    const line = words.slice(words.lastIndexOf('\n', start) + 1, start);
    const labelled = /^[\s>*`_#-]*action\s*\d*\s*:\s*[*`_]*$/i.test(line);
    if (!labelled && !meant(name, all)) continue;
    found.push({
      name,
      nameSpan: { start, end: start + name.length },
      args: splitArguments(words.slice(argsStart, argsEnd), argsStart),
      closed,
      labelled,
      start,
      end: closed ? argsEnd + 1 : argsEnd,
    });
  }
  for (const match of words.matchAll(jsonCall)) {
    const start = match.index + match[0].length - 1 - match[1]!.length;
    const nameSpan = { start, end: start + match[1]!.length };
    found.push({ name: match[1]!, nameSpan, args: undefined, closed: true, labelled: true, ...nameSpan });
  }
  found.sort((a, b) => a.start - b.start);
  callsOf.set(document, { signatures, calls: found });
  return found;
}

function meant(name: string, signatures: readonly ActionSignature[]): boolean {
  return (
    signatureOf(name, signatures) !== undefined ||
    (name.length >= 4 &&
      /^\p{Lu}/u.test(name) &&
      nearestName(
        name,
        signatures.map((s) => s.name),
      ) !== undefined)
  );
}

function signatureOf(name: string, signatures: readonly ActionSignature[]): ActionSignature | undefined {
  return signatures.find((s) => [s.name, ...s.aliases].some((known) => foldName(known) === foldName(name)));
}

function splitArguments(text: string, from: number): (Span & { text: string })[] {
  const parts: (Span & { text: string })[] = [];
  let at = 0;
  for (const piece of text.match(/(?:"(?:\\.|[^"\\])*"|[^,])+|,/g) ?? []) {
    if (piece !== ',' && piece.trim() !== '') {
      const lead = piece.length - piece.trimStart().length;
      const start = from + at + lead;
      parts.push({ text: piece.trim(), start, end: start + piece.trim().length });
    }
    at += piece.length;
  }
  return parts;
}

/** How the actions in a template's text disagree with the tools there are. */
export function actionProblems(
  document: PromptDocument,
  signatures: readonly ActionSignature[],
  attributes: readonly string[] | undefined,
): PromptDiagnostic<'action-form'>[] {
  const all = [...signatures, finishSignature];
  const found: PromptDiagnostic<'action-form'>[] = [];
  const add = (span: Span, message: string, replacement?: { text: string; title?: string; span?: Span }) =>
    found.push({
      code: 'action-form',
      severity: 'warning',
      message,
      start: span.start,
      end: span.end,
      fixes: replacement
        ? [
            {
              title: replacement.title ?? `Change to “${replacement.text}”`,
              edits: [{ ...(replacement.span ?? span), text: replacement.text }],
              preferred: true,
            },
          ]
        : [],
    });
  for (const shown of shownCalls(document, signatures)) {
    const signature = signatureOf(shown.name, all);
    if (!signature) {
      const near = nearestName(
        shown.name,
        all.map((s) => s.name),
      );
      add(
        shown.nameSpan,
        `There is no tool “${shown.name}”.${near ? ` Did you mean “${near}”?` : ` There are: ${all.map((s) => s.name).join(', ')}.`}`,
        near ? { text: near } : undefined,
      );
      continue;
    }
    if (signature.name !== shown.name)
      add(shown.nameSpan, `The tool is called “${signature.name}”; the model is told that name.`, {
        text: signature.name,
      });
    if (!shown.closed)
      add(shown, `The closing “]” is missing.`, {
        text: ']',
        title: 'Insert “]”',
        span: { start: lineTrimEnd(document.text, shown.end), end: lineTrimEnd(document.text, shown.end) },
      });
    if (shown.args) checkArguments(shown, signature, attributes, add);
  }
  return found;
}

function lineTrimEnd(text: string, end: number): number {
  let at = end;
  while (at > 0 && /\s/.test(text[at - 1]!)) at--;
  return at;
}

function checkArguments(
  shown: ShownCall,
  signature: ActionSignature,
  attributes: readonly string[] | undefined,
  add: (span: Span, message: string, replacement?: { text: string }) => void,
): void {
  const args = shown.args!;
  const { parameters } = signature;
  if (parameters.some((parameter) => parameter.kind === 'items')) return;
  const form = `${signature.name}[${parameters.map((p) => (p.kind === 'count' ? 'K' : p.name)).join(', ')}]`;
  if (args.length > parameters.length) {
    add(
      { start: args[parameters.length]!.start, end: args.at(-1)!.end },
      `${signature.name} takes ${parameters.length === 1 ? 'one argument' : `${parameters.length} arguments`}: ${form}.`,
    );
  }
  const missing = parameters.slice(args.length).filter((parameter) => parameter.default === undefined);
  if (missing.length > 0)
    add(shown, `${signature.name} lacks “${missing.map((p) => p.name).join(', ')}”: ${form}.`, {
      text: form,
    });
  args.slice(0, parameters.length).forEach((argument, i) => {
    const parameter = parameters[i]!;
    if (isPlaceholder(argument.text, parameter)) return;
    if (parameter.kind === 'count') {
      const count = readCount(argument.text);
      if (count === 'placeholder') return;
      if (count === undefined || !Number.isInteger(count) || count < 1 || count > (parameter.max ?? Infinity))
        add(
          argument,
          `“${argument.text}” is no count; ${form} wants a whole number from 1 to ${parameter.max ?? '…'} there.`,
        );
    } else if (parameter.kind === 'attribute') {
      if (typeof readCount(argument.text) === 'number') {
        add(argument, `“${argument.text}” stands where the attribute belongs: ${form}.`);
      } else if (attributes && signature.name === 'Retrieve') {
        const bare = argument.text.replace(/^["']|["']$/g, '');
        if (/^(none|null|any)$/i.test(bare) || attributes.some((name) => foldName(name) === foldName(bare)))
          return;
        const near = nearestName(bare, attributes);
        add(
          argument,
          `The dataset has no attribute “${bare}”.${near ? ` Did you mean “${near}”?` : ` It has: ${attributes.join(', ')}.`}`,
          near ? { text: near } : undefined,
        );
      }
    }
  });
}

function isPlaceholder(text: string, parameter: ActionParameter): boolean {
  if (text.includes(hole) || /^(?:<.*>|\{.*\}|\.\.\.|…)$/.test(text)) return true;
  return [parameter.name, ...(parameter.aliases ?? [])].some((name) => foldName(name) === foldName(text));
}

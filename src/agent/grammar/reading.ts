import { type Action, type ActionSignature, finishSignature, foldName } from './action.ts';
import { type Repair, repair } from './arguments.ts';
import type { Span } from './text.ts';

export interface ParsedAction {
  readonly action: Action;
  /** Where it stands in the reply. */
  readonly start: number;
  readonly end: number;
}

export interface GrammarOptions {
  /** Signatures of the tools; Finish is always known. */
  readonly signatures: readonly ActionSignature[];
  /** The dataset's attributes, to find one in prose (“rank them by genre”). */
  readonly attributes?: readonly string[];
}

/** Longer replies are read only so far: no action of a sane model starts later. */
export const maxReply = 200_000;
/** Where a reply holds many bracketed names, the first so many are tried. */
export const maxCandidates = 64;

/** One reply being read: what every way of reading it shares. */
export interface Reading {
  readonly text: string;
  readonly options: GrammarOptions;
  readonly repairs: Repair[];
  /** Signatures by folded name and alias. */
  readonly byName: ReadonlyMap<string, ActionSignature>;
  /** The thought of a reply in JSON. */
  jsonThought: string | undefined;
}

export function startReading(text: string, options: GrammarOptions, repairs: Repair[]): Reading {
  const byName = new Map<string, ActionSignature>();
  for (const signature of [...options.signatures, finishSignature])
    for (const name of [signature.name, ...signature.aliases]) {
      const folded = foldName(name);
      if (!byName.has(folded)) byName.set(folded, signature);
    }
  return { text, options, repairs, byName, jsonThought: undefined };
}

/** The action that one or two words name. */
export function signatureAt(
  reading: Reading,
  words: string,
): { signature: ActionSignature; length: number; written: string } | undefined {
  const whole = reading.byName.get(foldName(words));
  if (whole) return { signature: whole, length: words.length, written: words };
  const space = words.indexOf(' ');
  if (space < 0) return undefined;
  const first = words.slice(0, space);
  const signature = reading.byName.get(foldName(first));
  return signature ? { signature, length: first.length, written: first } : undefined;
}

/** Notes that the model used another name than the action's own. */
export function noteName(reading: Reading, signature: ActionSignature, span: Span): void {
  if (foldName(span.text) !== foldName(signature.name))
    reading.repairs.push(
      repair('renamed-action', `“${span.text}” was read as ${signature.name}.`, {
        text: span.text,
        start: span.start,
        end: span.end,
      }),
    );
}

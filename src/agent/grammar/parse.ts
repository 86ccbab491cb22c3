import { distance } from 'fastest-levenshtein';
import { finishSignature, foldName } from './action.ts';
import {
  ActionProblem,
  example,
  type ParseProblem,
  readArguments,
  readJsonArguments,
  type Repair,
  repair,
} from './arguments.ts';
import { readBare } from './bare-calls.ts';
import { readCalls } from './bracket-calls.ts';
import { readJson } from './json-calls.ts';
import { type Label, labelsOf } from './labels.ts';
import { readLenientJson } from './lenient-json.ts';
import {
  type GrammarOptions,
  maxReply,
  noteName,
  type ParsedAction,
  type Reading,
  startReading,
} from './reading.ts';
import { type Span, trimSpan } from './text.ts';

export type { ParseProblem, Repair } from './arguments.ts';
export type { GrammarOptions, ParsedAction } from './reading.ts';

export interface ParsedReply {
  readonly thought: string;
  /** The first action; undefined when there is a problem. */
  readonly parsed?: ParsedAction;
  /** Further actions of the same reply, in order. The session ignores them; a plan uses them. */
  readonly further: readonly ParsedAction[];
  readonly problem?: ParseProblem;
  readonly repairs: readonly Repair[];
}

const maxThought = 8_000;

/**
 * Reads a model's reply in ReAct form (paper 3.2), tolerant of what models really write. Never throws, takes time
 * linear in the reply, and reports each thing it put right with its place.
 */
export function parseReply(reply: string, options: GrammarOptions): ParsedReply {
  const repairs: Repair[] = [];
  let text = reply;
  if (text.length > maxReply) {
    text = text.slice(0, maxReply);
    repairs.push(
      repair('shortened', `Only the first ${maxReply} characters were read.`, {
        text: '',
        start: maxReply,
        end: reply.length,
      }),
    );
  }
  if (text.trim() === '')
    return {
      thought: '',
      further: [],
      repairs,
      problem: {
        code: 'empty-reply',
        message: 'The reply was empty.',
        hint: 'Write a thought and one action.',
        start: 0,
        end: reply.length,
      },
    };

  return read(startReading(text, options, repairs));
}

/** Reads a call that came apart from the text (native tool calls): a name and arguments as JSON text. */
export function parseToolCall(name: string, args: string, options: GrammarOptions): ParsedReply {
  const repairs: Repair[] = [];
  const signature = [...options.signatures, finishSignature].find((s) =>
    [s.name, ...s.aliases].some((known) => foldName(known) === foldName(name)),
  );
  const span = { text: args, start: 0, end: args.length };
  const forms = [...options.signatures, finishSignature].map(example).join(', ');
  if (!signature)
    return {
      thought: '',
      further: [],
      repairs,
      problem: {
        code: 'unknown-action',
        message: `There is no tool “${name.slice(0, 40)}”.`,
        hint: `Use one of: ${forms}`,
        start: 0,
        end: 0,
      },
    };
  try {
    const json = readLenientJson(args.slice(0, maxReply));
    if (json?.repaired) repairs.push(repair('repaired-json', 'The arguments were JSON with mistakes.', span));
    const action = readJsonArguments(signature, json ? json.value : args.slice(0, maxReply), span, repairs);
    return { thought: '', parsed: { action, start: 0, end: args.length }, further: [], repairs };
  } catch (error) {
    if (!(error instanceof ActionProblem)) throw error;
    return { thought: '', further: [], repairs, problem: error.problem };
  }
}

function read(reading: Reading): ParsedReply {
  const labels = labelsOf(reading.text);
  const firstAction = labels.find((label) => label.kind === 'action');
  let end = reading.text.length;
  if (firstAction) {
    const invented = labels.find((label) => label.kind === 'observation' && label.start > firstAction.start);
    if (invented) {
      end = invented.start;
      reading.repairs.push(
        repair('invented-observation', 'The reply went on to invent an observation; that part was ignored.', {
          text: '',
          start: invented.start,
          end: reading.text.length,
        }),
      );
    }
  }

  let problem: ParseProblem | undefined;
  const attempt = (read: () => ParsedAction[]): ParsedAction[] => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ActionProblem)) throw error;
      problem ??= error.problem;
      return [];
    }
  };

  let found: ParsedAction[] = [];
  for (const label of labels) {
    if (label.kind !== 'action' || label.start >= end) continue;
    const more = attempt(() =>
      readZone(reading, label, labels, Math.min(label.contentEnd, end), found.length > 0),
    );
    found = [...found, ...more];
    if (found.length === 0 && problem) break;
  }
  if (found.length === 0 && !problem) {
    found = attempt(() => readUnlabelled(reading, 0, end));
    if (found.length > 0 && labels.length > 0 && firstAction === undefined)
      reading.repairs.push(repair('no-label', 'The action had no “Action:” label.', spanOf(found[0]!)));
  }

  const first = found[0];
  const thought = thoughtOf(reading, labels, first, end);
  if (first) {
    const further = found.slice(1);
    if (further.length > 0)
      reading.repairs.push(
        repair('several-actions', `${further.length + 1} actions in one reply; the first was taken.`, {
          text: '',
          start: further[0]!.start,
          end: further.at(-1)!.end,
        }),
      );
    return { thought, parsed: first, further, repairs: reading.repairs };
  }
  return {
    thought,
    further: [],
    repairs: reading.repairs,
    problem: problem ?? unknownAction(reading, firstAction, end),
  };
}

/** The text under one `Action:` label, with its `Action Input:` if it has one. */
function readZone(
  reading: Reading,
  label: Label,
  labels: readonly Label[],
  end: number,
  haveOne: boolean,
): ParsedAction[] {
  const start = label.contentStart;
  const leading = trimSpan(reading.text, start, end);
  if (/^(?:```\w*\s*)?[{[]/.test(leading.text)) {
    const json = readJson(reading, leading.start, end);
    if (json.length > 0) return json;
  }
  const input = labels.find((other) => other.kind === 'input' && other.start >= label.contentEnd);
  const next = labels[labels.indexOf(label) + 1];
  if (input && next === input) {
    const signature = reading.byName.get(foldName(leading.text.replace(/[^\p{L}_ -]/gu, '').trim()));
    if (signature) {
      const span = trimSpan(reading.text, input.contentStart, input.contentEnd);
      noteName(reading, signature, leading);
      const json = /^[{[]/.test(span.text) ? readLenientJson(span.text) : undefined;
      const action = json
        ? readJsonArguments(signature, json.value, span, reading.repairs)
        : readArguments(signature, reading.text, span.start, span.end, reading.repairs);
      return [{ action, start: leading.start, end: span.end }];
    }
  }
  const calls = readCalls(reading, start, end);
  if (calls.length > 0) return calls;
  const json = readJson(reading, start, end);
  if (json.length > 0) return json;
  return haveOne ? [] : readBare(reading, start, end);
}

function readUnlabelled(reading: Reading, start: number, end: number): ParsedAction[] {
  const leading = trimSpan(reading.text, start, end);
  if (/^(?:```\w*\s*)?[{[]/.test(leading.text)) {
    const json = readJson(reading, leading.start, end);
    if (json.length > 0) return json;
  }
  const calls = readCalls(reading, start, end);
  if (calls.length > 0) {
    const ownLine = calls.filter((call) => standsAlone(reading, call));
    // In running prose the decision comes last (“Retrieve[…] would be wasteful, so Rank[…]”).
    return ownLine.length > 0 ? ownLine : calls.slice(-1);
  }
  const json = readJson(reading, start, end);
  return json.length > 0 ? json : readBare(reading, start, end);
}

/** True when nothing but markup shares its line. */
function standsAlone(reading: Reading, call: ParsedAction): boolean {
  const before = reading.text.slice(Math.max(0, call.start - 20), call.start);
  const after = reading.text.slice(call.end, call.end + 20);
  return /(^|\n)[\s>*`_#\d.)-]*$/.test(before) && /^[ \t*`_.]*(\n|$)/.test(after);
}

function thoughtOf(
  reading: Reading,
  labels: readonly Label[],
  first: ParsedAction | undefined,
  end: number,
): string {
  if (reading.jsonThought !== undefined) return reading.jsonThought.trim().slice(0, maxThought);
  const label = labels.find((l) => l.kind === 'thought' && l.start < end);
  const action = labels.find((l) => l.kind === 'action');
  const from = label ? label.contentStart : 0;
  let to = label ? label.contentEnd : (action?.start ?? first?.start ?? end);
  if (first && first.start > from && first.start < to) to = first.start;
  const raw = reading.text.slice(from, Math.max(from, Math.min(to, end)));
  return raw
    .replace(/^[\s*_`#>]+/, '')
    .replace(/[\s*_`#>]+$/, '')
    .slice(0, maxThought);
}

function unknownAction(reading: Reading, label: Label | undefined, end: number): ParseProblem {
  const names = [...reading.options.signatures.map((s) => s.name), finishSignature.name];
  const forms = [...reading.options.signatures, finishSignature].map(example).join(', ');
  const from = label?.contentStart ?? 0;
  const zone = reading.text.slice(from, label ? Math.min(label.contentEnd, end) : end);
  const named = /([\p{L}_][\p{L}\p{N}_-]{1,31})\s{0,3}[[(［（【]/u.exec(zone);
  if (named) {
    const written = named[1]!;
    const nearest = names
      .map((name) => ({ name, d: distance(foldName(name), foldName(written)) }))
      .sort((a, b) => a.d - b.d)[0]!;
    return {
      code: 'unknown-action',
      message: `There is no action “${written}”.`,
      hint: `${nearest.d <= 2 ? `Did you mean ${nearest.name}? ` : ''}Use one of: ${forms}`,
      start: from + named.index,
      end: from + named.index + written.length,
    };
  }
  const span = trimSpan(reading.text, from, Math.min(label?.contentEnd ?? end, end));
  return {
    code: 'no-action',
    message: 'No action was found in the reply.',
    hint: `End the reply with one action on a line of its own, one of: ${forms}`,
    start: span.start,
    end: span.end,
  };
}

function spanOf(action: ParsedAction): Span {
  return { text: '', start: action.start, end: action.end };
}

/** 1-based line and column of an offset, for a person. */
export function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return { line, column: offset - (before.lastIndexOf('\n') + 1) + 1 };
}

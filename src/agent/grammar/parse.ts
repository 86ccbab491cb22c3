import { distance } from 'fastest-levenshtein';
import { type Action, type ActionSignature, finishSignature, foldName } from './action.ts';
import {
  ActionProblem,
  example,
  type ParseProblem,
  readArguments,
  readAttribute,
  readCount,
  readJsonArguments,
  type Repair,
  repair,
} from './arguments.ts';
import { type Json, readLenientJson } from './lenient-json.ts';
import { type Label, labelsOf } from './labels.ts';
import { closerOf, endOfQuotation, isCloser, isOpener, type Span, trimSpan } from './text.ts';

export type { ParseProblem, Repair } from './arguments.ts';

export interface ParsedAction {
  readonly action: Action;
  /** Where it stands in the reply. */
  readonly start: number;
  readonly end: number;
}

export interface ParsedReply {
  readonly thought: string;
  /** The first action; undefined when there is a problem. */
  readonly parsed?: ParsedAction;
  /** Further actions of the same reply, in order. The session ignores them; a plan uses them. */
  readonly further: readonly ParsedAction[];
  readonly problem?: ParseProblem;
  readonly repairs: readonly Repair[];
}

export interface GrammarOptions {
  /** Signatures of the tools; Finish is always known. */
  readonly signatures: readonly ActionSignature[];
  /** The dataset's attributes, to find one in prose (“rank them by genre”). */
  readonly attributes?: readonly string[];
}

/** Longer replies are read only so far: no action of a sane model starts later. */
const maxReply = 200_000;
const maxThought = 8_000;
/** Where a reply holds many bracketed names, the first so many are tried. */
const maxCandidates = 64;

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

  const parser = new ReplyParser(text, options, repairs);
  return parser.parse();
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

class ReplyParser {
  private readonly text: string;
  private readonly options: GrammarOptions;
  private readonly repairs: Repair[];
  private readonly byName = new Map<string, ActionSignature>();

  constructor(text: string, options: GrammarOptions, repairs: Repair[]) {
    this.text = text;
    this.options = options;
    this.repairs = repairs;
    for (const signature of [...options.signatures, finishSignature])
      for (const name of [signature.name, ...signature.aliases]) {
        const folded = foldName(name);
        if (!this.byName.has(folded)) this.byName.set(folded, signature);
      }
  }

  parse(): ParsedReply {
    const labels = labelsOf(this.text);
    const firstAction = labels.find((label) => label.kind === 'action');
    let end = this.text.length;
    if (firstAction) {
      const invented = labels.find(
        (label) => label.kind === 'observation' && label.start > firstAction.start,
      );
      if (invented) {
        end = invented.start;
        this.repairs.push(
          repair(
            'invented-observation',
            'The reply went on to invent an observation; that part was ignored.',
            {
              text: '',
              start: invented.start,
              end: this.text.length,
            },
          ),
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
        this.readZone(label, labels, Math.min(label.contentEnd, end), found.length > 0),
      );
      found = [...found, ...more];
      if (found.length === 0 && problem) break;
    }
    if (found.length === 0 && !problem) {
      found = attempt(() => this.readUnlabelled(0, end));
      if (found.length > 0 && labels.length > 0 && firstAction === undefined)
        this.repairs.push(repair('no-label', 'The action had no “Action:” label.', spanOf(found[0]!)));
    }

    const first = found[0];
    const thought = this.thoughtOf(labels, first, end);
    if (first) {
      const further = found.slice(1);
      if (further.length > 0)
        this.repairs.push(
          repair('several-actions', `${further.length + 1} actions in one reply; the first was taken.`, {
            text: '',
            start: further[0]!.start,
            end: further.at(-1)!.end,
          }),
        );
      return { thought, parsed: first, further, repairs: this.repairs };
    }
    return {
      thought,
      further: [],
      repairs: this.repairs,
      problem: problem ?? this.unknownAction(firstAction, end),
    };
  }

  /** The text under one `Action:` label, with its `Action Input:` if it has one. */
  private readZone(label: Label, labels: readonly Label[], end: number, haveOne: boolean): ParsedAction[] {
    const start = label.contentStart;
    const leading = trimSpan(this.text, start, end);
    if (/^(?:```\w*\s*)?[{[]/.test(leading.text)) {
      const json = this.readJson(leading.start, end);
      if (json.length > 0) return json;
    }
    const input = labels.find((other) => other.kind === 'input' && other.start >= label.contentEnd);
    const next = labels[labels.indexOf(label) + 1];
    if (input && next === input) {
      const signature = this.byName.get(foldName(leading.text.replace(/[^\p{L}_ -]/gu, '').trim()));
      if (signature) {
        const span = trimSpan(this.text, input.contentStart, input.contentEnd);
        this.noteName(signature, leading);
        const json = /^[{[]/.test(span.text) ? readLenientJson(span.text) : undefined;
        const action = json
          ? readJsonArguments(signature, json.value, span, this.repairs)
          : readArguments(signature, this.text, span.start, span.end, this.repairs);
        return [{ action, start: leading.start, end: span.end }];
      }
    }
    const calls = this.readCalls(start, end);
    if (calls.length > 0) return calls;
    const json = this.readJson(start, end);
    if (json.length > 0) return json;
    return haveOne ? [] : this.readBare(start, end);
  }

  private readUnlabelled(start: number, end: number): ParsedAction[] {
    const leading = trimSpan(this.text, start, end);
    if (/^(?:```\w*\s*)?[{[]/.test(leading.text)) {
      const json = this.readJson(leading.start, end);
      if (json.length > 0) return json;
    }
    const calls = this.readCalls(start, end);
    if (calls.length > 0) {
      const ownLine = calls.filter((call) => this.standsAlone(call));
      // In running prose the decision comes last (“Retrieve[…] would be wasteful, so Rank[…]”).
      return ownLine.length > 0 ? ownLine : calls.slice(-1);
    }
    const json = this.readJson(start, end);
    return json.length > 0 ? json : this.readBare(start, end);
  }

  /** True when nothing but markup shares its line. */
  private standsAlone(call: ParsedAction): boolean {
    const before = this.text.slice(Math.max(0, call.start - 20), call.start);
    const after = this.text.slice(call.end, call.end + 20);
    return /(^|\n)[\s>*`_#\d.)-]*$/.test(before) && /^[ \t*`_.]*(\n|$)/.test(after);
  }

  /** Every `Name[…]` with a known name, in order. A bad one is a problem only when it comes first. */
  private readCalls(start: number, end: number): ParsedAction[] {
    const found: ParsedAction[] = [];
    const pattern = /[\p{L}_][\p{L}\p{N}_-]{0,31}(?: [\p{L}]{1,12})?/gu;
    pattern.lastIndex = start;
    let tried = 0;
    let firstProblem: unknown;
    for (let match = pattern.exec(this.text); match && match.index < end; match = pattern.exec(this.text)) {
      const named = this.signatureAt(match[0]);
      if (!named) {
        if (match[0].includes(' ')) pattern.lastIndex = match.index + match[0].indexOf(' ') + 1;
        continue;
      }
      let at = match.index + named.length;
      const between = /^[ \t*_`'":]{0,8}/.exec(this.text.slice(at, at + 8))![0];
      at += between.length;
      if (at >= end || !isOpener(this.text[at])) {
        pattern.lastIndex = match.index + named.length;
        continue;
      }
      if (++tried > maxCandidates) break;
      const from = match.index;
      try {
        const call = this.readBrackets(named.signature, from, at, end);
        this.noteName(named.signature, { text: named.written, start: from, end: from + named.length });
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

  private signatureAt(
    words: string,
  ): { signature: ActionSignature; length: number; written: string } | undefined {
    const whole = this.byName.get(foldName(words));
    if (whole) return { signature: whole, length: words.length, written: words };
    const space = words.indexOf(' ');
    if (space < 0) return undefined;
    const first = words.slice(0, space);
    const signature = this.byName.get(foldName(first));
    return signature ? { signature, length: first.length, written: first } : undefined;
  }

  private readBrackets(signature: ActionSignature, from: number, opener: number, end: number): ParsedAction {
    const takesItems = signature.parameters.some((p) => p.kind === 'items');
    const close = takesItems ? this.endOfList(opener, end) : this.endOfScalars(opener, end);
    const span = { text: '', start: from, end: Math.min(close.at + 1, end) };
    const local: Repair[] = [];
    if (!close.closed)
      local.push(repair('missing-bracket', `${signature.name} had no closing bracket.`, span));
    else if (this.text[opener] !== '[' || this.text[close.at] !== closerOf(this.text[opener]!))
      local.push(repair('other-bracket', `${signature.name} was not written with “[” and “]”.`, span));
    let action: Action;
    const inner = trimSpan(this.text, opener + 1, close.at);
    if (inner.text.startsWith('{')) {
      const json = readLenientJson(inner.text);
      action = json
        ? readJsonArguments(signature, json.value, inner, local)
        : readArguments(signature, this.text, inner.start, inner.end, local);
    } else action = readArguments(signature, this.text, opener + 1, close.at, local);

    let last = span.end;
    if (takesItems && /^(?:items?|list|the list|final list|candidate list|\.\.\.|…|)$/i.test(inner.text)) {
      const after = trimSpan(this.text, span.end, end);
      if (/^(?:[-*•]\s|\(?\d{1,3}[.)]\s)/.test(after.text)) {
        action = readArguments(signature, this.text, after.start, after.end, local);
        last = after.end;
        local.push(repair('list-outside', 'The list stood after the brackets.', after));
      } else if (inner.text !== '') action = { name: signature.name, args: emptyItems(signature) };
    }
    this.repairs.push(...local);
    return { action, start: from, end: last };
  }

  private endOfScalars(opener: number, end: number): { at: number; closed: boolean } {
    const limit = Math.min(end, opener + 2000);
    let atStart = true;
    const nested: string[] = []; // the closers that inner brackets wait for: Lookup[Alien (1979)]
    for (let i = opener + 1; i < limit; i++) {
      const c = this.text[i]!;
      if (atStart) {
        const close = endOfQuotation(this.text, i, limit);
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
      else if (c === '\n' && !nested.includes('}') && this.text.slice(opener + 1, i).trim() !== '')
        return { at: i, closed: false };
    }
    return { at: limit, closed: false };
  }

  private endOfList(opener: number, end: number): { at: number; closed: boolean } {
    const open = this.text[opener]!;
    const closer = closerOf(open);
    let depth = 1;
    let atStart = true;
    let firstClose = -1;
    for (let i = opener + 1; i < end; i++) {
      const c = this.text[i]!;
      if (atStart) {
        const close = endOfQuotation(this.text, i, end);
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
        if (firstClose < 0 && /^\s*(\n|$)/.test(this.text.slice(i + 1, i + 20))) firstClose = i;
      }
    }
    // An opening bracket too many inside: the first closing bracket at the end of a line is taken.
    return firstClose >= 0 ? { at: firstClose, closed: true } : { at: end, closed: false };
  }

  /** A known name at the start of a line, without brackets: `Rank genre 10`, `Finish: A; B`. */
  private readBare(start: number, end: number): ParsedAction[] {
    const pattern = /(?:^|\n)[ \t>*_`#-]{0,8}(\p{L}[\p{L}_-]{2,24}(?: \p{L}{2,12})?)(?=[\s:*`_,]|$)/gu;
    const zone = this.text.slice(start, end);
    let tried = 0;
    for (const match of zone.matchAll(pattern)) {
      const named = this.signatureAt(match[1]!);
      if (!named || ++tried > maxCandidates) continue;
      const { signature } = named;
      const from = start + match.index + match[0].length - match[1]!.length;
      const nameEnd = from + named.length;
      const name = { text: named.written, start: from, end: nameEnd };
      const takesItems = signature.parameters.some((p) => p.kind === 'items');
      const restStart = nameEnd + /^[\s:*`_]{0,12}/.exec(this.text.slice(nameEnd, nameEnd + 12))![0].length;
      if (takesItems) {
        const punctuated = /^\s*[:\n]/.test(this.text.slice(nameEnd, nameEnd + 12));
        const rest = trimSpan(this.text, restStart, end);
        if (!punctuated && rest.text !== '' && !/^["“\d\-*]/.test(rest.text)) continue;
        const action = readArguments(signature, this.text, rest.start, rest.end, this.repairs);
        this.noteName(signature, name);
        this.repairs.push(repair('missing-bracket', `${signature.name} had no brackets.`, name));
        return [{ action, start: from, end: rest.end }];
      }
      const newline = this.text.indexOf('\n', restStart);
      const lineEnd = Math.min(end, newline < 0 ? end : newline, restStart + 400);
      const prose = this.readProse(signature, restStart, lineEnd);
      if (!prose) continue;
      this.noteName(signature, name);
      this.repairs.push(repair('prose', `${signature.name} was written without brackets.`, name));
      return [{ action: prose, start: from, end: lineEnd }];
    }
    return [];
  }

  private readProse(signature: ActionSignature, start: number, end: number): Action | undefined {
    const line = this.text
      .slice(start, end)
      .trim()
      .replace(/[.!]+$/, '');
    const count = /(?:^|[\s,=(])(\d{1,6})(?=$|[\s,.;)])/.exec(line)?.[1];
    const attributeParameter = signature.parameters.find((p) => p.kind === 'attribute');
    const textParameter = signature.parameters.find((p) => p.kind === 'text');
    if (textParameter) {
      if (line === '' || line.split(/\s+/).length > 12) return undefined;
      return readArguments(signature, line, 0, line.length, this.repairs);
    }
    if (!attributeParameter) return undefined;
    const folded = ` ${line.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, ' ')} `;
    const mentioned = (this.options.attributes ?? []).filter((name) =>
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
    return readArguments(signature, rebuilt, 0, rebuilt.length, this.repairs);
  }

  /** The first JSON value in the zone that holds an action. */
  private readJson(start: number, end: number): ParsedAction[] {
    const zone = this.text.slice(start, end);
    let from = 0;
    for (let attempt = 0; attempt < 6; attempt++) {
      const at = zone.slice(from).search(/[{[]/);
      if (at < 0) return [];
      const json = readLenientJson(zone, from + at);
      if (!json) {
        from += at + 1;
        continue;
      }
      const span = { text: '', start: start + from + at, end: start + json.end };
      const actions = this.actionsOfJson(json.value, span, 0);
      if (actions.length > 0) {
        this.repairs.push(
          json.repaired
            ? repair('repaired-json', 'The action was JSON with mistakes, which were put right.', span)
            : repair('json', 'The action was written as JSON.', span),
        );
        return actions;
      }
      from = json.end;
    }
    return [];
  }

  private actionsOfJson(value: Json | undefined, span: Span, depth: number): ParsedAction[] {
    if (depth > 4 || value === undefined || value === null) return [];
    if (Array.isArray(value))
      return value.slice(0, maxCandidates).flatMap((entry) => this.actionsOfJson(entry, span, depth + 1));
    if (typeof value === 'string') {
      if (value.length > maxReply) return [];
      const inner = new ReplyParser(value, this.options, []).readCalls(0, value.length);
      return inner.slice(0, 1).map((call) => ({ action: call.action, start: span.start, end: span.end }));
    }
    if (typeof value !== 'object') return [];
    this.jsonThought ??= stringField(value, [
      'thought',
      'thinking',
      'reasoning',
      'rationale',
      'analysis',
      'reason',
    ]);

    for (const key of ['action', 'tool', 'name', 'function', 'tool_name', 'command', 'next_action', 'type']) {
      const named = value[key];
      if (typeof named === 'string') {
        const signature = this.byName.get(foldName(named));
        if (signature) {
          const input =
            field(value, [
              'arguments',
              'args',
              'input',
              'action_input',
              'tool_input',
              'parameters',
              'params',
            ]) ??
            Object.fromEntries(
              Object.entries(value).filter(([other]) => other !== key && other !== 'thought'),
            );
          const text = typeof input === 'string' ? readLenientJson(input) : undefined;
          const action = readJsonArguments(signature, text ? text.value : input, span, this.repairs);
          return [{ action, start: span.start, end: span.end }];
        }
        const call = this.actionsOfJson(named, span, depth + 1);
        if (call.length > 0) return call;
      } else if (named) {
        const call = this.actionsOfJson(named, span, depth + 1);
        if (call.length > 0) return call;
      }
    }
    for (const key of ['tool_calls', 'calls', 'actions', 'plan', 'steps']) {
      const calls = this.actionsOfJson(value[key], span, depth + 1);
      if (calls.length > 0) return calls;
    }
    for (const [key, input] of Object.entries(value)) {
      const signature = this.byName.get(foldName(key));
      if (signature && input !== null) {
        const action = readJsonArguments(signature, input, span, this.repairs);
        return [{ action, start: span.start, end: span.end }];
      }
    }
    return [];
  }

  private jsonThought: string | undefined;

  private thoughtOf(labels: readonly Label[], first: ParsedAction | undefined, end: number): string {
    if (this.jsonThought !== undefined) return this.jsonThought.trim().slice(0, maxThought);
    const label = labels.find((l) => l.kind === 'thought' && l.start < end);
    const action = labels.find((l) => l.kind === 'action');
    const from = label ? label.contentStart : 0;
    let to = label ? label.contentEnd : (action?.start ?? first?.start ?? end);
    if (first && first.start > from && first.start < to) to = first.start;
    const raw = this.text.slice(from, Math.max(from, Math.min(to, end)));
    return raw
      .replace(/^[\s*_`#>]+/, '')
      .replace(/[\s*_`#>]+$/, '')
      .slice(0, maxThought);
  }

  private noteName(signature: ActionSignature, span: Span): void {
    if (foldName(span.text) !== foldName(signature.name))
      this.repairs.push(
        repair('renamed-action', `“${span.text}” was read as ${signature.name}.`, {
          text: span.text,
          start: span.start,
          end: span.end,
        }),
      );
  }

  private unknownAction(label: Label | undefined, end: number): ParseProblem {
    const names = [...this.options.signatures.map((s) => s.name), finishSignature.name];
    const forms = [...this.options.signatures, finishSignature].map(example).join(', ');
    const from = label?.contentStart ?? 0;
    const zone = this.text.slice(from, label ? Math.min(label.contentEnd, end) : end);
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
    const span = trimSpan(this.text, from, Math.min(label?.contentEnd ?? end, end));
    return {
      code: 'no-action',
      message: 'No action was found in the reply.',
      hint: `End the reply with one action on a line of its own, one of: ${forms}`,
      start: span.start,
      end: span.end,
    };
  }
}

function emptyItems(signature: ActionSignature): Record<string, readonly string[]> {
  const list = signature.parameters.find((p) => p.kind === 'items');
  return list ? { [list.name]: [] } : {};
}

function spanOf(action: ParsedAction): Span {
  return { text: '', start: action.start, end: action.end };
}

function field(value: { [key: string]: Json }, names: readonly string[]): Json | undefined {
  for (const name of names) if (Object.hasOwn(value, name)) return value[name];
  return undefined;
}

function stringField(value: { [key: string]: Json }, names: readonly string[]): string | undefined {
  const found = field(value, names);
  return typeof found === 'string' ? found : undefined;
}

/** 1-based line and column of an offset, for a person. */
export function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return { line, column: offset - (before.lastIndexOf('\n') + 1) + 1 };
}

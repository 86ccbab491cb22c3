import {
  type Action,
  type ActionParameter,
  type ActionSignature,
  type ActionValue,
  foldName,
} from './action.ts';
import { splitItems } from './items.ts';
import { isComma, type Span, splitOutsideQuotes, unquote } from './text.ts';
import type { Json } from './lenient-json.ts';

/** Something the parser put right. `message` is a sentence for the person (and, where useful, the model). */
export interface Repair {
  readonly code: RepairCode;
  readonly message: string;
  readonly start: number;
  readonly end: number;
}

export type RepairCode =
  | 'renamed-action'
  | 'missing-bracket'
  | 'other-bracket'
  | 'several-actions'
  | 'invented-observation'
  | 'no-label'
  | 'json'
  | 'repaired-json'
  | 'default-argument'
  | 'extra-argument'
  | 'swapped-arguments'
  | 'count-lowered'
  | 'list-outside'
  | 'prose'
  | 'shortened';

/** Why no action could be read, in words that the model is shown once. */
export interface ParseProblem {
  readonly code:
    'empty-reply' | 'no-action' | 'unknown-action' | 'missing-argument' | 'bad-count' | 'bad-arguments';
  readonly message: string;
  readonly hint: string;
  readonly start: number;
  readonly end: number;
}

export class ActionProblem extends Error {
  readonly problem: ParseProblem;
  constructor(problem: ParseProblem) {
    super(problem.message);
    this.problem = problem;
  }
}

const numberWords: Readonly<Record<string, number>> = {
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  fifteen: 15,
  twenty: 20,
  thirty: 30,
  forty: 40,
  fifty: 50,
  hundred: 100,
};

/** A count as models write it: `10`, `top 10`, `10 items`, `ten`, `K`. Undefined when the text is no count at all. */
export function readCount(text: string): number | 'placeholder' | undefined {
  const bare = unquote(text);
  if (/^\$?\{?(k|n)\}?$/i.test(bare) || /^<\w{1,10}>$/.test(bare)) return 'placeholder';
  const match = /^(?:top[\s_-]*)?#?([+-]?\d{1,12}(?:\.\d{1,6})?)(?:\s+(?:\p{L}+\s?){1,3})?$/iu.exec(bare);
  if (match) return Number(match[1]);
  const words = bare
    .toLowerCase()
    .replace(/^top\s+/, '')
    .split(/\s+/);
  return words.length <= 2 ? numberWords[words[0]!] : undefined;
}

/** `None`, `null`, `any`… — the plain backbone. */
export function readAttribute(text: string): string | null {
  const bare = unquote(text)
    .replace(/\s+/g, ' ')
    .replace(/^(?:the|by)\s+/i, '');
  return /^(?:none|null|nil|n\/a|no(?: |_)attribute|any|-|)$/i.test(bare) ? null : bare;
}

const synonyms: Readonly<Record<ActionParameter['kind'], readonly string[]>> = {
  attribute: ['attribute', 'attr', 'attributename', 'by', 'aspect', 'a', 'key', 'feature'],
  count: [
    'k',
    'n',
    'count',
    'topk',
    'topn',
    'top',
    'size',
    'limit',
    'number',
    'num',
    'numitems',
    'outputsize',
  ],
  text: ['text', 'query', 'q', 'search', 'item', 'title', 'id', 'name', 'input'],
  items: ['items', 'list', 'finallist', 'movies', 'books', 'businesses', 'recommendations', 'titles', 'ids'],
};

function parameterNamed(signature: ActionSignature, name: string): ActionParameter | undefined {
  const folded = foldName(name);
  const own = signature.parameters.find(
    (p) => foldName(p.name) === folded || p.aliases?.some((alias) => foldName(alias) === folded),
  );
  return own ?? signature.parameters.find((p) => synonyms[p.kind].includes(folded));
}

/** Reads what stands between the brackets, by position or as `name=value`. */
export function readArguments(
  signature: ActionSignature,
  text: string,
  start: number,
  end: number,
  repairs: Repair[],
): Action {
  const list = signature.parameters.find((p) => p.kind === 'items');
  if (list) {
    const named = /^\s*([A-Za-z_]{1,24})\s*=\s*/.exec(text.slice(start, Math.min(end, start + 60)));
    const from =
      named && parameterNamed(signature, named[1]!)?.kind === 'items' ? start + named[0].length : start;
    return {
      name: signature.name,
      args: { [list.name]: splitItems(text, from, end).map((item) => item.text) },
    };
  }

  const pieces = splitOutsideQuotes(text, start, end, (c) => isComma(c) || c === ';' || c === '|');
  const values = new Map<ActionParameter, ActionValue>();
  const free: Span[] = [];
  for (const piece of pieces) {
    const named = /^["'`]?([A-Za-z_][A-Za-z_ ]{0,23}?)["'`]?\s*[=:：]\s*(.+)$/s.exec(piece.text);
    const parameter = named ? parameterNamed(signature, named[1]!) : undefined;
    if (named && parameter && !values.has(parameter))
      values.set(parameter, convert(signature, parameter, named[2]!, piece, repairs));
    else free.push(piece);
  }

  const open = () => signature.parameters.filter((p) => !values.has(p));
  const count = open().find((p) => p.kind === 'count');
  const wordy = open().find((p) => p.kind !== 'count');
  const soleText = free.length === 1 && wordy?.kind === 'text' && wordy.default === undefined;
  if (count && !soleText) {
    // The count is the last piece that is one; earlier ones may be part of a text such as Search[1984, 5].
    const at = free.findLastIndex((piece) => readCount(piece.text) !== undefined);
    if (at >= 0) {
      const [piece] = free.splice(at, 1);
      if (at === 0 && free.length > 0 && signature.parameters[0] !== count)
        repairs.push(repair('swapped-arguments', 'The arguments were in the other order.', piece!));
      values.set(count, convert(signature, count, piece!.text, piece!, repairs));
    }
  }
  if (wordy && free.length > 0) {
    const first = free[0]!;
    const last = free.at(-1)!;
    if (wordy.kind === 'text') {
      const whole = { text: text.slice(first.start, last.end), start: first.start, end: last.end };
      values.set(
        wordy,
        convert(signature, wordy, free.length === 1 ? first.text : whole.text, whole, repairs),
      );
    } else {
      values.set(wordy, convert(signature, wordy, first.text, first, repairs));
      if (count && !values.has(count) && free.length === 2)
        values.set(count, convert(signature, count, last.text, last, repairs)); // no number: says so
      else if (free.length > 1)
        repairs.push(
          repair('extra-argument', `Only “${first.text}” was used; one attribute at a time.`, {
            text: '',
            start: free[1]!.start,
            end: last.end,
          }),
        );
    }
  } else if (!wordy && free.length > 0)
    repairs.push(repair('extra-argument', `“${free[0]!.text.slice(0, 60)}” was not used.`, free[0]!));

  return complete(signature, values, { text: '', start, end }, repairs);
}

/** Reads arguments given as JSON: an object by name, an array by position, a string as between brackets. */
export function readJsonArguments(
  signature: ActionSignature,
  input: Json | undefined,
  span: Span,
  repairs: Repair[],
): Action {
  if (typeof input === 'string') return readArguments(signature, input, 0, input.length, repairs);
  if (typeof input === 'number')
    return readArguments(signature, String(input), 0, String(input).length, repairs);
  const list = signature.parameters.find((p) => p.kind === 'items');
  if (Array.isArray(input)) {
    if (list) return { name: signature.name, args: { [list.name]: jsonItems(input) } };
    const text = input.map((v) => (v === null ? 'None' : String(v))).join(', ');
    return readArguments(signature, text, 0, text.length, repairs);
  }
  const values = new Map<ActionParameter, ActionValue>();
  for (const [key, value] of Object.entries(input ?? {})) {
    const parameter = parameterNamed(signature, key);
    if (!parameter || values.has(parameter)) continue;
    if (parameter.kind === 'items') values.set(parameter, jsonItems(value));
    else {
      const text =
        value === null ? 'None' : Array.isArray(value) ? String(value[0] ?? 'None') : String(value as string);
      values.set(parameter, convert(signature, parameter, text, span, repairs));
    }
  }
  if (list && !values.has(list)) {
    const array = Object.values(input ?? {}).find(Array.isArray);
    if (array) values.set(list, jsonItems(array));
  }
  return complete(signature, values, span, repairs);
}

function jsonItems(value: Json): string[] {
  if (typeof value === 'string') return splitItems(value, 0, value.length).map((item) => item.text);
  if (!Array.isArray(value)) return value === null ? [] : [String(value as number)];
  return value
    .flat()
    .map((entry) => {
      if (entry && typeof entry === 'object' && !Array.isArray(entry)) {
        const fields = entry;
        const pick = (...keys: string[]) =>
          keys.map((key) => fields[key]).find((v) => v !== undefined && v !== null);
        return String(
          (pick('title', 'name', 'movie', 'book', 'item') ?? pick('id', 'item_id', 'code') ?? '') as string,
        );
      }
      return entry === null ? '' : String(entry as string);
    })
    .map((entry) => entry.trim().slice(0, 500))
    .filter((entry) => entry !== '');
}

function convert(
  signature: ActionSignature,
  parameter: ActionParameter,
  text: string,
  span: Span,
  repairs: Repair[],
): ActionValue {
  if (parameter.kind === 'text' && parameter.default === null)
    return readAttribute(text)?.slice(0, 500) ?? null;
  if (parameter.kind === 'attribute') return readAttribute(text)?.slice(0, 200) ?? null;
  if (parameter.kind !== 'count') return unquote(text).slice(0, 500);
  const count = readCount(text);
  if (count === 'placeholder' && typeof parameter.default === 'number') {
    repairs.push(
      repair('default-argument', `${parameter.name} was not a number; ${parameter.default} was used.`, span),
    );
    return parameter.default;
  }
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 1)
    throw new ActionProblem({
      code: 'bad-count',
      message: `“${text.slice(0, 40)}” is not a number of items.`,
      hint: `${parameter.name} must be a whole number from 1${parameter.max ? ` to ${parameter.max}` : ''}: ${example(signature)}`,
      start: span.start,
      end: span.end,
    });
  if (parameter.max !== undefined && count > parameter.max) {
    repairs.push(repair('count-lowered', `${count} was lowered to ${parameter.max}.`, span));
    return parameter.max;
  }
  return count;
}

function complete(
  signature: ActionSignature,
  values: ReadonlyMap<ActionParameter, ActionValue>,
  span: Span,
  repairs: Repair[],
): Action {
  const args: Record<string, ActionValue> = {};
  for (const parameter of signature.parameters) {
    const given = values.get(parameter);
    if (given !== undefined && given !== '') args[parameter.name] = given;
    else if (parameter.default !== undefined) {
      args[parameter.name] = parameter.default;
      if (parameter.kind !== 'items')
        repairs.push(
          repair(
            'default-argument',
            `${parameter.name} was left out; ${parameter.default === null ? 'None' : String(parameter.default)} was used.`,
            span,
          ),
        );
    } else
      throw new ActionProblem({
        code: 'missing-argument',
        message: `${signature.name} needs ${parameter.name}.`,
        hint: `Write it as ${example(signature)}`,
        start: span.start,
        end: span.end,
      });
  }
  return { name: signature.name, args };
}

/** `Retrieve[attribute, K]`, for hints. */
export function example(signature: ActionSignature): string {
  const words = signature.parameters.map((p) => (p.kind === 'items' ? 'item; item; …' : p.name));
  return `${signature.name}[${words.join(', ')}]`;
}

export function repair(code: RepairCode, message: string, span: Span): Repair {
  return { code, message, start: span.start, end: span.end };
}

import { choices, explainField, type Explanation, type Field, type Suggestion } from '../assist/field.ts';
import { trainingFileSchema } from './schema.ts';

/** Completion and hover in training configurations. Works on text however unfinished; knows no editor. */

/** Names of this folder, for values. */
export interface KnownNames {
  readonly datasets: readonly string[];
  readonly backbones: readonly string[];
  readonly attributes: readonly string[];
}

const fields = trainingFileSchema.shape as Readonly<Record<string, Field>>;

interface Line {
  readonly text: string;
  readonly start: number;
}

function lineAt(text: string, offset: number): Line {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', offset);
  return { text: text.slice(start, end < 0 ? text.length : end), start };
}

/** The key whose value, or list, the line belongs to. */
function keyOf(text: string, line: Line): string | undefined {
  const own = /^([A-Za-z]\w*)\s*:/.exec(line.text)?.[1];
  if (own !== undefined) return own;
  if (!/^\s/.test(line.text) && !line.text.startsWith('-')) return undefined;
  return [...text.slice(0, line.start).matchAll(/^([A-Za-z]\w*)\s*:/gm)].at(-1)?.[1];
}

/** What could stand at the offset. */
export function suggest(text: string, offset: number, names: KnownNames): Suggestion[] {
  const line = lineAt(text, offset);
  const before = line.text.slice(0, offset - line.start);
  if (before.includes('#')) return [];
  const key = /^\w*$/.exec(before);
  if (key) return keySuggestions(text, line.start, line.start + /^\w*/.exec(line.text)![0].length);
  const place = /(?:^([A-Za-z]\w*)\s*:\s*\[?|^\s*-\s*|,\s*)([\w.@-]*)$/.exec(before);
  const of = keyOf(text, line);
  if (!place || of === undefined) return [];
  const start = offset - place[2]!.length;
  const end = offset + /^[\w.@-]*/.exec(line.text.slice(offset - line.start))![0].length;
  const gap = before.endsWith(':') ? ' ' : '';
  return valuesOf(of, names).map(({ value, detail }) => ({
    label: value,
    insert: gap + value,
    detail,
    start,
    end,
  }));
}

function keySuggestions(text: string, start: number, end: number): Suggestion[] {
  const there = new Set([...text.matchAll(/^([A-Za-z]\w*)\s*:/gm)].map(([, key]) => key));
  return Object.entries(fields)
    .filter(([key]) => !there.has(key))
    .map(([key, field]) => ({ label: key, insert: `${key}: `, detail: field.description ?? '', start, end }));
}

function valuesOf(key: string, names: KnownNames): { value: string; detail: string }[] {
  const plain = (values: readonly string[], detail: string) => values.map((value) => ({ value, detail }));
  switch (key) {
    case 'dataset':
      return plain(names.datasets, 'dataset of this folder');
    case 'backbone':
      return plain(names.backbones, 'trained model of this folder');
    case 'attributes':
      return plain(names.attributes, 'attribute of the dataset');
    default:
      return plain(Object.hasOwn(fields, key) ? choices(fields[key]!) : [], '');
  }
}

/** What the key at the offset means; Markdown. */
export function explain(text: string, offset: number): Explanation | undefined {
  const line = lineAt(text, offset);
  const key = /^([A-Za-z]\w*)/.exec(line.text)?.[1];
  if (key === undefined || offset > line.start + key.length || !Object.hasOwn(fields, key)) return undefined;
  return {
    markdown: explainField(key, fields[key]!),
    start: line.start,
    end: line.start + key.length,
  };
}

import * as z from 'zod';
import { experimentSchema } from '../../experiments/experiment-file.ts';
import { findMethod, methodDefinitions } from '../../experiments/methods/catalogue.ts';
import type { MethodDefinition } from '../../experiments/methods/definition.ts';
import type { ModelView } from '../../service/requests/model.ts';
import {
  choices,
  type Explanation,
  explainField,
  type Field,
  innerOf,
  type Suggestion,
} from '../assist/field.ts';
import { type YamlPlace, yamlPlace } from '../assist/yaml-place.ts';

/** Completion and hover in experiment files. Works on text however unfinished; knows no editor. */

/** What this folder has. */
export interface KnownNames {
  readonly datasets: readonly { readonly name: string; readonly detail: string }[];
  readonly models: readonly ModelView[];
}

interface Value {
  readonly value: string;
  readonly detail: string;
}

/** What could stand at the offset. */
export function suggest(text: string, offset: number, names: KnownNames): Suggestion[] {
  const place = yamlPlace(text, offset);
  if (!place) return [];
  const field = fieldAt(place.path);
  if (place.key === undefined) {
    if (field instanceof z.ZodObject) return keySuggestions(place, field);
    // An item of a list of plain values, or a list without an item yet.
    if (field instanceof z.ZodArray) return itemStart(place, innerOf(field.element as Field));
    const key = place.path.at(-2);
    return key === undefined
      ? []
      : valueSuggestions(text, { ...place, path: place.path.slice(0, -2), key }, names);
  }
  return valueSuggestions(text, place, names);
}

function keySuggestions(place: YamlPlace, schema: z.ZodObject): Suggestion[] {
  const { path, around, start, end, typed, inline } = place;
  const there = new Set(Object.keys(around).filter((key) => key !== typed));
  const method = isMethod(path) ? findMethod(around['method'] ?? '') : undefined;
  const allowed = (key: string) =>
    !method || ['method', 'id', ...(method.settings as readonly string[])].includes(key);
  const indent = inline ? undefined : '\n  ';
  return Object.entries(schema.shape as Record<string, Field>)
    .filter(([key]) => !there.has(key) && allowed(key))
    .map(([key, field]) => ({
      label: key,
      insert: `${key}:${opening(innerOf(field), indent)}`,
      detail: field.description ?? innerOf(field).description ?? '',
      start,
      end,
    }));
}

/** What follows a key: its value on the same line, or the block under it. */
function opening(field: Field, indent: string | undefined): string {
  if (indent === undefined) return ' ';
  if (field instanceof z.ZodArray) return `${indent}- ${firstKey(innerOf(field.element as Field))}`;
  return field instanceof z.ZodObject || field instanceof z.ZodRecord ? indent : ' ';
}

const firstKey = (field: Field): string =>
  field instanceof z.ZodObject ? `${Object.keys(field.shape)[0]}: ` : '';

function itemStart({ start, end }: YamlPlace, element: Field): Suggestion[] {
  const key = firstKey(element);
  return key === '' ? [] : [{ label: `- ${key.trim()}`, insert: `- ${key}`, detail: '', start, end }];
}

function valueSuggestions(text: string, place: YamlPlace, names: KnownNames): Suggestion[] {
  const gap = place.needsSpace ? ' ' : '';
  return valuesOf(text, place, names).map(({ value, detail }) => ({
    label: value,
    insert: gap + value,
    detail,
    start: place.start,
    end: place.end,
  }));
}

function valuesOf(text: string, { path, key, around }: YamlPlace, names: KnownNames): Value[] {
  if (key === undefined) return [];
  const top = path.length === 0;
  const method = isMethod(path);
  switch (key) {
    case 'dataset':
      if (top) return names.datasets.map(({ name, detail }) => ({ value: name, detail }));
      break;
    case 'language_model':
      if (top || method) return languageModels(text);
      break;
    case 'reference':
      if (top) return methodIds(text).map((value) => ({ value, detail: 'method of this file' }));
      break;
    case 'metrics':
      if (top) return metricNames(text);
      break;
    case 'method':
      if (method)
        return methodDefinitions
          .filter(({ notBuilt }) => notBuilt === undefined)
          .map(({ name, description }) => ({ value: name, detail: description }));
      break;
    case 'model':
      if (method) return modelsFor(findMethod(around['method'] ?? ''), datasetOf(text), names);
      break;
  }
  const field = fieldAt([...path, key]);
  return field ? choices(field).map((value) => ({ value, detail: '' })) : [];
}

/** Trained models of the dataset that the method can stand on; floor models where it takes them. */
function modelsFor(
  method: MethodDefinition | undefined,
  dataset: string | undefined,
  { models }: KnownNames,
): Value[] {
  const need = method?.model;
  const fits = (view: ModelView) => {
    if (need === undefined) return true;
    if (need.kind === 'tool') return view.tool?.mode === need.mode;
    return need.kind === 'trained' && !view.tool && need.fits(view);
  };
  const floors =
    need === undefined || (need.kind === 'trained' && need.orFloor) ? ['cooccurrence', 'popularity'] : [];
  return [
    ...models
      .filter(
        (view) =>
          (dataset === undefined || view.dataset.name === dataset) &&
          view.progress.bestEpoch > 0 &&
          view.status !== 'training' &&
          fits(view),
      )
      .map((view) => ({ value: view.id, detail: modelText(view) })),
    ...floors.map((value) => ({ value, detail: 'floor model: needs no training' })),
  ];
}

function modelText({ title, dataset, validation }: ModelView): string {
  const ndcg = validation?.['ndcg@10'];
  return `${title}, ${dataset.name}${ndcg === undefined ? '' : `, NDCG@10 ${ndcg.toFixed(4)} on validation`}`;
}

function languageModels(text: string): Value[] {
  const block = /^language_models\s*:[^\n]*\n((?:[ \t]+[^\n]*\n?|\s*\n)*)/m.exec(text)?.[1] ?? '';
  const indent = /^([ \t]+)\S/m.exec(block)?.[1] ?? '  ';
  const own = [...block.matchAll(/^([ \t]+)([\w.-]+)\s*:/gm)].filter(([, lead]) => lead === indent);
  return [
    { value: 'offline', detail: 'stand-in by statistics, without a language model' },
    ...own.map(([, , name]) => ({ value: name!, detail: 'language model of this file' })),
  ];
}

/** Ids of the methods, as far as they are written. */
function methodIds(text: string): string[] {
  const ids = [...text.matchAll(/(?:^|[{,])\s*(?:-\s*\{?\s*)?(?:id|method)\s*:\s*([^\s,}]+)/gm)];
  return [...new Set(ids.map(([, id]) => id!))].filter((id) => /^[\w.-]+$/.test(id));
}

function metricNames(text: string): Value[] {
  const n = /^n\s*:\s*(\d+)/m.exec(text)?.[1] ?? '10';
  return ['recall', 'ndcg', 'hr', 'mrr', 'precision'].map((kind) => ({
    value: `${kind}@${n}`,
    detail: `over lists of ${n}`,
  }));
}

const datasetOf = (text: string): string | undefined => /^dataset\s*:\s*([^\s#]+)/m.exec(text)?.[1];
const isMethod = (path: readonly string[]): boolean => path.length === 2 && path[0] === 'methods';

/** The schema at a path; undefined where there is none. */
function fieldAt(path: readonly string[]): Field | undefined {
  let field: Field | undefined = experimentSchema;
  for (const step of path) {
    if (!field) return undefined;
    const inner: Field = mapOf(innerOf(field));
    if (step === '-') field = inner instanceof z.ZodArray ? (inner.element as Field) : undefined;
    else if (inner instanceof z.ZodRecord) field = inner.valueType as Field;
    else if (inner instanceof z.ZodObject)
      field = Object.hasOwn(inner.shape, step) ? (inner.shape as Record<string, Field>)[step] : undefined;
    else field = undefined;
  }
  return field && mapOf(innerOf(field));
}

/** Of `all` or a map the map: only it has keys. */
function mapOf(field: Field): Field {
  if (!(field instanceof z.ZodUnion)) return field;
  return (field.options as Field[]).find((option) => option instanceof z.ZodObject) ?? field;
}

/** What the word at the offset means; Markdown. */
export function explain(text: string, offset: number, names: KnownNames): Explanation | undefined {
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1);
  const start = offset - /[\w./+@-]*$/.exec(text.slice(0, offset))![0].length;
  const end = offset + /^[\w./+@-]*/.exec(text.slice(offset))![0].length;
  const found = text.slice(start, end);
  if (found === '' || line.trimStart().startsWith('#')) return undefined;
  const isKey = /^\s*:(\s|$)/.test(text.slice(end));
  const place = yamlPlace(text, isKey ? start : end);
  if (!place) return undefined;
  const markdown = isKey ? keyText(place, found) : valueText(text, place, found, names);
  return markdown === undefined ? undefined : { markdown, start, end };
}

function keyText({ path }: YamlPlace, key: string): string | undefined {
  const parent = fieldAt(path);
  if (!(parent instanceof z.ZodObject) || !Object.hasOwn(parent.shape, key)) return undefined;
  return explainField(key, (parent.shape as Record<string, Field>)[key]!);
}

function valueText(text: string, place: YamlPlace, value: string, names: KnownNames): string | undefined {
  if (place.key === 'method' && isMethod(place.path)) {
    const method = findMethod(value);
    if (!method) return undefined;
    const { title, description, settings, notBuilt } = method;
    const takes =
      settings.length === 0
        ? 'Takes no settings.'
        : `Takes ${settings.map((key) => `\`${key}\``).join(', ')}.`;
    return [`**${title}** — ${description}`, takes, ...(notBuilt === undefined ? [] : [notBuilt])].join(
      '\n\n',
    );
  }
  const known = valuesOf(text, place, names).find((each) => each.value === value);
  // Names of models and datasets come from disk: nothing of them is markup.
  return known && known.detail !== ''
    ? `\`${value.replaceAll('`', '')}\` — ${plain(known.detail)}`
    : undefined;
}

const plain = (text: string): string => text.replace(/[\\`*_{}[\]<>()#!|]/g, (sign) => `\\${sign}`);

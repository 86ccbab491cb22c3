import { isMap, isNode, isScalar, isSeq, parseDocument } from 'yaml';
import type * as z from 'zod';
import { nearestName, type PromptDiagnostic, type PromptFix, type Span } from './spans.ts';

export type YamlPath = readonly (string | number)[];

export interface YamlEntry {
  readonly path: YamlPath;
  /** The key; undefined for entries of a list. */
  readonly key: Span | undefined;
  readonly value: Span;
}

/** YAML with the place of everything in it; places count from the start of the file. */
export interface YamlModel {
  readonly span: Span;
  /** Undefined where the YAML cannot be read at all. */
  readonly value: unknown;
  readonly entries: readonly YamlEntry[];
  readonly problems: readonly PromptDiagnostic<'yaml-syntax'>[];
}

/** Reads a part of a file as YAML; never fails. */
export function readYaml(text: string, span: Span): YamlModel {
  const document = parseDocument(text.slice(span.start, span.end), { prettyErrors: false });
  const entries: YamlEntry[] = [];
  const at = (range: readonly [number, number, number] | null | undefined): Span => ({
    start: span.start + (range?.[0] ?? 0),
    end: span.start + (range?.[1] ?? 0),
  });
  const walk = (node: unknown, path: YamlPath): void => {
    if (isMap(node)) {
      for (const pair of node.items) {
        if (!isScalar(pair.key)) continue;
        const here = [...path, String(pair.key.value)];
        const key = at(pair.key.range);
        const value =
          isNode(pair.value) && pair.value.range ? at(pair.value.range) : { start: key.end, end: key.end };
        entries.push({ path: here, key, value });
        walk(pair.value, here);
      }
    } else if (isSeq(node)) {
      node.items.forEach((item, i) => {
        const here = [...path, i];
        if (isNode(item)) entries.push({ path: here, key: undefined, value: at(item.range) });
        walk(item, here);
      });
    }
  };
  walk(document.contents, []);
  const problems = document.errors.map((error): PromptDiagnostic<'yaml-syntax'> => {
    const start = span.start + error.pos[0];
    const tab = error.code === 'TAB_AS_INDENT';
    return {
      code: 'yaml-syntax',
      severity: 'error',
      message: `${sentence(error.message.split('\n')[0]!)}`,
      start,
      end: Math.max(start + 1, Math.min(span.start + error.pos[1], lineEnd(text, start))),
      fixes: tab
        ? [{ title: 'Replace the tab by two spaces', edits: [{ start, end: start + 1, text: '  ' }] }]
        : [],
    };
  });
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 20 });
  } catch {
    value = undefined;
  }
  return { span, value, entries, problems };
}

export function entryAt(model: YamlModel, path: YamlPath): YamlEntry | undefined {
  return model.entries.find(
    (entry) => entry.path.length === path.length && entry.path.every((part, i) => part === path[i]),
  );
}

/** The innermost entry that holds an offset. */
export function entryAround(model: YamlModel, offset: number): YamlEntry | undefined {
  let found: YamlEntry | undefined;
  for (const entry of model.entries) {
    const start = entry.key?.start ?? entry.value.start;
    if (offset >= start && offset <= entry.value.end) found = entry;
  }
  return found;
}

/** Every way in which a YAML value does not fit its schema, each at its place with what would put it right. */
export function schemaProblems<Code extends string>(
  text: string,
  model: YamlModel,
  schema: z.ZodType,
  code: Code,
): PromptDiagnostic<Code>[] {
  const result = schema.safeParse(model.value ?? {});
  if (result.success) return [];
  const found: PromptDiagnostic<Code>[] = [];
  const add = (span: Span, message: string, fixes: readonly PromptFix[] = []) =>
    found.push({
      code,
      severity: 'error',
      message,
      start: span.start,
      end: Math.max(span.end, span.start + 1),
      fixes,
    });
  for (const issue of result.error.issues) {
    const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
    const entry = entryAt(model, path);
    const name = path.join('.');
    if (issue.code === 'unrecognized_keys') {
      const known = keysOf(schema, path);
      for (const key of issue.keys) {
        const own = entryAt(model, [...path, key]);
        if (!own?.key) continue;
        const near = nearestName(key, known);
        add(
          own.key,
          `“${key}” is not known here.${near ? ` Did you mean “${near}”?` : ''} ${known.length ? `There are: ${known.join(', ')}.` : ''}`.trim(),
          [
            ...(near
              ? [{ title: `Change to “${near}”`, edits: [{ ...own.key, text: near }], preferred: true }]
              : []),
            { title: `Remove “${key}”`, edits: [{ ...wholeLines(text, own), text: '' }] },
          ],
        );
      }
      continue;
    }
    if (issue.code === 'invalid_type' && !entry) {
      const key = String(path.at(-1) ?? '');
      const parent = entryAt(model, path.slice(0, -1));
      const fixes =
        path.length === 1
          ? [
              {
                title: `Add “${key}”`,
                edits: [{ start: model.span.start, end: model.span.start, text: `${key}: \n` }],
                preferred: true,
              },
            ]
          : [];
      const place = parent?.key ??
        parent?.value ?? { start: Math.max(0, model.span.start - 4), end: model.span.start };
      add(
        { start: place.start, end: Math.min(place.end, lineEnd(text, place.start)) },
        `“${name}” is missing.`,
        fixes,
      );
      continue;
    }
    const span = entry
      ? entry.value.end > entry.value.start
        ? entry.value
        : (entry.key ?? entry.value)
      : model.span;
    if (issue.code === 'invalid_value') {
      const choices = issue.values.map(String);
      const written = text.slice(span.start, span.end).replace(/^["']|["']$/g, '');
      const near = nearestName(written, choices);
      add(span, `“${name}” is one of ${choices.join(', ')}.`, [
        ...(near
          ? [{ title: `Change to “${near}”`, edits: [{ ...span, text: near }], preferred: true }]
          : []),
        ...(near ? [] : choices.slice(0, 6)).map((choice) => ({
          title: `Change to “${choice}”`,
          edits: [{ ...span, text: choice }],
        })),
      ]);
      continue;
    }
    if (issue.code === 'invalid_key') {
      add(
        entry?.key ?? span,
        `“${String(path.at(-1))}” cannot be a name: lower-case letters, digits and _, a letter first.`,
      );
      continue;
    }
    add(span, `${name ? `“${name}”: ` : ''}${issue.message}.`.replace(/\.\.$/, '.'));
  }
  return found;
}

/** Keys that a schema knows at a path; empty where it takes any. */
export function keysOf(schema: z.ZodType, path: YamlPath): string[] {
  return Object.keys(shapeAt(schema, path) ?? {});
}

/** The schema at a path, through defaults, options, lists and records. */
export function schemaAt(schema: z.ZodType, path: YamlPath): z.ZodType | undefined {
  let at: z.ZodType | undefined = bare(schema);
  for (const part of path) {
    if (!at) return undefined;
    const definition = at._zod.def as unknown as {
      type: string;
      shape?: Record<string, z.ZodType>;
      element?: z.ZodType;
      valueType?: z.ZodType;
    };
    if (definition.type === 'object') at = definition.shape?.[String(part)];
    else if (definition.type === 'array') at = definition.element;
    else if (definition.type === 'record') at = definition.valueType;
    else return undefined;
    at = at && bare(at);
  }
  return at;
}

export function shapeAt(schema: z.ZodType, path: YamlPath): Record<string, z.ZodType> | undefined {
  const at = schemaAt(schema, path);
  const definition = at?._zod.def as unknown as
    { type: string; shape?: Record<string, z.ZodType> } | undefined;
  return definition?.type === 'object' ? definition.shape : undefined;
}

/** Values of an enumeration; undefined for anything else. */
export function choicesOf(schema: z.ZodType | undefined): string[] | undefined {
  const definition = schema?._zod.def as unknown as
    { type: string; entries?: Record<string, string> } | undefined;
  if (definition?.type === 'boolean') return ['true', 'false'];
  return definition?.type === 'enum' ? Object.values(definition.entries ?? {}) : undefined;
}

function bare(schema: z.ZodType): z.ZodType {
  let at = schema;
  for (;;) {
    const definition = at._zod.def as unknown as { type: string; innerType?: z.ZodType };
    if (
      definition.innerType &&
      ['default', 'optional', 'nullable', 'prefault', 'readonly'].includes(definition.type)
    )
      at = definition.innerType;
    else return at;
  }
}

/** The description of a schema, whichever of its wrappings bears it. */
export function descriptionOf(schema: z.ZodType | undefined): string | undefined {
  if (!schema) return undefined;
  if (schema.description) return schema.description;
  const inner = (schema._zod.def as unknown as { innerType?: z.ZodType }).innerType;
  return inner && descriptionOf(inner);
}

/** An entry with its lines, for removing it. */
export function wholeLines(text: string, entry: YamlEntry): Span {
  const from = entry.key?.start ?? entry.value.start;
  const start = text.lastIndexOf('\n', from - 1) + 1;
  const last = Math.max(from, entry.value.end - (text[entry.value.end - 1] === '\n' ? 1 : 0));
  return { start, end: lineEnd(text, last) + 1 };
}

function lineEnd(text: string, offset: number): number {
  const end = text.indexOf('\n', offset);
  return end < 0 ? text.length : end;
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

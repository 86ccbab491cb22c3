import { finishSignature, type ActionSignature } from '../../grammar/action.ts';
import { filterNames } from '../engine.ts';
import { frontMatterSchema } from '../template.ts';
import { blocksAround, roleNames } from './blocks.ts';
import { loopsAround, type PromptDocument, typeOfMeaning, walkPath } from './document.ts';
import { readExpression } from './expression.ts';
import type { Span } from './spans.ts';
import { forloopType, type ValueType } from './types.ts';
import { showValue, valueAt } from './values.ts';
import { filterDescriptions, tagWords } from './words.ts';
import {
  choicesOf,
  descriptionOf,
  entryAround,
  schemaAt,
  shapeAt,
  type YamlModel,
  type YamlPath,
} from './yaml-model.ts';
import type * as z from 'zod';

export interface CompletionEntry {
  readonly label: string;
  readonly kind: 'variable' | 'field' | 'filter' | 'tag' | 'tool' | 'attribute' | 'key' | 'value';
  /** Type, and the value it has now. */
  readonly detail?: string;
  readonly documentation?: string;
  readonly insert: string;
  readonly isSnippet?: boolean;
  /** What it takes the place of. */
  readonly replace: Span;
  /** Earlier comes first. */
  readonly rank: number;
}

export interface CompletionContext {
  readonly signatures: readonly ActionSignature[];
  readonly attributes?: readonly string[] | undefined;
  /** The values that are shown with the variables. */
  readonly values?: Readonly<Record<string, unknown>> | undefined;
}

/** What could stand at an offset. */
export function completePrompt(
  document: PromptDocument,
  offset: number,
  context: CompletionContext,
): CompletionEntry[] {
  const { front, text } = document;
  if (offset < front.bodyStart || front.span.end > offset)
    return front.span.end > front.span.start ? completeYaml(text, front.yaml, offset, frontMatterSchema) : [];
  const token = document.tokens.find(
    (one) =>
      offset > one.start && (offset < one.end || (offset === one.end && 'closed' in one && !one.closed)),
  );
  if (token?.kind === 'output') return completeExpression(document, token.inner, offset, context);
  if (token?.kind === 'tag') {
    if (offset <= token.nameSpan.end) return completeTag(document, offset, token.nameSpan, token.closed);
    if (token.name === 'for' && !/\bin\s/.test(text.slice(token.inner.start, offset))) return [];
    return completeExpression(document, token.inner, offset, context);
  }
  if (token?.kind === 'comment') return [];
  // Between the braces of `{%` or `{{` that were just typed and nothing follows yet.
  const before = text.slice(Math.max(0, offset - 3), offset);
  if (/\{%-?$/.test(before)) return completeTag(document, offset, { start: offset, end: offset }, false);
  return completeActions(document, offset, context);
}

function completeTag(
  document: PromptDocument,
  offset: number,
  name: Span,
  closed: boolean,
): CompletionEntry[] {
  const replace = { start: Math.min(name.start, offset), end: Math.max(name.end, offset) };
  const around = blocksAround(document.blocks.roots, replace.start - 2);
  const lead = /\{%-?$/.test(document.text.slice(0, replace.start)) ? ' ' : '';
  const tail = closed ? '' : ' %}';
  const inRole = around.some((block) => roleNames.includes(block.tag.name));
  const entries: CompletionEntry[] = [];
  const open = around.findLast((block) => !block.close) ?? around.at(-1);
  if (open)
    entries.push({
      label: `end${open.tag.name}`,
      kind: 'tag',
      detail: `ends {% ${open.tag.name} %}`,
      insert: `${lead}end${open.tag.name}${tail}`,
      replace,
      rank: open.close ? 2 : 0,
    });
  for (const tag of tagWords) {
    if (inRole && roleNames.includes(tag.name)) continue;
    if (tag.inside && !around.some((block) => tag.inside!.includes(block.tag.name))) continue;
    const head = tag.snippet ?? tag.name;
    const body = closed
      ? `${lead}${head}`
      : tag.block
        ? `${lead}${head} %}\n$0\n{% end${tag.name} %}`
        : `${lead}${head}${tail}`;
    entries.push({
      label: tag.name,
      kind: 'tag',
      documentation: tag.description,
      insert: body,
      isSnippet: true,
      replace,
      rank: roleNames.includes(tag.name) ? 1 : 3,
    });
  }
  return entries;
}

function completeExpression(
  document: PromptDocument,
  inner: Span,
  offset: number,
  context: CompletionContext,
): CompletionEntry[] {
  const { text } = document;
  const before = text.slice(inner.start, offset);
  const typed = /[\w-]*$/.exec(before)![0];
  const rest = /^[\w-]*/.exec(text.slice(offset, inner.end))![0];
  const replace = { start: offset - typed.length, end: offset + rest.length };
  const lead = before.slice(0, before.length - typed.length);
  if ((lead.match(/(?:^|[^\\])["']/g) ?? []).length % 2 === 1) return []; // inside a quoted text
  if (/\|\s*$/.test(lead)) {
    return filterNames()
      .filter((name) => name !== 'raw')
      .map((name) => ({
        label: name,
        kind: 'filter' as const,
        ...(filterDescriptions[name] ? { documentation: filterDescriptions[name] } : {}),
        insert: name,
        replace,
        rank: filterDescriptions[name] ? 0 : 1,
      }));
  }
  if (/\.\s*$/.test(lead)) return completeFields(document, lead, offset, replace, context);
  const entries: CompletionEntry[] = [];
  const locals = document.locals.filter((local) => offset >= local.scope.start && offset <= local.scope.end);
  const seen = new Set<string>();
  for (const local of [...locals].reverse()) {
    if (seen.has(local.name)) continue;
    seen.add(local.name);
    entries.push({
      label: local.name,
      kind: 'variable',
      detail: `${local.type.name} · ${local.by === 'for' ? `each of ${local.source}` : local.source}`,
      insert: local.name,
      replace,
      rank: 0,
    });
  }
  if (loopsAround(document, offset))
    entries.push({
      label: 'forloop',
      kind: 'variable',
      detail: 'loop · which pass it is',
      insert: 'forloop',
      replace,
      rank: 2,
    });
  for (const input of document.inputs.values()) {
    if (seen.has(input.name)) continue;
    const value =
      context.values && Object.hasOwn(context.values, input.name) ? context.values[input.name] : input.sample;
    entries.push({
      label: input.name,
      kind: 'variable',
      detail: `${input.type.name} · ${showValue(value, 60)}`,
      documentation: input.description,
      insert: input.name,
      replace,
      rank: input.required ? 1 : 2,
    });
  }
  return entries;
}

function completeFields(
  document: PromptDocument,
  lead: string,
  offset: number,
  replace: Span,
  context: CompletionContext,
): CompletionEntry[] {
  const start = offset - (document.text.slice(replace.start, offset).length + lead.length);
  const path = readExpression(document.text, { start, end: replace.start })
    .filter((part) => part.kind === 'path')
    .at(-1);
  if (!path) return [];
  const names = path.segments.filter((segment) => segment.name !== '');
  const local = document.locals.findLast(
    (one) => one.name === path.root && offset >= one.scope.start && offset <= one.scope.end,
  );
  const input = document.inputs.get(path.root);
  const root: ValueType | undefined =
    path.root === 'forloop' && loopsAround(document, offset)
      ? forloopType
      : local
        ? typeOfMeaning({ kind: 'local', definition: local })
        : input?.type;
  const { type } = walkPath(path, root, names.length);
  const values = context.values ?? {};
  const list = local?.by === 'for' ? valueAt(values, local.source.split('.')) : undefined;
  const sample =
    list !== undefined
      ? Array.isArray(list)
        ? (list as unknown[])[0]
        : undefined
      : valueAt(values, [path.root]);
  return Object.entries(type?.fields ?? {}).map(([name, field]) => {
    const value = valueAt(sample, [...names.map((segment) => segment.name), name]);
    return {
      label: name,
      kind: 'field' as const,
      detail: value === undefined ? field.name : `${field.name} · ${showValue(value, 60)}`,
      insert: name,
      replace,
      rank: 0,
    };
  });
}

/** Tools and attributes in the text: after `Action:`, at the start of a tool's name, between its brackets. */
function completeActions(
  document: PromptDocument,
  offset: number,
  context: CompletionContext,
): CompletionEntry[] {
  if (!document.inputs.has('tools')) return [];
  const line = document.text.slice(document.text.lastIndexOf('\n', offset - 1) + 1, offset);
  return completeAction(line, offset, context);
}

/** As in a line of text that ends at the offset; also for the actions of demonstrations. */
export function completeAction(line: string, offset: number, context: CompletionContext): CompletionEntry[] {
  const all = [...context.signatures, finishSignature];
  const call = /(\p{L}[\p{L}_-]*)\[([^\]]*)$/u.exec(line);
  if (call) {
    const signature = all.find((one) => one.name === call[1]);
    const index = (call[2]!.match(/,/g) ?? []).length;
    if (signature?.parameters[index]?.kind !== 'attribute') return [];
    const typed = /[\p{L}\p{N}_]*$/u.exec(line)![0];
    const replace = { start: offset - typed.length, end: offset };
    return [...(context.attributes ?? []), 'None'].map((name, i) => ({
      label: name,
      kind: 'attribute' as const,
      detail: name === 'None' ? 'no attribute: the plain backbone' : 'attribute of the dataset',
      insert: name,
      replace,
      rank: i,
    }));
  }
  const typed = /\p{L}*$/u.exec(line)![0];
  const labelled = /action\s*\d*\s*:\s*\p{L}*$/iu.test(line);
  if (!labelled && !(/^\p{Lu}/u.test(typed) && all.some((one) => one.name.startsWith(typed)))) return [];
  const replace = { start: offset - typed.length, end: offset };
  return all.map((signature, i) => ({
    label: signature.name,
    kind: 'tool' as const,
    detail: `${signature.name}[${signature.parameters.map((p) => (p.kind === 'count' ? 'K' : p.name)).join(', ')}]`,
    insert: `${signature.name}[${signature.parameters
      .map((parameter, at) => `\${${at + 1}:${parameter.kind === 'count' ? '10' : parameter.name}}`)
      .join(', ')}]`,
    isSnippet: true,
    replace,
    rank: i,
  }));
}

/** Keys and values of a YAML text whose schema is known. */
export function completeYaml(
  text: string,
  model: YamlModel,
  offset: number,
  schema: z.ZodType,
): CompletionEntry[] {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  const line = text.slice(lineStart, offset);
  if (offset < model.span.start || offset > model.span.end) return [];
  const path = pathOfLine(text, model, lineStart);
  const written = /^(\s*(?:- )*)([\w-]*)$/.exec(line);
  if (written) {
    const shape = shapeAt(schema, path);
    const present = new Set(
      model.entries
        .filter(
          (entry) => entry.path.length === path.length + 1 && path.every((part, i) => part === entry.path[i]),
        )
        .filter((entry) => !(entry.key && offset >= entry.key.start && offset <= entry.key.end))
        .map((entry) => String(entry.path.at(-1))),
    );
    const replace = { start: offset - written[2]!.length, end: offset };
    return Object.entries(shape ?? {})
      .filter(([key]) => !present.has(key))
      .map(([key, value], i) => {
        const inner = schemaAt(value, [])!;
        const nested = ['object', 'record', 'array'].includes((inner._zod.def as { type: string }).type);
        const documentation = descriptionOf(value);
        return {
          label: key,
          kind: 'key' as const,
          ...(documentation ? { documentation } : {}),
          insert: nested ? `${key}:` : `${key}: `,
          replace,
          rank: i,
        };
      });
  }
  const value = /^\s*(?:- )*([\w-]+):\s*([\w-]*)$/.exec(line);
  if (!value) return [];
  const choices = choicesOf(schemaAt(schema, [...path, value[1]!])) ?? [];
  const replace = { start: offset - value[2]!.length, end: offset };
  return choices.map((choice, i) => ({
    label: choice,
    kind: 'value' as const,
    insert: choice,
    replace,
    rank: i,
  }));
}

/** The path of the map in which a line stands, by its indentation. */
function pathOfLine(text: string, model: YamlModel, lineStart: number): YamlPath {
  const indent = /^([ \t]*)((?:- )*)/.exec(text.slice(lineStart))!;
  const depth = indent[1]!.length + indent[2]!.length;
  let found: YamlPath = [];
  const own = entryAround(model, lineStart + depth);
  if (own && own.key?.start === lineStart + depth) return own.path.slice(0, -1);
  for (const entry of model.entries) {
    const start = entry.key?.start ?? entry.value.start;
    if (start >= lineStart + depth) break;
    const column = start - (text.lastIndexOf('\n', start - 1) + 1);
    const holds = entry.key ? column < depth : column <= depth;
    if (!holds) continue;
    // A later entry at this depth or less takes the place of an earlier one.
    found = entry.path;
  }
  if (indent[2] !== '' && typeof found.at(-1) !== 'number') return [...found, 0];
  return found;
}

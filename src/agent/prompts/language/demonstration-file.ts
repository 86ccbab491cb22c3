import type { ActionSignature } from '../../grammar/action.ts';
import { nearestAttribute } from '../../tools/attributes.ts';
import {
  checkDemonstration,
  type DemonstrationFile,
  type DemonstrationFinding,
  demonstrationFileSchema,
} from '../demonstrations.ts';
import type { PromptDomain } from '../kinds.ts';
import { completeAction, type CompletionContext, type CompletionEntry, completeYaml } from './complete.ts';
import { LineIndex, type PromptDiagnostic, type PromptFix, type Span } from './spans.ts';
import {
  entryAround,
  entryAt,
  readYaml,
  schemaProblems,
  type YamlModel,
  type YamlPath,
} from './yaml-model.ts';

/** A file of demonstrations with everything in it at its place. */
export interface DemonstrationDocument {
  readonly text: string;
  readonly lines: LineIndex;
  readonly yaml: YamlModel;
  /** When it fits its schema. */
  readonly value: DemonstrationFile | undefined;
}

/** What the demonstrations are held to: the open dataset. */
export interface KnownItems {
  /** Of the dataset; examples of other domains name other items. */
  readonly domain: PromptDomain;
  /** Whether an item has this title (or id). */
  has(title: string): boolean;
  nearest(title: string): string | undefined;
  /** Titles that contain a text, the best first. */
  find(text: string, most: number): readonly string[];
}

export type DemonstrationCode = 'yaml-syntax' | 'schema' | 'unknown-item' | DemonstrationFinding['code'];

export function readDemonstrations(text: string): DemonstrationDocument {
  const yaml = readYaml(text, { start: 0, end: text.length });
  const parsed = yaml.problems.length === 0 ? demonstrationFileSchema.safeParse(yaml.value) : undefined;
  return { text, lines: new LineIndex(text), yaml, value: parsed?.success ? parsed.data : undefined };
}

/** All findings, in the order of the text. */
export function checkDemonstrations(
  document: DemonstrationDocument,
  options: { readonly signatures: readonly ActionSignature[]; readonly items?: KnownItems | undefined },
): PromptDiagnostic<DemonstrationCode>[] {
  const { text, yaml, value } = document;
  const found: PromptDiagnostic<DemonstrationCode>[] = [...yaml.problems];
  if (yaml.problems.length === 0)
    found.push(...schemaProblems(text, yaml, demonstrationFileSchema, 'schema'));
  if (!value) return found;
  value.demonstrations.forEach((demonstration, i) => {
    for (const finding of checkDemonstration(demonstration, options.signatures, value.attributes)) {
      const place = placeOf(document, i, finding);
      found.push({
        code: finding.code,
        severity: finding.code === 'unreadable-action' ? 'error' : 'warning',
        message: finding.message,
        start: place.start,
        end: Math.max(place.end, place.start + 1),
        fixes: fixesOf(document, finding, place, value.attributes),
      });
    }
    if (options.items?.domain === value.domain) found.push(...unknownItems(document, i, options.items));
  });
  return found.sort((a, b) => a.start - b.start || a.end - b.end);
}

function placeOf(
  document: DemonstrationDocument,
  demonstration: number,
  finding: DemonstrationFinding,
): Span {
  const round: YamlPath = ['demonstrations', demonstration, 'rounds', finding.round - 1];
  if (finding.item !== undefined) {
    const own = document.value!.demonstrations[demonstration]!.rounds[finding.round - 1]!.observation ?? [];
    const index = own.indexOf(finding.item);
    const entry = index >= 0 ? entryAt(document.yaml, [...round, 'observation', index]) : undefined;
    if (entry) return trimmed(document.text, entry.value);
  }
  const key = finding.code === 'too-many-items' ? 'observation' : 'action';
  const entry = entryAt(document.yaml, [...round, key]) ?? entryAt(document.yaml, round);
  if (key === 'observation' && entry?.key) return entry.key;
  return trimmed(document.text, entry?.value ?? { start: 0, end: 1 });
}

function fixesOf(
  document: DemonstrationDocument,
  finding: DemonstrationFinding,
  place: Span,
  attributes: readonly string[],
): PromptFix[] {
  if (finding.better !== undefined)
    return [
      {
        title: `Write it as ${finding.better}`,
        edits: [{ ...place, text: yamlScalar(finding.better) }],
        preferred: true,
      },
    ];
  if (finding.code === 'unknown-attribute') {
    const written = document.text.slice(place.start, place.end);
    const attribute = /\[\s*"?([^,\]"]*)/.exec(written)?.[1]?.trim() ?? '';
    const near = nearestAttribute(attribute, attributes);
    if (near)
      return [
        {
          title: `Change to “${near}”`,
          edits: [{ ...place, text: written.replace(attribute, near) }],
          preferred: true,
        },
      ];
  }
  return [];
}

/** Items of the history and the observations that the open dataset lacks. */
function unknownItems(
  document: DemonstrationDocument,
  demonstration: number,
  items: KnownItems,
): PromptDiagnostic<'unknown-item'>[] {
  const found: PromptDiagnostic<'unknown-item'>[] = [];
  const own = document.value!.demonstrations[demonstration]!;
  const look = (titles: readonly string[], path: YamlPath) =>
    titles.forEach((title, i) => {
      if (items.has(title)) return;
      const entry = entryAt(document.yaml, [...path, i]);
      if (!entry) return;
      const place = trimmed(document.text, entry.value);
      const near = items.nearest(title);
      found.push({
        code: 'unknown-item',
        severity: 'warning',
        message: `“${title}” is not in the catalogue of the dataset.${near ? ` Did you mean “${near}”?` : ''}`,
        start: place.start,
        end: place.end,
        fixes: near
          ? [{ title: `Change to “${near}”`, edits: [{ ...place, text: yamlScalar(near) }], preferred: true }]
          : [],
      });
    });
  look(own.history, ['demonstrations', demonstration, 'history']);
  own.rounds.forEach((round, r) =>
    look(round.observation ?? [], ['demonstrations', demonstration, 'rounds', r, 'observation']),
  );
  return found;
}

/** Which demonstration and which part of it stand at an offset. */
export function demonstrationAt(
  document: DemonstrationDocument,
  offset: number,
): { index: number; item: string | undefined } | undefined {
  const entry = entryAround(document.yaml, offset);
  if (entry?.path[0] !== 'demonstrations' || typeof entry.path[1] !== 'number') return undefined;
  const index = entry.path[1];
  const own = document.value?.demonstrations[index];
  const [, , part, at, list, place] = entry.path;
  let item: string | undefined;
  if (part === 'history' && typeof at === 'number') item = own?.history[at];
  if (part === 'rounds' && typeof at === 'number' && list === 'observation' && typeof place === 'number')
    item = own?.rounds[at]?.observation?.[place];
  return { index, item };
}

/** Keys, actions with their tools and attributes, and titles of the catalogue. */
export function completeDemonstrations(
  document: DemonstrationDocument,
  offset: number,
  context: CompletionContext & { readonly items?: KnownItems | undefined },
): CompletionEntry[] {
  const { text, yaml } = document;
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset);
  const action = /^\s*(?:- )?action:\s*(?:>-?\s*)?["']?(.*)$/.exec(line);
  if (action) return completeAction(`Action: ${action[1]!}`, offset, context);
  const keys = completeYaml(text, yaml, offset, demonstrationFileSchema);
  if (keys.length > 0) return keys;
  const item = /^(\s*)- (["']?)([^"':]*)$/.exec(line);
  if (!item || !context.items) return [];
  const head = lastKey(text, offset, item[1]!.length);
  if (head !== 'history' && head !== 'observation') return [];
  const replace = { start: offset - item[3]!.length - item[2]!.length, end: offset };
  return context.items.find(item[3]!, 50).map((title, i) => ({
    label: title,
    kind: 'value' as const,
    detail: 'item of the catalogue',
    insert: yamlScalar(title),
    replace,
    rank: i,
  }));
}

/** The key that the list at this depth belongs to. */
function lastKey(text: string, offset: number, depth: number): string | undefined {
  const lines = text.slice(0, offset).split('\n').slice(0, -1).reverse();
  for (const line of lines) {
    const key = /^(\s*)(?:- )?([\w-]+):\s*$/.exec(line);
    if (key && key[1]!.length <= depth) return key[2];
    if (!/^\s*(?:- .*)?$/.test(line)) return undefined;
  }
  return undefined;
}

/** A text as YAML: plain where that is safe, else in single quotes. */
export function yamlScalar(text: string): string {
  return /^[\p{L}\p{N}][\p{L}\p{N} ,.()!?[\]"'&/;-]*$/u.test(text) &&
    !/^(true|false|null|yes|no|on|off|~|[\d.]+)$/i.test(text)
    ? text
    : `'${text.replaceAll("'", "''")}'`;
}

function trimmed(text: string, span: Span): Span {
  let { end } = span;
  while (end > span.start && /\s/.test(text[end - 1]!)) end--;
  return { start: span.start, end };
}

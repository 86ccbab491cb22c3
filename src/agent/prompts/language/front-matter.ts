import { type FrontMatter, frontMatterSchema } from '../template.ts';
import { type PromptKind, promptKinds } from '../kinds.ts';
import type { PromptDiagnostic, Span } from './spans.ts';
import { readYaml, schemaProblems, type YamlModel } from './yaml-model.ts';

/** The front matter as far as it can be read. */
export interface FrontMatterModel {
  /** From the first line of dashes to the end of the second one; empty where there is none. */
  readonly span: Span;
  readonly yaml: YamlModel;
  readonly bodyStart: number;
  readonly kind: PromptKind | undefined;
  /** All of it, when it fits its schema. */
  readonly value: FrontMatter | undefined;
  readonly inputs: Readonly<Record<string, { description?: string; sample?: unknown }>>;
  readonly problems: readonly PromptDiagnostic<'front-matter' | 'yaml-syntax'>[];
}

const example = '---\nkind: surrogate\ndomain: generic\ntitle: My prompt\n---\n\n';

export function readFrontMatter(text: string): FrontMatterModel {
  const lead = text.startsWith('\uFEFF') ? 1 : 0;
  const match = /^---[ \t]*\r?\n([\s\S]*?)(^---[ \t]*(?:\r?\n|$))/m.exec(text.slice(lead));
  if (match?.index !== 0) {
    const open = /^---[ \t]*\r?\n/.exec(text.slice(lead));
    const span = { start: lead, end: lead };
    return {
      span,
      yaml: { span, value: undefined, entries: [], problems: [] },
      bodyStart: lead,
      kind: undefined,
      value: undefined,
      inputs: {},
      problems: [
        {
          code: 'front-matter',
          severity: 'error',
          message: open
            ? 'The front matter is not closed with a second line of “---”.'
            : 'The prompt does not begin with a front matter between two lines of “---”.',
          start: lead,
          end: Math.min(text.length, lead + 3),
          fixes: open
            ? [
                {
                  title: 'Close the front matter',
                  edits: [closing(text, lead + open[0].length)],
                  preferred: true,
                },
              ]
            : [{ title: 'Insert a front matter', edits: [{ ...span, text: example }], preferred: true }],
        },
      ],
    };
  }
  const start = lead + match[0].indexOf('\n') + 1;
  const inner = { start, end: start + match[1]!.length };
  const yaml = readYaml(text, inner);
  const raw = (typeof yaml.value === 'object' && yaml.value !== null ? yaml.value : {}) as Record<
    string,
    unknown
  >;
  const parsed = frontMatterSchema.safeParse(raw);
  const kind = promptKinds.find((name) => name === raw['kind']);
  const inputs: Record<string, { description?: string; sample?: unknown }> = {};
  const written = raw['inputs'];
  if (typeof written === 'object' && written !== null && !Array.isArray(written))
    for (const [name, input] of Object.entries(written as Record<string, unknown>))
      inputs[name] = typeof input === 'object' && input !== null ? (input as { sample?: unknown }) : {};
  return {
    span: { start: lead, end: lead + match[0].length },
    yaml,
    bodyStart: lead + match[0].length,
    kind,
    value: parsed.success ? parsed.data : undefined,
    inputs,
    problems: [
      ...yaml.problems,
      ...(yaml.problems.length > 0 ? [] : schemaProblems(text, yaml, frontMatterSchema, 'front-matter')),
    ],
  };
}

/** A second line of dashes after the lines that look like YAML. */
function closing(text: string, from: number) {
  let at = from;
  for (const line of text.slice(from).split('\n')) {
    if (!/^(\s+\S|[a-z_]+\s*:|- |#)/.test(line)) break;
    at += line.length + 1;
  }
  const start = Math.min(at, text.length);
  return { start, end: start, text: text[start - 1] === '\n' ? '---\n' : '\n---\n' };
}

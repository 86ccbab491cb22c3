import type { ActionSignature } from '../../grammar/action.ts';
import { ToolRecError } from '../../../shared/errors.ts';
import { filterNames } from '../engine.ts';
import { renderPrompt, type RenderedPrompt } from '../render.ts';
import { parseTemplate, type PromptTemplate } from '../template.ts';
import { actionProblems, ownWords, shownCalls } from './action-text.ts';
import { roleNames } from './blocks.ts';
import type { PromptDocument } from './document.ts';
import { nearestName, type PromptDiagnostic, type PromptFix, type Span } from './spans.ts';
import { entryAt, wholeLines } from './yaml-model.ts';

/** Every code a finding in a template may have, with what it means (docs/prompts.md lists them). */
export const promptCodes = {
  'yaml-syntax': 'The front matter is not valid YAML.',
  'front-matter': 'The front matter does not fit its schema.',
  syntax: 'A tag or output is not written as Liquid wants it.',
  'unknown-tag': 'There is no such tag, or prompts do not have it.',
  'unclosed-block': 'A block has no end.',
  'role-nesting': 'A role block stands inside another.',
  'text-outside-roles': 'Text stands outside of the role blocks and would not reach the model.',
  'unknown-variable': 'A variable is none of the inputs, nor defined in the template.',
  'unknown-field': 'A value has no such field.',
  'unknown-filter': 'There is no such filter.',
  'unused-input': 'A required input, or one of the front matter, is not used.',
  'missing-stop': 'Nothing keeps the model from inventing the observation.',
  'missing-finish': 'The model is not told how to end the session.',
  'action-form': 'An action in the text disagrees with the tools.',
  'context-too-long': 'The prompt is longer than the model’s context.',
  render: 'The prompt cannot be rendered: a limit, or a value that is not there.',
} as const;
export type PromptCode = keyof typeof promptCodes;

export interface CheckOptions {
  /** Shown in errors; a name is enough. */
  readonly file: string;
  readonly signatures: readonly ActionSignature[];
  /** Of the open dataset; without them attribute names are not checked. */
  readonly attributes?: readonly string[] | undefined;
  /** What the prompt is rendered with; without them it is not rendered. */
  readonly values?: Readonly<Record<string, unknown>> | undefined;
  readonly contextTokens?: number | undefined;
  /** Time a rendering may take, in milliseconds. */
  readonly renderMs?: number;
}

export interface PromptCheck {
  readonly diagnostics: readonly PromptDiagnostic<PromptCode>[];
  /** Where it could be rendered. */
  readonly rendered: RenderedPrompt | undefined;
  readonly template: PromptTemplate | undefined;
  /** A limit of time or size ended the rendering; on a machine that stood still, with more time it may pass. */
  readonly stopped: boolean;
}

/** All findings of a template, in the order of the text. Never throws. */
export function checkPrompt(document: PromptDocument, options: CheckOptions): PromptCheck {
  const found: PromptDiagnostic<PromptCode>[] = [
    ...(document.formProblems as readonly PromptDiagnostic<PromptCode>[]),
    ...variableProblems(document),
    ...filterProblems(document),
    ...unusedInputs(document),
    ...outsideRoles(document),
    ...toolTextProblems(document, options),
  ];
  let rendered: RenderedPrompt | undefined;
  let template: PromptTemplate | undefined;
  let stopped = false;
  const broken = found.some(({ severity }) => severity === 'error');
  if (document.front.value && !document.formProblems.some((problem) => problem.severity === 'error')) {
    try {
      template = parseTemplate(document.text, options.file);
      if (options.values)
        rendered = renderPrompt(
          template,
          options.values,
          options.renderMs === undefined ? {} : { timeMs: options.renderMs },
        );
      if (rendered) found.push(...tooLong(document, rendered, options.contextTokens));
    } catch (error) {
      if (!(error instanceof ToolRecError)) throw error;
      stopped = error.code === 'prompt-limit';
      if (!broken) found.push(renderProblem(document, error));
    }
  }
  found.sort((a, b) => a.start - b.start || a.end - b.end);
  return { diagnostics: found, rendered, template, stopped };
}

function variableProblems(document: PromptDocument): PromptDiagnostic<PromptCode>[] {
  const found: PromptDiagnostic<PromptCode>[] = [];
  const kind = document.front.kind;
  for (const { part, meaning, wrongSegment } of document.uses) {
    if (meaning.kind === 'unknown') {
      if (!kind) continue; // the front matter's mistake; without a kind nothing is known
      const locals = document.locals
        .filter((local) => part.start >= local.scope.start && part.start < local.scope.end)
        .map((local) => local.name);
      const near = nearestName(part.root, [...document.inputs.keys(), ...locals]);
      found.push({
        code: 'unknown-variable',
        severity: 'error',
        message: `“${part.root}” is not an input of ${kind} prompts, nor defined here.${near ? ` Did you mean “${near}”?` : ''}`,
        ...part.rootSpan,
        fixes: [
          ...(near
            ? [{ title: `Change to “${near}”`, edits: [{ ...part.rootSpan, text: near }], preferred: true }]
            : []),
          ...declareInput(document, part.root),
        ],
      });
    } else if (wrongSegment && wrongSegment.name !== '') {
      const near = nearestName(wrongSegment.name, wrongSegment.known);
      found.push({
        code: 'unknown-field',
        severity: 'error',
        message: `“${document.text.slice(part.start, wrongSegment.span.start - 1)}” has no “${wrongSegment.name}”.${near ? ` Did you mean “${near}”?` : ''}${wrongSegment.known.length > 0 ? ` It has: ${wrongSegment.known.join(', ')}.` : ''}`,
        ...wrongSegment.span,
        fixes: near
          ? [{ title: `Change to “${near}”`, edits: [{ ...wrongSegment.span, text: near }], preferred: true }]
          : [],
      });
    }
  }
  return found;
}

function declareInput(document: PromptDocument, name: string): PromptFix[] {
  if (!/^[a-z][a-z0-9_]{0,39}$/.test(name) || document.front.yaml.span.end === document.front.yaml.span.start)
    return [];
  const inputs = entryAt(document.front.yaml, ['inputs']);
  const line = `  ${name}: { description: "", sample: "" }\n`;
  if (inputs) {
    if (/^\s*\{/.test(document.text.slice(inputs.value.start, inputs.value.end))) return [];
    const at = document.text.indexOf('\n', inputs.key!.end) + 1;
    return [{ title: `Declare “${name}” in the front matter`, edits: [{ start: at, end: at, text: line }] }];
  }
  const at = document.front.yaml.span.end;
  return [
    {
      title: `Declare “${name}” in the front matter`,
      edits: [{ start: at, end: at, text: `inputs:\n${line}` }],
    },
  ];
}

const allFilters = new Set(filterNames());

function filterProblems(document: PromptDocument): PromptDiagnostic<PromptCode>[] {
  const found: PromptDiagnostic<PromptCode>[] = [];
  for (const { parts } of document.expressions)
    for (const part of parts) {
      if (part.kind !== 'filter' || allFilters.has(part.name)) continue;
      const near = nearestName(part.name, allFilters);
      found.push({
        code: 'unknown-filter',
        severity: 'error',
        message: `There is no filter “${part.name}”.${near ? ` Did you mean “${near}”?` : ''}`,
        start: part.start,
        end: part.end,
        fixes: near
          ? [{ title: `Change to “${near}”`, edits: [{ ...span(part), text: near }], preferred: true }]
          : [],
      });
    }
  return found;
}

const span = ({ start, end }: Span): Span => ({ start, end });

function unusedInputs(document: PromptDocument): PromptDiagnostic<PromptCode>[] {
  const { front, text } = document;
  const used = new Set(
    document.uses.flatMap(({ part, meaning }) => (meaning.kind === 'input' ? [part.root] : [])),
  );
  const found: PromptDiagnostic<PromptCode>[] = [];
  for (const input of document.inputs.values()) {
    if (used.has(input.name)) continue;
    const entry = entryAt(front.yaml, ['inputs', input.name]);
    if (input.own && entry?.key)
      found.push({
        code: 'unused-input',
        severity: 'warning',
        message: `The input “${input.name}” of the front matter is not used.`,
        ...entry.key,
        fixes: [{ title: `Remove “${input.name}”`, edits: [{ ...wholeLines(text, entry), text: '' }] }],
      });
    else if (input.required) {
      const place = entryAt(front.yaml, ['kind'])?.value ?? { start: 0, end: 3 };
      const last = document.blocks.roots.findLast((block) => block.tag.name === 'user' && block.close);
      const at = last?.inner.end ?? text.length;
      found.push({
        code: 'unused-input',
        severity: 'warning',
        message: `The prompt does not use “${input.name}”: ${input.description}`,
        ...place,
        fixes: [
          {
            title: `Insert “${input.name}” at the end`,
            edits: [{ start: at, end: at, text: usage(input.name, input.type) }],
            preferred: true,
          },
        ],
      });
    }
  }
  return found;
}

function usage(name: string, type: { readonly element?: { readonly fields?: object } }): string {
  const fields = Object.keys(type.element?.fields ?? {});
  if (!type.element) return `{{ ${name} }}\n`;
  const field = ['line', 'description', 'text', 'observation', 'name'].find((known) =>
    fields.includes(known),
  );
  return `{% for entry in ${name} %}\n- {{ entry${field ? `.${field}` : ''} }}\n{% endfor %}\n`;
}

/** Rendering refuses text beside role blocks: it would reach nobody. */
function outsideRoles(document: PromptDocument): PromptDiagnostic<PromptCode>[] {
  const roles = document.blocks.all.filter((block) => roleNames.includes(block.tag.name));
  if (roles.length === 0) return [];
  const found: PromptDiagnostic<PromptCode>[] = [];
  for (const token of document.tokens) {
    if (token.kind !== 'text' && token.kind !== 'output' && token.kind !== 'raw') continue;
    if (roles.some((block) => token.start >= block.inner.start && token.end <= block.inner.end)) continue;
    const content = document.text.slice(token.start, token.end);
    if (content.trim() === '' || insideCapture(document, token)) continue;
    const start = token.start + content.length - content.trimStart().length;
    const end = token.end - (content.length - content.trimEnd().length);
    found.push({
      code: 'text-outside-roles',
      severity: 'error',
      message: 'This text stands outside of the role blocks.',
      start,
      end,
      fixes: [
        {
          title: 'Put it into a user block',
          edits: [
            { start, end: start, text: '{% user %}\n' },
            { start: end, end, text: '\n{% enduser %}' },
          ],
        },
      ],
    });
  }
  return found;
}

function insideCapture(document: PromptDocument, { start }: Span): boolean {
  return document.blocks.all.some(
    (block) => block.tag.name === 'capture' && start >= block.inner.start && start < block.inner.end,
  );
}

/** What a prompt that lets the model call tools must say, and say rightly. */
function toolTextProblems(document: PromptDocument, options: CheckOptions): PromptDiagnostic<PromptCode>[] {
  const { kind, yaml, value } = document.front;
  if (!kind || !document.inputs.has('tools')) return [];
  const found: PromptDiagnostic<PromptCode>[] = [
    ...actionProblems(document, options.signatures, options.attributes),
  ];
  if (kind !== 'surrogate') return found;
  const words = ownWords(document);
  const calls = shownCalls(document, options.signatures);
  const place = entryAt(yaml, ['kind'])?.value ?? { start: 0, end: 3 };
  if (!calls.some((call) => /^finish$/i.test(call.name)) && !/\bfinish\b/i.test(words))
    found.push({
      code: 'missing-finish',
      severity: 'warning',
      message: 'The prompt does not say how to end: name Finish[items].',
      ...place,
      fixes: toolListFix(document),
    });
  const stops = value?.model.stop;
  const stop = entryAt(yaml, ['model', 'stop']);
  if (stops && stops.length >= 4 && !stops.some((text) => /observation/i.test(text)))
    found.push({
      code: 'missing-stop',
      severity: 'warning',
      message:
        'Four stop texts leave no room for “\\nObservation”, which keeps the model from inventing what a tool returns.',
      ...(stop?.value ?? place),
      fixes: [],
    });
  else if (!stops && /(^|\n)\s*action\s*\d*\s*:/i.test(words) && !/\bstop\b/i.test(words)) {
    const label = /(^|\n)\s*(action\s*\d*\s*:)/i.exec(words)!;
    const start = label.index + label[0].length - label[2]!.length;
    found.push({
      code: 'missing-stop',
      severity: 'warning',
      message:
        'The prompt neither tells the model to stop after its action nor has a stop text; some models go on to invent the observation.',
      start,
      end: start + label[2]!.length,
      fixes: stopFix(document),
    });
  }
  return found;
}

function toolListFix(document: PromptDocument): PromptFix[] {
  const loop = document.blocks.all.find(
    (block) =>
      block.tag.name === 'for' &&
      block.close &&
      /\bin\s+tools\b/.test(document.text.slice(block.tag.inner.start, block.tag.inner.end)),
  );
  if (!loop) return [];
  const text =
    '\n- Finish[items]: ends the session with the final list of {{ n }} items, best first, titles separated by semicolons.';
  return [
    {
      title: 'Name Finish after the tools',
      edits: [{ start: loop.end, end: loop.end, text }],
      preferred: true,
    },
  ];
}

function stopFix(document: PromptDocument): PromptFix[] {
  const { yaml } = document.front;
  const model = entryAt(yaml, ['model']);
  const line = 'stop: ["\\nObservation"]\n';
  const title = 'Add a stop text to the front matter';
  if (!model)
    return [
      {
        title,
        edits: [{ start: yaml.span.end, end: yaml.span.end, text: `model:\n  ${line}` }],
        preferred: true,
      },
    ];
  if (/^\s*\{/.test(document.text.slice(model.value.start, model.value.end))) return [];
  const at = document.text.indexOf('\n', model.key!.end) + 1;
  return [{ title, edits: [{ start: at, end: at, text: `  ${line}` }], preferred: true }];
}

function tooLong(
  document: PromptDocument,
  rendered: RenderedPrompt,
  contextTokens: number | undefined,
): PromptDiagnostic<PromptCode>[] {
  if (contextTokens === undefined) return [];
  const reply = rendered.options.maxTokens ?? 0;
  if (rendered.tokens + reply <= contextTokens) return [];
  return [
    {
      code: 'context-too-long',
      severity: 'warning',
      message: `About ${rendered.tokens} tokens${reply > 0 ? ` and ${reply} for the reply` : ''} are more than the ${contextTokens} of the model’s context (estimate).`,
      ...(entryAt(document.front.yaml, ['title'])?.value ?? { start: 0, end: 3 }),
      fixes: [],
    },
  ];
}

function renderProblem(document: PromptDocument, error: ToolRecError): PromptDiagnostic<PromptCode> {
  const { line, column } = error.place ?? {};
  const start = line === undefined ? document.front.bodyStart : document.lines.offset(line, column ?? 1);
  const token = document.tokens.find((one) => one.kind !== 'text' && start >= one.start && start < one.end);
  const lineEnd = document.text.indexOf('\n', start);
  return {
    code: 'render',
    severity: 'error',
    message: `${error.message} ${error.remedy}`.trim(),
    start: token?.start ?? start,
    end: token?.end ?? (lineEnd < 0 ? document.text.length : Math.max(lineEnd, start + 1)),
    fixes: [],
  };
}

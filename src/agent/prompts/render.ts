import { distance } from 'fastest-levenshtein';
import { estimateMessages } from '../../llm/tokens.ts';
import type { ChatRequest } from '../../llm/chat-model.ts';
import type { Place } from '../../shared/errors.ts';
import { globalsOf, type RenderedMessage, renderBody } from './engine.ts';
import { inputsOf } from './kinds.ts';
import type { PromptTemplate } from './template.ts';

export interface PromptFinding {
  readonly code: 'unknown-variable' | 'unused-input';
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly place: Place;
  /** Length in characters of what is meant. */
  readonly length?: number;
  /** What was probably meant. */
  readonly suggestion?: string;
}

export interface RenderedPrompt {
  readonly messages: readonly RenderedMessage[];
  /** Estimate; see `llm/tokens.ts`. */
  readonly tokens: number;
  /** What the template's front matter asks of the model. */
  readonly options: Pick<ChatRequest, 'temperature' | 'topP' | 'maxTokens' | 'stop'>;
}

/** Unknown variables, each with its place and the nearest name, and required inputs that are not used. */
export function checkTemplate(template: PromptTemplate): PromptFinding[] {
  const known = inputsOf(template.kind);
  const names = new Set([...known.map((input) => input.name), ...Object.keys(template.inputs)]);
  const uses = globalsOf(template);
  const findings: PromptFinding[] = [];
  for (const use of uses) {
    if (names.has(use.name)) continue;
    const nearest = [...names]
      .map((name) => ({ name, far: distance(name, use.name) }))
      .sort((a, b) => a.far - b.far || (a.name < b.name ? -1 : 1))[0];
    const suggestion =
      nearest && nearest.far <= Math.ceil(nearest.name.length / 3) ? nearest.name : undefined;
    findings.push({
      code: 'unknown-variable',
      severity: 'error',
      message: `“${use.name}” is not an input of ${template.kind} prompts.${suggestion ? ` Did you mean “${suggestion}”?` : ''}`,
      place: { file: template.file, line: template.bodyLine + use.row - 1, column: use.col },
      length: use.name.length,
      ...(suggestion ? { suggestion } : {}),
    });
  }
  const used = new Set(uses.map((use) => use.name));
  for (const input of known)
    if (input.required && !used.has(input.name))
      findings.push({
        code: 'unused-input',
        severity: 'warning',
        message: `The prompt does not use “${input.name}”: ${input.description}`,
        place: { file: template.file, line: template.bodyLine },
      });
  for (const name of Object.keys(template.inputs))
    if (!used.has(name) && !known.some((input) => input.name === name))
      findings.push({
        code: 'unused-input',
        severity: 'warning',
        message: `The input “${name}” of the front matter is not used.`,
        place: { file: template.file, line: 1 },
      });
  return findings;
}

/**
 * Renders a template with the values of its kind; inputs of the front matter give those that are not there. Pure.
 * @throws InputError as `renderBody`.
 */
export function renderPrompt(
  template: PromptTemplate,
  values: Readonly<Record<string, unknown>>,
): RenderedPrompt {
  const own = Object.fromEntries(
    Object.entries(template.inputs).map(([name, input]) => [name, input.sample]),
  );
  const messages = renderBody(template, { ...own, ...values });
  const { temperature, top_p: topP, max_tokens: maxTokens, stop } = template.model;
  return {
    messages,
    tokens: estimateMessages(messages),
    options: {
      ...(temperature === undefined ? {} : { temperature }),
      ...(topP === undefined ? {} : { topP }),
      ...(maxTokens === undefined ? {} : { maxTokens }),
      ...(stop === undefined ? {} : { stop }),
    },
  };
}

/** Values for a preview without data: the samples of the kind, over which the front matter's samples go. */
export function sampleValues(template: PromptTemplate): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const input of inputsOf(template.kind)) values[input.name] = input.sample;
  for (const [name, input] of Object.entries(template.inputs)) values[name] = input.sample;
  return values;
}

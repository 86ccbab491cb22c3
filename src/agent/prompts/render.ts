import { estimateMessages } from '../../llm/tokens.ts';
import type { ChatRequest } from '../../llm/chat-model.ts';
import { type RenderedMessage, renderBody, type RenderLimits } from './engine.ts';
import { inputsOf } from './kinds.ts';
import type { PromptTemplate } from './template.ts';

export interface RenderedPrompt {
  readonly messages: readonly RenderedMessage[];
  /** Estimate; see `llm/tokens.ts`. */
  readonly tokens: number;
  /** What the template's front matter asks of the model. */
  readonly options: Pick<ChatRequest, 'temperature' | 'topP' | 'maxTokens' | 'stop'>;
}

/**
 * Renders a template with the values of its kind; inputs of the front matter give those that are not there. Pure.
 * @throws InputError as `renderBody`.
 */
export function renderPrompt(
  template: PromptTemplate,
  values: Readonly<Record<string, unknown>>,
  limits: RenderLimits = {},
): RenderedPrompt {
  const own = Object.fromEntries(
    Object.entries(template.inputs).map(([name, input]) => [name, input.sample]),
  );
  const messages = renderBody(template, { ...own, ...values }, limits);
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

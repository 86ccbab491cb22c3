import { finishSignature } from '../../grammar/action.ts';
import { finishDescription } from '../../tools/registry.ts';
import { estimateTokens } from '../../../llm/tokens.ts';
import { ToolRecError } from '../../../shared/errors.ts';
import { renderPrompt } from '../render.ts';
import { parseTemplate } from '../template.ts';
import { shownCalls } from './action-text.ts';
import { type Block, roleNames } from './blocks.ts';
import { type CompletionContext } from './complete.ts';
import type { PromptDocument } from './document.ts';
import { symbolAt } from './navigate.ts';
import { contains, type Span } from './spans.ts';
import { showValue, valueAt } from './values.ts';
import { filterDescriptions, tagsByName } from './words.ts';
import { descriptionOf, entryAround, schemaAt } from './yaml-model.ts';
import { frontMatterSchema } from '../template.ts';

export interface HoverFacts {
  readonly span: Span;
  /** `history · list of items`. */
  readonly title: string;
  readonly lines: readonly string[];
  /** The value now; text of a dataset or model, to be shown as it stands. */
  readonly value?: string;
}

export interface HoverContext extends CompletionContext {
  /** Descriptions of the tools by name. */
  readonly tools?: Readonly<Record<string, string>> | undefined;
  /** Whose values they are: `user 42 of ml-1m, round 1`. */
  readonly subject?: string | undefined;
}

const longest = 600;

/** What is to be said about a place; undefined where there is nothing. */
export function hoverPrompt(
  document: PromptDocument,
  offset: number,
  context: HoverContext,
): HoverFacts | undefined {
  const front = hoverKey(document, offset);
  const symbol = symbolAt(document, offset);
  const now = (name: string, value: unknown) =>
    value === undefined ? {} : { value: showValue(value, longest), of: name };
  switch (symbol?.kind) {
    case 'input': {
      const { input, span } = symbol;
      const known = context.values && Object.hasOwn(context.values, input.name);
      const value = known ? context.values![input.name] : input.sample;
      return {
        span,
        title: `${input.name} · ${input.type.name}`,
        lines: [
          input.description,
          ...(input.type.element?.fields
            ? [`Each has: ${Object.keys(input.type.element.fields).join(', ')}.`]
            : []),
          ...(input.required ? [`A ${document.front.kind} prompt should use it.`] : []),
          known && context.subject ? `Value for ${context.subject}:` : 'Sample value:',
        ],
        ...now(input.name, value),
      };
    }
    case 'local': {
      const { definition, span } = symbol;
      const how = {
        for: `Each of ${definition.source}.`,
        assign: `Made by assign: ${definition.source}.`,
        capture: 'Made by capture.',
      };
      const list =
        definition.by === 'for' ? valueAt(context.values ?? {}, definition.source.split('.')) : undefined;
      const first = Array.isArray(list) ? (list as unknown[])[0] : undefined;
      return {
        span,
        title: `${definition.name} · ${definition.type.name}`,
        lines: [how[definition.by], ...(first === undefined ? [] : ['The first now:'])],
        ...now(definition.name, first),
      };
    }
    case 'loop':
      return {
        span: symbol.span,
        title: 'forloop',
        lines: ['Tells which pass of the loop it is: index, first, last, length.'],
      };
    case 'field': {
      const { use, index, span, name } = symbol;
      const path = use.part.segments.slice(0, index + 1).map((segment) => segment.name);
      const { meaning } = use;
      const root =
        meaning.kind === 'input'
          ? valueAt(context.values ?? {}, [meaning.input.name])
          : meaning.kind === 'local' && meaning.definition.by === 'for'
            ? valueAt(context.values ?? {}, [...meaning.definition.source.split('.'), 'first'])
            : undefined;
      const value = valueAt(root, path);
      return {
        span,
        title: `${document.text.slice(use.part.start, span.end)}${use.type && index === use.part.segments.length - 1 ? ` · ${use.type.name}` : ''}`,
        lines:
          value === undefined
            ? [`Field “${name}”.`]
            : [meaning.kind === 'local' ? 'In the first entry:' : 'Value:'],
        ...now(name, value),
      };
    }
    case 'filter':
      return {
        span: symbol.span,
        title: `${symbol.name} · filter`,
        lines: [filterDescriptions[symbol.name] ?? 'A filter of Liquid.'],
      };
    case 'tag': {
      const name = symbol.name.replace(/^end/, '');
      const word = tagsByName.get(name);
      if (!word) return undefined;
      const block = document.blocks.all.find(
        (one) => one.tag.start === symbol.start || one.close?.start === symbol.start,
      );
      return {
        span: symbol.span,
        title: `${symbol.name} · ${roleNames.includes(name) ? 'role' : 'tag'}`,
        lines: [word.description, ...(block ? [tokensLine(document, block, context)] : [])],
      };
    }
    case undefined:
      break;
  }
  if (front) return front;
  const call = document.inputs.has('tools')
    ? shownCalls(document, context.signatures).find((one) => contains(one.nameSpan, offset))
    : undefined;
  if (call) {
    const signature = [...context.signatures, finishSignature].find((one) => one.name === call.name);
    if (signature)
      return {
        span: call.nameSpan,
        title: `${call.name} · tool`,
        lines: [
          signature === finishSignature
            ? finishDescription
            : (context.tools?.[call.name] ?? 'A tool of the surrogate user.'),
        ],
      };
  }
  return undefined;
}

function hoverKey(document: PromptDocument, offset: number): HoverFacts | undefined {
  const { front } = document;
  if (offset >= front.bodyStart) return undefined;
  const entry = entryAround(front.yaml, offset);
  if (!entry?.key || !contains(entry.key, offset)) return undefined;
  const parent = schemaAt(frontMatterSchema, entry.path.slice(0, -1));
  const shape = (
    parent?._zod.def as { shape?: Record<string, Parameters<typeof descriptionOf>[0]> } | undefined
  )?.shape;
  const description = descriptionOf(shape?.[String(entry.path.at(-1))]);
  return description ? { span: entry.key, title: entry.path.join('.'), lines: [description] } : undefined;
}

/** Tokens of a block: rendered by itself with the values of now where that can be done, else of its own words. */
function tokensLine(document: PromptDocument, block: Block, context: HoverContext): string {
  const own = estimateTokens(
    document.text.slice(block.inner.start, block.inner.end).replace(/\{[%{].*?[%}]\}/gs, ''),
  );
  const rendered = renderBlock(document, block, context.values);
  return rendered === undefined
    ? `About ${own} tokens of its own words (estimate).`
    : `About ${rendered} tokens${context.subject ? ` for ${context.subject}` : ' with sample values'} (estimate); ${own} are its own words.`;
}

/** Tokens of one block with these values; undefined where it depends on names from outside of it. */
export function renderBlock(
  document: PromptDocument,
  block: Block,
  values: Readonly<Record<string, unknown>> | undefined,
): number | undefined {
  if (!document.front.value || !block.close) return undefined;
  const samples = Object.fromEntries(
    [...document.inputs.values()].map((input) => [input.name, input.sample]),
  );
  const head = document.text.slice(0, document.front.bodyStart);
  try {
    const template = parseTemplate(head + document.text.slice(block.start, block.end), 'block');
    return renderPrompt(template, values ?? samples, { timeMs: 50 }).tokens;
  } catch (error) {
    if (error instanceof ToolRecError) return error.code === 'prompt-empty' ? 0 : undefined;
    throw error;
  }
}

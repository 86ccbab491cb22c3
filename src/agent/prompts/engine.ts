import {
  type Context,
  type Emitter,
  Liquid,
  type Parser,
  Tag,
  type TagToken,
  type Template,
  type TopLevelToken,
} from 'liquidjs';
import { InputError, type Place } from '../../shared/errors.ts';
import { safeText } from '../safe-text.ts';
import type { PromptTemplate } from './template.ts';

/**
 * Liquid for prompts. Differences to the usual: `{% system %}`, `{% user %}` and `{% assistant %}` blocks make the
 * messages; a text value is put on one safe line, so that nothing from a dataset can leave its place; there is no way
 * to files, other templates, or unescaped output; rendering is bounded in time and size.
 */

export type Role = 'system' | 'user' | 'assistant';
export interface RenderedMessage {
  readonly role: Role;
  readonly content: string;
}

/** Text made by the workbench out of safe parts; it may have several lines. */
export class TrustedText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}

/** Values longer than this are cut: a single attribute must not fill a prompt. */
const maxValue = 2_000;
const maxOutput = 1_000_000;
/** Wall time: on a machine that is busy otherwise an honest prompt may take a hundred times its usual milliseconds. */
const renderTimeMs = 2_000;

/** What a rendering may take at most. */
export interface RenderLimits {
  readonly timeMs?: number;
}
const allowedTags = [
  'assign',
  'capture',
  'for',
  'break',
  'continue',
  'if',
  'unless',
  'case',
  'comment',
  '#',
  'raw',
  'cycle',
];
export const roleTags: readonly Role[] = ['system', 'user', 'assistant'];

const collector = '__toolrec_messages';

function escapeValue(value: unknown): string {
  if (value instanceof TrustedText) return value.text;
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return value.map(escapeValue).join(', ');
  return safeText(value, maxValue);
}

abstract class RoleTag extends Tag {
  readonly templates: Template[] = [];
  abstract readonly role: Role;

  constructor(token: TagToken, remain: TopLevelToken[], liquid: Liquid, parser: Parser) {
    super(token, remain, liquid);
    while (remain.length > 0) {
      const next = remain.shift()! as TopLevelToken & { name?: string };
      if (next.name === `end${token.name}`) return;
      if (next.name !== undefined && (roleTags as readonly string[]).includes(next.name))
        throw new Error(`a ${next.name} block stands inside a ${token.name} block`);
      this.templates.push(parser.parseToken(next, remain));
    }
    throw new Error(`the block ${token.name} is not closed with {% end${token.name} %}`);
  }

  *render(context: Context, _emitter: Emitter): Generator<unknown, void, unknown> {
    const content = (yield this.liquid.renderer.renderTemplates(this.templates, context)) as string;
    const messages = (context.globals as Record<string, RenderedMessage[]>)[collector]!;
    messages.push({
      role: this.role,
      content: content
        .replace(/[ \t]+\n/g, '\n')
        .replace(/\n{3,}/g, '\n\n')
        .trim(),
    });
  }

  // eslint-disable-next-line require-yield -- liquidjs asks for a generator; there is nothing to wait for
  *children(): Generator<unknown, Template[]> {
    return this.templates;
  }
}

function makeEngine(): Liquid {
  const refuse = () => {
    throw new Error('templates cannot be included');
  };
  const engine = new Liquid({
    strictVariables: true,
    strictFilters: true,
    ownPropertyOnly: true,
    lenientIf: true,
    outputEscape: escapeValue,
    greedy: false, // `-%}` takes one line end, see `standaloneTags`
    parseLimit: 400_000,
    renderLimit: renderTimeMs,
    memoryLimit: 20_000_000,
    timezoneOffset: 0,
    locale: 'en-US',
    relativeReference: false,
    fs: {
      exists: () => Promise.resolve(false),
      existsSync: () => false,
      readFile: refuse,
      readFileSync: refuse,
      resolve: refuse,
    },
  });
  for (const name of Object.keys(engine.tags))
    if (!allowedTags.includes(name)) Reflect.deleteProperty(engine.tags, name);
  engine.unregisterFilter('raw');
  for (const role of roleTags)
    engine.registerTag(
      role,
      class extends RoleTag {
        readonly role = role;
      },
    );
  return engine;
}

const engine = makeEngine();

/** Names of the filters a template may use. */
export function filterNames(): string[] {
  return Object.keys(engine.filters).sort();
}

const parsed = new WeakMap<PromptTemplate, Template[]>();

/** @throws InputError `prompt-syntax` with line and column. */
export function parseBody(template: PromptTemplate): Template[] {
  let templates = parsed.get(template);
  if (!templates) {
    try {
      templates = engine.parse(standaloneTags(template.body));
    } catch (error) {
      throw syntaxError(template, error);
    }
    parsed.set(template, templates);
  }
  return templates;
}

/** A line that holds only tags leaves nothing behind, its line end included. No column before it moves. */
function standaloneTags(body: string): string {
  return body.replace(/^([ \t]*(?:\{%(?:(?!%\}).)*%\}[ \t]*)*\{%(?:(?!%\}).)*?)-?%\}[ \t]*$/gm, '$1-%}');
}

/**
 * Renders the messages of a template. Pure: the same template and values give the same messages.
 * @throws InputError `prompt-syntax`, `prompt-variable` (unknown at that place), `prompt-limit` (too long or too large),
 * `prompt-roles` (text outside the role blocks), `prompt-empty`.
 */
export function renderBody(
  template: PromptTemplate,
  values: Readonly<Record<string, unknown>>,
  limits: RenderLimits = {},
): RenderedMessage[] {
  const templates = parseBody(template);
  const messages: RenderedMessage[] = [];
  let outside: string;
  try {
    outside = engine.renderSync(
      templates,
      { ...values },
      { globals: { [collector]: messages }, renderLimit: limits.timeMs ?? renderTimeMs },
    ) as string;
  } catch (error) {
    throw renderError(template, error);
  }
  if (outside.trim() !== '') {
    if (messages.length === 0) messages.push({ role: 'user', content: outside.trim() });
    else
      throw new InputError(
        'prompt-roles',
        `There is text outside the role blocks: “${outside.trim().slice(0, 40)}”.`,
        'Put it between {% user %} and {% enduser %}.',
        { place: { file: template.file, line: template.bodyLine } },
      );
  }
  const spoken: RenderedMessage[] = [];
  for (const message of messages) {
    const last = spoken.at(-1);
    if (message.content === '') continue;
    if (last?.role === message.role) {
      // Servers want roles to alternate.
      spoken[spoken.length - 1] = { role: last.role, content: `${last.content}\n\n${message.content}` };
    } else spoken.push(message);
  }
  if (spoken.length === 0)
    throw new InputError('prompt-empty', 'The prompt is empty.', 'Write at least one {% user %} block.', {
      place: { file: template.file },
    });
  if (spoken.reduce((sum, message) => sum + message.content.length, 0) > maxOutput)
    throw new InputError(
      'prompt-limit',
      'The prompt is larger than a million characters.',
      'Shorten a loop.',
      {
        place: { file: template.file },
      },
    );
  return spoken;
}

interface LiquidFailure {
  readonly name?: string;
  readonly message?: string;
  readonly token?: { getPosition?: () => [number, number] };
  readonly originalError?: Error;
}

function placeOf(template: PromptTemplate, error: LiquidFailure): Place {
  const position = error.token?.getPosition?.();
  if (!position) return { file: template.file };
  return { file: template.file, line: template.bodyLine + position[0] - 1, column: position[1] };
}

function firstLine(error: LiquidFailure): string {
  return (error.message ?? '')
    .split('\n')[0]!
    .replace(/, line:\d+, col:\d+$/, '')
    .slice(0, 300);
}

function syntaxError(template: PromptTemplate, error: unknown): InputError {
  const failure = error as LiquidFailure;
  return new InputError(
    'prompt-syntax',
    `The template cannot be read: ${firstLine(failure)}.`,
    'Correct the Liquid tag.',
    {
      place: placeOf(template, failure),
      cause: error,
    },
  );
}

function renderError(template: PromptTemplate, error: unknown): InputError {
  const failure = error as LiquidFailure;
  const message = firstLine(failure);
  const place = placeOf(template, failure);
  if (/limit exceeded/.test(message))
    return new InputError('prompt-limit', `Rendering was stopped: ${message}.`, 'Shorten a loop.', {
      place,
      cause: error,
    });
  if (/undefined variable/.test(message))
    return new InputError(
      'prompt-variable',
      `The prompt uses what is not there: ${message}.`,
      'Use one of the inputs of its kind.',
      {
        place,
        cause: error,
      },
    );
  return new InputError(
    'prompt-syntax',
    `The template cannot be rendered: ${message}.`,
    'Correct the Liquid tag.',
    {
      place,
      cause: error,
    },
  );
}

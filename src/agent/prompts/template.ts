import { createHash } from 'node:crypto';
import * as z from 'zod';
import { LineCounter, parseDocument } from 'yaml';
import { InputError, type Place } from '../../shared/errors.ts';
import { promptDomains, promptKinds } from './kinds.ts';

/** Front matter of a `*.toolrec.md` file. */
export const frontMatterSchema = z.strictObject({
  kind: z.enum(promptKinds).describe('What the prompt is for.'),
  domain: z.enum(promptDomains).describe('The domain it is written for; generic fits any dataset.'),
  title: z.string().min(1).max(120).describe('Name shown to people.'),
  description: z.string().max(600).optional(),
  version: z.number().int().min(1).default(1),
  model: z
    .strictObject({
      temperature: z.number().min(0).max(2).optional(),
      top_p: z.number().min(0).max(1).optional(),
      max_tokens: z.number().int().min(1).optional(),
      stop: z.array(z.string().min(1)).max(4).optional(),
    })
    .default({})
    .describe('Options of the model for this prompt.'),
  inputs: z
    .record(
      z.string().regex(/^[a-z][a-z0-9_]{0,39}$/),
      z.strictObject({ description: z.string().optional(), sample: z.unknown() }),
    )
    .default({})
    .describe('Inputs of your own, with a value; and other sample values for the known ones.'),
});
export type FrontMatter = z.infer<typeof frontMatterSchema>;

export interface PromptTemplate extends FrontMatter {
  /** File name without folder and `.toolrec.md`: `surrogate.movies`. */
  readonly name: string;
  readonly file: string;
  /** The whole file, for the log. */
  readonly text: string;
  /** SHA-256 (hex) of the text. */
  readonly hash: string;
  /** The Liquid part. */
  readonly body: string;
  /** 1-based line of the file on which the body starts. */
  readonly bodyLine: number;
}

/** Larger files are no prompts. */
const maxTemplate = 200_000;
export const promptSuffix = '.toolrec.md';

/**
 * Reads a template's text into its parts. The Liquid part is not looked at yet (see `engine.ts`).
 * @throws InputError `prompt-front-matter` with the line; `prompt-too-large`.
 */
export function parseTemplate(text: string, file: string): PromptTemplate {
  if (text.length > maxTemplate)
    throw new InputError('prompt-too-large', 'The prompt file is too large.', 'Shorten it.', {
      place: { file },
    });
  const source = text.replace(/^\uFEFF/, '').replace(/\r\n/g, '\n');
  const match = /^---\n([\s\S]*?)\n---[ \t]*(?:\n|$)/.exec(source);
  const fail = (message: string, place: Place) =>
    new InputError('prompt-front-matter', message, 'Correct the part between the two lines of dashes.', {
      place,
    });
  if (!match)
    throw fail('The prompt does not begin with a front matter between two lines of “---”.', {
      file,
      line: 1,
    });
  const lines = new LineCounter();
  const document = parseDocument(match[1]!, { lineCounter: lines, prettyErrors: false });
  const mistake = document.errors[0];
  if (mistake) {
    const { line, col } = lines.linePos(mistake.pos[0]);
    throw fail(`The front matter is not valid YAML: ${mistake.message.split('\n')[0]}.`, {
      file,
      line: line + 1,
      column: col,
    });
  }
  const parsed = frontMatterSchema.safeParse(document.toJS({ maxAliasCount: 20 }));
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const node = document.getIn(issue.path as string[], true) as
      { range?: [number, number, number] } | undefined;
    const position = node?.range ? lines.linePos(node.range[0]) : undefined;
    const where = issue.path.join('.');
    throw fail(`${where ? `“${where}”: ` : ''}${issue.message}.`.replace('..', '.'), {
      file,
      line: (position?.line ?? 1) + 1,
      ...(position ? { column: position.col } : {}),
    });
  }
  const base = file.split(/[\\/]/).at(-1)!;
  return {
    ...parsed.data,
    name: base.endsWith(promptSuffix) ? base.slice(0, -promptSuffix.length) : base,
    file,
    text,
    hash: createHash('sha256').update(source).digest('hex'),
    body: source.slice(match[0].length),
    bodyLine: match[0].split('\n').length,
  };
}

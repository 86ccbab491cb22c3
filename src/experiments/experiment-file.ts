import fs from 'node:fs/promises';
import path from 'node:path';
import { closest, distance } from 'fastest-levenshtein';
import { type Document, isCollection, isMap, isPair, isScalar, LineCounter, parseDocument } from 'yaml';
import * as z from 'zod';
import { sessionSettingsSchema } from '../agent/events.ts';
import { promptDomains } from '../agent/prompts/kinds.ts';
import { priceSchema } from '../llm/prices.ts';
import { parseMetric } from '../recommender/metrics.ts';
import { asStorageError } from '../shared/atomic-file.ts';
import { ConfigurationError, type Place } from '../shared/errors.ts';

/** How experiment files are named. */
export const experimentSuffix = '.toolrec-experiment.yaml';

const count = z.int().min(1);
const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,47}$/i, 'Use letters, digits, dots, dashes and underscores.');

const languageModelSchema = z.strictObject({
  base_url: z.url({ protocol: /^https?$/ }).describe('OpenAI-compatible server; most end in /v1.'),
  model: z.string().min(1).describe('As the server names it.'),
  protocol: z.enum(['react', 'tools', 'json']).default('react').describe('How the model writes its actions.'),
  concurrent: count.max(64).default(4).describe('Requests at the same time.'),
  per_minute: count.optional().describe('Requests a minute at most.'),
  context_tokens: count.optional().describe('Largest prompt and reply together.'),
  retries: z.int().min(0).max(10).default(4).describe('Retries of one request that may pass later.'),
  timeout_seconds: z.number().positive().max(3600).default(120).describe('Until the first byte of a reply.'),
  idle_seconds: z.number().positive().max(3600).default(60).describe('Between two pieces of a reply.'),
  price: priceSchema.optional().describe('US dollars a million tokens. Costs are unknown without it.'),
  cassette: z.string().min(1).optional().describe('File that keeps the model’s answers, beside this one.'),
  replay: z
    .boolean()
    .default(false)
    .describe('Answer from the cassette alone: no key, no network, no money.'),
});
export type LanguageModelEntry = z.output<typeof languageModelSchema>;

/** Settings of a session, by the names the file uses. */
const rounds = sessionSettingsSchema.shape.maxRounds;

/** An entry under `methods`. Which settings a method takes is checked with the method (`methods/catalogue.ts`). */
const methodSchema = z.strictObject({
  method: z.string().min(1).describe('Which method; see docs/experiments.md.'),
  id: name.optional().describe('Name in tables and records; the method’s own when absent.'),
  model: z.string().min(1).optional().describe('Id of a trained model, or popularity, cooccurrence.'),
  language_model: z
    .string()
    .min(1)
    .optional()
    .describe('One of language_models, or offline for the stand-in without a language model.'),
  candidates: count.max(100).optional().describe('Candidates that are ranked (the paper: 30).'),
  rounds: rounds.unwrap().optional().describe('Rounds at most (the paper: eight).'),
  domain: z.enum(promptDomains).optional().describe('Whose prompts; guessed from the dataset.'),
  demonstrations: z.boolean().optional().describe('Worked examples in the prompt (on).'),
  module: z.string().min(1).optional().describe('Of your own method: a JavaScript file beside this one.'),
  options: z.record(z.string(), z.unknown()).optional().describe('Of your own method: whatever it takes.'),
});
export type MethodEntry = z.output<typeof methodSchema>;

export const experimentSchema = z.strictObject({
  title: z.string().min(1).max(200).optional().describe('Heads the report.'),
  dataset: z.string().min(1).describe('A dataset of the workspace.'),
  dataset_hash: z
    .string()
    .regex(/^[0-9a-f]{8,64}$/)
    .optional()
    .describe('Refuse to run on any other state of the dataset; the first letters are enough.'),
  protocol: z
    .strictObject({
      part: z.enum(['test', 'validation']).default('test').describe('Which held-out part is predicted.'),
      mask_history: z
        .boolean()
        .default(true)
        .describe('Leave items of the history out of the lists. Sessions always do.'),
    })
    .prefault({}),
  sample: z
    .union([
      z.literal('all'),
      z.strictObject({
        users: count.describe('Users in each sample (the paper: 200).'),
        repeats: count.max(100).default(3).describe('Samples (the paper: three).'),
        seed: z.int().min(0).default(2024).describe('Draws the same users everywhere.'),
      }),
    ])
    .default({ users: 200, repeats: 3, seed: 2024 })
    .describe('all, or users, repeats and seed.'),
  n: count.max(100).default(10).describe('Length of the lists (N).'),
  metrics: z
    .array(z.string())
    .min(1)
    .max(8)
    .optional()
    .describe('Such as recall@10; no deeper than n. The first is the one that is compared.'),
  seed: z.int().min(0).default(0).describe('Of whatever is random in methods.'),
  reference: name.optional().describe('Id of the method that the others are compared with.'),
  language_models: z.record(name, languageModelSchema).default({}),
  language_model: z
    .string()
    .min(1)
    .default('offline')
    .describe('For methods that name none: one of language_models, or offline.'),
  methods: z.array(methodSchema).min(1).max(60),
  concurrency: count.max(64).default(4).describe('Users at the same time under a language model.'),
  attempts: count.max(10).default(3).describe('Tries of a user’s round before the user counts as failed.'),
  budget: z
    .strictObject({
      cost: z.number().positive().optional().describe('US dollars.'),
      tokens: count.optional(),
      minutes: z.number().positive().optional(),
    })
    .optional()
    .describe('No new user is begun when it is spent.'),
  sessions: z
    .union([z.enum(['all', 'none']), count])
    .default('all')
    .describe('Which sessions are kept to look at: all, none, or those of so many users of each sample.'),
});
export type ExperimentConfig = z.output<typeof experimentSchema>;

/** What is wrong in a file, with its place. */
export interface Finding {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly place: Place;
  /** Characters from the place on. */
  readonly length: number;
}

/** An experiment file as read; places in it can still be found. */
export interface ExperimentFile {
  readonly file: string;
  readonly text: string;
  readonly config: ExperimentConfig;
  /** Names of the entries of `methods`, in order: `id`, else the method, numbered where that is taken. */
  readonly methodIds: readonly string[];
  /** A finding at a key or entry of the file: `['methods', 2, 'model']`. */
  at(keys: readonly (string | number)[], code: string, message: string, remedy: string): Finding;
}

/** @throws StorageError when it cannot be read; ConfigurationError as `parseExperiment`. */
export async function readExperiment(file: string): Promise<ExperimentFile> {
  let text: string;
  try {
    text = await fs.readFile(file, 'utf8');
  } catch (error) {
    throw asStorageError(error, file);
  }
  return parseExperiment(text, file);
}

/** @throws ConfigurationError `bad-experiment` with line and column, when anything is wrong. */
export function parseExperiment(text: string, file: string): ExperimentFile {
  const { experiment, findings } = checkExperiment(text, file);
  if (experiment && findings.length === 0) return experiment;
  throw asError(findings);
}

/** The first finding as an error; the number of the others in its sentence. */
export function asError(findings: readonly Finding[]): ConfigurationError {
  const [first, ...others] = findings;
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  return new ConfigurationError(first!.code, `${first!.message}${more}`, first!.remedy, {
    place: first!.place,
  });
}

/** Reads an experiment file and says all that is wrong in it by itself; what it names is checked by `plan.ts`. */
export function checkExperiment(
  text: string,
  file: string,
): { experiment: ExperimentFile | undefined; findings: Finding[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const found = (offset: number, end: number, code: string, message: string, remedy: string): Finding => {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    return { code, message, remedy, place: { file, line, column: col }, length: Math.max(1, end - offset) };
  };
  const at: ExperimentFile['at'] = (keys, ...what) => {
    const [from, to] = rangeOf(document, keys);
    return found(from, to, ...what);
  };

  if (text.length > 1_000_000)
    return {
      experiment: undefined,
      findings: [found(0, 1, 'bad-experiment', 'The file is too large.', 'Keep it under a megabyte.')],
    };
  if (document.errors.length > 0)
    return {
      experiment: undefined,
      findings: document.errors.map((mistake) =>
        found(
          mistake.pos[0],
          mistake.pos[1],
          'bad-yaml',
          `This is not valid YAML: ${mistake.message.split('\n')[0]}.`,
          'Correct it.',
        ),
      ),
    };
  let plain: unknown;
  try {
    plain = document.toJS({ maxAliasCount: 50 });
  } catch {
    const message = 'The file repeats itself without end (aliases).';
    return {
      experiment: undefined,
      findings: [found(0, 1, 'bad-yaml', message, 'Write the entries out.')],
    };
  }
  const parsed = experimentSchema.safeParse(plain ?? {});
  if (!parsed.success)
    return {
      experiment: undefined,
      findings: parsed.error.issues.flatMap((issue) => findingsOf(issue, at)),
    };
  const config = parsed.data;
  const methodIds = idsOf(config.methods);
  const experiment: ExperimentFile = { file, text, config, methodIds, at };
  return { experiment, findings: ownMistakes(experiment) };
}

/** What the schema cannot say: names that must be there, numbers that must fit each other. */
function ownMistakes({ config, methodIds, at }: ExperimentFile): Finding[] {
  const findings: Finding[] = [];
  const seen = new Set<string>();
  methodIds.forEach((id, i) => {
    if (seen.has(id))
      findings.push(
        at(
          ['methods', i, 'id'],
          'duplicate-id',
          `Two methods have the id “${id}”.`,
          'Give each its own with “id:”.',
        ),
      );
    seen.add(id);
  });
  (config.metrics ?? []).forEach((text, i) => {
    try {
      const metric = parseMetric(text);
      if (metric.n > config.n)
        findings.push(
          at(
            ['metrics', i],
            'metric-too-deep',
            `${metric.name} looks deeper than the lists of ${config.n} items.`,
            'Raise n, or lower the metric.',
          ),
        );
    } catch (error) {
      const { message, remedy } = error as ConfigurationError;
      findings.push(at(['metrics', i], 'unknown-metric', message, remedy));
    }
  });
  if (config.reference !== undefined && !methodIds.includes(config.reference))
    findings.push(
      at(
        ['reference'],
        'unknown-reference',
        `There is no method “${config.reference}” to compare with.`,
        meant(config.reference, methodIds),
      ),
    );
  const models = ['offline', ...Object.keys(config.language_models)];
  const checkModel = (given: string | undefined, keys: (string | number)[]) => {
    if (given === undefined || models.includes(given)) return;
    findings.push(
      at(
        keys,
        'unknown-language-model',
        `There is no language model “${given}” in this file.`,
        meant(given, models),
      ),
    );
  };
  checkModel(config.language_model, ['language_model']);
  config.methods.forEach((method, i) => checkModel(method.language_model, ['methods', i, 'language_model']));
  for (const [key, model] of Object.entries(config.language_models))
    if (model.replay && model.cassette === undefined)
      findings.push(
        at(
          ['language_models', key, 'replay'],
          'no-cassette',
          'There is nothing to replay.',
          'Name the recording with “cassette:”.',
        ),
      );
  if (config.budget?.cost !== undefined) {
    const unpriced = Object.entries(config.language_models).find(
      ([, model]) => model.price === undefined && !model.replay,
    );
    if (unpriced)
      findings.push(
        at(
          ['budget', 'cost'],
          'no-price',
          `A budget in dollars needs the price of “${unpriced[0]}”, and prices are never guessed.`,
          'Give it a “price:”, or set a budget of tokens.',
        ),
      );
  }
  return findings;
}

function idsOf(methods: readonly MethodEntry[]): string[] {
  const taken = new Set(methods.flatMap((entry) => (entry.id === undefined ? [] : [entry.id])));
  return methods.map((entry) => {
    if (entry.id !== undefined) return entry.id;
    const base =
      entry.language_model === undefined ? entry.method : `${entry.method}.${entry.language_model}`;
    const plain = base.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, 40);
    let id = plain;
    for (let number = 2; taken.has(id); number++) id = `${plain}-${number}`;
    taken.add(id);
    return id;
  });
}

function findingsOf(issue: z.core.$ZodIssue, at: ExperimentFile['at']): Finding[] {
  const keys = issue.path as (string | number)[];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) =>
      at(
        [...keys, key],
        'unknown-key',
        `“${key}” is not a setting${keys.length ? ` of ${keys.join('.')}` : ''}.`,
        meant(key, keysAt(keys)),
      ),
    );
  const last = keys.at(-1);
  const where = last === undefined ? 'The file' : `“${keys.join('.')}”`;
  if (issue.code === 'invalid_type' && /received undefined/.test(issue.message))
    return [
      at(keys.slice(0, -1), 'missing-key', `“${keys.join('.')}” is missing.`, `Add “${String(last)}:”.`),
    ];
  return [
    at(keys, 'bad-value', `${where} does not fit: ${issue.message}.`.replace(/\.\.$/, '.'), 'Correct it.'),
  ];
}

/** Keys that the schema knows at a place, for suggestions. */
function keysAt(path: readonly (string | number)[]): string[] {
  const [first, second] = path;
  if (first === undefined) return Object.keys(experimentSchema.shape);
  if (first === 'methods') return Object.keys(methodSchema.shape);
  if (first === 'language_models' && second !== undefined) return Object.keys(languageModelSchema.shape);
  if (first === 'protocol') return ['part', 'mask_history'];
  if (first === 'sample') return ['users', 'repeats', 'seed'];
  if (first === 'budget') return ['cost', 'tokens', 'minutes'];
  return [];
}

/** "Did you mean “x”?", or the list. */
export function meant(given: string, known: readonly string[]): string {
  if (known.length === 0) return 'Take it out.';
  const near = closest(given.toLowerCase(), known as string[]);
  if (distance(given.toLowerCase(), near) <= Math.max(2, Math.floor(given.length / 3)))
    return `Did you mean “${near}”?`;
  return `There is ${known.slice(0, 12).join(', ')}${known.length > 12 ? ', …' : ''}.`;
}

/** Character range of the value at a path; of its key where the value is a collection; of the nearest parent else. */
function rangeOf(document: Document, keys: readonly (string | number)[]): [number, number] {
  for (let depth = keys.length; depth > 0; depth--) {
    const parent = depth === 1 ? document.contents : document.getIn(keys.slice(0, depth - 1), true);
    const key = keys[depth - 1]!;
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === key);
      const value = pair?.value as { range?: [number, number, number] } | null | undefined;
      const own = pair?.key as { range?: [number, number, number] } | undefined;
      const missed = depth < keys.length;
      const range = missed || isCollection(value) || !value?.range ? own?.range : value.range;
      if (range) return [range[0], range[1]];
    } else {
      const node = document.getIn(keys.slice(0, depth), true) as
        { range?: [number, number, number] } | undefined;
      if (node?.range) {
        const first = isMap(node) ? (node.items[0]?.key as { range?: [number, number, number] }) : undefined;
        const range = first?.range ?? node.range;
        return [range[0], range[1]];
      }
    }
  }
  return [0, 1];
}

/** Name of an experiment in `.toolrec/experiments`: that of its file. */
export function experimentId(file: string): string {
  const base = path.basename(file);
  const plain = base.endsWith(experimentSuffix)
    ? base.slice(0, -experimentSuffix.length)
    : base.replace(/\.ya?ml$/i, '');
  return (
    plain
      .replace(/[^A-Za-z0-9._-]+/g, '-')
      .replace(/^[.-]+|\.+$/g, '')
      .slice(0, 60) || 'experiment'
  );
}

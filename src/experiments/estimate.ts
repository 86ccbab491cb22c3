import path from 'node:path';
import { historyBefore } from '../data/dataset.ts';
import { openNamedDataset } from '../data/library.ts';
import { costOf, type Price } from '../llm/prices.ts';
import type { ExperimentFile } from './experiment-file.ts';
import { experimentDirectory, recordsFile } from './places.ts';
import { countingRecords } from './plan-file.ts';
import { type ExperimentWorld, type OpenExperiment, openExperiment, type OpenMethod } from './plan.ts';
import { readRecords } from './records.ts';
import { RehearsalModel } from './rehearsal.ts';

interface Range {
  /** As sessions go when the model takes each step once. */
  readonly typical: number;
  /** When every session uses all its rounds. */
  readonly most: number;
}

export interface MethodEstimate {
  readonly id: string;
  readonly title: string;
  /** Users that are still to be run, over all samples. */
  readonly users: number;
  /** null: no language model is asked. */
  readonly calls: Range | null;
  readonly tokens: Range | null;
  /** US dollars; null where no price is given. */
  readonly cost: Range | null;
}

export interface Estimate {
  readonly id: string;
  readonly title: string;
  readonly methods: readonly MethodEstimate[];
  readonly total: { readonly tokens: Range; readonly cost: Range | null };
  readonly sampledUsers: number;
  readonly alreadyDone: number;
  /** Servers that would be asked. */
  readonly servers: readonly string[];
}

/**
 * What an experiment would ask of language models, without asking any: the real sessions of a few sampled users, with
 * the real prompts, against a rehearsal. Tokens are estimates (`llm/tokens.ts`), and labelled so.
 * @throws ConfigurationError as `openExperiment`
 */
export async function estimateExperiment(
  file: ExperimentFile,
  id: string,
  world: ExperimentWorld,
  users: number,
): Promise<Estimate> {
  const typical = await rehearsal(file, id, world, users, (attributes) => attributes + 3);
  const most = await rehearsal(file, id, world, users, () => Infinity);
  const { plan } = typical.experiment;
  const directory = experimentDirectory(world.workspace, id);
  const done = countingRecords(
    plan,
    (await readRecords(path.join(directory, recordsFile)).catch(() => ({ records: [] }))).records,
  );
  const sampled = plan.samples.reduce((sum, own) => sum + own.length, 0);
  const methods = typical.experiment.methods.map(({ planned, method }, m): MethodEstimate => {
    const left = sampled - done.filter((record) => record.method === planned.id).length;
    const few = typical.spent[m]!;
    const many = most.spent[m]!;
    const title = planned.title;
    if (few.calls === 0) return { id: planned.id, title, users: left, calls: null, tokens: null, cost: null };
    const range = (of: (spent: Spent) => number): Range => ({
      typical: Math.ceil((of(few) / few.users) * left),
      most: Math.ceil((Math.max(of(many), of(few)) / many.users) * left),
    });
    const entry = file.config.language_models[method.languageModel ?? ''];
    const tokens = range((spent) => spent.prompt + spent.completion);
    const price = entry?.replay ? { prompt: 0, completion: 0 } : entry?.price;
    return {
      id: planned.id,
      title,
      users: left,
      calls: range((spent) => spent.calls),
      tokens,
      cost: price ? costRange(price, few, many, left) : null,
    };
  });
  const asked = methods.filter(({ tokens }) => tokens !== null);
  const sum = (of: (method: MethodEstimate) => Range | null): Range => ({
    typical: asked.reduce((total, method) => total + (of(method)?.typical ?? 0), 0),
    most: asked.reduce((total, method) => total + (of(method)?.most ?? 0), 0),
  });
  const names = new Set(
    typical.experiment.methods.flatMap(({ method }) =>
      method.languageModel === undefined ? [] : [method.languageModel],
    ),
  );
  return {
    id,
    title: plan.title,
    methods,
    total: {
      tokens: sum(({ tokens }) => tokens),
      cost: asked.every(({ cost }) => cost !== null) ? sum(({ cost }) => cost) : null,
    },
    sampledUsers: Math.min(users, plan.samples[0]!.length),
    alreadyDone: done.length,
    servers: [...names].map((name) => {
      const entry = file.config.language_models[name]!;
      return entry.replay
        ? `${name}: recording ${entry.cassette}`
        : `${name}: ${entry.model} at ${entry.base_url}`;
    }),
  };
}

interface Spent {
  readonly users: number;
  readonly calls: number;
  readonly prompt: number;
  readonly completion: number;
}

function costRange(price: Price, few: Spent, many: Spent, users: number): Range {
  const of = (spent: Spent) =>
    (costOf({ prompt: spent.prompt, completion: spent.completion, estimated: true }, price) / spent.users) *
    users;
  return { typical: of(few), most: Math.max(of(few), of(many)) };
}

async function rehearsal(
  file: ExperimentFile,
  id: string,
  world: ExperimentWorld,
  users: number,
  rounds: (attributes: number) => number,
) {
  // What is wrong with the dataset is said by `openExperiment`, with its line.
  const dataset = await openNamedDataset(world.workspace, file.config.dataset).catch(() => undefined);
  const attributes = dataset?.attributes.map(({ name }) => name) ?? [];
  const language_models = Object.fromEntries(
    Object.entries(file.config.language_models).map(([name, entry]) => [
      name,
      { ...entry, cassette: undefined, replay: false },
    ]),
  );
  const model = new RehearsalModel(attributes, rounds(attributes.length));
  const experiment = await openExperiment({ ...file, config: { ...file.config, language_models } }, id, {
    ...world,
    languageModels: { model: () => model },
  });
  const spent: Spent[] = [];
  for (const method of experiment.methods)
    spent.push(await spend(experiment, method, experiment.plan.samples[0]!.slice(0, users), world));
  return { experiment, spent };
}

async function spend(
  { dataset, plan, languageModels }: OpenExperiment,
  { method }: OpenMethod,
  users: readonly number[],
  { signal }: ExperimentWorld,
): Promise<Spent> {
  if (method.languageModel === undefined) return { users: users.length, calls: 0, prompt: 0, completion: 0 };
  const { calls } = languageModels.spending;
  let prompt = 0;
  let completion = 0;
  for (const user of users) {
    const history = historyBefore(dataset, user, plan.part);
    const { tokens } = await method.recommend({
      user: { code: user, id: dataset.user(user).id, history },
      n: plan.n,
      repeat: 0,
      seed: plan.seed,
      signal,
      session: 'dry-run',
      keepSession: () => Promise.resolve(),
    });
    prompt += tokens?.prompt ?? 0;
    completion += tokens?.completion ?? 0;
  }
  return { users: users.length, calls: languageModels.spending.calls - calls, prompt, completion };
}

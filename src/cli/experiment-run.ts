import fs from 'node:fs';
import path from 'node:path';
import { type Estimate, estimateExperiment } from '../experiments/estimate.ts';
import { type ExperimentFile, experimentId, readExperiment } from '../experiments/experiment-file.ts';
import type { ExperimentWorld } from '../experiments/plan.ts';
import { openExperiment } from '../experiments/plan.ts';
import { experimentDirectory } from '../experiments/places.ts';
import { marked, number, pValue } from '../experiments/report/document.ts';
import type { Summary } from '../experiments/report/summary.ts';
import { reportFiles, writeReport } from '../experiments/report/write.ts';
import type { RunState } from '../experiments/run-progress.ts';
import { type ExperimentEntry, experimentStatus, listExperiments } from '../experiments/run-state.ts';
import { refuseExisting, runExperiment, setAside } from '../experiments/runner.ts';
import { CancelledError, UsageError } from '../shared/errors.ts';
import { keysFor, withheld } from './api-key.ts';
import type { CliEnvironment, Run } from './cli.ts';
import { plainText, type Style, table } from './terminal.ts';

interface Opening {
  readonly allowModules?: true | undefined;
}

export async function runExperimentFile(
  run: Run,
  given: string,
  options: Opening & {
    readonly mode: 'fresh' | 'resume';
    readonly again?: true | undefined;
    readonly retryFailed?: true | undefined;
  },
  environment: CliEnvironment,
): Promise<undefined> {
  const file = await open(given, environment);
  const id = experimentId(file.file);
  if (options.mode === 'fresh' && !options.again) await refuseExisting(run.workspace, id);
  tellWithheld(run, file, environment);
  const experiment = await openExperiment(file, id, worldOf(run, file, options, environment));
  if (options.again) {
    const aside = await setAside(run.workspace, id);
    if (aside !== undefined) run.log.info(`The earlier run was put aside as “${aside}”.`);
  }
  if (options.mode === 'resume' && !fs.existsSync(experimentDirectory(run.workspace, id)))
    run.log.info('Nothing has been run yet; it begins now.');
  const outcome = await runExperiment(experiment, {
    mode: options.mode,
    retryFailed: options.retryFailed ?? false,
    signal: run.work.signal,
    onState: (state) => run.work.onProgress?.({ ...progressOf(state), total: state.total, unit: 'users' }),
  });
  const { summary, directory } = await writeReport(run.workspace, id);
  if (outcome.status === 'cancelled') {
    run.log.info(`${outcome.state.done} of ${outcome.state.total} users are kept; “resume” goes on.`);
    throw new CancelledError('The experiment');
  }
  if (outcome.error) {
    run.log.info(`${outcome.state.done} of ${outcome.state.total} users are kept; “resume” goes on.`);
    throw outcome.error;
  }
  await showSummary(run, summary, directory, outcome.status);
  return undefined;
}

export async function dryRunExperiment(
  run: Run,
  given: string,
  options: Opening & { readonly users: number },
  environment: CliEnvironment,
): Promise<undefined> {
  const file = await open(given, environment);
  const world = worldOf(run, file, options, environment);
  const estimate = await estimateExperiment(file, experimentId(file.file), world, options.users);
  await run.result(estimate, (style) => estimateLines(estimate, style));
  return undefined;
}

export async function statusOfExperiments(run: Run, name: string | undefined): Promise<undefined> {
  const entries: ExperimentEntry[] =
    name === undefined
      ? await listExperiments(run.workspace)
      : [await experimentStatus(run.workspace, idOf(name))];
  const value = entries.map((entry) =>
    entry.problem
      ? { id: entry.id, error: entry.problem.toDetail() }
      : {
          id: entry.id,
          title: entry.plan.title,
          ...entry.state,
          error: entry.error,
          directory: entry.directory,
        },
  );
  await run.result({ experiments: value }, (style) => {
    if (entries.length === 0)
      return 'No experiment has been run here. “toolrec experiment run <file>” runs one.';
    return entries.flatMap((entry) => {
      if (entry.problem) return [`${style.bold(entry.id)}  ${style.bad(entry.problem.message)}`];
      const { state } = entry;
      const rows = state.methods.map((method) => [
        `  ${plainText(method.title)}${method.standIn === null ? '' : ' †'}`,
        `${method.done} of ${method.total}`,
        `${method.hits} hits`,
        method.failures > 0 ? style.caution(`${method.failures} failed`) : '',
      ]);
      const why = entry.error ? ` · ${plainText(entry.error.message)}` : '';
      return [
        `${style.bold(entry.id)}  ${state.status} · ${state.done} of ${state.total} users${why}`,
        ...table(rows, [1, 2]),
      ];
    });
  });
  return undefined;
}

export async function reportExperiment(
  run: Run,
  name: string,
  format: 'md' | 'html' | 'csv' | 'tex' | undefined,
): Promise<undefined> {
  const { summary, directory, files } = await writeReport(run.workspace, idOf(name));
  if (format === undefined) {
    await showSummary(run, summary, directory, summary.complete ? 'finished' : 'partial');
    return undefined;
  }
  const content = reportFiles(summary).get(`report.${format}`)!;
  await run.result({ format, content, directory, files }, () => content.trimEnd());
  return undefined;
}

function worldOf(
  run: Run,
  { config }: ExperimentFile,
  options: Opening,
  { env }: CliEnvironment,
): ExperimentWorld {
  const keyOf = keysFor(config.language_models, env);
  return {
    workspace: run.workspace,
    engine: run.engine,
    modulesAllowed: options.allowModules ?? false,
    languageModels: { apiKey: keyOf },
    ...run.work,
  };
}

/** Says which servers get no key although the environment has one. */
function tellWithheld(run: Run, { config }: ExperimentFile, { env }: CliEnvironment): void {
  const keyOf = keysFor(config.language_models, env);
  for (const { base_url, replay } of Object.values(config.language_models)) {
    const word = replay ? undefined : withheld(base_url, keyOf(base_url), env);
    if (word !== undefined) run.log.warn(word);
  }
}

async function open(given: string, { cwd }: CliEnvironment): Promise<ExperimentFile> {
  return readExperiment(path.resolve(cwd, given));
}

/** An experiment by its file or its name. */
function idOf(given: string): string {
  if (given.trim() === '')
    throw new UsageError('no-experiment', 'No experiment is named.', 'See “toolrec experiment status”.');
  return experimentId(given);
}

function progressOf(state: RunState): { message: string; done: number } {
  const current = state.methods.find(({ done, total }) => done < total) ?? state.methods.at(-1);
  const cost = state.cost === null || state.cost === 0 ? '' : ` · $${state.cost.toFixed(4)}`;
  const tokens = state.tokens === 0 ? '' : ` · ${state.tokens.toLocaleString('en')} tokens`;
  return { message: `Running ${current?.title ?? ''}${tokens}${cost}`, done: state.done };
}

async function showSummary(run: Run, summary: Summary, directory: string, status: string): Promise<void> {
  const { plan, methods, metrics } = summary;
  const value = {
    id: plan.id,
    status,
    complete: summary.complete,
    done: summary.done,
    total: summary.total,
    dataset: plan.dataset,
    directory,
    report: path.join(directory, 'report.html'),
    reference: plan.reference,
    methods: methods.map((method) => ({
      id: method.method.id,
      title: method.label,
      standIn: method.method.standIn,
      users: method.done,
      sampled: method.total,
      hits: method.hits,
      failed: method.failures.length,
      metrics: Object.fromEntries(
        method.metrics.map(({ name, mean, deviation, interval }) => [
          name,
          { mean, deviation, low: interval.low, high: interval.high },
        ]),
      ),
      comparisons: method.comparisons,
      calls: method.calls,
      tokens: method.tokens,
      cost: method.cost ?? null,
    })),
  };
  await run.result(value, (style) => {
    const head = [
      style.dim('method'),
      ...metrics.flatMap(({ name }) => [style.dim(name), style.dim('95%')]),
      style.dim('p (Holm)'),
      style.dim('users'),
      style.dim('failed'),
    ];
    const rows = methods.map((method) => [
      plainText(marked(method)),
      ...method.metrics.flatMap(({ mean, deviation, interval }) => [
        `${number(mean)}${Number.isNaN(deviation) ? '' : ` ± ${number(deviation)}`}`,
        style.dim(`${number(interval.low)}–${number(interval.high)}`),
      ]),
      method === summary.reference
        ? style.dim('reference')
        : pValue(method.comparisons[0]?.adjusted ?? Number.NaN),
      method.done === method.total ? String(method.done) : `${method.done} of ${method.total}`,
      String(method.failures.length),
    ]);
    const standIns = methods.some(({ method }) => method.standIn !== null);
    return [
      style.bold(plainText(plan.title)) +
        (plan.dataset.simulated ? style.caution(' · simulated data') : '') +
        (summary.complete ? '' : style.caution(` · partial: ${summary.done} of ${summary.total} users`)),
      ...table(
        [head, ...rows],
        Array.from({ length: head.length - 1 }, (_, i) => i + 1),
      ),
      ...(standIns ? [style.dim('† offline stand-in: statistics in place of the language model')] : []),
      `Report: ${path.join(directory, 'report.html')}`,
    ];
  });
}

function estimateLines(estimate: Estimate, style: Style): string[] {
  const rows = estimate.methods.map((method) => [
    plainText(method.title),
    String(method.users),
    method.calls === null
      ? style.dim('no language model')
      : `${method.calls.typical}–${method.calls.most} calls`,
    method.tokens === null ? '' : `${short(method.tokens.typical)}–${short(method.tokens.most)} tokens`,
    method.cost === null
      ? method.tokens === null
        ? ''
        : style.caution('price not known')
      : `$${method.cost.typical.toFixed(2)}–$${method.cost.most.toFixed(2)}`,
  ]);
  const { total } = estimate;
  return [
    style.bold(`${plainText(estimate.title)}: nothing is wrong, nothing has been run`),
    ...table(rows, [1]),
    total.tokens.most === 0
      ? 'No language model is asked: this costs nothing but time.'
      : `In all ${short(total.tokens.typical)} to ${short(total.tokens.most)} tokens${total.cost === null ? '; not every price is known' : `, $${total.cost.typical.toFixed(2)} to $${total.cost.most.toFixed(2)}`}. Estimated from the rendered prompts of ${estimate.sampledUsers} users.`,
    ...(estimate.alreadyDone > 0
      ? [`${estimate.alreadyDone} users are done already and would not be paid for again.`]
      : []),
    ...estimate.servers.map((server) => `Asked: ${plainText(server)}`),
  ];
}

function short(tokens: number): string {
  return tokens < 10_000
    ? Math.round(tokens).toLocaleString('en')
    : `${Math.round(tokens / 1000).toLocaleString('en')} k`;
}

import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { round } from './measure.ts';
import { cast, type Cast, type ListedModel, trainings } from './ml-1m/models.ts';
import { reproductions } from './ml-1m/published.ts';
import { type BenchExperiment, experimentOf, rowsOf } from './ml-1m/rows.ts';
import {
  type Command,
  type Evaluation,
  type From,
  pageOf,
  type ProtocolResults,
  type Report,
} from './ml-1m/table.ts';
import type { BenchContext, BenchOutcome, BenchProgram, Figures } from './program.ts';

const run = promisify(execFile);

const program: BenchProgram = {
  name: 'ml-1m',
  description:
    'MovieLens-1M from ratings to report by the product’s own commands, beside the paper and the best reproductions ' +
    '(-- --workspace <folder> --reuse: with the models that are there, --prefer <ids>: these backbones first; --epochs, --only-users, --users: to try it out)',
  async run(context) {
    const { values } = parseArgs({
      args: [...context.args],
      options: {
        workspace: { type: 'string' },
        reuse: { type: 'boolean' },
        epochs: { type: 'string' },
        'only-users': { type: 'string' },
        users: { type: 'string' },
        out: { type: 'string' },
        prefer: { type: 'string' },
      },
    });
    const { epochs, 'only-users': onlyUsers, users } = values;
    if (values.reuse === true && values.workspace === undefined)
      throw new Error('--reuse needs the workspace whose models are to be reused: --workspace <folder>.');
    const trial = [
      ...(epochs === undefined ? [] : [`${epochs} epochs for every model`]),
      ...(onlyUsers === undefined ? [] : [`${onlyUsers} users imported`]),
      ...(users === undefined ? [] : [`${users} users in the place of all`]),
    ].join(', ');
    if (context.keep && trial !== '')
      throw new Error('What is only tried out is not kept: leave --keep away.');
    return new MainJob(context, {
      from: values.reuse === true ? path.resolve(values.workspace!) : undefined,
      epochs,
      onlyUsers,
      preferred: values.prefer?.split(',') ?? [],
      users: users === undefined ? undefined : Number(users),
      trial: trial === '' ? undefined : trial,
      out: context.keep
        ? path.join(context.root, 'bench', 'results', 'ml-1m')
        : values.out === undefined
          ? undefined
          : path.resolve(values.out),
    }).run();
  },
};

interface JobOptions {
  /** Workspace whose datasets and models are used; undefined: all is made here. */
  readonly from: string | undefined;
  readonly epochs: string | undefined;
  readonly onlyUsers: string | undefined;
  readonly users: number | undefined;
  /** Ids of backbones that are taken before those of the usual names. */
  readonly preferred: readonly string[];
  readonly trial: string | undefined;
  /** Where the page and the reports go. */
  readonly out: string | undefined;
}

/** A step that fails leaves a hole with its cause in the table; the others go on. */
class MainJob {
  private readonly context: BenchContext;
  private readonly options: JobOptions;
  private readonly workspace: string;
  private readonly commands: Command[] = [];
  private readonly problems: string[] = [];
  private readonly experiments: BenchExperiment[] = [];
  private readonly reports: Report[] = [];
  private begun = 0;

  constructor(context: BenchContext, options: JobOptions) {
    this.context = context;
    this.options = options;
    this.workspace = path.join(context.temporaryFolder, 'workspace');
  }

  async run(): Promise<BenchOutcome> {
    const { options } = this;
    const started = performance.now();
    fs.mkdirSync(path.join(this.workspace, '.toolrec'), { recursive: true });
    await (options.from === undefined ? this.make() : this.copy(options.from));
    const { models: listed } = await this.toolrec<{ models: ListedModel[] }>('models', 'list').then(value);
    const models = await Promise.all(listed.map((model) => this.asItStands(model)));
    const reference = cast(models, 'ml-1m', options.preferred);
    const paper = cast(models, 'ml-1m-paper', options.preferred);
    // Sessions keep one core busy: two commands at a time use two.
    const [ours, { theirs, evaluations }] = await Promise.all([
      this.measure(reference, 'ml-1m'),
      this.measurePaper(paper).then(async (measured) => ({
        theirs: measured,
        evaluations: await this.evaluate([...membersOf(reference), ...membersOf(paper)]),
      })),
    ]);
    const results = [ours, ...theirs];
    this.commands.sort((a, b) => a.number - b.number);
    const page = pageOf({
      results,
      evaluations,
      absent: [...reference.absent, ...paper.absent],
      problems: [
        ...this.problems,
        ...new Set(
          [...reference.left, ...paper.left].map(
            ({ id, why }) => `The model \`${id}\` ${why.replace(/\.$/, '')}.`,
          ),
        ),
      ],
      commands: this.commands,
      experiments: this.experiments,
      trainedBy: await trainedBy([...membersOf(reference), ...membersOf(paper)]),
      reused: options.from !== undefined,
      trial: options.trial,
      sameUsers: options.users === undefined,
      samplesText: `Samples: ${this.samples().text}`,
      machine: this.context.machine,
      benchCommand: this.context.command,
    });
    this.context.log(page);
    this.store(page);
    return { figures: this.figures(results, round((performance.now() - started) / 1000, 0)), peer: peers() };
  }

  private async make(): Promise<void> {
    const { shared } = this.context;
    const { epochs, onlyUsers } = this.options;
    const source = shared && path.join(shared, 'data', 'ml-1m');
    if (source === undefined || !fs.existsSync(source))
      throw new Error('MovieLens-1M is not in <shared>/data/ml-1m; give --workspace <folder> --reuse.');
    const some = onlyUsers === undefined ? [] : ['--max-users', onlyUsers];
    await this.toolrec('import', source, '--name', 'ml-1m', '--protocol', 'reference', ...some);
    await this.toolrec('import', source, '--name', 'ml-1m-paper', '--protocol', 'paper', ...some);
    for (const { dataset, id, flags } of trainings) {
      const given = epochs === undefined ? flags : withEpochs(flags, epochs);
      await this.attempt(`\`${id}\` was not trained`, () =>
        this.toolrec('train', dataset, '--id', id, ...given),
      );
    }
  }

  /** Evaluating writes into a model's description, so the workspace that they come from is not touched. */
  private async copy(from: string): Promise<void> {
    for (const kind of ['datasets', 'models'])
      await fs.promises.cp(path.join(from, '.toolrec', kind), path.join(this.workspace, '.toolrec', kind), {
        recursive: true,
        filter: (file) => path.basename(file) !== 'optimizer.safetensors',
      });
  }

  /** A training that nobody goes on with left its status behind: its best checkpoint is what there is. */
  private async asItStands(model: ListedModel): Promise<ListedModel> {
    if (model.status !== 'training') return model;
    const { trainingHolder } = await import('../src/recommender/training-lock.ts');
    const { Workspace } = await import('../src/shared/workspace.ts');
    const from = new Workspace(this.options.from ?? this.workspace);
    return (await trainingHolder(from, model.id)) ? model : { ...model, status: 'interrupted' };
  }

  private async measure(parts: Cast, dataset: 'ml-1m'): Promise<ProtocolResults> {
    const rows = rowsOf(parts);
    const { yaml } = this.samples();
    const whole = rows.filter(({ sampledOnly }) => !sampledOnly);
    const all = await this.experiment(
      experimentOf('all-users', 'All users of MovieLens-1M', dataset, this.everyone(), whole),
    );
    const some = rows.filter(({ sampled }) => sampled);
    const samples = await this.experiment(
      experimentOf('three-samples', 'Three samples of MovieLens-1M', dataset, yaml, some),
    );
    return { protocol: 'reference', all, samples, rows };
  }

  private async measurePaper(parts: Cast): Promise<ProtocolResults[]> {
    const dataset = 'ml-1m-paper';
    const rows = rowsOf(parts);
    const whole = rows.filter(({ sampledOnly }) => !sampledOnly);
    const all = await this.experiment(
      experimentOf('paper-all-users', 'The paper’s protocol, all users', dataset, this.everyone(), whole),
    );
    const samples = await this.experiment(
      experimentOf('paper-three-samples', 'The paper’s protocol', dataset, this.samples().yaml, rows),
    );
    // The paper's implementation leaves items of the history in the rankings of its models.
    const ranked = rows.filter(({ id }) => ['popularity', 'sasrec', 'bert4rec'].includes(id));
    const unmasked = experimentOf(
      'paper-history-not-masked',
      'The paper’s protocol, items of the history not left out',
      dataset,
      this.everyone(),
      ranked,
      false,
    );
    return [
      { protocol: 'paper', all, samples, rows },
      {
        protocol: 'paper, history not masked',
        all: await this.experiment(unmasked),
        samples: undefined,
        rows: ranked.map((row) => ({ ...row, sampled: false })),
      },
    ];
  }

  private async evaluate(models: readonly ListedModel[]) {
    const some = this.options.users === undefined ? 'all' : String(this.options.users);
    const evaluations: { model: ListedModel; evaluation: From<Evaluation> }[] = [];
    for (const model of models)
      await this.attempt(`\`${model.id}\` was not evaluated`, async () => {
        const evaluation = await this.toolrec<Evaluation>('evaluate', model.id, '--users', some);
        evaluations.push({ model, evaluation });
      });
    return evaluations;
  }

  private async experiment(experiment: BenchExperiment): Promise<From<Report> | undefined> {
    this.experiments.push(experiment);
    const file = `${experiment.name}.toolrec-experiment.yaml`;
    fs.writeFileSync(path.join(this.workspace, file), experiment.text);
    let report: From<Report> | undefined;
    await this.attempt(`The experiment ${experiment.name} did not end`, async () => {
      report = await this.toolrec<Report>('experiment', 'run', file);
      this.reports.push(report.value);
      if (!report.value.complete) this.problems.push(`The experiment ${experiment.name} is partial.`);
    });
    return report;
  }

  private everyone(): string {
    const { users } = this.options;
    return users === undefined ? 'all' : `{ users: ${users}, repeats: 1, seed: 2024 }`;
  }

  private samples(): { yaml: string; text: string } {
    const limit = Number(this.options.onlyUsers ?? Infinity);
    const users = Math.min(200, this.options.users ?? 200, Math.floor(limit / 2));
    return {
      yaml: `{ users: ${users}, repeats: 3, seed: 2024 }`,
      text: `three of ${users} users, seed 2024`,
    };
  }

  /** One command of the product, in a process of its own, with the workspace as its folder. */
  private async toolrec<T>(...given: string[]): Promise<From<T>> {
    const { root, signal, log, shared } = this.context;
    signal.throwIfAborted();
    const command = `toolrec ${given.join(' ')}`.replaceAll(shared ?? '\0', '<shared>');
    const number = ++this.begun;
    log(`${number}. ${command}`);
    const started = performance.now();
    const seconds = () => round((performance.now() - started) / 1000, 1);
    const imports = ['--import', import.meta.resolve('tsx')];
    const entry = [
      ...imports,
      path.join(root, 'src', 'cli', 'main.ts'),
      '--json',
      '-q',
      '-w',
      this.workspace,
    ];
    try {
      const { stdout } = await run(process.execPath, [...entry, ...given], {
        cwd: this.workspace,
        signal,
        maxBuffer: 1 << 28,
      });
      this.commands.push({ number, command, seconds: seconds() });
      log(`${number}. done in ${seconds()} s`);
      return { value: JSON.parse(stdout) as T, command: number };
    } catch (cause) {
      signal.throwIfAborted();
      const said = (cause as { stderr?: string }).stderr?.trim() || (cause as Error).message;
      const error = said.replaceAll(this.workspace, '.').replace(/\s+/g, ' ').slice(-400);
      if (!this.commands.some((done) => done.number === number))
        this.commands.push({ number, command, seconds: seconds(), error });
      throw new Error(error, { cause });
    }
  }

  private async attempt(otherwise: string, step: () => Promise<unknown>): Promise<void> {
    try {
      await step();
    } catch (error) {
      this.context.signal.throwIfAborted();
      this.context.log(`   ${otherwise}: ${(error as Error).message}`);
      this.problems.push(`${otherwise}: ${(error as Error).message}`);
    }
  }

  private store(page: string): void {
    const { out } = this.options;
    if (out === undefined) return;
    fs.rmSync(out, { recursive: true, force: true });
    fs.mkdirSync(out, { recursive: true });
    fs.writeFileSync(path.join(out, 'README.md'), page);
    for (const { id, directory } of this.reports) {
      const to = path.join(out, id);
      fs.mkdirSync(to);
      // Tables and figures only: lists of users would carry the dataset with them.
      for (const name of ['report.md', 'report.csv', 'report.tex'])
        fs.copyFileSync(path.join(directory, name), path.join(to, name));
      fs.cpSync(path.join(directory, 'figures'), path.join(to, 'figures'), { recursive: true });
      const file = `${id}.toolrec-experiment.yaml`;
      fs.copyFileSync(path.join(this.workspace, file), path.join(to, file));
    }
  }

  private figures(results: readonly ProtocolResults[], seconds: number): Figures {
    return {
      ...(this.options.trial === undefined ? {} : { triedOut: this.options.trial }),
      models: this.options.from === undefined ? 'trained in this run' : 'reused, trained before this run',
      languageModel: 'none: offline stand-ins decide and rank where a method needs one',
      ...Object.fromEntries(
        results.map(({ protocol, all, samples }) => [
          protocol,
          { allUsers: figuresOf(all?.value), samples: figuresOf(samples?.value) },
        ]),
      ),
      problems: this.problems,
      commands: this.commands.map(({ command, seconds: each }) => ({ command, seconds: each })),
      seconds,
    };
  }
}

const value = <T>(from: From<T>): T => from.value;

function membersOf({ sasrec, bert4rec, seeds, others, refits, tools }: Cast): ListedModel[] {
  return [sasrec, bert4rec, ...seeds, ...others, ...refits, ...tools].filter((model) => model !== undefined);
}

function withEpochs(flags: readonly string[], epochs: string): string[] {
  const at = flags.indexOf('--epochs');
  return at < 0
    ? [...flags, '--epochs', epochs]
    : [...flags.slice(0, at + 1), epochs, ...flags.slice(at + 2)];
}

/** The command that trains each model, from the settings in its manifest. */
async function trainedBy(models: readonly ListedModel[]): Promise<Map<string, string>> {
  const { trainingConfigSchema } = await import('../src/recommender/config.ts');
  const defaults = trainingConfigSchema.parse({}) as Readonly<Record<string, unknown>>;
  return new Map(
    models.map(({ id, dataset, config = {}, tool, startedFrom, device, progress }) => {
      const flags = Object.entries(config)
        .filter(([key, setting]) => key !== 'seed' && setting !== defaults[key])
        .map(
          ([key, setting]) => `--${key.replace(/[A-Z]/g, (l) => `-${l.toLowerCase()}`)} ${String(setting)}`,
        );
      const own = tool
        ? [`--backbone ${tool.backbone} --attribute ${tool.attribute} --mode ${tool.mode}`]
        : [];
      const command = [
        `toolrec train ${dataset?.name ?? ''} --id ${id}`,
        ...own,
        ...(startedFrom === undefined ? [] : [`--start-from ${startedFrom}`]),
        ...flags,
        `--seed ${String(config['seed'])}`,
      ].join(' ');
      const minutes = ((progress?.seconds ?? 0) / 60).toFixed(1);
      return [id, `\`${command}\`, ${minutes} minutes on ${device ?? 'an unknown device'}`];
    }),
  );
}

function figuresOf(report: Report | undefined): Figures | null {
  if (report === undefined) return null;
  return Object.fromEntries(
    report.methods.map(({ id, standIn, users, failed, metrics }) => [
      standIn === null ? id : `${id} (${standIn})`,
      {
        users,
        failed,
        ...Object.fromEntries(
          Object.entries(metrics).flatMap(([name, { mean, deviation, low, high }]) => [
            [name, round(mean, 4)],
            ...(deviation === null ? [] : [[`${name} std`, round(deviation, 4)]]),
            [`${name} 95%`, [round(low, 4), round(high, 4)]],
          ]),
        ),
      },
    ]),
  );
}

function peers() {
  return reproductions.map(({ name, source, recall, ndcg }) => ({
    name,
    source: `${source}, all 6,040 users`,
    figures: { recallAt10: recall, ndcgAt10: ndcg },
  }));
}

export default program;

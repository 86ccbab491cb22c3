import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { round } from './measure.ts';
import type { BenchProgram, Figures } from './program.ts';

const run = promisify(execFile);

/** The best careful reproductions on ML-1M (5-core, leave-one-out, full ranking), and the paper's own table. */
const published = [
  { name: 'SASRec, BCE, 1 negative', source: 'antklen/sasrec-bert4rec-recsys23', recall: 0.25, ndcg: 0.1341 },
  { name: 'BERT4Rec', source: 'antklen/sasrec-bert4rec-recsys23', recall: 0.2843, ndcg: 0.1537 },
  { name: 'BERT4Rec', source: 'asash/bert4rec_repro', recall: 0.2821, ndcg: 0.1516 },
  { name: 'gSASRec, 256 negatives', source: 'asash/gSASRec-pytorch', recall: 0.3003, ndcg: 0.1726 },
  {
    name: 'SASRec+, cross-entropy',
    source: 'antklen/sasrec-bert4rec-recsys23',
    recall: 0.3152,
    ndcg: 0.1821,
  },
  {
    name: 'SASRec+, 3,000 sampled negatives',
    source: 'antklen/sasrec-bert4rec-recsys23',
    recall: 0.3159,
    ndcg: 0.1857,
  },
] as const;

interface Model {
  readonly id: string;
  readonly status?: string;
  readonly model?: string;
  readonly tool?: { readonly mode: string; readonly backbone: string; readonly attribute: string };
  readonly dataset?: { readonly name: string };
  readonly config?: Readonly<Record<string, unknown>>;
  readonly progress?: { readonly bestEpoch: number };
  readonly error?: unknown;
}

const program: BenchProgram = {
  name: 'ml-1m',
  description:
    'MovieLens-1M from ratings to report by the product’s own commands, beside the paper and the best reproductions ' +
    '(-- --workspace <folder> --reuse: with the models that are there)',
  async run({ args, root, temporaryFolder, shared, signal, log }) {
    const { values } = parseArgs({
      args: [...args],
      options: { workspace: { type: 'string' }, reuse: { type: 'boolean' }, epochs: { type: 'string' } },
    });
    const source = shared && path.join(shared, 'data', 'ml-1m');
    const workspace = path.resolve(temporaryFolder, 'workspace');
    fs.mkdirSync(path.join(workspace, '.toolrec'), { recursive: true });
    const commands: { command: string; seconds: number }[] = [];
    /** One command of the product, in a process of its own. */
    const toolrec = async (...given: string[]): Promise<unknown> => {
      signal.throwIfAborted();
      log(`toolrec ${given.join(' ')}`);
      const started = performance.now();
      const entry = [path.join(root, 'src', 'cli', 'main.ts'), '--json', '-q', '-w', workspace, ...given];
      const { stdout } = await run(process.execPath, ['--import=tsx', ...entry], {
        cwd: root,
        signal,
        maxBuffer: 1 << 28,
      });
      const seconds = round((performance.now() - started) / 1000, 1);
      commands.push({ command: `toolrec ${given.join(' ')}`, seconds });
      log(`  ${seconds} s`);
      return JSON.parse(stdout) as unknown;
    };

    const reused = values.reuse === true && values.workspace !== undefined;
    if (reused) {
      const there = path.join(path.resolve(values.workspace!), '.toolrec');
      // Their datasets and models, our experiments.
      for (const kind of ['datasets', 'models'])
        fs.symlinkSync(path.join(there, kind), path.join(workspace, '.toolrec', kind));
    } else {
      if (source === undefined || !fs.existsSync(source))
        throw new Error('MovieLens-1M is not in <shared>/data/ml-1m; give --workspace <folder> --reuse.');
      await toolrec('import', source, '--name', 'ml-1m', '--protocol', 'reference');
      await toolrec('import', source, '--name', 'ml-1m-paper', '--protocol', 'paper');
      const epochs = values.epochs === undefined ? [] : ['--epochs', values.epochs];
      for (const preset of ['sasrec', 'bert4rec']) {
        await toolrec('train', 'ml-1m', '--id', preset, '--preset', preset, ...epochs);
        for (const attribute of ['genre', 'year']) {
          const small = ['--epochs', '6', '--patience', '3', '--learning-rate', '0.0003'];
          const tool = ['--backbone', preset, '--attribute', attribute];
          await toolrec('train', 'ml-1m', '--id', `${preset}-${attribute}`, ...tool, ...small);
        }
      }
    }

    const listed = ((await toolrec('models', 'list')) as { models: Model[] }).models;
    const models = listed.filter(
      (model) =>
        !model.error &&
        model.dataset?.name === 'ml-1m' &&
        (model.progress?.bestEpoch ?? 0) > 0 &&
        model.status !== 'training' && // its parameters still change
        // What was fitted on validation as well has no place beside the others.
        model.config?.['fitOn'] !== 'train+validation',
    );
    const backbone = (architecture: string) =>
      models.find((model) => !model.tool && model.id === architecture) ??
      models.find((model) => !model.tool && model.model === architecture);
    const [sasrec, bert4rec] = [backbone('sasrec'), backbone('bert4rec')];
    if (!sasrec) throw new Error('The workspace has no SASRec model of ml-1m.');
    const tools = models.filter((model) => model.tool && model.tool.backbone === sasrec.id);

    const trained = [
      `  - { method: sasrec, model: ${sasrec.id} }`,
      ...(bert4rec ? [`  - { method: bert4rec, model: ${bert4rec.id} }`] : []),
    ];
    const ours = [
      `  - { method: toolrec, model: ${sasrec.id} }`,
      ...(bert4rec ? [`  - { method: toolrec-b, model: ${bert4rec.id} }`] : []),
    ];
    const alone = tools.map(({ id, tool }) => `  - { method: ${tool!.mode}+a, id: ${id}, model: ${id} }`);
    const session = (method: string) => `  - { method: ${method}, model: ${sasrec.id} }`;
    const write = (name: string, sample: string, methods: readonly string[]) => {
      const file = path.join(workspace, `${name}.toolrec-experiment.yaml`);
      const head = [`title: ${name} on MovieLens-1M`, 'dataset: ml-1m', `sample: ${sample}`, 'sessions: 5'];
      fs.writeFileSync(file, [...head, 'methods:', ...methods, ''].join('\n'));
      return file;
    };
    const floors = ['  - method: popularity', '  - method: cooccurrence'];
    const everyone = write('all-users', 'all', [...floors, ...trained, ...ours, ...alone]);
    const samples = write('three-samples', '{ users: 200, repeats: 3, seed: 2024 }', [
      ...floors,
      ...trained,
      session('chat-rec'),
      session('llm-rank'),
      ...ours,
      ...['w/single', 'w/multi', 'w/plan'].map(session),
      ...alone,
    ]);
    const all = (await toolrec('experiment', 'run', everyone)) as Report;
    const three = (await toolrec('experiment', 'run', samples)) as Report;
    const kept = path.join(root, 'bench', 'results', 'ml-1m');
    if (process.argv.includes('--keep')) {
      for (const [report, file] of [
        [all, everyone],
        [three, samples],
      ] as const) {
        const to = path.join(kept, report.id);
        fs.mkdirSync(to, { recursive: true });
        // Tables and figures only: lists of users would carry the dataset with them.
        for (const name of ['report.md', 'report.csv', 'report.tex'])
          fs.copyFileSync(path.join(report.directory, name), path.join(to, name));
        fs.cpSync(path.join(report.directory, 'figures'), path.join(to, 'figures'), { recursive: true });
        fs.copyFileSync(file, path.join(to, path.basename(file)));
      }
      fs.writeFileSync(
        path.join(kept, 'commands.log'),
        commands
          .map(({ command, seconds }) => `${seconds} s\t${command.replaceAll(workspace, '.')}\n`)
          .join(''),
      );
    }
    return {
      figures: {
        dataset: all.dataset.name,
        users: all.dataset.users,
        items: all.dataset.items,
        interactions: all.dataset.interactions,
        models: reused ? 'reused, trained before this run' : 'trained in this run',
        modelIds: models.map(({ id }) => id),
        toolRec: 'offline stand-in: no language model decides or ranks',
        allUsers: table(all),
        threeSamplesOf200: table(three),
        commands: commands.map(({ command, seconds }) => ({
          command: command.replaceAll(workspace, '.').replaceAll(shared ?? '\0', '<shared>'),
          seconds,
        })),
        totalSeconds: round(
          commands.reduce((sum, { seconds }) => sum + seconds, 0),
          0,
        ),
      },
      peer: [
        ...published.map(({ name, source: where, recall, ndcg }) => ({
          name,
          source: `${where}, all 6,040 users`,
          figures: { recallAt10: recall, ndcgAt10: ndcg },
        })),
        ...paperRows.map(([name, recall, ndcg]) => ({
          name: `${name} (paper)`,
          source: 'ToolRec, SIGIR 2024, Table 2, three samples of 200 users',
          figures: { recallAt10: recall, ndcgAt10: ndcg },
        })),
      ],
    };
  },
};

const paperRows = [
  ['SASRec', 0.203, 0.1017],
  ['BERT4Rec', 0.158, 0.0729],
  ['Chat-REC', 0.185, 0.1012],
  ['LLMRank', 0.183, 0.0991],
  ['ToolRec', 0.215, 0.1171],
  ['ToolRec_B', 0.185, 0.0895],
] as const;

interface Report {
  readonly id: string;
  readonly directory: string;
  readonly dataset: { name: string; users: number; items: number; interactions: number };
  readonly methods: readonly {
    readonly title: string;
    readonly standIn: string | null;
    readonly users: number;
    readonly failed: number;
    readonly metrics: Readonly<
      Record<string, { mean: number; deviation: number | null; low: number; high: number }>
    >;
  }[];
}

function table({ methods }: Report): Figures {
  return Object.fromEntries(
    methods.map(({ title, standIn, users, failed, metrics }) => [
      standIn === null ? title : `${title} (${standIn})`,
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

export default program;

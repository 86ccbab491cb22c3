import path from 'node:path';
import * as z from 'zod';
import { presets, trainingConfigSchema } from '../../recommender/config.ts';
import { trainableDevices, trainModel, type ModelView } from '../../service/requests/model.ts';
import { UsageError } from '../../shared/errors.ts';
import { keyFor } from '../api-key.ts';
import { examples, type Cli, type CliEnvironment } from '../cli.ts';
import type { ToolRecCommand } from '../command.ts';
import { table, type Style } from '../terminal.ts';

const ownOptions = z.object({
  id: z.string().optional(),
  preset: z.enum(Object.keys(presets) as [string, ...string[]]).optional(),
  device: z.enum(trainableDevices).default('auto'),
  threads: z.coerce.number().int().min(0).max(1024).default(0),
  resume: z.literal(true).optional(),
  backbone: z.string().optional(),
  attribute: z.string().optional(),
  mode: z.enum(['frozen', 'full']).default('frozen'),
  startFrom: z.string().optional(),
  glove: z.string().optional(),
  textFolder: z.string().optional(),
  textUrl: z.url({ protocol: /^https?$/ }).optional(),
  textModel: z.string().optional(),
  textDimensions: z.coerce.number().int().min(1).max(8192).optional(),
  allowChangedDataset: z.literal(true).optional(),
});

/** Settings by the key that commander gives their flag. */
const settings = trainingConfigSchema.shape;
type Setting = keyof typeof settings;

const optionsSchema = z.looseObject(ownOptions.shape).transform((options) => {
  const config: Record<string, unknown> = {};
  for (const key of Object.keys(settings) as Setting[]) {
    const given = options[key];
    if (given === undefined) continue;
    const number = typeof settings[key].parse(undefined) === 'number' && String(given).trim() !== '';
    // What is no number stays as it is: the settings' own check says so.
    config[key] = number && !Number.isNaN(Number(given)) ? Number(given) : given;
  }
  return { ...ownOptions.parse(options), config };
});

export function register(program: ToolRecCommand, cli: Cli): void {
  const command = program
    .command('train')
    .argument('<dataset>', 'dataset of the workspace')
    .summary('train SASRec, BERT4Rec, or an attribute tool on top of one')
    .description(
      'Trains a model on the training part of a dataset. Checkpoints are kept after each epoch and each minute: ' +
        'after Ctrl-C or a crash, the same command with --resume goes on where it was. With --item-encoder text items ' +
        'are also seen through embeddings of their texts (SASRec_BERT): by --text-folder, by --text-url (the key is ' +
        'taken from TOOLREC_API_KEY; OPENAI_API_KEY goes to OpenAI only), or without these as means of word vectors.',
    )
    .option('--id <id>', 'name of the model (default: from model and dataset)')
    .option('--preset <name>', `settings to start from: ${Object.keys(presets).join(', ')}`)
    .option('--device <device>', `one of ${trainableDevices.join(', ')} (default: auto)`)
    .option('--threads <count>', 'CPU threads; 0 = all cores (default: 0)')
    .option('--resume', 'go on with the model --id, with its own settings')
    .option('--start-from <id>', 'begin with the best parameters of a model of the same shape')
    .option('--backbone <id>', 'train an attribute tool (paper 3.3.2) on this model')
    .option('--attribute <name>', 'attribute of the tool')
    .option('--mode <mode>', 'frozen: only the tool; full: the backbone too (default: frozen)')
    .option('--glove <file>', 'a full GloVe text file in the place of the shipped words')
    .option(
      '--text-folder <folder>',
      'item texts by a sentence model: a folder with model.onnx and tokenizer.json',
    )
    .option('--text-url <url>', 'item texts by an OpenAI-compatible embeddings endpoint: its base address')
    .option('--text-model <name>', 'model of that endpoint')
    .option('--text-dimensions <count>', 'ask that endpoint for vectors of this length')
    .option('--allow-changed-dataset', 'go on although the dataset has changed since');
  for (const key of Object.keys(settings) as Setting[]) {
    const setting = settings[key];
    command.option(
      `--${flagOf(key)} <value>`,
      `${setting.description} (default: ${String(setting.parse(undefined))})`,
    );
  }
  command
    .addHelpText(
      'after',
      examples(
        ['toolrec train sample', 'SASRec on the sample'],
        ['toolrec train ml-1m --preset paper-sasrec --id base', 'the paper’s settings'],
        ['toolrec train ml-1m --resume --id base', 'go on after Ctrl-C'],
        ['toolrec train ml-1m --backbone base --attribute genre --loss bpr', 'a retrieval tool by genre'],
        ['toolrec train ml-1m --preset sasrec-text --text-folder ~/minilm', 'SASRec_BERT'],
      ),
    )
    .action(
      cli.action<typeof optionsSchema, [string]>(optionsSchema, async (run, options, dataset) => {
        const { backbone, attribute, mode, glove, id, preset, startFrom } = options;
        const tool =
          backbone === undefined || attribute === undefined
            ? undefined
            : {
                backbone,
                attribute,
                mode,
                ...(glove === undefined ? {} : { glove: path.resolve(cli.environment.cwd, glove) }),
              };
        const text = textOf(options, cli.environment);
        if (!tool && (backbone ?? attribute) !== undefined)
          command.error('error: an attribute tool needs both --backbone and --attribute');
        const model = await run.engine.request(
          trainModel,
          {
            workspace: run.workspace.folder,
            dataset,
            config: options.config,
            resume: options.resume ?? false,
            device: options.device,
            threads: options.threads,
            allowChangedDataset: options.allowChangedDataset ?? false,
            ...(id === undefined ? {} : { id }),
            ...(preset === undefined ? {} : { preset }),
            ...(startFrom === undefined ? {} : { startFrom }),
            ...(tool === undefined ? {} : { tool }),
            ...(text === undefined ? {} : { text }),
          },
          run.work,
        );
        await run.result(model, (style) => describeModel(model, style));
        return undefined;
      }),
    );
}

type Options = z.output<typeof optionsSchema>;

/** Where item texts are embedded. @throws UsageError `two-text-sources`, `no-text-model` */
function textOf(options: Options, { cwd, env }: CliEnvironment) {
  const { textFolder, textUrl, textModel, textDimensions: dimensions, glove, config } = options;
  if (textFolder !== undefined && textUrl !== undefined)
    throw new UsageError(
      'two-text-sources',
      'Item texts come from a folder or an endpoint, not from both.',
      'Give --text-folder or --text-url.',
    );
  if (textFolder !== undefined)
    return { source: { kind: 'onnx' as const, folder: path.resolve(cwd, textFolder) } };
  if (textUrl !== undefined) {
    if (textModel === undefined)
      throw new UsageError(
        'no-text-model',
        'The endpoint’s embeddings model is not named.',
        'Give --text-model.',
        { place: { flag: '--text-model' } },
      );
    const apiKey = keyFor(textUrl, env);
    const sizes = dimensions === undefined ? {} : { dimensions };
    return {
      source: { kind: 'endpoint' as const, baseUrl: textUrl, model: textModel, ...sizes },
      ...(apiKey === undefined ? {} : { apiKey }),
    };
  }
  if (glove === undefined || config['itemEncoder'] !== 'text') return undefined;
  return { source: { kind: 'glove' as const, file: path.resolve(cwd, glove) } };
}

/** `batchTokens` → `batch-tokens`. */
function flagOf(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** What `train` and `models show` print. */
export function describeModel(model: ModelView, style: Style): string[] {
  const simulated = model.dataset.simulated ? style.caution(' · simulated data') : '';
  const { progress, parameters, validation } = model;
  const metrics = (values: Readonly<Record<string, number>>) =>
    Object.entries(values)
      .map(([name, value]) => `${name} ${value.toFixed(4)}`)
      .join('  ');
  const rows = [
    ['status', model.failure === undefined ? model.status : `${model.status}: ${model.failure}`],
    ['dataset', `${model.dataset.name}, ${model.dataset.users} users, ${model.dataset.items} items`],
    ...(model.tool
      ? [['tool', `${model.tool.mode} + ${model.tool.attribute} on ${model.tool.backbone}`]]
      : []),
    ...(model.startedFrom === undefined ? [] : [['began with', `the parameters of ${model.startedFrom}`]]),
    ...(model.text ? [['item texts', `${model.text.label}, ${model.text.width} numbers`]] : []),
    ['loss', model.loss],
    ['epochs', `${progress.epoch}, best ${progress.bestEpoch}, ${Math.round(progress.seconds)} s`],
    ...(validation ? [['validation', metrics(validation)]] : []),
    ...Object.entries(model.evaluations ?? {}).map(([part, values]) => [part, metrics(values)]),
    [
      'parameters',
      `${parameters.total.toLocaleString('en')}, ${parameters.trainable.toLocaleString('en')} trained`,
    ],
    ['FLOPs', `${(model.flops / 1e6).toFixed(1)} million a prediction`],
    ['device', model.device],
  ];
  return [
    style.bold(`${model.id} · ${model.title}`) + simulated,
    ...table(rows.map(([name, text]) => [style.dim(name!), text!])),
  ];
}

import * as z from 'zod';
import { evaluateModel, floorModels } from '../../service/requests/recommend.ts';
import { showModel } from '../../service/requests/model.ts';
import { examples, type Cli, type Run } from '../cli.ts';
import type { ToolRecCommand } from '../command.ts';
import { table } from '../terminal.ts';

const optionsSchema = z.strictObject({
  dataset: z.string().optional(),
  model: z.string().optional(),
  users: z
    .string()
    .regex(/^(all|[1-9]\d*)$/, 'all, or a number')
    .default('all')
    .transform((text) => (text === 'all' ? undefined : Number(text))),
  allowChangedDataset: z.literal(true).optional(),
  part: z.enum(['validation', 'test']).default('test'),
  metrics: z
    .string()
    .default('recall@10,ndcg@10')
    .transform((text) => text.split(',')),
  keepSeen: z.literal(true).optional(),
  perUser: z.literal(true).optional(),
});

export function register(program: ToolRecCommand, cli: Cli): void {
  program
    .command('evaluate')
    .argument('[model]', `${floorModels.join(', ')}, all of these, or the id of a trained model`, 'all')
    .summary('full-ranking metrics of models on the held-out items of all users')
    .description(
      'Fits each model on the training part and ranks every user’s held-out item among all items, those of the ' +
        'history taken out. All users count; ties count against the model.',
    )
    .option('-d, --dataset <name>', 'dataset of the workspace (default: that of the model, or sample)')
    .option('-m, --model <model>', 'the same as the argument')
    .option('-u, --users <count>', 'all, or so many drawn with a fixed seed (default: all)')
    .option('--allow-changed-dataset', 'evaluate although the dataset is not the one of the training')
    .option('-p, --part <part>', 'validation or test (default: test)')
    .option(
      '--metrics <list>',
      'recall, ndcg, hr, mrr, precision, coverage, arp, poplift at any N (default: recall@10,ndcg@10)',
    )
    .option('--keep-seen', 'leave the items of the history in the ranking')
    .option('--per-user', 'with --json: also each user’s values')
    .addHelpText(
      'after',
      examples(
        ['toolrec evaluate', 'both floor models on the sample'],
        [
          'toolrec evaluate cooccurrence -d ml-1m --metrics recall@10,ndcg@10,mrr@20',
          'one model, more metrics',
        ],
        ['toolrec evaluate sasrec-ml-1m --users all --json', 'a trained model, tied users apart'],
        ['toolrec evaluate --per-user --json > values.json', 'values for paired tests'],
      ),
    )
    .action(
      cli.action<typeof optionsSchema, [string]>(optionsSchema, async (run, options, argument) => {
        const { part, metrics, keepSeen, perUser, users: userLimit, allowChangedDataset } = options;
        const workspace = run.workspace.folder;
        const model = options.model ?? argument;
        const dataset = options.dataset ?? (await datasetOf(run, model));
        const results: Result[] = [];
        for (const each of model === 'all' ? floorModels : [model]) {
          const {
            userIds,
            perUser: values,
            ...summary
          } = await run.engine.request(
            evaluateModel,
            {
              workspace,
              dataset,
              model: each,
              part,
              metrics,
              maskSeen: !keepSeen,
              allowChangedDataset: allowChangedDataset ?? false,
              ...(userLimit === undefined ? {} : { userLimit }),
            },
            run.work,
          );
          results.push(perUser ? { ...summary, perUser: { users: userIds, ...values } } : summary);
        }
        const first = results[0]!;
        await run.result(model === 'all' ? { dataset, part, models: results } : first, (style) => {
          const names = Object.keys(first.metrics);
          const rows = results.map((result) => [
            result.model,
            ...names.map((name) => number(result.metrics[name]!)),
            `${(result.seconds.fit + result.seconds.evaluate).toFixed(1)} s`,
          ]);
          const lines = table(
            [['model', ...names, 'time'], ...rows],
            [...names.keys(), names.length].map((i) => i + 1),
          );
          const texts = results.flatMap(({ model: id, texts: label }) =>
            label ? [`${id}: item texts from ${label}`] : [],
          );
          const simulated = first.simulated ? style.caution(' · simulated data') : '';
          return [
            style.bold(
              `${dataset} · ${part} · ${first.users.toLocaleString('en')} users · ` +
                `${first.items.toLocaleString('en')} items`,
            ) + simulated,
            style.dim(lines[0]!),
            ...lines.slice(1),
            ...results.flatMap((result) => tiesOf(result, results.length > 1)).map((line) => style.dim(line)),
            ...texts.map((text) => style.dim(text)),
          ];
        });
        return undefined;
      }),
    );
}

/** The dataset that a trained model was trained on; the sample for floor models. */
async function datasetOf(run: Run, model: string): Promise<string> {
  if (model === 'all' || (floorModels as readonly string[]).includes(model)) return 'sample';
  const { model: view } = await run.engine.request(showModel, { workspace: run.workspace.folder, id: model });
  return view.dataset.name;
}

type Answer = z.output<typeof evaluateModel.result>;
type Result = Omit<Answer, 'userIds' | 'perUser'> & {
  readonly perUser?: { readonly users: readonly string[] } | Readonly<Record<string, Float64Array>>;
};

/** Users whose held-out item has the timestamp of the one before it, and the others. */
function tiesOf({ model, ties }: Result, named: boolean): string[] {
  if (ties.tied.users === 0) return [];
  const group = (name: string, { users, metrics }: typeof ties.tied) =>
    `${name} (${users.toLocaleString('en')} users): ` +
    Object.entries(metrics)
      .map(([metric, value]) => `${metric} ${number(value)}`)
      .join('  ');
  const prefix = named ? `${model}: ` : '';
  return [`${prefix}${group('tied in time', ties.tied)}`, `${prefix}${group('not tied', ties.untied)}`];
}

function number(value: number): string {
  return Number.isNaN(value) ? '–' : value.toFixed(4);
}

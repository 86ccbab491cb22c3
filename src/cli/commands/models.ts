import * as z from 'zod';
import {
  deleteModelRequest,
  type ListedModel,
  listModelsRequest,
  type ModelView,
  showModel,
} from '../../service/requests/model.ts';
import { examples, type Cli } from '../cli.ts';
import type { ToolRecCommand } from '../command.ts';
import { table, type Style } from '../terminal.ts';
import { describeModel } from './train.ts';

const noOptions = z.strictObject({});

export function register(program: ToolRecCommand, cli: Cli): void {
  const group = program.command('models').summary('trained models: list, show, compare, delete');
  group
    .command('list')
    .summary('every model of the workspace')
    .description('Lists models with their status, epochs and validation figure.')
    .addHelpText(
      'after',
      examples(
        ['toolrec models list', 'a line a model'],
        ['toolrec models list --json', 'with settings and figures'],
      ),
    )
    .action(
      cli.action(noOptions, async (run) => {
        const answer = await run.engine.request(listModelsRequest, { workspace: run.workspace.folder });
        await run.result(answer, (style) => list(answer.models, style));
        return undefined;
      }),
    );

  group
    .command('show')
    .argument('<id>', 'model')
    .summary('one model with its settings and its epochs')
    .description(
      'Shows a model’s figures and settings; with --json also every step and epoch of its training.',
    )
    .addHelpText(
      'after',
      examples(
        ['toolrec models show base', 'figures and settings'],
        ['toolrec models show base --json', 'with every step and epoch'],
      ),
    )
    .action(
      cli.action<typeof noOptions, [string]>(noOptions, async (run, _options, id) => {
        const answer = await run.engine.request(showModel, { workspace: run.workspace.folder, id });
        await run.result(answer, (style) => {
          const settings = Object.entries(answer.model.config).map(([key, value]) => [
            style.dim(key),
            String(value),
          ]);
          return [...describeModel(answer.model, style), '', style.bold('Settings'), ...table(settings)];
        });
        return undefined;
      }),
    );

  group
    .command('compare')
    .argument('<ids...>', 'two models or more')
    .summary('settings and figures of several models side by side')
    .description('Shows the settings that differ, and sizes and figures, side by side.')
    .addHelpText(
      'after',
      examples(['toolrec models compare base base-frozen-genre', 'a tool beside its backbone']),
    )
    .action(
      cli.action<typeof noOptions, [string[]]>(noOptions, async (run, _options, ids) => {
        const models: ModelView[] = [];
        for (const id of ids)
          models.push((await run.engine.request(showModel, { workspace: run.workspace.folder, id })).model);
        await run.result({ models }, (style) => compare(models, style));
        return undefined;
      }),
    );

  group
    .command('delete')
    .argument('<id>', 'model')
    .summary('delete a model and its checkpoints')
    .description('Deletes a model and its checkpoints; a training of it in this process is stopped first.')
    .addHelpText('after', examples(['toolrec models delete base', 'for good']))
    .action(
      cli.action<typeof noOptions, [string]>(noOptions, async (run, _options, id) => {
        const answer = await run.engine.request(deleteModelRequest, { workspace: run.workspace.folder, id });
        await run.result(answer, () => `Deleted ${id}.`);
        return undefined;
      }),
    );
}

function list(models: readonly ListedModel[], style: Style): string[] {
  if (models.length === 0) return ['There are no models. Train one with “toolrec train <dataset>”.'];
  const rows = models.map((model) =>
    'error' in model
      ? [model.id, style.caution(model.error.message), '', '', '', '']
      : [
          model.id,
          model.title,
          model.dataset.name,
          model.status,
          String(model.progress.epoch),
          model.validation?.['ndcg@10']?.toFixed(4) ?? '–',
        ],
  );
  const lines = table(
    [['id', 'model', 'dataset', 'status', 'epochs', 'validation ndcg@10'], ...rows],
    [4, 5],
  );
  return [style.dim(lines[0]!), ...lines.slice(1)];
}

/** Rows that differ, and every figure. */
function compare(models: readonly ModelView[], style: Style): string[] {
  const keys = [...new Set(models.flatMap((model) => Object.keys(model.config)))];
  const differing = keys.filter((key) => new Set(models.map((model) => String(model.config[key]))).size > 1);
  const figures = (part: string, of: (model: ModelView) => Readonly<Record<string, number>> | undefined) => {
    const names = [...new Set(models.flatMap((model) => Object.keys(of(model) ?? {})))];
    return names.map((name) => [
      `${part} ${name}`,
      ...models.map((model) => of(model)?.[name]?.toFixed(4) ?? '–'),
    ]);
  };
  const rows = [
    ['model', ...models.map((model) => model.title)],
    ['dataset', ...models.map((model) => model.dataset.name)],
    ...(models.some((model) => model.text)
      ? [['item texts', ...models.map((model) => model.text?.label ?? '–')]]
      : []),
    ['status', ...models.map((model) => model.status)],
    ...differing.map((key) => [key, ...models.map((model) => String(model.config[key] ?? '–'))]),
    ['parameters', ...models.map((model) => model.parameters.total.toLocaleString('en'))],
    ['trained', ...models.map((model) => model.parameters.trainable.toLocaleString('en'))],
    ['FLOPs (million)', ...models.map((model) => (model.flops / 1e6).toFixed(1))],
    ['seconds', ...models.map((model) => String(Math.round(model.progress.seconds)))],
    ...figures('validation', (model) => model.validation),
    ...figures('test', (model) => model.evaluations?.['test']),
  ];
  const lines = table(
    [['', ...models.map((model) => model.id)], ...rows],
    models.map((_, i) => i + 1),
  );
  return [style.bold(lines[0]!), ...lines.slice(1)];
}

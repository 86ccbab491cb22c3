import * as z from 'zod';
import { openNamedDataset } from '../../data/library.ts';
import { retrieveItems, showModel } from '../../service/requests/model.ts';
import { UsageError } from '../../shared/errors.ts';
import { examples, type Cli } from '../cli.ts';
import type { ToolRecCommand } from '../command.ts';
import { plainText, table } from '../terminal.ts';

const optionsSchema = z.strictObject({
  user: z.string().optional(),
  history: z
    .string()
    .transform((text) => text.split(',').map((id) => id.trim()))
    .optional(),
  attribute: z.string().optional(),
  top: z.coerce.number().int().min(1).max(10_000).default(10),
  approximate: z.literal(true).optional(),
  allowChangedDataset: z.literal(true).optional(),
  before: z.enum(['validation', 'test', 'end']).default('test'),
});

export function register(program: ToolRecCommand, cli: Cli): void {
  program
    .command('retrieve')
    .argument('<model>', 'trained backbone')
    .summary('Retrieve[attribute, K]: what the retrieval tools of the agent return')
    .description(
      'The K best items outside of the history, from the backbone or from the attribute tool made of it. A user’s ' +
        'history is what comes before the held-out test item, as in the experiments.',
    )
    .option('-u, --user <id>', 'user, named as in the dataset’s source')
    .option('--history <ids>', 'instead of a user: item ids, oldest first, separated by commas')
    .option('-a, --attribute <name>', 'attribute tool (default: none, the backbone)')
    .option('-n, --top <count>', 'how many items, K (default: 10)')
    .option('--approximate', 'search by an index (usearch), for catalogues of millions; may miss an item')
    .option('--allow-changed-dataset', 'retrieve although the dataset is not the one of the training')
    .option('--before <part>', 'what is predicted: validation, test, or end (all is seen) (default: test)')
    .addHelpText(
      'after',
      examples(
        ['toolrec retrieve base --user 1024', 'Retrieve[None, 10]'],
        ['toolrec retrieve base --user 1024 -a genre -n 20', 'Retrieve[genre, 20]'],
      ),
    )
    .action(
      cli.action<typeof optionsSchema, [string]>(optionsSchema, async (run, options, model) => {
        if ((options.user === undefined) === (options.history === undefined))
          throw new UsageError(
            'no-history',
            'A user or a history is needed, and not both.',
            'Give --user or --history.',
          );
        const workspace = run.workspace.folder;
        const shown = (await run.engine.request(showModel, { workspace, id: model })).model;
        const { name } = shown.dataset;
        const dataset = await openNamedDataset(run.workspace, name);
        const code = <T>(found: T | undefined, what: string, flag: string): T => {
          if (found !== undefined) return found;
          throw new UsageError(
            'unknown-id',
            `The dataset “${name}” has no ${what}.`,
            'Give ids of its source.',
            {
              place: { flag },
            },
          );
        };
        const query =
          options.user === undefined
            ? {
                history: options.history!.map((id) =>
                  code(dataset.itemCode(id), `item “${id}”`, '--history'),
                ),
              }
            : { user: code(dataset.userCode(options.user), `user “${options.user}”`, '--user') };
        const { lists, seconds } = await run.engine.request(
          retrieveItems,
          {
            workspace,
            dataset: name,
            model,
            attribute: options.attribute ?? null,
            k: options.top,
            approximate: options.approximate ?? false,
            allowChangedDataset: options.allowChangedDataset ?? false,
            before: options.before,
            queries: [query],
          },
          run.work,
        );
        const items = lists[0]!;
        const value = {
          model,
          title: shown.title,
          // SASRec_BERT or its stand-in: which embeddings its item texts have.
          ...(shown.text ? { text: shown.text.label } : {}),
          attribute: options.attribute ?? null,
          simulated: dataset.simulated,
          items,
          seconds,
        };
        await run.result(value, (style) => [
          style.bold(`Retrieve[${options.attribute ?? 'None'}, ${options.top}] · ${model}`) +
            style.dim(` (${shown.title})`) +
            (dataset.simulated ? style.caution(' · simulated data') : ''),
          ...(shown.text ? [style.dim(`Item texts: ${shown.text.label}`)] : []),
          ...table(
            items.map((item, i) => [
              String(i + 1),
              plainText(item.title),
              style.dim(item.score.toPrecision(4)),
            ]),
            [0],
          ),
        ]);
        return undefined;
      }),
    );
}

import * as z from 'zod';
import { floorModels, recommend, type ListedItem } from '../../service/requests/recommend.ts';
import { examples, type Cli } from '../cli.ts';
import type { ToolRecCommand } from '../command.ts';
import { plainText, table } from '../terminal.ts';

const optionsSchema = z.strictObject({
  dataset: z.string().default('sample'),
  user: z.string().optional(),
  history: z
    .string()
    .transform((text) => text.split(',').map((id) => id.trim()))
    .optional(),
  model: z.string().default('cooccurrence'),
  top: z.coerce.number().int().min(1).max(1000).default(10),
});

/** As many of the history's last items as the terminal view shows. */
const shown = 10;

export function register(program: ToolRecCommand, cli: Cli): void {
  program
    .command('recommend')
    .summary('the top N for a user, or for a history given by item ids')
    .description(
      'Lists the N items that the model puts first after everything the user has done, without what they already had.',
    )
    .option('-d, --dataset <name>', 'dataset of the workspace (default: sample)')
    .option('-u, --user <id>', 'user, named as in the dataset’s source')
    .option('--history <ids>', 'instead of a user: item ids, oldest first, separated by commas')
    .option(
      '-m, --model <model>',
      `${floorModels.join(', ')}, or the id of a trained model (default: cooccurrence)`,
    )
    .option('-n, --top <count>', 'how many items (default: 10)')
    .addHelpText(
      'after',
      examples(
        ['toolrec recommend --user simulated-1', 'ten films for a viewer of the sample'],
        [
          'toolrec recommend -d ml-1m -u 1024 -m popularity -n 20',
          'what everybody likes, without what 1024 knows',
        ],
        ['toolrec recommend --history 12,40,7 --json', 'for a history of one’s own'],
      ),
    )
    .action(
      cli.action(optionsSchema, async (run, options) => {
        const answer = await run.engine.request(
          recommend,
          { workspace: run.workspace.folder, ...options },
          run.work,
        );
        await run.result(answer, (style) => {
          const recent = answer.history.slice(-shown);
          const whose = answer.user === undefined ? 'This history' : `User ${answer.user}`;
          const simulated = answer.simulated ? style.caution(' · simulated data') : '';
          return [
            style.bold(`${whose} · ${answer.history.length} items, last ${recent.length}`) + simulated,
            ...table(recent.map((item) => ['', ...describe(item)])),
            '',
            style.bold(`Top ${answer.items.length} · ${answer.model}`),
            ...table(
              answer.items.map((item) => [
                String(item.rank),
                ...describe(item),
                style.dim(item.score.toPrecision(4)),
              ]),
              [0],
            ),
          ];
        });
        return undefined;
      }),
    );
}

/** Title, and the attributes that a line has room for: a year, a short set such as genres. */
function describe({ title, attributes }: ListedItem): string[] {
  const year = attributes['year'];
  const set = Object.values(attributes).find((value) => Array.isArray(value)) as string[] | undefined;
  return [plainText(title), year === undefined ? '' : String(year), plainText((set ?? []).join(' · '))];
}

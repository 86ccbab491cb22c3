import * as z from 'zod';
import { examples, type Cli } from '../cli.ts';
import type { ToolRecCommand } from '../command.ts';
import { checkPrompts, listPrompts, renderNamed } from '../prompt-files.ts';

const checkSchema = z.strictObject({
  dataset: z.string().optional(),
  context: z.coerce.number().int().min(1).optional(),
  strict: z.literal(true).optional(),
});
export type CheckOptions = z.output<typeof checkSchema>;

const renderSchema = z.strictObject({
  dataset: z.string().optional(),
  user: z.string().optional(),
  round: z.coerce.number().int().min(1).optional(),
  session: z.string().optional(),
});
export type RenderOptions = z.output<typeof renderSchema>;

export function register(program: ToolRecCommand, cli: Cli): void {
  const group = program
    .command('prompt')
    .summary('list, check and render prompts and demonstrations')
    .description(
      'Prompts are files: those of the workspace’s prompts/ go before the shipped ones. What the editor says about ' +
        'them, these commands say in a terminal or in CI.',
    );
  group
    .command('list')
    .summary('prompts and demonstrations, and where each stands')
    .description(
      'Lists prompts and demonstrations: shipped, or a copy in prompts/ and whether it was edited.',
    )
    .addHelpText('after', examples(['toolrec prompt list --json', 'with file names']))
    .action(cli.action(z.strictObject({}), async (run) => listPrompts(run)));
  group
    .command('check')
    .argument('[files...]', 'files to check (default: those of prompts/, or the shipped ones)')
    .summary('check prompts and demonstrations, as the editor does')
    .description(
      'Checks templates and demonstrations: variables, syntax, front matter, actions, items. Exits with 1 if an error ' +
        'was found. Only files inside the workspace folder are read.',
    )
    .option('-d, --dataset <name>', 'dataset whose attributes and items they are held to (default: none)')
    .option('--context <tokens>', 'context of the model; longer prompts are reported')
    .option('--strict', 'warnings count as errors')
    .addHelpText(
      'after',
      examples(
        ['toolrec prompt check', 'everything in prompts/'],
        ['toolrec prompt check prompts/surrogate.movies.toolrec.md -d ml-1m', 'one, against a dataset'],
        ['toolrec prompt check --strict --json', 'for CI'],
      ),
    )
    .action(
      cli.action<typeof checkSchema, [string[]]>(checkSchema, async (run, options, files) =>
        checkPrompts(run, options, files, cli.environment.cwd),
      ),
    );
  group
    .command('render')
    .argument('<prompt>', 'name (surrogate.movies) or file of a template')
    .summary('a template as the model would be given it')
    .description(
      'Renders a template role by role: with sample values, with those of a user, or with those of a recorded round.',
    )
    .option('-d, --dataset <name>', 'dataset whose values are used (default: sample values)')
    .option('-u, --user <id>', 'user, named as in the dataset’s source (default: the first)')
    .option('--round <number>', 'round to be decided (default: 1)')
    .option('--session <id>', 'values of a recorded session, at --round')
    .addHelpText(
      'after',
      examples(
        ['toolrec prompt render surrogate.movies', 'with sample values'],
        ['toolrec prompt render surrogate.movies -d sample --round 2', 'a user of the sample'],
        [
          'toolrec prompt render surrogate.movies --session s-20260501-101500-ab12 --round 3',
          'as it was then',
        ],
      ),
    )
    .action(
      cli.action<typeof renderSchema, [string]>(renderSchema, async (run, options, name) =>
        renderNamed(run, options, name, cli.environment.cwd),
      ),
    );
}

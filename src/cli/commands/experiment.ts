import * as z from 'zod';
import { examples, type Cli } from '../cli.ts';
import type { ToolRecCommand } from '../command.ts';
import {
  dryRunExperiment,
  reportExperiment,
  runExperimentFile,
  statusOfExperiments,
} from '../experiment-run.ts';
import { methodDefinitions } from '../../experiments/methods/catalogue.ts';
import { table } from '../terminal.ts';

const modules = 'load the modules of your own methods that the file names';
const opening = { allowModules: z.literal(true).optional() };
const runSchema = z.strictObject({ ...opening, again: z.literal(true).optional() });
const resumeSchema = z.strictObject({ ...opening, retryFailed: z.literal(true).optional() });
const dryRunSchema = z.strictObject({ ...opening, users: z.coerce.number().int().min(1).max(50).default(3) });
const reportSchema = z.strictObject({
  format: z.enum(['md', 'html', 'csv', 'tex']).optional(),
});

export function register(program: ToolRecCommand, cli: Cli): void {
  const group = program
    .command('experiment')
    .summary('run whole comparisons from one file')
    .description(
      'An experiment is one YAML file: dataset, samples of users, methods, language model, budget. Its records, sessions ' +
        'and report are kept in .toolrec/experiments. See docs/experiments.md.',
    );

  group
    .command('run')
    .argument('<file>', 'such as paper.toolrec-experiment.yaml')
    .summary('run an experiment from its beginning')
    .description(
      'Checks everything first, then runs every method for every sampled user and writes the report. Ctrl-C leaves; ' +
        '“resume” goes on. An API key is taken from the environment: TOOLREC_API_KEY for the one server that the file ' +
        'names, TOOLREC_API_KEY_<NAME> for one of several by its name there, OPENAI_API_KEY for OpenAI only.',
    )
    .option('--again', 'begin anew; what an earlier run left is put aside, not deleted')
    .option('--allow-modules', modules)
    .addHelpText(
      'after',
      examples(
        ['toolrec experiment run paper.toolrec-experiment.yaml', 'all methods of the file'],
        ['toolrec experiment run paper.toolrec-experiment.yaml --json', 'the tables as JSON'],
      ),
    )
    .action(
      cli.action<typeof runSchema, [string]>(runSchema, (run, options, file) =>
        runExperimentFile(run, file, { mode: 'fresh', ...options }, cli.environment),
      ),
    );

  group
    .command('resume')
    .argument('<file>', 'the experiment file')
    .summary('go on with an experiment')
    .description(
      'Runs the users that have no record yet: after Ctrl-C, a crash, a spent budget, or new methods in the file. A ' +
        'user that is done is never run, or paid for, again.',
    )
    .option('--retry-failed', 'also run the users again that failed')
    .option('--allow-modules', modules)
    .addHelpText('after', examples(['toolrec experiment resume paper.toolrec-experiment.yaml', 'the rest']))
    .action(
      cli.action<typeof resumeSchema, [string]>(resumeSchema, (run, options, file) =>
        runExperimentFile(run, file, { mode: 'resume', ...options }, cli.environment),
      ),
    );

  group
    .command('dry-run')
    .argument('<file>', 'the experiment file')
    .summary('check an experiment and estimate what it costs')
    .description(
      'Checks the file, then renders the prompts of a few sampled users with a made-up model to estimate calls and ' +
        'tokens. No language model is asked and nothing is kept. Money is shown only for models whose price the file gives.',
    )
    .option('-u, --users <count>', 'users whose prompts are rendered (default: 3)')
    .option('--allow-modules', modules)
    .addHelpText(
      'after',
      examples(['toolrec experiment dry-run paper.toolrec-experiment.yaml', 'before you pay']),
    )
    .action(
      cli.action<typeof dryRunSchema, [string]>(dryRunSchema, (run, options, file) =>
        dryRunExperiment(run, file, options, cli.environment),
      ),
    );

  group
    .command('status')
    .argument('[experiment]', 'its file or name; all of the workspace when absent')
    .summary('how far experiments are')
    .description('Shows how many users each method has behind it, hits, failures, tokens and cost.')
    .addHelpText('after', examples(['toolrec experiment status', 'all of the workspace']))
    .action(
      cli.action<z.ZodObject, [string | undefined]>(z.strictObject({}), (run, _options, name) =>
        statusOfExperiments(run, name),
      ),
    );

  group
    .command('report')
    .argument('<experiment>', 'its file or name')
    .summary('write the report of an experiment as it stands')
    .description(
      'Writes report.md, .html, .csv, .tex, the figures and one list of users a method beside the records; partial where ' +
        'users are missing. With --format also prints one of them.',
    )
    .option('-f, --format <format>', 'print md, html, csv or tex')
    .addHelpText('after', examples(['toolrec experiment report paper -f csv', 'for a spreadsheet']))
    .action(
      cli.action<typeof reportSchema, [string]>(reportSchema, (run, options, name) =>
        reportExperiment(run, name, options.format),
      ),
    );

  group
    .command('methods')
    .summary('the methods that an experiment may name')
    .description('Lists every method with the settings it takes.')
    .addHelpText('after', examples(['toolrec experiment methods', 'names for “- method:”']))
    .action(
      cli.action<z.ZodObject, []>(z.strictObject({}), async (run) => {
        const methods = methodDefinitions.map(
          ({ name, title, description, settings, group, usesLanguageModel, notBuilt }) => ({
            name,
            title,
            description,
            group,
            settings,
            usesLanguageModel,
            notBuilt: notBuilt ?? null,
          }),
        );
        await run.result({ methods }, (style) =>
          table(
            methods.map((method) => [
              style.bold(method.name),
              method.description,
              style.dim(method.settings.join(', ')),
            ]),
          ),
        );
        return undefined;
      }),
    );
}

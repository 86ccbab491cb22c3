import * as z from 'zod';
import { datasetSample } from '../../service/requests/dataset.ts';
import { examples, type Cli } from '../cli.ts';
import type { ToolRecCommand } from '../command.ts';

export function register(program: ToolRecCommand, cli: Cli): void {
  program
    .command('sample')
    .summary('make the sample dataset: real films, simulated viewers')
    .description(
      'Makes the dataset “sample” in the workspace, in the place of an earlier one: about 500 real films and 800 ' +
        'viewers simulated from a stated preference model. Always the same. Takes about a second.',
    )
    .addHelpText(
      'after',
      examples(
        ['toolrec sample', 'make it in this folder'],
        ['toolrec sample -w /tmp/try --json', 'make it elsewhere, counts as JSON'],
      ),
    )
    .action(
      cli.action(z.strictObject({}), async (run) => {
        const started = performance.now();
        const made = await run.engine.request(datasetSample, { workspace: run.workspace.folder }, run.work);
        const seconds = (performance.now() - started) / 1000;
        const directory = run.workspace.entry('datasets', made.name);
        await run.result({ ...made, directory, seconds }, (style) => [
          `${style.good('✓')} Dataset ${style.bold(made.name)} (simulated): ${made.users.toLocaleString('en')} viewers, ` +
            `${made.catalogueItems.toLocaleString('en')} films, ${made.interactions.toLocaleString('en')} views, ` +
            `in ${seconds.toFixed(1)} s`,
          style.dim(directory),
        ]);
        return undefined;
      }),
    );
}

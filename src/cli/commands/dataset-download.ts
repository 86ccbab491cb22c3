import * as z from 'zod';
import {
  downloadDataset,
  publishedDataset,
  publishedDatasets,
  type PublishedDataset,
} from '../../data/download.ts';
import { importDataset } from '../../data/import.ts';
import { protocolNames } from '../../data/preparation.ts';
import { examples, writeAll, type Cli, type Run } from '../cli.ts';
import type { ToolRecCommand } from '../command.ts';
import { confirm } from '../confirm.ts';
import { formatBytes } from '../progress-line.ts';
import { styleFor, table, type Style } from '../terminal.ts';
import { datasetGroup } from './dataset-group.ts';

const optionsSchema = z.strictObject({
  acceptLicence: z.boolean().default(false),
  name: z.string().optional(),
  protocol: z.enum(protocolNames).default('reference'),
  import: z.boolean(),
  mirror: z.string().optional(),
});

export function register(program: ToolRecCommand, cli: Cli): void {
  datasetGroup(program)
    .command('download')
    .argument('[id]', 'which one; without it, a list of those there are')
    .summary('bring a published dataset and import it')
    .description(
      'Downloads a dataset from its publisher after its licence was shown and accepted, verifies the checksum and ' +
        'imports it. Broken off, it goes on where it stopped when it is run again; the archive stays in ' +
        '.toolrec/cache/downloads.',
    )
    .option('--accept-licence', 'accept the licence without being asked (for scripts)')
    .option('--name <name>', 'name of the dataset (default: the id)')
    .option('--protocol <name>', 'paper: as in ToolRec; reference: 5-core (default)')
    .option('--no-import', 'only download and verify the archive')
    .option('--mirror <address>', 'address of a folder with the publisher’s files')
    .addHelpText(
      'after',
      examples(
        ['toolrec dataset download', 'what can be downloaded'],
        ['toolrec dataset download ml-latest-small', 'the smallest, after its licence was accepted'],
        ['toolrec dataset download ml-1m --accept-licence --json', 'in a script'],
      ),
    )
    .action(
      cli.action<typeof optionsSchema, [string | undefined]>(optionsSchema, async (run, options, id) => {
        if (id === undefined) {
          await run.result({ datasets: publishedDatasets }, renderList);
          return undefined;
        }
        const dataset = publishedDataset(id);
        const licenceAccepted = await consent(cli, run, dataset, options.acceptLicence);
        const { workspace } = run;
        const archive = await downloadDataset(
          { id, workspace, licenceAccepted, mirror: options.mirror },
          run.work,
        );
        const { file, bytes, resumedFrom, url } = archive;
        const value = { id: dataset.id, archive: file, bytes, resumedFrom, url };
        if (!options.import) {
          await run.result(value, (style) => [`${style.good('✓')} ${file}: ${formatBytes(bytes)}, verified`]);
          return undefined;
        }
        const { manifest, directory, notes } = await importDataset(
          {
            workspace,
            paths: [file],
            name: options.name ?? dataset.id,
            protocol: options.protocol,
            licence: `${dataset.licence.summary.join(' ')} ${dataset.licence.url}`,
            note: `Please cite: ${dataset.licence.citation}`,
          },
          run.work,
        );
        for (const note of notes) run.log.info(note);
        const { name, hash, counts } = manifest;
        await run.result({ ...value, name, directory, hash, ...counts }, (style) => [
          `${style.good('✓')} ${style.bold(name)}: ${whole(counts.users)} users, ${whole(counts.items)} items ` +
            `(${whole(counts.catalogueItems)} in the catalogue), ${whole(counts.interactions)} interactions`,
          style.dim(`  ${directory}`),
          style.dim(`  The archive stays in ${file} (${formatBytes(bytes)}).`),
        ]);
        return undefined;
      }),
    );
}

/** Shows the licence and asks; the answer, or false where nobody can be asked. */
async function consent(cli: Cli, run: Run, dataset: PublishedDataset, accepted: boolean): Promise<boolean> {
  const { stderr, env } = cli.environment;
  const lines = licenceLines(dataset, styleFor(stderr, env));
  await writeAll(stderr, `${lines.join('\n')}\n`);
  if (accepted) return true;
  if (run.json) return false;
  return (await confirm(cli.environment, 'Do you accept these conditions?')) ?? false;
}

function licenceLines({ label, bytes, licence }: PublishedDataset, style: Style): string[] {
  return [
    style.bold(`${label} (${formatBytes(bytes)} to download): conditions in short`),
    ...licence.summary.map((sentence) => `  • ${sentence}`),
    `  In full: ${licence.url}`,
    `  Cite: ${licence.citation}`,
  ];
}

function renderList(style: Style): string[] {
  const head = ['id', 'users', 'items', 'interactions', 'download'].map((cell) => style.dim(cell));
  const rows = publishedDatasets.map(({ id, users, items, interactions, bytes }) => [
    style.bold(id),
    whole(users),
    whole(items),
    whole(interactions),
    formatBytes(bytes),
  ]);
  return [
    ...table([head, ...rows], [1, 2, 3, 4]),
    '',
    'Their licences are shown before anything is downloaded.',
  ];
}

const whole = (value: number): string => value.toLocaleString('en');

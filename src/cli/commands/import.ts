import fs from 'node:fs';
import { InvalidArgumentError } from 'commander';
import * as z from 'zod';
import { parseDate } from '../../data/formats/timestamps.ts';
import { importDataset } from '../../data/import.ts';
import type { BadRow } from '../../data/import-sink.ts';
import type { DatasetManifest } from '../../data/manifest.ts';
import {
  parsePreparation,
  preparationSchema,
  protocolNames,
  type Preparation,
} from '../../data/preparation.ts';
import { UsageError } from '../../shared/errors.ts';
import { examples, type Cli } from '../cli.ts';
import type { ToolRecCommand } from '../command.ts';
import { plainText, table, type Style } from '../terminal.ts';

const number = z.coerce.number();
const count = z.coerce.number().int().nonnegative();

const optionsSchema = z.strictObject({
  format: z.string().optional(),
  name: z.string().optional(),
  protocol: z.enum(protocolNames).default('reference'),
  map: z.record(z.string(), z.string()).optional(),
  tolerance: z
    .string()
    .regex(/^\d+(\.\d+)?%?$/, 'a share such as 0.01 or 1%')
    .transform((text) => (text.endsWith('%') ? Number(text.slice(0, -1)) / 100 : Number(text)))
    .optional(),
  minRating: number.optional(),
  core: z
    .string()
    .regex(/^\d+(,\d+)?$/, 'a number, or two: users,items')
    .optional(),
  minLength: count.optional(),
  maxLength: count.optional(),
  maxUsers: count.optional(),
  maxItems: count.optional(),
  duplicates: z.enum(['all', 'first', 'last']).optional(),
  since: z.string().optional(),
  until: z.string().optional(),
  split: z.string().optional(),
  unknownItems: z.enum(['keep', 'reject']).optional(),
  preparation: z.string().optional(),
  licence: z.string().optional(),
});
type Options = z.output<typeof optionsSchema>;

export function register(program: ToolRecCommand, cli: Cli): void {
  program
    .command('import')
    .argument('<path...>', 'files, folders or zip archives; .gz and .zip are read in place')
    .summary('make a dataset of files: MovieLens, RecBole, Amazon, Yelp, CSV, JSON Lines, Parquet')
    .description(
      'Reads a source, prepares it (protocol, then the options that differ from it) and stores it as a dataset of ' +
        'the workspace, in the place of one of the same name. The format is detected from the files. A killed or ' +
        'cancelled import leaves the earlier dataset as it was.',
    )
    .option('--format <id>', 'format of the files, if it is not to be detected')
    .option('--name <name>', 'name of the dataset (default: made from the path)')
    .option('--protocol <name>', 'paper: as in ToolRec; reference: 5-core (default)')
    .option('--map <field=column>', 'which column a field is in; may be repeated', collectMap)
    .option('--tolerance <share>', 'bad rows of a file above which the import stops (default: 1%)')
    .option('--min-rating <rating>', 'drop interactions rated lower')
    .option('--core <k>', 'k-core of users and items; “users,items” for two numbers')
    .option('--min-length <n>', 'drop users with fewer interactions, once, after the core')
    .option('--max-length <n>', 'keep each user’s latest n interactions')
    .option('--max-users <n>', 'keep n users drawn at random')
    .option('--max-items <n>', 'keep the n most popular items')
    .option('--duplicates <rule>', 'of repeated interactions with an item keep: all, first or last')
    .option('--since <date>', 'keep interactions from this date on (ISO date or seconds since 1970)')
    .option('--until <date>', 'keep interactions before this date')
    .option('--split <rule>', 'leave-one-out, or global-time:<validation>,<test> as shares')
    .option(
      '--unknown-items <rule>',
      'items that the catalogue lacks: keep (id as title) or reject their rows',
    )
    .option('--preparation <file>', 'JSON file with a preparation, such as the one in a dataset.json')
    .option('--licence <text>', 'licence or terms of the data, kept with the dataset')
    .addHelpText(
      'after',
      examples(
        ['toolrec import ml-1m/', 'detect the format, prepare by the reference protocol'],
        ['toolrec import ml-25m.zip --protocol paper', 'read a zip archive in place'],
        [
          'toolrec import log.csv --map user=uid --map item=sku --map timestamp=time',
          'map the columns of a table',
        ],
        [
          'toolrec import ml-1m/ --name liked --min-rating 4 --core 10',
          'another preparation of the same data',
        ],
      ),
    )
    .action(
      cli.action<typeof optionsSchema, [string[]]>(optionsSchema, async (run, options, paths) => {
        const { format, name, protocol, map, tolerance, licence } = options;
        const imported = await importDataset(
          {
            workspace: run.workspace,
            paths,
            format,
            name,
            protocol,
            map,
            tolerance,
            licence,
            preparation: preparationOf(options),
          },
          run.work,
        );
        for (const note of imported.notes) run.log.info(note);
        const { manifest, directory, badRows } = imported;
        const value = { directory, ...summaryOf(manifest), notes: imported.notes, badRows };
        await run.result(value, (style) => render(manifest, directory, badRows, style));
        return undefined;
      }),
    );
}

/** The counts of a dataset and how it came to be, for `--json`. */
export function summaryOf(manifest: DatasetManifest): Record<string, unknown> {
  const { counts, files: _files, kind: _kind, ...rest } = manifest;
  return { ...counts, ...rest };
}

function collectMap(text: string, before: Record<string, string> = {}): Record<string, string> {
  const border = text.indexOf('=');
  if (border < 1 || border === text.length - 1)
    throw new InvalidArgumentError('It has the form field=column, such as user=userId.');
  const field = text.slice(0, border);
  if (Object.hasOwn(before, field)) throw new InvalidArgumentError(`The field ${field} is mapped twice.`);
  return { ...before, [field]: text.slice(border + 1) };
}

/** What the options change in the protocol; undefined when they change nothing. */
function preparationOf(options: Options): Partial<Preparation> | undefined {
  const [users, items = users] = options.core?.split(',').map(Number) ?? [];
  const changes: Partial<Record<keyof Preparation, unknown>> = {
    ...(options.preparation === undefined ? {} : readPreparation(options.preparation)),
    ...defined({
      minimumRating: options.minRating,
      core: users === undefined ? undefined : { users, items },
      minimumLength: options.minLength,
      maximumLength: options.maxLength,
      maximumUsers: options.maxUsers,
      maximumItems: options.maxItems,
      duplicates: options.duplicates,
      from: options.since === undefined ? undefined : secondsOf(options.since, '--since'),
      until: options.until === undefined ? undefined : secondsOf(options.until, '--until'),
      split: options.split === undefined ? undefined : splitOf(options.split),
      unknownItems: options.unknownItems,
    }),
  };
  if (Object.keys(changes).length === 0) return undefined;
  const checked = parsePreparation(changes);
  return Object.fromEntries(Object.entries(checked).filter(([key]) => key in changes));
}

function defined(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function readPreparation(file: string): Preparation {
  const fail = (why: string): never => {
    throw new UsageError('bad-preparation', `The preparation cannot be used: ${why}.`, 'Give a JSON file.', {
      place: { file },
    });
  };
  let value: unknown;
  try {
    value = JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch (error) {
    return fail((error as Error).message);
  }
  // The preparation itself, or a manifest that has one.
  const within = z.looseObject({ preparation: preparationSchema }).safeParse(value);
  return parsePreparation(within.success ? within.data.preparation : value);
}

function secondsOf(text: string, flag: string): number {
  if (/^\d+(\.\d+)?$/.test(text) && !/^\d{4}$/.test(text)) return Number(text);
  const whole = /^\d{4}$/.test(text) ? `${text}-01-01` : /^\d{4}-\d\d$/.test(text) ? `${text}-01` : text;
  const seconds = parseDate(whole);
  if (!Number.isNaN(seconds)) return seconds;
  throw new UsageError(
    'invalid-option-value',
    `“${text.slice(0, 80)}” is not a date.`,
    'Write it as 2003-02-28 or as seconds since 1970.',
    { place: { flag } },
  );
}

function splitOf(text: string): unknown {
  const match = /^(?:leave-one-out|global-time(?::(0?\.\d+|0),(0?\.\d+))?)$/.exec(text);
  if (!match)
    throw new UsageError(
      'invalid-option-value',
      `“${text.slice(0, 80)}” is not a split.`,
      'Use leave-one-out, global-time or global-time:0.1,0.1.',
      { place: { flag: '--split' } },
    );
  if (text === 'leave-one-out') return { kind: text };
  return match[1] === undefined
    ? { kind: 'global-time' }
    : { kind: 'global-time', validation: Number(match[1]), test: Number(match[2]) };
}

function render(
  manifest: DatasetManifest,
  directory: string,
  badRows: readonly BadRow[],
  style: Style,
): string[] {
  const { counts, report } = manifest;
  const whole = (value: number): string => value.toLocaleString('en');
  const lines = [
    `${style.good('✓')} ${style.bold(manifest.name)}: ${whole(counts.users)} users, ${whole(counts.items)} items ` +
      `(${whole(counts.catalogueItems)} in the catalogue), ${whole(counts.interactions)} interactions`,
    style.dim(`  ${directory}`),
  ];
  if (report && report.steps.length > 1)
    lines.push(
      '',
      ...table(
        [
          ['  after', 'users', 'items', 'interactions'].map((cell) => style.dim(cell)),
          ...report.steps.map(({ step, users, items, interactions }) => [
            `  ${step}`,
            ...[users, items, interactions].map(whole),
          ]),
        ],
        [1, 2, 3],
      ),
    );
  if (report && report.unknownItems > 0)
    lines.push('', `${style.caution('!')} ${whole(report.unknownItems)} items are not in the catalogue.`);
  if (badRows.length > 0) {
    lines.push('', `${style.caution('!')} ${whole(report?.badRows ?? 0)} rows could not be used:`);
    for (const { file, line, reason, excerpt } of badRows.slice(0, 5))
      lines.push(`  ${file}:${line}: ${reason}: ${plainText(excerpt)}`);
    const listed = badRows.length < (report?.badRows ?? 0) ? `the first ${whole(badRows.length)}` : 'all';
    if (badRows.length > 5) lines.push(style.dim(`  … (${listed} in import-report.jsonl)`));
  }
  return lines;
}

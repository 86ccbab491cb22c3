import * as z from 'zod';
import { CatalogueLookup, type Lookup } from '../../data/catalogue-lookup.ts';
import type { Dataset } from '../../data/dataset.ts';
import { readImportReport } from '../../data/import.ts';
import { deleteDataset, listDatasets, openNamedDataset } from '../../data/library.ts';
import { datasetStatistics, type DatasetStatistics } from '../../data/statistics.ts';
import type { StoredDataset } from '../../data/store.ts';
import { UsageError } from '../../shared/errors.ts';
import { examples, type Cli } from '../cli.ts';
import type { ToolRecCommand } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { plainText, table, type Style } from '../terminal.ts';
import { summaryOf } from './import.ts';
import { histogram, percent, whole } from '../plain-plot.ts';

export function register(program: ToolRecCommand, cli: Cli): void {
  const group = program
    .command('dataset')
    .summary('list, look at and delete datasets')
    .description('Works with the datasets of the workspace; “toolrec import” makes them.');
  registerList(group, cli);
  registerShow(group, cli);
  registerInspect(group, cli);
  registerDelete(group, cli);
}

function registerList(group: ToolRecCommand, cli: Cli): void {
  group
    .command('list')
    .summary('datasets of the workspace')
    .description('Lists the datasets of the workspace; reads their manifests only.')
    .addHelpText(
      'after',
      examples(['toolrec dataset list --json | jq -r .datasets[].name', 'names, for a script']),
    )
    .action(
      cli.action(z.strictObject({}), async (run) => {
        const entries = await listDatasets(run.workspace);
        const datasets = entries.map(({ name, directory, manifest, error }) => ({
          name,
          directory,
          ...(manifest ? { ...manifest.counts, hash: manifest.hash, simulated: manifest.simulated } : {}),
          ...(error ? { error: error.toDetail() } : {}),
        }));
        await run.result({ datasets }, (style) => {
          if (entries.length === 0) return ['No datasets yet. “toolrec import <path>” makes one.'];
          const rows = entries.map(({ name, manifest, error }) =>
            manifest
              ? [
                  style.bold(name) + (manifest.simulated ? style.caution(' simulated') : ''),
                  whole(manifest.counts.users),
                  whole(manifest.counts.items),
                  whole(manifest.counts.interactions),
                  manifest.createdAt.slice(0, 10),
                ]
              : [style.bold(name), style.bad(error.code), '', '', ''],
          );
          const head = ['name', 'users', 'items', 'interactions', 'made'].map((cell) => style.dim(cell));
          return table([head, ...rows], [1, 2, 3]);
        });
        return undefined;
      }),
    );
}

function registerShow(group: ToolRecCommand, cli: Cli): void {
  group
    .command('show')
    .argument('<name>', 'name of the dataset')
    .summary('counts, preparation and origin')
    .description('Shows a dataset as in the paper’s Table 1, how it was prepared, and what it was made from.')
    .addHelpText(
      'after',
      examples(['toolrec dataset show ml-1m --json | jq .sparsity', 'one number, for a script']),
    )
    .action(
      cli.action<z.ZodObject, [string]>(z.strictObject({}), async (run, _options, name) => {
        const dataset = await openNamedDataset(run.workspace, name);
        const statistics = datasetStatistics(dataset, { samples: 0, top: 0 });
        const { sparsity, catalogueSparsity, averageLength, ties, split, time } = statistics;
        const value = {
          directory: dataset.directory,
          ...summaryOf(dataset.manifest),
          sparsity,
          catalogueSparsity,
          averageLength,
          time: { first: time.first, last: time.last },
          ties,
          parts: split,
        };
        await run.result(value, (style) => renderShow(dataset, statistics, style));
        return undefined;
      }),
    );
}

const inspectSchema = z.strictObject({
  item: z.string().optional(),
  user: z.string().optional(),
  top: z.coerce.number().int().min(1).max(1000).default(8),
  samples: z.coerce.number().int().min(0).max(1000).default(5),
  seed: z.coerce.number().int().min(0).max(0xffffffff).default(42),
});

function registerInspect(group: ToolRecCommand, cli: Cli): void {
  group
    .command('inspect')
    .argument('<name>', 'name of the dataset')
    .summary('distributions, attributes, samples; one item or user')
    .description(
      'Shows the distributions of lengths and popularity, the coverage and values of attributes, samples, and rows ' +
        'that could not be used. With --item or --user: that one.',
    )
    .option(
      '--item <id or title>',
      'look an item up as the agent does: id, title, normalised title, fuzzy title',
    )
    .option('--user <id>', 'a user’s profile and sequence with its split')
    .option('--top <n>', 'most frequent values of each attribute (default: 8)')
    .option('--samples <n>', 'items and users to draw (default: 5)')
    .option('--seed <n>', 'seed of the samples (default: 42)')
    .addHelpText(
      'after',
      examples(
        ['toolrec dataset inspect ml-1m', 'everything at a glance'],
        ['toolrec dataset inspect ml-1m --item "matrix (1999)"', 'how a title is understood'],
        ['toolrec dataset inspect ml-1m --user 1', 'one sequence'],
      ),
    )
    .action(
      cli.action<typeof inspectSchema, [string]>(inspectSchema, async (run, options, name) => {
        if (options.item !== undefined && options.user !== undefined)
          throw new UsageError(
            'invalid-option-value',
            'One of --item and --user at a time.',
            'Leave one out.',
          );
        const dataset = await openNamedDataset(run.workspace, name);
        if (options.item !== undefined) {
          const found = new CatalogueLookup(dataset).find(options.item);
          await run.result(lookupValue(dataset, found), (style) => renderLookup(dataset, found, style));
          return found.status === 'found' ? exitCodes.ok.code : exitCodes.failure.code;
        }
        if (options.user !== undefined) {
          const rows = sequenceOf(dataset, options.user);
          await run.result(rows, (style) => renderSequence(rows, style));
          return undefined;
        }
        const statistics = datasetStatistics(dataset, options);
        const badRows = await readImportReport(dataset.directory);
        const value = {
          directory: dataset.directory,
          ...summaryOf(dataset.manifest),
          ...statistics,
          badRows,
        };
        await run.result(value, (style) => [
          ...renderShow(dataset, statistics, style),
          ...renderInspection(statistics, style),
          ...(badRows.length ? ['', style.bold('Rows that could not be used')] : []),
          ...badRows
            .slice(0, 10)
            .map(({ file, line, reason, excerpt }) => `  ${file}:${line}: ${reason}: ${plainText(excerpt)}`),
        ]);
        return undefined;
      }),
    );
}

function registerDelete(group: ToolRecCommand, cli: Cli): void {
  group
    .command('delete')
    .argument('<name>', 'name of the dataset')
    .summary('delete a dataset of the workspace')
    .description(
      'Deletes a dataset with all its files. Models trained on it stay, but cannot be evaluated again.',
    )
    .option('--yes', 'really delete it')
    .addHelpText('after', examples(['toolrec dataset delete old --yes', 'without --yes nothing is deleted']))
    .action(
      cli.action<z.ZodObject<{ yes: z.ZodDefault<z.ZodBoolean> }>, [string]>(
        z.strictObject({ yes: z.boolean().default(false) }),
        async (run, { yes }, name) => {
          const directory = run.workspace.entry('datasets', name);
          if (!yes)
            throw new UsageError(
              'not-confirmed',
              `The dataset “${name}” was not deleted.`,
              'Add --yes to delete it for good.',
              { place: { flag: '--yes' } },
            );
          await deleteDataset(run.workspace, name);
          await run.result(
            { deleted: name, directory },
            (style) => `${style.good('✓')} ${name} was deleted.`,
          );
          return undefined;
        },
      ),
    );
}

const day = (seconds: number): string => {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString().slice(0, 10);
};

function renderShow(
  { manifest, directory }: StoredDataset,
  statistics: DatasetStatistics,
  style: Style,
): string[] {
  const { users, items, catalogueItems, interactions, split, ties, time } = statistics;
  const { preparation, provenance, report } = manifest;
  const facts = [
    ['Users', whole(users)],
    ['Items', `${whole(items)} (${whole(catalogueItems)} in the catalogue)`],
    ['Interactions', whole(interactions)],
    [
      'Sparsity',
      `${percent(statistics.sparsity)} (${percent(statistics.catalogueSparsity)} over the catalogue)`,
    ],
    ['Average length', statistics.averageLength.toFixed(1)],
    ['Time', `${day(time.first)} to ${day(time.last)}`],
    [
      'Ties',
      `${percent(ties.interactions)} of interactions; the last two of ${percent(ties.lastTwo)} of users`,
    ],
    [
      'Split',
      `${preparation.split.kind}: ${whole(split.train)} train, ${whole(split.validation)} validation, ${whole(split.test)} test`,
    ],
    ['Protocol', describePreparation(manifest.preparation)],
    ['Source', `${provenance.format}: ${provenance.files.map(({ name }) => name).join(', ') || 'none'}`],
    ...(provenance.licence ? [['Licence', plainText(provenance.licence)]] : []),
    ...(provenance.note ? [['Note', plainText(provenance.note)]] : []),
    ...(report
      ? [['Rows read', `${whole(report.rows)}, of which ${whole(report.badRows)} could not be used`]]
      : []),
    ['Hash', manifest.hash.slice(0, 16)],
    ['Folder', directory],
  ];
  const simulated = manifest.simulated
    ? [style.caution('Simulated data: its numbers say nothing of people.')]
    : [];
  return [
    style.bold(manifest.name),
    ...simulated,
    ...table(facts.map(([name, value]) => [`  ${style.dim(name!)}`, value!])),
  ];
}

function describePreparation(preparation: StoredDataset['manifest']['preparation']): string {
  const parts: string[] = [preparation.protocol];
  const { core, minimumRating, from, until, duplicates, maximumItems, maximumUsers, maximumLength } =
    preparation;
  if (minimumRating !== null) parts.push(`ratings from ${minimumRating}`);
  if (from !== null) parts.push(`from ${day(from)}`);
  if (until !== null) parts.push(`until ${day(until)}`);
  if (duplicates !== 'all') parts.push(`${duplicates} of duplicates`);
  if (maximumItems !== null) parts.push(`at most ${whole(maximumItems)} items`);
  if (maximumUsers !== null) parts.push(`at most ${whole(maximumUsers)} users`);
  if (maximumLength !== null) parts.push(`the latest ${whole(maximumLength)} of a user`);
  if (core.users > 1 || core.items > 1)
    parts.push(core.users === core.items ? `${core.users}-core` : `${core.users}/${core.items}-core`);
  if (preparation.minimumLength > 1) parts.push(`at least ${preparation.minimumLength} of a user`);
  return parts.join(', ');
}

function renderInspection(statistics: DatasetStatistics, style: Style): string[] {
  const { lengths, popularity, attributes, samples, catalogueItems } = statistics;
  const lines: string[] = [];
  for (const [title, { least, median, mean, ninetieth, most, bins }] of [
    ['Interactions a user', lengths],
    ['Interactions an item', popularity],
  ] as const) {
    const numbers = `least ${whole(least)}, median ${whole(median)}, mean ${mean.toFixed(1)}`;
    lines.push(
      '',
      `${style.bold(title)}  ${numbers}, nine tenths up to ${whole(ninetieth)}, most ${whole(most)}`,
    );
    lines.push(...histogram(bins, style));
  }
  const shares = popularity.shares.map(
    (share) => `${percent(share.items)} have ${percent(share.interactions)}`,
  );
  lines.push(style.dim(`  The most popular ${shares.join(', ')} of all interactions.`));
  if (statistics.ratings.length > 0) {
    lines.push('', style.bold('Ratings'));
    lines.push(
      ...histogram(
        statistics.ratings.map(({ rating, count }) => ({ from: rating, to: rating, count })),
        style,
      ),
    );
  }
  for (const { name, kind, covered, distinct, top, bins } of attributes) {
    const share = percent(covered / catalogueItems);
    lines.push('', `${style.bold(name)}  ${kind}, ${share} of items, ${whole(distinct)} values`);
    if (kind === 'number') lines.push(...histogram(bins, style));
    else
      lines.push(
        ...table(
          top.map(({ value, count }) => [`  ${plainText(value).slice(0, 60)}`, whole(count)]),
          [1],
        ),
      );
  }
  if (samples.items.length > 0) {
    lines.push('', style.bold('Some items'));
    for (const item of samples.items) lines.push(`  ${itemLine(item, style)}`);
  }
  if (samples.users.length > 0) {
    lines.push('', style.bold('Some users, and what they had last'));
    for (const { id, profile, latest } of samples.users) {
      const facts = Object.entries(profile).map(([key, value]) => `${key} ${value}`);
      lines.push(
        `  ${plainText(id)} ${style.dim(plainText(facts.join(', ')))}`,
        `    ${plainText(latest.join(' · '))}`,
      );
    }
  }
  return lines;
}

function itemLine(item: ReturnType<Dataset['item']>, style: Style): string {
  const attributes = Object.entries(item.attributes).map(
    ([name, value]) =>
      `${name}: ${plainText(typeof value === 'object' ? value.join(', ') : String(value)).slice(0, 60)}`,
  );
  return `${plainText(item.title)} ${style.dim(`[${plainText(item.id)}] ${attributes.join('; ')}`)}`;
}

function lookupValue(dataset: Dataset, found: Lookup): unknown {
  const named = (code: number): unknown => ({ code, ...dataset.item(code) });
  if (found.status === 'found') return { ...found, item: named(found.item) };
  if (found.status === 'ambiguous') return { ...found, candidates: found.candidates.map(named) };
  return { ...found, near: found.near.map(({ item, similarity }) => ({ similarity, item: named(item) })) };
}

function renderLookup(dataset: Dataset, found: Lookup, style: Style): string[] {
  const line = (code: number): string => itemLine(dataset.item(code), style);
  if (found.status === 'found') return [`${line(found.item)} ${style.dim(`found by ${found.by}`)}`];
  if (found.status === 'ambiguous')
    return [
      `${style.caution('?')} More than one item fits (by ${found.by}):`,
      ...found.candidates.map((code) => `  ${line(code)}`),
    ];
  const near = found.near.map(({ item }) => `  ${line(item)}`);
  return [`${style.bad('✗')} No item fits.`, ...(near.length ? ['The nearest:', ...near] : [])];
}

interface SequenceView {
  readonly id: string;
  readonly profile: Readonly<Record<string, string | number>>;
  readonly interactions: readonly {
    readonly item: string;
    readonly title: string;
    readonly rating: number | null;
    readonly timestamp: number;
    readonly part: 'train' | 'validation' | 'test';
  }[];
}

function sequenceOf(dataset: Dataset, id: string): SequenceView {
  const user = dataset.userCode(id);
  if (user === undefined)
    throw new UsageError(
      'unknown-user',
      `The dataset has no user “${id.slice(0, 80)}”.`,
      'Use an id of the source.',
      {
        place: { flag: '--user' },
      },
    );
  const interactions: SequenceView['interactions'][number][] = [];
  for (let at = dataset.offsets[user]!; at < dataset.offsets[user + 1]!; at++) {
    const item = dataset.item(dataset.items[at]!);
    const rating = dataset.ratings?.[at] ?? NaN;
    interactions.push({
      item: item.id,
      title: item.title,
      rating: Number.isNaN(rating) ? null : rating,
      timestamp: dataset.timestamps[at]!,
      part:
        at < dataset.trainEnd[user]! ? 'train' : at < dataset.validationEnd[user]! ? 'validation' : 'test',
    });
  }
  return { ...dataset.user(user), interactions };
}

function renderSequence({ id, profile, interactions }: SequenceView, style: Style): string[] {
  const facts = Object.entries(profile).map(([key, value]) => `${key} ${value}`);
  const rows = interactions.map(({ title, item, rating, timestamp, part }) => [
    day(timestamp),
    plainText(title),
    style.dim(plainText(item)),
    rating === null ? '' : String(rating),
    part === 'train' ? '' : style.accent(part),
  ]);
  return [`${style.bold(plainText(id))} ${style.dim(plainText(facts.join(', ')))}`, ...table(rows)];
}

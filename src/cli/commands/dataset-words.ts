import path from 'node:path';
import * as z from 'zod';
import { openNamedDataset } from '../../data/library.ts';
import { attributeVectors, wordVectorsFor, type WordReport } from '../../data/word-vectors.ts';
import { UsageError } from '../../shared/errors.ts';
import { examples, type Cli } from '../cli.ts';
import type { ToolRecCommand } from '../command.ts';
import { plainText, table, type Style } from '../terminal.ts';
import { datasetGroup } from './dataset-group.ts';

const optionsSchema = z.strictObject({
  glove: z.string().optional(),
  attribute: z.array(z.string()).optional(),
  top: z.coerce.number().int().min(0).max(100_000).default(10),
});

export function register(program: ToolRecCommand, cli: Cli): void {
  datasetGroup(program)
    .command('words')
    .argument('<name>', 'name of the dataset')
    .summary('which words of its attributes have word vectors')
    .description(
      'Looks the words of all attributes but numbers up in the word vectors that attribute-oriented retrieval uses ' +
        '(ToolRec, 3.3.2), and lists those that are unknown: they take no part in an item’s vector.',
    )
    .option(
      '--glove <file>',
      'a full GloVe text file (.txt, .gz or .zip) in the place of the shipped 50,000 words',
    )
    .option('--attribute <name...>', 'only these attributes')
    .option('--top <n>', 'most frequent unknown words to show (default: 10; --json has all)')
    .addHelpText(
      'after',
      examples(
        ['toolrec dataset words sample', 'what the shipped vectors lack'],
        ['toolrec dataset words sample --attribute director --glove glove.6B.100d.txt', 'with a full table'],
      ),
    )
    .action(
      cli.action<typeof optionsSchema, [string]>(optionsSchema, async (run, options, name) => {
        const dataset = await openNamedDataset(run.workspace, name);
        const textual = dataset.attributes.filter(({ kind }) => kind !== 'number').map((entry) => entry.name);
        const attributes = options.attribute ?? textual;
        if (attributes.length === 0)
          throw new UsageError(
            'unknown-attribute',
            `The dataset ${dataset.name} has no attribute of words.`,
            'Import it from a source with attributes such as genres.',
          );
        const glove =
          options.glove === undefined ? undefined : path.resolve(cli.environment.cwd, options.glove);
        const vectors = await wordVectorsFor(dataset, attributes, glove, run.work);
        const reports = attributes.map(
          (attribute) => attributeVectors(dataset, attribute, vectors, run.work).report,
        );
        const { dimensions, source } = vectors;
        const value = { dataset: dataset.name, hash: dataset.hash, source, dimensions, attributes: reports };
        const items = dataset.catalogueCount;
        await run.result(value, (style) => render(reports, items, options.top, style));
        return undefined;
      }),
    );
}

function render(reports: readonly WordReport[], items: number, top: number, style: Style): string[] {
  const head = ['attribute', 'words', 'known', 'items with a vector'].map((cell) => style.dim(cell));
  const rows = reports.map(({ attribute, words, unknown, itemsWithoutVector, itemsWithoutValue }) => [
    style.bold(attribute),
    whole(words),
    `${whole(words - unknown.length)} (${words === 0 ? '–' : percent((words - unknown.length) / words)})`,
    `${whole(items - itemsWithoutVector - itemsWithoutValue)} of ${whole(items - itemsWithoutValue)} with a value`,
  ]);
  const lines = [...table([head, ...rows], [1, 2])];
  for (const { attribute, unknown } of reports) {
    if (unknown.length === 0 || top === 0) continue;
    const shown = unknown
      .slice(0, top)
      .map(({ word, items: count }) => `${plainText(word)} (${whole(count)})`);
    const rest = unknown.length > top ? `, and ${whole(unknown.length - top)} more` : '';
    lines.push(
      '',
      `${style.bold(attribute)}: unknown, with the number of items`,
      `  ${shown.join(', ')}${rest}`,
    );
  }
  return lines;
}

const whole = (value: number): string => value.toLocaleString('en');
const percent = (share: number): string => `${Math.floor(share * 100)}%`;

import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { formatById } from '../../../../src/data/detect.ts';
import type { Format, SourceFile } from '../../../../src/data/reader.ts';
import { ToolRecError } from '../../../../src/shared/errors.ts';
import { CollectingSink, memoryFile } from '../helpers/collect.ts';

/** How often each random property runs: few in the unit suite, many with TOOLREC_FUZZ_RUNS=20000. */
export const fuzzRuns = Number(process.env['TOOLREC_FUZZ_RUNS'] ?? 0) || 25;
export const longRun = fuzzRuns > 1000;

export interface FuzzCase {
  readonly name: string;
  readonly format: Format;
  readonly map?: Record<string, string>;
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array }[];
}

const fixtures = path.resolve(import.meta.dirname, '../../../fixtures');

function fixtureCase(
  name: string,
  id: string,
  only?: readonly string[],
  map?: Record<string, string>,
): FuzzCase {
  const folder = path.join(fixtures, name);
  const files = readdirSync(folder)
    .filter((file) => !only || only.includes(file))
    .sort()
    .map((file) => ({ name: file, bytes: readFileSync(path.join(folder, file)) }));
  return {
    name: `${id} (${files.map((file) => file.name).join(', ')})`,
    format: formatById(id),
    files,
    ...(map ? { map } : {}),
  };
}

/** Every reader with files that exercise it. */
export const fuzzCases: readonly FuzzCase[] = [
  fixtureCase('ml-100k', 'ml-100k'),
  fixtureCase('ml-1m', 'ml-1m'),
  fixtureCase('ml-10m', 'ml-10m'),
  fixtureCase('ml-csv', 'ml-csv'),
  fixtureCase('recbole', 'recbole'),
  fixtureCase('amazon-2014', 'amazon-2014', ['meta_Books.json', 'reviews_Books.json']),
  fixtureCase('amazon-2014', 'amazon-2014', ['ratings_Books.csv']),
  fixtureCase('amazon-2018', 'amazon-2018', ['meta_Books.json', 'Books.json']),
  fixtureCase('amazon-2018', 'amazon-2018', ['Books.csv']),
  fixtureCase('amazon-2023', 'amazon-2023', ['meta_Books.jsonl', 'Books.jsonl']),
  fixtureCase('amazon-2023', 'amazon-2023', ['Books.csv']),
  fixtureCase('yelp', 'yelp'),
  fixtureCase('tables', 'csv', ['events.csv', 'products.csv'], { interactions: 'events.csv' }),
  fixtureCase('tables', 'jsonl', ['events.jsonl']),
];

/** What a reading came to: everything it said, or the code of the typed error it ended with. */
export type Outcome = { readonly read: CollectingSink } | { readonly error: string };

/** Detects, plans and reads. @throws what a reader must never throw: an error without a type. */
export async function outcomeOf(
  format: Format,
  files: readonly SourceFile[],
  map?: Record<string, string>,
): Promise<Outcome> {
  const sink = new CollectingSink();
  try {
    const confidence = await format.detect(files);
    if (!(confidence >= 0 && confidence <= 1)) throw new Error(`confidence ${confidence}`);
    const plan = await format.plan(files, map ? { map } : {});
    await plan.read(sink, {});
    checkRecords(sink, new Map(plan.attributes.map(({ name, kind }) => [name, kind])));
    return { read: sink };
  } catch (error) {
    if (error instanceof ToolRecError && error.code && error.message && error.remedy)
      return { error: error.code };
    throw error;
  }
}

/** What holds of everything a reader gives, whatever the file. */
function checkRecords(sink: CollectingSink, attributes: ReadonlyMap<string, string>): void {
  const fail = (what: string, value: unknown): never => {
    throw new Error(`${what}: ${JSON.stringify(value)}`);
  };
  for (const row of sink.interactions) {
    const [user, item, rating, timestamp, line] = row;
    if (user === '' || item === '' || !(timestamp >= 0) || rating === Infinity || !(line >= 1))
      fail('interaction', row);
  }
  for (const item of sink.catalogue) {
    if (item.id === '' || item.title === '') fail('item', item);
    for (const [name, value] of Object.entries(item.attributes)) {
      const kind = attributes.get(name);
      const expected = kind === 'number' ? 'number' : kind === 'categories' ? 'object' : 'string';
      if (kind === undefined || typeof value !== expected) fail(`attribute ${name} (${kind})`, value);
      if (typeof value === 'number' && !Number.isFinite(value)) fail(`attribute ${name}`, value);
      if (
        Array.isArray(value) &&
        (!value.length || value.some((word) => typeof word !== 'string' || word === ''))
      )
        fail(`attribute ${name}`, value);
    }
  }
  for (const { excerpt } of sink.badRows) {
    if (excerpt.length > 200) fail('excerpt', excerpt);
  }
}

export function filesOf(
  fuzzCase: FuzzCase,
  chunkLengths?: number[],
  replaced?: { readonly name: string; readonly bytes: Uint8Array },
): SourceFile[] {
  return fuzzCase.files.map(({ name, bytes }) =>
    memoryFile(name, replaced?.name === name ? replaced.bytes : bytes, chunkLengths),
  );
}

export function comparable(outcome: Outcome): unknown {
  return 'read' in outcome ? outcome.read.outcome() : outcome;
}

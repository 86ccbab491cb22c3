import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { throwIfCancelled, UsageError } from '../shared/errors.ts';
import type { LongWork } from '../shared/progress.ts';
import type { Workspace } from '../shared/workspace.ts';
import type { DatasetContent } from './content.ts';
import { chooseFormat } from './detect.ts';
import { defaultTolerance, ImportSink, type BadRow } from './import-sink.ts';
import { clearLeftovers } from './leftovers.ts';
import type { DatasetManifest, Provenance } from './manifest.ts';
import { parsePreparation, protocolPreparation, type Preparation, type ProtocolName } from './preparation.ts';
import { prepare, type Prepared } from './prepare.ts';
import type { Format, ReaderPlan, SourceFile } from './reader.ts';
import type { Records } from './records.ts';
import type { ItemRecord, UserRecord } from './schema.ts';
import { openSources } from './sources/open-sources.ts';
import { writeDataset } from './store.ts';

export interface ImportOptions {
  readonly workspace: Workspace;
  /** Files, folders or archives. */
  readonly paths: readonly string[];
  /** Format id; detected when absent. */
  readonly format?: string | undefined;
  /** Of the dataset; made from the first path when absent. */
  readonly name?: string | undefined;
  /** `reference` when absent. */
  readonly protocol?: ProtocolName | undefined;
  /** What differs from the protocol. */
  readonly preparation?: Partial<Preparation> | undefined;
  readonly map?: Readonly<Record<string, string>> | undefined;
  /** Share of bad rows in a file, in [0, 1], above which the import stops. */
  readonly tolerance?: number | undefined;
  readonly licence?: string | undefined;
  readonly note?: string | undefined;
}

export interface Imported {
  readonly manifest: DatasetManifest;
  readonly directory: string;
  /** The first bad rows, as in `import-report.jsonl`. */
  readonly badRows: readonly BadRow[];
  /** Sentences that a person should read. */
  readonly notes: readonly string[];
}

/**
 * Imports a source as a dataset of the workspace, in the place of one of the same name. Nothing is written before
 * everything is read and prepared, and then in one step: cancelled or killed, an import leaves what was there.
 * Memory: 16 to 20 B a row of the source plus 12 to 16 B a row that passes, and the catalogue.
 * @throws InputError for bad files, UsageError for bad options, StorageError when the disk refuses.
 */
export async function importDataset(options: ImportOptions, work: LongWork = {}): Promise<Imported> {
  const { workspace, tolerance = defaultTolerance } = options;
  if (!(tolerance >= 0 && tolerance <= 1))
    throw new UsageError('bad-tolerance', 'The tolerance is a share of rows.', 'Give a number from 0 to 1.', {
      place: { flag: '--tolerance' },
    });
  const name = options.name ?? datasetNameFor(options.paths[0] ?? '');
  const directory = workspace.entry('datasets', name);
  await clearLeftovers(workspace.directory('datasets'));

  const files = await openSources(options.paths, work);
  const format = await chooseFormat(files, options.format, Object.keys(options.map ?? {}).length > 0);
  const preparation = parsePreparation(declared(options, format, files));
  const digests = new SourceDigests();
  const plan = await format.plan(
    files.map((file) => digests.watch(file)),
    options.map ? { map: options.map } : {},
  );
  const sink = new ImportSink(plan.attributes, tolerance);
  await plan.read(sink, withRows(work, sink));
  throwIfCancelled(work.signal, 'The import');
  const unknown = settleUnknownItems(sink, preparation);
  const report = sink.finish();
  const { users, items } = sink;
  const known = { users: users.size, items: items.size, rejected: unknown.rejected };
  const prepared = await prepare(sink.interactions, known, preparation, work);
  const content: DatasetContent = {
    name,
    simulated: false,
    attributes: plan.attributes,
    columns: prepared.columns,
    itemCount: prepared.items.length,
    ...recordsOf(sink, prepared),
    preparation,
    provenance: {
      format: format.id,
      files: await digests.of(plan, files, work),
      ...(options.licence === undefined ? {} : { licence: options.licence }),
      ...(options.note === undefined ? {} : { note: options.note }),
    },
    report: { ...report, unknownItems: unknown.count, steps: prepared.steps },
  };
  const reportLines = sink.badRows.map((row) => `${JSON.stringify(row)}\n`).join('');
  const manifest = await writeDataset(directory, content, work, { 'import-report.jsonl': reportLines });
  return { manifest, directory, badRows: sink.badRows, notes: plan.notes };
}

/** A name made from a path: its last part, without extensions, in characters that a name may have. */
export function datasetNameFor(source: string): string {
  const base = path.basename(path.resolve(source));
  const plain = base.replace(/\.(gz|zip)$/i, '').replace(/\.(csv|tsv|jsonl?|parquet|inter|dat|data)$/i, '');
  const safe = plain.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
  return safe.slice(0, 64) || 'dataset';
}

function declared(options: ImportOptions, format: Format, files: readonly SourceFile[]): unknown {
  const protocol = options.protocol ?? 'reference';
  const base = protocolPreparation(protocol, { format: format.id, files: files.map((file) => file.base) });
  const changes = Object.fromEntries(
    Object.entries(options.preparation ?? {}).filter(([, value]) => value !== undefined),
  );
  return Object.keys(changes).length === 0 ? base : { ...base, ...changes, protocol: 'custom' };
}

/** Adds the number of rows to a reader's progress in bytes. */
function withRows(work: LongWork, sink: ImportSink): LongWork {
  const { onProgress } = work;
  if (!onProgress) return work;
  return {
    signal: work.signal,
    onProgress: (progress) => {
      const rows = sink.interactions.rows;
      onProgress(rows === 0 ? progress : { ...progress, rows });
    },
  };
}

/** Applies the rule for items with interactions but no catalogue entry, where the source has a catalogue. */
function settleUnknownItems(
  sink: ImportSink,
  { unknownItems }: Preparation,
): { count: number; rejected?: Uint8Array } {
  if (sink.catalogueSize === 0) return { count: 0 };
  const rows = new Uint32Array(sink.items.size);
  for (const chunk of sink.interactions) for (let at = 0; at < chunk.length; at++) rows[chunk.items[at]!]!++;
  const rejected = new Uint8Array(rows.length);
  let count = 0;
  for (let item = 0; item < rows.length; item++) {
    if (rows[item] === 0 || sink.itemRecords[item]) continue;
    count++;
    if (unknownItems === 'keep') continue;
    rejected[item] = 1;
    sink.reject(sink.firstPlace(item), 'unknown-item', sink.items.text(item), rows[item]!);
  }
  return { count, rejected };
}

/** Catalogue (items with interactions first, then the others, both in the source's order) and users. */
function recordsOf(
  sink: ImportSink,
  prepared: Prepared,
): { items: Records<ItemRecord>; users: Records<UserRecord> } {
  const used = new Uint8Array(sink.items.size);
  for (const item of prepared.items) used[item] = 1;
  const codes = Array.from(prepared.items);
  for (let item = 0; item < used.length; item++) if (!used[item] && sink.itemRecords[item]) codes.push(item);
  const itemAt = (code: number): ItemRecord => {
    const item = codes[code]!;
    const id = sink.items.text(item);
    return sink.itemRecords[item] ?? { id, title: id, attributes: {} };
  };
  const userAt = (code: number): UserRecord => {
    const user = prepared.users[code]!;
    return { id: sink.users.text(user), profile: sink.profiles[user] ?? {} };
  };
  const find = (): never => {
    throw new RangeError('Records of an import cannot be looked up by id.');
  };
  return {
    items: { count: codes.length, at: itemAt, find },
    users: { count: prepared.users.length, at: userAt, find },
  };
}

/** SHA-256 of each file's decompressed content, taken while a reader streams it. */
class SourceDigests {
  private readonly done = new Map<string, Provenance['files'][number]>();

  watch(file: SourceFile): SourceFile {
    return { ...file, open: (work) => this.tap(file, work) };
  }

  /** Entries of the plan's files; those that were not streamed to their end are read now. */
  async of(plan: ReaderPlan, files: readonly SourceFile[], work: LongWork): Promise<Provenance['files']> {
    const entries: Provenance['files'] = [];
    for (const name of plan.files) {
      const file = files.find((candidate) => candidate.name === name);
      if (!file) continue;
      if (!this.done.has(name))
        for await (const _ of this.tap(file, work)) throwIfCancelled(work.signal, 'The import');
      entries.push(this.done.get(name)!);
    }
    return entries;
  }

  private async *tap(file: SourceFile, work: LongWork): AsyncGenerator<Uint8Array> {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of file.open(work)) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
    this.done.set(file.name, { name: path.basename(file.name), bytes, sha256: hash.digest('hex') });
  }
}

/** The bad rows listed when a dataset was imported. */
export async function readImportReport(directory: string): Promise<BadRow[]> {
  const text = await fs.readFile(path.join(directory, 'import-report.jsonl'), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as BadRow);
}

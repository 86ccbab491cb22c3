import type { Hash } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { asStorageError, replaceDirectoryAtomic } from '../shared/atomic-file.ts';
import { throwIfCancelled, ToolRecError } from '../shared/errors.ts';
import type { LongWork } from '../shared/progress.ts';
import {
  readColumns,
  writeAll,
  writeColumns,
  type SectionArray,
  type SectionToWrite,
} from './column-file.ts';
import {
  ColumnDataset,
  contradiction,
  hashSection,
  recordBlocks,
  sectionsOf,
  startContentHash,
  type DatasetContent,
} from './content.ts';
import type { Dataset, DatasetColumns } from './dataset.ts';
import { claimUnfinished, releaseUnfinished } from './leftovers.ts';
import {
  damaged,
  datasetVersion,
  manifestFile,
  manifestSchema,
  readManifest,
  type DatasetManifest,
} from './manifest.ts';
import { itemLines, userLines, type Records } from './records.ts';
import type { ItemRecord, UserRecord } from './schema.ts';

export interface StoredDataset extends Dataset {
  readonly manifest: DatasetManifest;
  readonly directory: string;
}

/**
 * Stores a dataset in `directory` (the workspace's `datasets/<name>`), in the place of an earlier one in one
 * step: a crash or cancellation leaves that one whole.
 * @param extra text files to keep beside it, by name.
 * @throws StorageError when the disk refuses; RangeError when the content contradicts itself.
 */
export async function writeDataset(
  directory: string,
  content: DatasetContent,
  work: LongWork = {},
  extra: Readonly<Record<string, string>> = {},
): Promise<DatasetManifest> {
  const wrong = contradiction(content);
  if (wrong) throw new RangeError(`Not a dataset: ${wrong}.`);
  let manifest: DatasetManifest | undefined;
  await replaceDirectoryAtomic(directory, async (folder) => {
    await claimUnfinished(folder);
    const hash = startContentHash(content);
    const items = await writeRecords(path.join(folder, 'items.jsonl'), content.items, hash, work);
    const users = await writeRecords(path.join(folder, 'users.jsonl'), content.users, hash, work);
    const hashed = sectionsOf(content);
    const sections: SectionToWrite[] = [
      ...hashed,
      { name: 'itemLines', type: 'u32', values: items.starts },
      { name: 'userLines', type: 'u32', values: users.starts },
    ];
    let current: SectionToWrite | undefined;
    const columns = await writeColumns(path.join(folder, 'columns.bin'), sections, work, (section, bytes) => {
      if (!hashed.includes(section)) return;
      if (current !== section) hashSection(hash, (current = section));
      hash.update(bytes);
    });
    manifest = manifestSchema.parse({
      kind: 'toolrec-dataset',
      version: datasetVersion,
      name: content.name,
      createdAt: new Date().toISOString(),
      hash: hash.digest('hex'),
      simulated: content.simulated,
      counts: {
        users: content.users.count,
        items: content.itemCount,
        catalogueItems: content.items.count,
        interactions: content.columns.items.length,
      },
      attributes: [...content.attributes],
      preparation: content.preparation,
      provenance: content.provenance,
      ...(content.report ? { report: content.report } : {}),
      files: { 'columns.bin': columns, 'items.jsonl': items.file, 'users.jsonl': users.file },
    } satisfies DatasetManifest);
    for (const [name, text] of Object.entries(extra)) await fs.writeFile(path.join(folder, name), text);
    await fs.writeFile(path.join(folder, manifestFile), `${JSON.stringify(manifest, null, 2)}\n`);
    throwIfCancelled(work.signal, 'Writing the dataset');
  });
  await releaseUnfinished(directory);
  return manifest!;
}

async function writeRecords(
  file: string,
  records: Records<ItemRecord> | Records<UserRecord>,
  hash: Hash,
  work: LongWork,
): Promise<{ starts: Uint32Array; file: { bytes: number; crc32: number } }> {
  const starts = new Uint32Array(records.count + 1);
  const handle = await fs.open(file, 'wx');
  let bytes = 0;
  let sum = 0;
  try {
    for (const block of recordBlocks(records, starts)) {
      throwIfCancelled(work.signal, 'Writing the dataset');
      hash.update(block);
      sum = crc32(block, sum);
      await writeAll(handle, block, bytes);
      bytes += block.length;
    }
  } finally {
    await handle.close();
  }
  return { starts, file: { bytes, crc32: sum } };
}

/**
 * Opens a stored dataset: columns in one read, records parsed when asked for. Everything is checked against the
 * manifest's sizes and checksums first.
 * @throws StorageError `no-dataset`, `dataset-newer`, `dataset-damaged`.
 */
export async function openDataset(directory: string): Promise<StoredDataset> {
  const manifest = await readManifest(directory);
  const place = (name: keyof DatasetManifest['files']): string => path.join(directory, name);
  const [sections, items, users] = await Promise.all([
    readColumns(place('columns.bin'), manifest.files['columns.bin']).catch(asDamage(place('columns.bin'))),
    readRecords(place('items.jsonl'), manifest.files['items.jsonl']),
    readRecords(place('users.jsonl'), manifest.files['users.jsonl']),
  ]);
  const file = place('columns.bin');
  const ratings = sections.get('ratings');
  if (ratings && !(ratings instanceof Float32Array)) throw damaged(file, 'its ratings are not f32');
  const columns: DatasetColumns = {
    offsets: section(sections, 'offsets', Uint32Array, file),
    items: section(sections, 'items', Uint32Array, file),
    ratings,
    timestamps: section(sections, 'timestamps', Float64Array, file),
    trainEnd: section(sections, 'trainEnd', Uint32Array, file),
    validationEnd: section(sections, 'validationEnd', Uint32Array, file),
  };
  const { counts, hash } = manifest;
  const itemRecords = itemLines(items, lines(sections, 'itemLines', items, file), place('items.jsonl'));
  const userRecords = userLines(users, lines(sections, 'userLines', users, file), place('users.jsonl'));
  const content = { ...manifest, columns, itemCount: counts.items, items: itemRecords, users: userRecords };
  if (
    counts.users !== userRecords.count ||
    counts.catalogueItems !== itemRecords.count ||
    counts.interactions !== columns.items.length
  )
    throw damaged(file, 'its counts differ from those of the manifest');
  const wrong = contradiction(content);
  if (wrong) throw damaged(file, wrong);
  return Object.assign(new ColumnDataset(content, columns, hash), { manifest, directory });
}

async function readRecords(file: string, expected: { bytes: number; crc32: number }): Promise<Buffer> {
  const bytes = await fs.readFile(file).catch(asDamage(file));
  if (bytes.length !== expected.bytes)
    throw damaged(file, `it has ${bytes.length} bytes instead of ${expected.bytes}`);
  if (crc32(bytes) !== expected.crc32) throw damaged(file, 'its checksum does not match');
  return bytes;
}

function asDamage(file: string): (error: unknown) => never {
  return (error) => {
    if (error instanceof ToolRecError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw damaged(file, 'the file is missing', error);
    throw asStorageError(error, file);
  };
}

function section<T extends SectionArray>(
  sections: Map<string, SectionArray>,
  name: string,
  type: new (length: number) => T,
  file: string,
): T {
  const found = sections.get(name);
  if (found instanceof type) return found;
  throw damaged(file, `section ${name} is missing`);
}

function lines(sections: Map<string, SectionArray>, name: string, bytes: Buffer, file: string): Uint32Array {
  const starts = section(sections, name, Uint32Array, file);
  const ordered = starts.length > 0 && starts.every((start, i) => i === 0 || starts[i - 1]! < start);
  if (!ordered || starts[0] !== 0 || starts.at(-1) !== bytes.length)
    throw damaged(file, `section ${name} does not fit its file`);
  return starts;
}

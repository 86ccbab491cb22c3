import fs from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { StorageError } from '../shared/errors.ts';
import { asStorageError } from '../shared/atomic-file.ts';
import { preparationSchema } from './preparation.ts';
import { attributeDefinitionSchema } from './schema.ts';

export const manifestFile = 'dataset.json';
/** Raised when an older program could no longer read what a newer one writes. */
export const datasetVersion = 1;

const count = z.int().nonnegative();
const hex256 = z.string().regex(/^[0-9a-f]{64}$/);

export const importReportSchema = z.strictObject({
  /** Rows of all files of the source, bad ones included. */
  rows: count,
  badRows: count,
  /** Bad rows by reason. */
  reasons: z.record(z.string(), count),
  /** Items with interactions but no catalogue entry in a source that has a catalogue. */
  unknownItems: count,
  /** What was left after each step of the preparation that did something. */
  steps: z.array(z.strictObject({ step: z.string(), users: count, items: count, interactions: count })),
});
export type ImportReport = z.infer<typeof importReportSchema>;

export const provenanceSchema = z.strictObject({
  /** Id of the format it was read with; `generated` for simulated data. */
  format: z.string(),
  /** SHA-256 of each file's content, decompressed. */
  files: z.array(z.strictObject({ name: z.string(), bytes: count, sha256: hex256 })),
  /** Licence or terms of the data, a sentence for a person. */
  licence: z.string().optional(),
  /** What a reader of results must know about this data. */
  note: z.string().optional(),
});
export type Provenance = z.infer<typeof provenanceSchema>;

const fileSchema = z.strictObject({ bytes: count, crc32: z.int().min(0).max(0xffffffff) });

/** `dataset.json`: everything about a stored dataset but its rows. */
export const manifestSchema = z.strictObject({
  kind: z.literal('toolrec-dataset'),
  version: z.literal(datasetVersion),
  name: z.string().min(1),
  createdAt: z.iso.datetime(),
  /** Content hash: see `Dataset.hash`. */
  hash: hex256,
  simulated: z.boolean(),
  counts: z.strictObject({ users: count, items: count, catalogueItems: count, interactions: count }),
  attributes: z.array(attributeDefinitionSchema),
  preparation: preparationSchema,
  provenance: provenanceSchema,
  report: importReportSchema.optional(),
  files: z.strictObject({
    'columns.bin': fileSchema,
    'items.jsonl': fileSchema,
    'users.jsonl': fileSchema,
  }),
});
export type DatasetManifest = z.infer<typeof manifestSchema>;

/**
 * Reads and checks `dataset.json`, nothing else.
 * @throws StorageError `no-dataset`, `dataset-newer` or `dataset-damaged`.
 */
export async function readManifest(directory: string): Promise<DatasetManifest> {
  const file = path.join(directory, manifestFile);
  let text: string;
  try {
    text = await fs.readFile(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw asStorageError(error, file);
    const exists = await fs.stat(directory).then(
      (stat) => stat.isDirectory(),
      () => false,
    );
    if (exists) throw damaged(file, 'the file is missing');
    throw new StorageError(
      'no-dataset',
      `There is no dataset “${path.basename(directory)}”.`,
      'List the datasets with “toolrec dataset list”, or import one.',
      { place: { file: directory } },
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw damaged(file, 'it is not JSON', error);
  }
  const version = z.looseObject({ kind: z.literal('toolrec-dataset'), version: z.int() }).safeParse(value);
  if (!version.success) throw damaged(file, 'it is not the manifest of a dataset');
  if (version.data.version > datasetVersion) throw newer(file, version.data.version);
  const manifest = manifestSchema.safeParse(value);
  if (!manifest.success) {
    const issue = manifest.error.issues[0]!;
    throw damaged(file, `${issue.path.join('.')}: ${issue.message}`);
  }
  return manifest.data;
}

export function damaged(file: string, why: string, cause?: unknown): StorageError {
  return new StorageError(
    'dataset-damaged',
    `The stored dataset is damaged (${why}).`,
    'Import it again from its source.',
    { place: { file }, cause },
  );
}

export function newer(file: string, version: number): StorageError {
  return new StorageError(
    'dataset-newer',
    `The dataset was written by a newer ToolRec (form ${version}; this one reads up to ${datasetVersion}).`,
    'Update ToolRec, or import the dataset again with this version.',
    { place: { file } },
  );
}

/**
 * What a model keeps on disk, in `models/<id>/`: `model.json` (this manifest), `model.safetensors` (the best
 * parameters so far), `optimizer.safetensors` (everything to go on training from) and `training.jsonl`.
 */
import fs from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { decodeSafetensors, encodeSafetensors, type SafetensorsFile } from '../engine/safetensors.ts';
import type { NamedHostTensors } from '../engine/program.ts';
import { asStorageError, writeFileAtomic } from '../shared/atomic-file.ts';
import { StorageError } from '../shared/errors.ts';
import { storedConfigSchema } from './config.ts';
import { textManifestSchema } from './text-embeddings/source.ts';

export const modelFile = 'model.json';
export const parametersFile = 'model.safetensors';
export const trainingStateFile = 'optimizer.safetensors';
export const trainingLogFile = 'training.jsonl';
const version = 1;

export const modelStatuses = ['training', 'paused', 'stopped', 'finished', 'failed'] as const;
export type ModelStatus = (typeof modelStatuses)[number];

const metricsSchema = z.record(z.string(), z.number());

export const modelManifestSchema = z.strictObject({
  kind: z.literal('toolrec-model'),
  version: z.literal(version),
  id: z.string(),
  /** ISO 8601. */
  created: z.string(),
  updated: z.string(),
  config: storedConfigSchema,
  /** Present for attribute-oriented retrieval tools (paper 3.3.2). */
  tool: z
    .strictObject({
      attribute: z.string(),
      mode: z.enum(['frozen', 'full']),
      /** Id of the backbone it was made from. */
      backbone: z.string(),
      /** Of its parameters then; tools from before it was kept lack it. */
      backboneHash: z.string().optional(),
      /** Where item features come from: a word vector source, or buckets of numbers. */
      features: z.string(),
      featureWidth: z.int().positive(),
      /** Full GloVe file that the words were looked up in; the shipped words when absent. */
      glove: z.string().optional(),
    })
    .optional(),
  /** The model whose best parameters it began with; random ones when absent. */
  startedFrom: z.string().optional(),
  /** Present where the item encoder is `text`. */
  text: textManifestSchema.optional(),
  dataset: z.strictObject({
    name: z.string(),
    hash: z.string(),
    items: z.int().nonnegative(),
    users: z.int().nonnegative(),
    simulated: z.boolean(),
  }),
  status: z.enum(modelStatuses),
  /** Why it failed; one sentence. */
  failure: z.string().optional(),
  progress: z.strictObject({
    /** Completed epochs. */
    epoch: z.number(),
    step: z.int().nonnegative(),
    bestEpoch: z.int().nonnegative(),
    /** Time spent training and validating. */
    seconds: z.number(),
  }),
  /** Validation metrics of the best epoch. */
  validation: metricsSchema.optional(),
  /** Later evaluations by split part. */
  evaluations: z.record(z.string(), metricsSchema).optional(),
  device: z.string(),
  /** How it came to that device, the last time that it was trained. */
  placement: z
    .strictObject({
      /** 0: all cores. */
      threads: z.int().nonnegative(),
      chosen: z.enum(['given', 'timed']),
      /** How long the timing took. */
      seconds: z.number().optional(),
      /** Milliseconds of a training step on each device that was timed. */
      milliseconds: z.record(z.string(), z.number()).optional(),
    })
    .optional(),
  parameters: z.strictObject({ total: z.int(), trainable: z.int() }),
  /** Multiply-adds times two of one prediction from a history of full length (paper, Figure 6). */
  flops: z.number(),
});
export type ModelManifest = z.output<typeof modelManifestSchema>;

export const modelKind = 'toolrec-model';
export const modelVersion = version;

export async function writeManifest(directory: string, manifest: ModelManifest): Promise<void> {
  await writeFileAtomic(path.join(directory, modelFile), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** @throws StorageError `no-model`, `model-newer`, `damaged-model` */
export async function readManifest(directory: string): Promise<ModelManifest> {
  const file = path.join(directory, modelFile);
  const text = await fs.readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT')
      throw new StorageError(
        'no-model',
        `There is no model “${path.basename(directory)}”.`,
        'List the models with “toolrec models list”.',
        { place: { file: directory } },
      );
    throw asStorageError(error, file);
  });
  const damaged = (what: string) =>
    new StorageError('damaged-model', `The model's description is damaged: ${what}.`, 'Train it again.', {
      place: { file },
    });
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    throw damaged('it is not JSON');
  }
  const stated = z.looseObject({ kind: z.literal(modelKind), version: z.number() }).safeParse(raw);
  if (!stated.success) throw damaged('it does not describe a model');
  if (stated.data.version > version)
    throw new StorageError(
      'model-newer',
      'The model was written by a newer version of ToolRec.',
      'Update ToolRec, or train the model again.',
      { place: { file } },
    );
  const parsed = modelManifestSchema.safeParse(raw);
  if (!parsed.success) throw damaged(z.prettifyError(parsed.error));
  return parsed.data;
}

/** Keeps the metrics of an evaluation in the model's description. */
export async function recordEvaluation(
  directory: string,
  part: string,
  metrics: Readonly<Record<string, number>>,
): Promise<void> {
  const manifest = await readManifest(directory);
  await writeManifest(directory, {
    ...manifest,
    evaluations: { ...manifest.evaluations, [part]: { ...manifest.evaluations?.[part], ...metrics } },
  });
}

export async function writeTensors(
  directory: string,
  name: typeof parametersFile | typeof trainingStateFile,
  content: SafetensorsFile,
): Promise<void> {
  await writeFileAtomic(path.join(directory, name), encodeSafetensors(content));
}

/** @throws StorageError `no-checkpoint`, `damaged-checkpoint` */
export async function readTensors(
  directory: string,
  name: typeof parametersFile | typeof trainingStateFile,
): Promise<SafetensorsFile> {
  const file = path.join(directory, name);
  const bytes = await fs.readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT')
      throw new StorageError(
        'no-checkpoint',
        'The model has no checkpoint yet.',
        'Train it for at least one epoch.',
        { place: { file } },
      );
    throw asStorageError(error, file);
  });
  return decodeSafetensors(bytes, file);
}

/** Of a whole file that was made for something else. */
export function foreignCheckpoint(what: string, place: string): StorageError {
  return new StorageError(
    'foreign-checkpoint',
    `The checkpoint does not belong to this model: ${what}.`,
    'Restore the right file, or train the model again.',
    { place: { file: place } },
  );
}

/**
 * Takes the tensors that `expected` names, refusing a file that belongs to something else: by its tensors, or by the
 * model that it says it is of (two models of one shape have the same tensors).
 * @param model id of the model that the file has to be of
 * @throws StorageError `foreign-checkpoint`
 */
export function takeTensors(
  file: SafetensorsFile,
  expected: NamedHostTensors,
  model: string,
  place: string,
): NamedHostTensors {
  const extra = Object.keys(file.tensors).find((name) => !Object.hasOwn(expected, name));
  if (extra !== undefined) throw foreignCheckpoint(`it has a tensor “${extra.slice(0, 80)}”`, place);
  for (const [name, { shape, dtype }] of Object.entries(expected)) {
    const found = file.tensors[name];
    if (!found) throw foreignCheckpoint(`it lacks the tensor “${name}”`, place);
    if (found.dtype !== dtype || found.shape.join() !== shape.join())
      throw foreignCheckpoint(
        `its tensor “${name}” is [${found.shape.join()}] where [${shape.join()}] is needed`,
        place,
      );
  }
  const owner = file.metadata['model'];
  if (owner !== model)
    throw foreignCheckpoint(
      owner === undefined ? 'it does not say of which it is' : `it is of “${owner.slice(0, 80)}”`,
      place,
    );
  return file.tensors;
}

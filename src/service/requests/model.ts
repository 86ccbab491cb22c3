import * as z from 'zod';
import { textSourceSchema } from '../../recommender/text-embeddings/source.ts';
import { trainableDevices } from '../../engine/device-names.ts';
import { trainingEventSchema } from '../../recommender/training-event.ts';
import { defineNotification, defineRequest } from '../protocol.ts';
import { curveSchema } from './training-views.ts';

/** Requests about trained models: training, looking at them, retrieval. */

const count = z.int().nonnegative();
const metrics = z.record(z.string(), z.number());

export { trainableDevices };

export const modelViewSchema = z.object({
  id: z.string(),
  created: z.string(),
  updated: z.string(),
  status: z.enum(['training', 'paused', 'stopped', 'finished', 'failed']),
  failure: z.string().optional(),
  /** What views call it: `SASRec`, `SASRec_BERT`, `frozen + genre (SASRec)`. */
  title: z.string(),
  /** `sasrec`, `bert4rec`. */
  model: z.string(),
  loss: z.string(),
  config: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  tool: z
    .object({ attribute: z.string(), mode: z.string(), backbone: z.string(), features: z.string() })
    .optional(),
  /** The model whose best parameters it began with. */
  startedFrom: z.string().optional(),
  /** Where the item encoder is `text`: which embeddings its texts have; every view says so. */
  text: z.object({ source: textSourceSchema, label: z.string(), width: count }).optional(),
  dataset: z.object({
    name: z.string(),
    hash: z.string(),
    items: count,
    users: count,
    simulated: z.boolean(),
  }),
  progress: z.object({ epoch: z.number(), step: count, bestEpoch: count, seconds: z.number() }),
  /** Of the best epoch, on validation. */
  validation: metrics.optional(),
  /** By split part. */
  evaluations: z.record(z.string(), metrics).optional(),
  device: z.string(),
  /** How it came to that device. */
  placement: z
    .object({
      threads: count,
      chosen: z.enum(['given', 'timed']),
      seconds: z.number().optional(),
      milliseconds: metrics.optional(),
    })
    .optional(),
  parameters: z.object({ total: count, trainable: count }),
  flops: z.number(),
});
export type ModelView = z.output<typeof modelViewSchema>;

const tool = z.strictObject({
  attribute: z.string(),
  mode: z.enum(['frozen', 'full']),
  backbone: z.string(),
  glove: z.string().optional(),
});

/**
 * Trains a model, or goes on with one of that id. Runs wait for each other. Cancelling the request stops the run with
 * a usable checkpoint; `model/pause` does so too, and says that it will go on.
 */
export const trainModel = defineRequest({
  name: 'model/train',
  params: z.strictObject({
    workspace: z.string().min(1),
    dataset: z.string(),
    /** Made from model and dataset when absent. */
    id: z.string().optional(),
    /** What differs from the preset, by the keys of the training configuration. */
    config: z.record(z.string(), z.unknown()).default({}),
    preset: z.string().optional(),
    tool: tool.optional(),
    /** Where item texts are embedded, for the item encoder `text`; word vectors when absent. The key is not kept. */
    text: z.strictObject({ source: textSourceSchema, apiKey: z.string().optional() }).optional(),
    /** Begin with the best parameters of this model, of the same shape. */
    startFrom: z.string().optional(),
    /** Go on with the model of that id, with its own settings. */
    resume: z.boolean().default(false),
    device: z.enum(trainableDevices).default('auto'),
    threads: count.default(0),
    allowChangedDataset: z.boolean().default(false),
  }),
  result: modelViewSchema,
});

export const pauseModel = defineRequest({
  name: 'model/pause',
  params: z.strictObject({ workspace: z.string().min(1), id: z.string() }),
  /** False when no training of that id is under way or waiting. */
  result: z.object({ pausing: z.boolean() }),
});

/** Lines of `training.jsonl` as they are written, a few times a second. */
export const trainingNotification = defineNotification({
  name: 'model/training',
  params: z.object({ workspace: z.string(), id: z.string(), events: z.array(trainingEventSchema) }),
});

export const listedModelSchema = z.union([
  modelViewSchema,
  z.object({ id: z.string(), error: z.object({ code: z.string(), message: z.string() }) }),
]);
export type ListedModel = z.output<typeof listedModelSchema>;

export const listModelsRequest = defineRequest({
  name: 'model/list',
  params: z.strictObject({ workspace: z.string().min(1) }),
  result: z.object({ models: z.array(listedModelSchema) }),
});

export const showModel = defineRequest({
  name: 'model/show',
  params: z.strictObject({ workspace: z.string().min(1), id: z.string() }),
  result: z.object({ model: modelViewSchema, events: z.array(z.record(z.string(), z.unknown())) }),
});

export const deleteModelRequest = defineRequest({
  name: 'model/delete',
  params: z.strictObject({ workspace: z.string().min(1), id: z.string() }),
  result: z.object({ id: z.string() }),
});

/** The K best items outside of each history, from models that stay in memory. */
export const retrieveItems = defineRequest({
  name: 'model/retrieve',
  params: z.strictObject({
    workspace: z.string().min(1),
    /** Backbone, or a floor model by name. */
    model: z.string(),
    dataset: z.string(),
    /** User codes or histories of item codes, oldest first. A user's history is everything before `before`. */
    queries: z
      .array(z.union([z.strictObject({ user: count }), z.strictObject({ history: z.array(count) })]))
      .min(1),
    /** What is predicted for users: nothing of that part or later is seen. `end`: all is seen. */
    before: z.enum(['validation', 'test', 'end']).default('test'),
    /** Attribute tool made from the backbone; null is the backbone itself (the paper's None). */
    attribute: z.string().nullable().default(null),
    k: z.int().min(1).max(10_000),
    /** By an index that may miss some (usearch), for catalogues of millions of items. */
    approximate: z.boolean().default(false),
    /** Items of the history are left out. */
    maskSeen: z.boolean().default(true),
    allowChangedDataset: z.boolean().default(false),
  }),
  result: z.object({
    lists: z.array(z.array(z.object({ item: count, id: z.string(), title: z.string(), score: z.number() }))),
    seconds: z.number(),
  }),
});

/** Attributes that have a finished tool on a backbone. */
export const retrievalAttributes = defineRequest({
  name: 'model/attributes',
  params: z.strictObject({ workspace: z.string().min(1), model: z.string() }),
  result: z.object({ attributes: z.array(z.string().nullable()) }),
});

/** Reads `training.jsonl` in the engine, so that a long one does not hold up the host. Empty for a model without one. */
export const trainingCurve = defineRequest({
  name: 'model/curve',
  params: z.strictObject({ workspace: z.string().min(1), id: z.string() }),
  result: curveSchema,
});

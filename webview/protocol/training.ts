import * as z from 'zod/mini';
import type { PanelContract } from '../../src/shared/message-channel.ts';
import { curveSchema } from '../../src/service/requests/training-views.ts';

/** Messages of the panel “Training”: src/workbench/training/training-panel.ts and training.main.ts. */

const count = z.int().check(z.nonnegative());
const metrics = z.record(z.string(), z.number());

export const runStatuses = [
  /** Asked for; another training comes first. */
  'waiting',
  /** The model is made ready, a device is chosen. */
  'preparing',
  'training',
  'pausing',
  'stopping',
  /** Another process trains it: another window, or a command line. */
  'elsewhere',
  /** It was in training when its process ended. */
  'interrupted',
  'paused',
  'stopped',
  'finished',
  'failed',
  /** Its description cannot be read. */
  'damaged',
] as const;
export type RunStatus = (typeof runStatuses)[number];

/** A model or the training of one, as lists show it. */
export const modelRowSchema = z.object({
  /** Path of the workspace folder. */
  folder: z.string(),
  id: z.string(),
  status: z.enum(runStatuses),
  /** Why it failed or cannot be read. */
  failure: z.optional(z.string()),
  dataset: z.string(),
  simulated: z.boolean(),
  /** `sasrec`, `bert4rec`. */
  model: z.string(),
  /** What lists call its kind: `SASRec`, `SASRec_BERT`, `frozen + genre (SASRec)`. */
  title: z.string(),
  loss: z.string(),
  tool: z.optional(z.object({ attribute: z.string(), mode: z.string(), backbone: z.string() })),
  config: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  epoch: z.number(),
  /** Most epochs it may take. */
  epochs: count,
  bestEpoch: count,
  steps: count,
  /** Seconds of training. */
  seconds: z.number(),
  /** Of the best epoch, on validation. */
  validation: z.optional(metrics),
  /** By split part. */
  evaluations: z.optional(z.record(z.string(), metrics)),
  device: z.optional(z.string()),
  placement: z.optional(
    z.object({
      threads: count,
      chosen: z.enum(['given', 'timed']),
      seconds: z.optional(z.number()),
      milliseconds: z.optional(metrics),
    }),
  ),
  parameters: z.optional(z.object({ total: count, trainable: count })),
  flops: z.optional(z.number()),
  created: z.optional(z.string()),
  updated: z.optional(z.string()),
  /** While it is under way here. */
  live: z.optional(
    z.object({
      message: z.string(),
      done: z.optional(z.number()),
      total: z.optional(z.number()),
      /** At most: it may stop before. */
      secondsLeft: z.optional(z.number()),
      loss: z.optional(z.number()),
      tokensPerSecond: z.optional(z.number()),
    }),
  ),
});
export type ModelRow = z.infer<typeof modelRowSchema>;

export const chartOptionsSchema = z.object({
  /** What stands on the shared horizontal axis. */
  axis: z.enum(['step', 'epoch', 'seconds']),
  /** Weight of the past in the moving average of the loss, 0 to 0.99. */
  smoothing: z.number().check(z.gte(0)).check(z.lte(0.99)),
  logarithmic: z.boolean(),
});
export type ChartOptions = z.infer<typeof chartOptionsSchema>;

const trainingStateSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('loading') }),
  z.object({ kind: z.literal('failed'), failure: z.object({ message: z.string(), remedy: z.string() }) }),
  z.object({
    kind: z.literal('full'),
    /** False where there is nothing to train on yet. */
    hasDatasets: z.boolean(),
    trusted: z.boolean(),
    rows: z.array(modelRowSchema),
    /** Ids of the runs whose curves are shown, in the order of their colours. */
    selected: z.array(z.string()),
    options: chartOptionsSchema,
  }),
]);
export type TrainingState = z.infer<typeof trainingStateSchema>;

const selectedCurveSchema = z.extend(curveSchema, {
  id: z.string(),
  /** Why it could not be read. */
  problem: z.optional(z.string()),
});
export type SelectedCurve = z.infer<typeof selectedCurveSchema>;

const about = z.object({ id: z.string() });

export const trainingContract = {
  requests: {},
  intents: {
    select: z.object({ ids: z.array(z.string()).check(z.maxLength(64)) }),
    options: chartOptionsSchema,
    train: z.object({}),
    createSample: z.object({}),
    pause: about,
    resume: about,
    stop: about,
    evaluate: about,
    /** Paired tests of two models or more, as a report. */
    compare: z.object({ ids: z.array(z.string()).check(z.maxLength(64)) }),
    showLog: z.object({}),
    reload: z.object({}),
  },
  updates: {
    language: z.object({ locale: z.string(), texts: z.record(z.string(), z.string()) }),
    remember: z.object({ folder: z.string() }),
    state: trainingStateSchema,
    /** The curves of every selected run. */
    curves: z.object({ curves: z.array(selectedCurveSchema) }),
  },
} satisfies PanelContract;
export type TrainingContract = typeof trainingContract;

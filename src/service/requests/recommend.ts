import * as z from 'zod';
import { defineRequest, float64Array } from '../protocol.ts';

/** Models that need no training to speak of; trained models join by their id. */
export const floorModels = ['popularity', 'cooccurrence'] as const;
export type FloorModel = (typeof floorModels)[number];

const source = {
  /** The workspace folder. */
  workspace: z.string(),
  dataset: z.string(),
  /** A floor model by name, or the id of a trained one. */
  model: z.string(),
};

const listedItem = z.object({
  id: z.string(),
  title: z.string(),
  attributes: z.record(z.string(), z.union([z.string(), z.number(), z.array(z.string())])),
});
export type ListedItem = z.output<typeof listedItem>;

const about = {
  dataset: z.string(),
  /** True when the data is generated; whoever shows a figure says so beside it. */
  simulated: z.boolean(),
  model: z.string(),
};

/** The top N for a user of the dataset after all of their interactions, or for a history given by item ids. */
export const recommend = defineRequest({
  name: 'model/recommend',
  params: z.strictObject({
    ...source,
    user: z.string().optional(),
    /** Item ids, oldest first; instead of `user`. */
    history: z.array(z.string()).optional(),
    top: z.int().min(1).max(1000),
  }),
  result: z.object({
    ...about,
    user: z.string().optional(),
    /** Newest last. */
    history: z.array(listedItem),
    items: z.array(listedItem.extend({ rank: z.number(), score: z.number() })),
    seconds: z.object({ fit: z.number(), score: z.number() }),
  }),
});

/** Full ranking of the held-out items of all users. */
export const evaluateModel = defineRequest({
  name: 'model/evaluate',
  params: z.strictObject({
    ...source,
    part: z.enum(['validation', 'test']),
    /** Such as `recall@10`. */
    metrics: z.array(z.string()).min(1),
    maskSeen: z.boolean(),
    /** So many users, drawn with a fixed seed; all when absent. */
    userLimit: z.int().min(1).optional(),
    allowChangedDataset: z.boolean().default(false),
  }),
  result: z.object({
    ...about,
    /** What views call the model. */
    title: z.string(),
    /** Which embeddings item texts have, where the model reads them. */
    texts: z.string().optional(),
    part: z.enum(['validation', 'test']),
    maskSeen: z.boolean(),
    /** How many users were evaluated. */
    users: z.number(),
    /** Items that each held-out item was ranked among. */
    items: z.number(),
    metrics: z.record(z.string(), z.number()),
    /**
     * Users whose held-out item has the timestamp of the one before it, and the others: among tied items the order is
     * that of the source, which some models profit from.
     */
    ties: z.object({
      tied: z.object({ users: z.number(), metrics: z.record(z.string(), z.number()) }),
      untied: z.object({ users: z.number(), metrics: z.record(z.string(), z.number()) }),
    }),
    /** [users], in the order of `perUser`'s columns. */
    userIds: z.array(z.string()),
    perUser: z.record(z.string(), float64Array),
    seconds: z.object({ fit: z.number(), evaluate: z.number() }),
  }),
});

import * as z from 'zod/mini';

/**
 * What the engine tells about a dataset for a person to look at. Plain schemas without imports of weight, of zod/mini:
 * the webview's protocol is made of the same ones.
 */

const count = z.int().check(z.nonnegative());

/** `[from, to)`, the last bin with its `to`; `count` of users, items or interactions in it. */
export const binSchema = z.object({ from: z.number(), to: z.number(), count });
export type Bin = z.infer<typeof binSchema>;

export const valueCountSchema = z.object({ value: z.string(), count });
export type ValueCount = z.infer<typeof valueCountSchema>;

export const attributeViewSchema = z.object({
  name: z.string(),
  kind: z.enum(['category', 'categories', 'number', 'text']),
  description: z.optional(z.string()),
  /** Catalogue items that have a value. */
  covered: count,
  /** Different values. */
  distinct: count,
  /** Most frequent values, most frequent first; empty for numbers. */
  top: z.array(valueCountSchema),
  /** Of a number attribute, with its distribution in bins of equal width. */
  range: z.optional(z.object({ least: z.number(), median: z.number(), most: z.number() })),
  bins: z.array(binSchema),
});
export type AttributeView = z.infer<typeof attributeViewSchema>;

export const statisticsViewSchema = z.object({
  users: count,
  items: count,
  catalogueItems: count,
  interactions: count,
  /** In [0, 1]. */
  sparsity: z.number(),
  /** Interactions of a user. */
  lengths: z.object({
    least: count,
    mean: z.number(),
    median: z.number(),
    most: count,
    bins: z.array(binSchema),
  }),
  popularity: z.object({
    /** Interactions of the item at a rank (from 1), ranks thinned out logarithmically. */
    curve: z.array(z.object({ rank: count, count })),
    /** Share of all interactions that fall to the most popular tenth of items. */
    topTenthShare: z.number(),
  }),
  /** Seconds since 1970 UTC; null when there are no interactions. */
  time: z.nullable(
    z.object({
      first: z.number(),
      last: z.number(),
      bins: z.array(binSchema),
      /** Share of users whose last two interactions are of the same moment, in [0, 1]. */
      tiedUsers: z.number(),
    }),
  ),
  /** Empty when the source has no ratings. */
  ratings: z.array(z.object({ rating: z.number(), count })),
  attributes: z.array(attributeViewSchema),
});
export type StatisticsView = z.infer<typeof statisticsViewSchema>;

const cellSchema = z.object({ name: z.string(), text: z.string() });
export type Cell = z.infer<typeof cellSchema>;

export const itemRowSchema = z.object({
  code: count,
  id: z.string(),
  title: z.string(),
  attributes: z.array(cellSchema),
  interactions: count,
});
export type ItemRow = z.infer<typeof itemRowSchema>;

export const itemPageSchema = z.object({ total: count, rows: z.array(itemRowSchema) });
export type ItemPage = z.infer<typeof itemPageSchema>;

export const historyViewSchema = z.object({
  user: count,
  id: z.string(),
  profile: z.array(cellSchema),
  /** Interactions in all; `rows` are the most recent of them, newest first. */
  length: count,
  rows: z.array(
    z.object({
      title: z.string(),
      attributes: z.array(cellSchema),
      rating: z.nullable(z.number()),
      /** Seconds since 1970 UTC. */
      timestamp: z.number(),
      part: z.enum(['train', 'validation', 'test']),
    }),
  ),
});
export type HistoryView = z.infer<typeof historyViewSchema>;

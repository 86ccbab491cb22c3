import * as z from 'zod';
import { protocolNames } from '../../data/preparation.ts';
import { defineRequest } from '../protocol.ts';
import { historyViewSchema, itemPageSchema, statisticsViewSchema } from './dataset-views.ts';

const count = z.int().nonnegative();

/** Which stored dataset: the folder that has `.toolrec`, and its name. */
const reference = { workspace: z.string().min(1), name: z.string().min(1) };

/** Files, folders or archives to import from; absolute. */
const paths = z.array(z.string().min(1)).min(1);
const map = z.record(z.string(), z.string());

const storedSchema = z.object({
  name: z.string(),
  /** True for generated data. */
  simulated: z.boolean(),
  users: count,
  /** Items with interactions. */
  items: count,
  catalogueItems: count,
  interactions: count,
  badRows: count,
  /** Sentences that a person should read. */
  notes: z.array(z.string()),
});
export type Stored = z.output<typeof storedSchema>;

/** Makes the sample dataset, in the place of an earlier one. */
export const datasetSample = defineRequest({
  name: 'dataset/sample',
  params: z.strictObject({ workspace: z.string().min(1) }),
  result: storedSchema,
});

/** What the files may be, and every format there is to choose from. */
export const datasetDetect = defineRequest({
  name: 'dataset/detect',
  params: z.strictObject({ paths }),
  result: z.object({
    /** Name for the dataset, made from the first path. */
    suggestedName: z.string(),
    files: z.array(z.object({ name: z.string(), bytes: count })),
    /** Every format, most likely first. `confidence` in [0, 1]. */
    formats: z.array(z.object({ id: z.string(), label: z.string(), confidence: z.number() })),
    /** True when the first format may be chosen without asking. */
    sure: z.boolean(),
  }),
});
export type DetectedSource = z.output<typeof datasetDetect.result>;

/** First rows of the files, and what a format would do with them under a mapping of columns. */
export const datasetPreview = defineRequest({
  name: 'dataset/preview',
  params: z.strictObject({ paths, format: z.string(), map }),
  result: z.object({
    files: z.array(
      z.object({
        name: z.string(),
        bytes: count,
        columns: z.array(z.string()),
        rows: z.array(z.array(z.string())),
      }),
    ),
    /** What was decided, in sentences; absent where `problem` says why nothing could be. */
    notes: z.array(z.string()).optional(),
    attributes: z.array(z.string()),
    problem: z.object({ code: z.string(), message: z.string(), remedy: z.string() }).optional(),
    /** True when the format reads tables with any columns, so that columns can be mapped. */
    mappable: z.boolean(),
  }),
});
export type PreviewedSource = z.output<typeof datasetPreview.result>;

/** Imports files as a dataset, in the place of one of the same name. Cancelled, it leaves what was there. */
export const datasetImport = defineRequest({
  name: 'dataset/import',
  params: z.strictObject({
    workspace: z.string().min(1),
    paths,
    format: z.string(),
    name: z.string(),
    protocol: z.enum(protocolNames),
    map: map.optional(),
    /** Share of bad rows in a file, in [0, 1], above which the import stops. */
    tolerance: z.number().min(0).max(1).optional(),
  }),
  result: storedSchema,
});

/** Statistics of a stored dataset: the paper's Table 1 and the distributions behind it. */
export const datasetInspect = defineRequest({
  name: 'dataset/inspect',
  params: z.strictObject({ ...reference, topValues: z.int().min(1).max(100).default(8) }),
  result: statisticsViewSchema,
});

/** A page of the catalogue, most popular first; `query` is looked for in titles and ids, case and accents aside. */
export const datasetItems = defineRequest({
  name: 'dataset/items',
  params: z.strictObject({
    ...reference,
    query: z.string().max(200),
    offset: count,
    limit: z.int().min(1).max(500),
  }),
  result: itemPageSchema,
});

/** One user's latest interactions, newest first; `null` draws a user at random. */
export const datasetHistory = defineRequest({
  name: 'dataset/history',
  params: z.strictObject({ ...reference, user: count.nullable(), limit: z.int().min(1).max(500) }),
  result: historyViewSchema,
});

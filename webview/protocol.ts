import * as z from 'zod/mini';
import type { PanelContract } from '../src/shared/message-channel.ts';
import {
  historyViewSchema,
  itemPageSchema,
  statisticsViewSchema,
  valueCountSchema,
} from '../src/service/requests/dataset-views.ts';

/**
 * Every message between the host and its webviews, once, for both sides (the mechanics are in
 * src/shared/message-channel.ts). The host owns all state: webviews ask, post intents, and show the snapshots they
 * receive. Schemas are of zod/mini: a page that opens loads and runs a third of what zod is.
 */

const count = z.int().check(z.nonnegative());

const factsSchema = z.object({
  name: z.string(),
  simulated: z.boolean(),
  /** ISO 8601. */
  createdAt: z.string(),
  hash: z.string(),
  format: z.string(),
  protocol: z.string(),
  split: z.string(),
  files: z.array(z.object({ name: z.string(), bytes: count })),
  licence: z.optional(z.string()),
  note: z.optional(z.string()),
  report: z.optional(
    z.object({
      rows: count,
      badRows: count,
      unknownItems: count,
      reasons: z.array(valueCountSchema),
      /** What was left after each step of the preparation. */
      steps: z.array(z.object({ step: z.string(), users: count, items: count, interactions: count })),
    }),
  ),
});
export type DatasetFacts = z.infer<typeof factsSchema>;

const failureSchema = z.object({ message: z.string(), remedy: z.string() });

/** Everything the inspector shows, in one message. */
const inspectorStateSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('loading'), name: z.string() }),
  z.object({ kind: z.literal('failed'), name: z.string(), failure: failureSchema }),
  z.object({ kind: z.literal('full'), facts: factsSchema, statistics: statisticsViewSchema }),
]);
export type InspectorState = z.infer<typeof inspectorStateSchema>;

/** The panel “Dataset”: src/workbench/dataset-panel.ts and dataset.main.ts. */
export const inspectorContract = {
  requests: {
    /** A page of the catalogue; `query` is looked for in titles and ids. */
    items: { params: z.object({ query: z.string(), offset: count }), result: itemPageSchema },
    /** One user's latest interactions; `null` draws a user at random. */
    history: { params: z.object({ user: z.nullable(count) }), result: historyViewSchema },
  },
  intents: {
    /** Read the dataset again. */
    reload: z.object({}),
    showLog: z.object({}),
  },
  updates: {
    /** The person's language, before anything is shown. */
    language: z.object({ locale: z.string(), texts: z.record(z.string(), z.string()) }),
    /** What the page leaves with VS Code, so that the host knows after a reload what this panel was about. */
    remember: z.object({ folder: z.string(), name: z.string() }),
    state: inspectorStateSchema,
  },
} satisfies PanelContract;
export type InspectorContract = typeof inspectorContract;

export * from './protocol/training.ts';
export * from './protocol/compare.ts';
export * from './protocol/prompts.ts';
export * from './protocol/session.ts';
export * from './protocol/experiment.ts';
export type * from './protocol/pictures.ts';

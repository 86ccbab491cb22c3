import * as z from 'zod/mini';
import type { PanelContract } from '../../src/shared/message-channel.ts';

/** The experiment panel: src/workbench/experiments and experiment.main.ts. */

const count = z.int().check(z.nonnegative());

const cellSchema = z.object({
  text: z.string(),
  strong: z.optional(z.boolean()),
  /** Id of the method whose users are behind the number. */
  users: z.optional(z.string()),
});

const blockSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('heading'), text: z.string() }),
  z.object({ kind: z.literal('text'), text: z.string(), tone: z.optional(z.enum(['note', 'warning'])) }),
  z.object({
    kind: z.literal('table'),
    name: z.string(),
    caption: z.string(),
    head: z.array(z.string()),
    rows: z.array(z.array(cellSchema)),
    numeric: z.array(count),
  }),
  /** `svg`: made by the host from escaped texts. */
  z.object({
    kind: z.literal('figure'),
    name: z.string(),
    title: z.string(),
    caption: z.string(),
    svg: z.string(),
  }),
]);
export type ExperimentBlock = z.infer<typeof blockSchema>;

const userRowSchema = z.object({
  user: z.string(),
  /** 1-based. */
  sample: count,
  result: z.string(),
  kind: z.enum(['hit', 'miss', 'failed']),
  rounds: z.string(),
  history: count,
  /** Id of the kept session, to open it. */
  session: z.nullable(z.string()),
});
export type ExperimentUser = z.infer<typeof userRowSchema>;

export const userKinds = ['all', 'hit', 'failed'] as const;

export const experimentFullSchema = z.object({
  kind: z.literal('full'),
  id: z.string(),
  title: z.string(),
  status: z.enum(['running', 'finished', 'paused', 'cancelled', 'budget', 'stopped', 'interrupted']),
  /** Why it stopped early; empty where it did not. */
  problem: z.string(),
  done: count,
  total: count,
  /** “12 users a second · 41,200 tokens · $0.0312”. */
  effort: z.string(),
  methods: z.array(
    z.object({ id: z.string(), title: z.string(), done: count, total: count, failures: count }),
  ),
  /** Empty until the first users are done. */
  blocks: z.array(blockSchema),
  /** The list that is open beside the tables. */
  users: z.nullable(
    z.object({
      method: z.string(),
      title: z.string(),
      show: z.enum(userKinds),
      rows: z.array(userRowSchema),
      /** How many there are; more than `rows` holds. */
      total: count,
    }),
  ),
});
export type ExperimentFull = z.infer<typeof experimentFullSchema>;

const experimentStateSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('loading'), message: z.string() }),
  z.object({ kind: z.literal('failed'), failure: z.object({ message: z.string(), remedy: z.string() }) }),
  experimentFullSchema,
]);
export type ExperimentState = z.infer<typeof experimentStateSchema>;

/** What the page leaves with VS Code. */
export const experimentReferenceSchema = z.object({ folder: z.string(), id: z.string() });
export type ExperimentReference = z.infer<typeof experimentReferenceSchema>;

export const experimentContract = {
  requests: {},
  intents: {
    /** Users in flight are finished. */
    pause: z.object({}),
    /** Users in flight are given up. */
    cancel: z.object({}),
    resume: z.object({}),
    showUsers: z.object({ method: z.string(), show: z.enum(userKinds) }),
    hideUsers: z.object({}),
    openSession: z.object({ session: z.string() }),
    openReport: z.object({ format: z.enum(['md', 'html', 'csv', 'tex']) }),
    openFile: z.object({}),
    reload: z.object({}),
    showLog: z.object({}),
  },
  updates: {
    language: z.object({ locale: z.string(), texts: z.record(z.string(), z.string()) }),
    remember: experimentReferenceSchema,
    state: experimentStateSchema,
  },
} satisfies PanelContract;
export type ExperimentContract = typeof experimentContract;

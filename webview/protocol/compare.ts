import * as z from 'zod/mini';
import type { PanelContract } from '../../src/shared/message-channel.ts';

/** The panel “Compare Sessions”: src/workbench/compare and compare.main.ts. */

const count = z.int().check(z.nonnegative());

/** A piece of a text; `changed` where the other side has it differently. */
const piecesSchema = z.array(z.object({ text: z.string(), changed: z.boolean() }));
export type Pieces = z.infer<typeof piecesSchema>;

const comparedItemSchema = z.object({
  id: z.string(),
  title: z.string(),
  score: z.nullable(z.number()),
  /** `here`: the other side's list lacks it; `moved`: it stands `by` places higher (positive) or lower there. */
  mark: z.enum(['same', 'here', 'moved']),
  by: z.int(),
  /** Where an item of the final list came from; empty elsewhere. */
  note: z.string(),
});
export type ComparedItem = z.infer<typeof comparedItemSchema>;

const cellSchema = z.object({
  thought: piecesSchema,
  action: z.string(),
  /** Parts that a person rewrote. */
  edited: z.array(z.string()),
  /** “1.2 s · 412 tokens” */
  effort: z.string(),
  /** What stands in the place of items: a problem, or that the action has not run. */
  text: z.string(),
  items: z.array(comparedItemSchema),
});
export type ComparedCell = z.infer<typeof cellSchema>;

const roundSchema = z.object({
  round: count,
  same: z.boolean(),
  /** What differs, each a few words; empty where the round is the same. */
  differences: z.array(z.string()),
  first: z.nullable(cellSchema),
  second: z.nullable(cellSchema),
});
export type ComparedRound = z.infer<typeof roundSchema>;

const sideSchema = z.object({
  session: z.string(),
  /** “user 42 · ml-1m” */
  title: z.string(),
  /** An earlier line of the session, taken back or rewritten; empty for the line that it is on. */
  line: z.string(),
  ended: z.string(),
});

export const compareFullSchema = z.object({
  kind: z.literal('full'),
  first: sideSchema,
  second: sideSchema,
  /** Policy, prompts, settings, effort …: one row each. */
  facts: z.array(z.object({ name: z.string(), first: z.string(), second: z.string(), same: z.boolean() })),
  rounds: z.array(roundSchema),
  result: z.nullable(
    z.object({
      same: z.boolean(),
      differences: z.array(z.string()),
      first: z.array(comparedItemSchema),
      second: z.array(comparedItemSchema),
    }),
  ),
  onlyChanged: z.boolean(),
});
export type CompareFull = z.infer<typeof compareFullSchema>;

const compareStateSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('loading') }),
  z.object({ kind: z.literal('failed'), failure: z.object({ message: z.string(), remedy: z.string() }) }),
  compareFullSchema,
]);
export type CompareState = z.infer<typeof compareStateSchema>;

const lineReferenceSchema = z.object({
  folder: z.string(),
  id: z.string(),
  /** Index of an earlier line of the session; null for the line that it is on. */
  line: z.nullable(count),
});
export type LineReference = z.infer<typeof lineReferenceSchema>;

/** What is compared: what the page leaves with VS Code. */
export const comparedSchema = z.object({ first: lineReferenceSchema, second: lineReferenceSchema });
export type Compared = z.infer<typeof comparedSchema>;

export const compareContract = {
  requests: {},
  intents: {
    onlyChanged: z.object({ on: z.boolean() }),
    swap: z.object({}),
    /** Show one of the two in the session panel. */
    open: z.object({ side: z.enum(['first', 'second']) }),
    reload: z.object({}),
    showLog: z.object({}),
  },
  updates: {
    language: z.object({ locale: z.string(), texts: z.record(z.string(), z.string()) }),
    remember: comparedSchema,
    state: compareStateSchema,
  },
} satisfies PanelContract;
export type CompareContract = typeof compareContract;

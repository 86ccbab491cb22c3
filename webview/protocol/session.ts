import * as z from 'zod/mini';
import type { PanelContract } from '../../src/shared/message-channel.ts';
import { demonstrationIndex, demonstrationsStateSchema, editedDemonstrationSchema } from './prompts.ts';

/** Messages of the panel “Session”: src/workbench/sessions/session-panel.ts and session.main.ts. */

const count = z.int().check(z.nonnegative());
const failureSchema = z.object({ message: z.string(), remedy: z.string() });
const cellSchema = z.object({ name: z.string(), text: z.string() });

/** Sessions of up to so many rounds are shown whole. Of longer ones the page has only outlines of what is far from the view. */
export const wholeRounds = 40;
/** Rounds of a long session that are whole in its first picture. */
export const firstRounds = [1, 2, 3, 4, 5, 6, 7, 8] as const;

/** An item of an observation or of the result. */
const itemRowSchema = z.object({
  item: count,
  title: z.string(),
  /** One text for each of the head's `columns`. */
  values: z.array(z.string()),
  score: z.nullable(z.number()),
  /** Places up (+) or down (−) since the tool that named it last; null for an item not seen before. */
  moved: z.nullable(z.int()),
  /** Tool marks that have found it so far, the plain backbone as “None”. */
  foundBy: z.array(z.string()),
  /** Only ever true once the person has revealed it. */
  heldOut: z.boolean(),
});
export type SessionItemRow = z.infer<typeof itemRowSchema>;

const callSchema = z.object({
  purpose: z.enum(['policy', 'repair', 'rank', 'plan']),
  model: z.string(),
  tokens: count,
  milliseconds: z.number(),
  retries: count,
  /** What the model said went wrong; null when nothing did. */
  error: z.nullable(z.string()),
});
export type SessionCall = z.infer<typeof callSchema>;

const observationSchema = z.object({
  status: z.enum(['ok', 'problem']),
  text: z.string(),
  hint: z.string(),
  /** `Retrieve[genre, 10]`; null when nothing entered memory. */
  mark: z.nullable(z.string()),
  items: z.array(itemRowSchema),
  seen: z.array(z.string()),
  duplicates: z.array(z.string()),
  outside: z.array(z.string()),
  ambiguous: z.array(z.object({ text: z.string(), candidates: z.array(z.string()) })),
  reruns: count,
});

const roundSchema = z.object({
  number: count,
  thought: z.string(),
  /** Canonical text, to be shown and edited; null when none could be read, or none is chosen yet. */
  action: z.nullable(z.string()),
  /** A person rewrote the thought, and the policy has yet to choose. */
  undecided: z.boolean(),
  /** Of a Finish action: how many items it names; null for others. */
  finishes: z.nullable(count),
  edited: z.array(z.enum(['thought', 'action', 'observation'])),
  repairs: z.array(z.string()),
  problem: z.nullable(z.object({ message: z.string(), hint: z.string() })),
  observation: z.nullable(observationSchema),
  milliseconds: z.number(),
  tokens: count,
  tokensEstimated: z.boolean(),
  /** US dollars; null where no price is known. */
  cost: z.nullable(z.number()),
  calls: z.array(callSchema),
  /** `left`: it has left the line; `prompt`: it was decided with another prompt, model or tool than the next will be. */
  stale: z.enum(['no', 'left', 'setup']),
  /** Far from the view in a long session: without items, calls and what else only the whole round shows. */
  outline: z.boolean(),
});
export type SessionRound = z.infer<typeof roundSchema>;

const cardSchema = z.object({
  item: count,
  title: z.string(),
  values: z.array(z.string()),
  rating: z.nullable(z.number()),
});
export type SessionCard = z.infer<typeof cardSchema>;

const branchSchema = z.object({
  /** `line`, `left:<n>`, or `session:<id>`. */
  key: z.string(),
  kind: z.enum(['line', 'left', 'session']),
  /** Of another session: its id. */
  name: z.string(),
  /** Index of the branch that it leaves; −1 for the first. */
  parent: z.int(),
  /** It shares the rounds 1 to `from` with that one. */
  from: count,
  rounds: count,
  ended: z.boolean(),
});
export type SessionBranch = z.infer<typeof branchSchema>;

const headSchema = z.object({
  id: z.string(),
  dataset: z.string(),
  simulated: z.boolean(),
  /** The user's id; null for a history written by hand. */
  user: z.nullable(z.string()),
  /** Who decides the next round, and whether that is no language model. */
  policy: z.string(),
  offline: z.boolean(),
  retrieval: z.string(),
  /** Nothing is trained: a plain model stands in. */
  floor: z.boolean(),
  maxRounds: count,
  n: count,
  roundCount: count,
  profile: z.array(cellSchema),
  columns: z.array(z.string()),
  history: z.object({ length: count, cards: z.array(cardSchema) }),
  taste: z.nullable(
    z.object({ name: z.string(), values: z.array(z.object({ value: z.string(), share: z.number() })) }),
  ),
  years: z.nullable(z.object({ name: z.string(), from: z.number(), to: z.number(), counts: z.array(count) })),
  preparation: z.discriminatedUnion('kind', [
    z.object({ kind: z.enum(['idle', 'ready']) }),
    z.object({ kind: z.literal('working'), message: z.string() }),
    z.object({ kind: z.literal('failed'), failure: failureSchema }),
  ]),
  activity: z.nullable(
    z.object({
      kind: z.enum(['step', 'run', 'replay']),
      /** Milliseconds since 1970. */
      since: z.number(),
      round: count,
      phase: z.enum(['decide', 'act']),
      retries: z.array(z.object({ attempt: count, milliseconds: z.number(), message: z.string() })),
    }),
  ),
  /** What a person asked for and could not be done. */
  problem: z.nullable(failureSchema),
  /** The last attempt at a round failed; it can be tried again. */
  failure: z.nullable(z.object({ round: count, failure: failureSchema })),
  interrupted: z.nullable(z.object({ round: count, partial: z.string() })),
  held: z.nullable(z.string()),
  replayed: z.nullable(
    z.array(z.object({ round: count, what: z.string(), recorded: z.string(), replayed: z.string() })),
  ),
  /** Breakpoints as a person reads them. */
  breakpoints: z.array(z.string()),
  revealed: z.boolean(),
  /** The held-out items, once revealed. */
  heldOut: z.array(z.string()),
  /** False where there is no held-out item to reveal. */
  canReveal: z.boolean(),
  result: z.nullable(
    z.object({
      reason: z.string(),
      items: z.array(z.extend(itemRowSchema, { source: z.string() })),
      completed: count,
      /** Once revealed, of users with a held-out item. */
      metrics: z.nullable(
        z.object({
          rank: z.nullable(count),
          values: z.array(z.object({ name: z.string(), value: z.number() })),
        }),
      ),
    }),
  ),
  totals: z.object({
    tokens: count,
    cost: z.number(),
    unpriced: count,
    calls: count,
    milliseconds: z.number(),
  }),
  branches: z.array(branchSchema),
  /** Lines that were left before those that `branches` has. */
  olderLines: count,
  /** Key of the branch that is shown. */
  branch: z.string(),
  /** Rounds that were decided with another prompt, model or tool than the next will be. */
  staleRounds: count,
  hasPrompt: z.boolean(),
});
export type SessionHead = z.infer<typeof headSchema>;

const stateSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('preparing'), title: z.string(), message: z.string() }),
  z.object({ kind: z.literal('failed'), title: z.string(), failure: failureSchema }),
  z.object({ kind: z.literal('full'), head: headSchema }),
]);
export type SessionPanelState = z.infer<typeof stateSchema>;

const trailSchema = z.object({
  item: count,
  title: z.string(),
  id: z.string(),
  attributes: z.array(cellSchema),
  steps: z.array(
    z.object({
      round: count,
      mark: z.string(),
      rank: count,
      of: count,
      score: z.nullable(z.number()),
      moved: z.nullable(z.int()),
    }),
  ),
  /** Place in the final list and where it came from; null while there is none. */
  result: z.nullable(z.object({ rank: count, source: z.string() })),
  /** Of the held-out item, once revealed. */
  heldOut: z.boolean(),
});
export type ItemTrail = z.infer<typeof trailSchema>;

const promptSchema = z.object({
  name: z.string(),
  text: z.string(),
  /** It is a file of the workspace, not the one that ships. */
  own: z.boolean(),
});
export type SessionPrompt = z.infer<typeof promptSchema>;

const examplesSchema = z.object({
  /** It is a file of the workspace, not the one that ships. */
  own: z.boolean(),
  list: demonstrationsStateSchema,
  /** This session can become one: it has ended, and is none yet. */
  canAdd: z.boolean(),
});
export type SessionExamples = z.infer<typeof examplesSchema>;

/** What is done with the list of demonstrations, beside an edit of one. */
const demonstrationChangeSchema = z.discriminatedUnion('what', [
  z.object({ what: z.literal('move'), from: demonstrationIndex, to: demonstrationIndex }),
  z.object({ what: z.literal('enable'), index: demonstrationIndex, enabled: z.boolean() }),
  z.object({ what: z.literal('remove'), index: demonstrationIndex }),
]);
export type DemonstrationChange = z.infer<typeof demonstrationChangeSchema>;

const nothing = z.object({});
const part = z.enum(['thought', 'action', 'observation']);
const round = count;

/** What a command asks of the page, which alone knows where the focus is. */
export const sessionMoves = ['next', 'previous', 'edit', 'fork', 'rerun'] as const;

export const sessionContract = {
  requests: {
    /** Takes an edit over and runs what follows; fails before anything has changed when it cannot be read. */
    edit: { params: z.object({ round, part, text: z.string() }), result: nothing },
    trail: { params: z.object({ item: count }), result: trailSchema },
    /** The whole history, latest first. */
    history: { params: nothing, result: z.object({ cards: z.array(cardSchema) }) },
    prompt: { params: nothing, result: promptSchema },
    savePrompt: { params: z.object({ text: z.string() }), result: promptSchema },
    /** Puts what was written into the file of demonstrations, or says why it cannot be. */
    editDemonstration: {
      params: z.object({ index: demonstrationIndex, demonstration: editedDemonstrationSchema }),
      result: nothing,
    },
  },
  intents: {
    step: nothing,
    run: nothing,
    stop: nothing,
    back: nothing,
    restart: nothing,
    replay: nothing,
    reveal: z.object({ on: z.boolean() }),
    /** A new session from the rounds up to this one of the branch that is shown. */
    fork: z.object({ round }),
    /** Decides the round anew. */
    rerun: z.object({ round }),
    /** Shows a branch: its session, or a line that was left. */
    show: z.object({ key: z.string() }),
    /** Lines that were left before those that are shown. */
    showOlder: nothing,
    /** The exact prompt or the raw reply of a call, in an editor. */
    openCall: z.object({ round, call: count, what: z.enum(['prompt', 'reply']) }),
    openPrompt: nothing,
    /** The demonstrations are in view, or no more. */
    watchDemonstrations: z.object({ on: z.boolean() }),
    changeDemonstrations: demonstrationChangeSchema,
    /** Makes an example out of this session. */
    addToDemonstrations: nothing,
    showDemonstrations: z.object({ line: count }),
    breakpoints: nothing,
    breakAfter: z.object({ round }),
    chooseModel: nothing,
    chooseRetrieval: nothing,
    /** Opens dataset and retrieval again after a failure. */
    tryAgain: nothing,
    dismiss: nothing,
    newSession: nothing,
    more: nothing,
    showLog: nothing,
    /** Rounds of a long session that are in view or close to it: they are wanted whole. */
    near: z.object({ rounds: z.array(round).check(z.maxLength(1000)) }),
    /** The round that has the focus, for commands; 0 = none. */
    focused: z.object({ round }),
    /** The page has drawn what the host sent as this revision: when it came and when it was drawn, ms since 1970. */
    drawn: z.object({ revision: count, received: z.number(), drawn: z.number() }),
  },
  updates: {
    language: z.object({ locale: z.string(), texts: z.record(z.string(), z.string()) }),
    remember: z.object({ folder: z.string(), id: z.string(), revealed: z.boolean() }),
    state: z.object({ revision: count, state: stateSchema }),
    /** The branch that is shown has so many rounds; these are the ones that the page has not, or has otherwise. */
    rounds: z.object({ count, rounds: z.array(roundSchema) }),
    /** Rounds that have come near the view, whole. */
    near: z.object({ rounds: z.array(roundSchema) }),
    /** What the model has written of the reply that it is writing. */
    writing: z.object({ text: z.string() }),
    /** While they are in view; null where there are none for this dataset. */
    demonstrations: z.nullable(examplesSchema),
    perform: z.object({ move: z.enum(sessionMoves) }),
  },
} satisfies PanelContract;
export type SessionContract = typeof sessionContract;

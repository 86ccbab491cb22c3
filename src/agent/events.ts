import * as z from 'zod';

/**
 * The session's log: an append-only list of these events is the truth, the state is a fold of them (`state.ts`).
 * Checked by zod when read from disk. Times are milliseconds since 1970 UTC, durations milliseconds.
 */
export const logVersion = 1;

const itemCode = z.number().int().min(0);
const milliseconds = z.number().min(0);
const errorDetail = z.object({
  className: z.string(),
  code: z.string(),
  message: z.string(),
  remedy: z.string(),
});
export type RecordedError = z.infer<typeof errorDetail>;

const usage = z.object({
  prompt: z.number().min(0),
  completion: z.number().min(0),
  reasoning: z.number().min(0).optional(),
  cached: z.number().min(0).optional(),
  estimated: z.boolean(),
});

/** One call of a language model: the exact prompt, the raw reply, what it took and cost. */
export const modelCallSchema = z.object({
  /** `policy`: thought and action; `repair`: the explained retry; `rank`: the rank tool. */
  purpose: z.enum(['policy', 'repair', 'rank', 'plan']),
  model: z.string(),
  messages: z.array(
    z.object({
      role: z.enum(['system', 'user', 'assistant', 'tool']),
      content: z.string(),
      toolCalls: z.array(z.object({ id: z.string(), name: z.string(), arguments: z.string() })).optional(),
      toolCallId: z.string().optional(),
    }),
  ),
  reply: z.string(),
  reasoning: z.string().optional(),
  toolCalls: z.array(z.object({ id: z.string(), name: z.string(), arguments: z.string() })).optional(),
  finishReason: z.string(),
  usage,
  /** US dollars; absent where no price is known. */
  cost: z.number().min(0).optional(),
  durationMs: milliseconds,
  firstTokenMs: milliseconds.optional(),
  retries: z.number().int().min(0),
  error: errorDetail.optional(),
});
export type ModelCall = z.infer<typeof modelCallSchema>;

const actionSchema = z.object({
  name: z.string(),
  args: z.record(z.string(), z.union([z.string(), z.number(), z.null(), z.array(z.string())])),
});

const repairSchema = z.object({
  code: z.string(),
  message: z.string(),
  start: z.number(),
  end: z.number(),
});
const problemSchema = z.object({ code: z.string(), message: z.string(), hint: z.string() });
export type RecordedProblem = z.infer<typeof problemSchema>;

/** How an item was recognised in what a tool or model returned. `code`: the tool named it by its item code. */
export const matchKindSchema = z.enum(['code', 'id', 'title', 'normalised', 'fuzzy']);
export type MatchKind = z.infer<typeof matchKindSchema>;

export const candidateSchema = z.object({
  item: itemCode,
  id: z.string(),
  title: z.string(),
  score: z.number().optional(),
  match: matchKindSchema,
});
export type Candidate = z.infer<typeof candidateSchema>;

const removedSchema = z.object({
  /** Items of the user's history. */
  history: z.array(z.object({ id: z.string(), title: z.string() })),
  duplicates: z.array(z.object({ id: z.string(), title: z.string() })),
  /** Named by the model, not in the catalogue: kept as suggestions (paper 4.4.1, Figure 7). */
  outside: z.array(z.string()),
  /** Could be more than one item; none was guessed. */
  ambiguous: z.array(z.object({ text: z.string(), candidates: z.array(z.string()) })),
});
export type Removed = z.infer<typeof removedSchema>;

/** A verified set of candidates with its tool mark (paper 3.4). */
export const candidateSetSchema = z.object({
  tool: z.string(),
  /** null = the plain backbone; absent for tools that have no attribute. */
  attribute: z.string().nullable().optional(),
  /** What was looked for, of a search. */
  text: z.string().optional(),
  k: z.number().int().min(1),
  items: z.array(candidateSchema),
  removed: removedSchema,
  /** How often the tool ran again because of items outside the catalogue. */
  reruns: z.number().int().min(0),
});
export type CandidateSet = z.infer<typeof candidateSetSchema>;

const observationSchema = z.object({
  status: z.enum(['ok', 'problem']),
  /** What the surrogate user is shown. */
  text: z.string(),
  set: candidateSetSchema.optional(),
  problem: problemSchema.optional(),
});
export type Observation = z.infer<typeof observationSchema>;

/** Where a final item came from. */
export const itemSourceSchema = z.enum(['finish', 'memory', 'backbone', 'popularity', 'catalogue']);
export type ItemSource = z.infer<typeof itemSourceSchema>;

const resultSchema = z.object({
  /** Exactly N distinct catalogue items outside the history, best first. */
  items: z.array(z.object({ item: itemCode, id: z.string(), title: z.string(), source: itemSourceSchema })),
  /** How many items the Finish action named; 0 when there was none. */
  named: z.number().int().min(0),
  /** How many of the final items were added by completion. */
  completed: z.number().int().min(0),
  removed: removedSchema,
});
export type SessionResult = z.infer<typeof resultSchema>;

export const stopReasonSchema = z.object({
  rule: z.enum([
    'finish',
    'max-rounds',
    'token-budget',
    'cost-budget',
    'time-budget',
    'no-progress',
    'failed-rounds',
    'error',
    'requested',
  ]),
  message: z.string(),
});
export type StopReason = z.infer<typeof stopReasonSchema>;

export const sessionSettingsSchema = z.strictObject({
  /** Length of the final list. */
  n: z.number().int().min(1).max(1000).default(10).describe('Items in the final list (N).'),
  maxRounds: z.number().int().min(1).max(500).default(8).describe('Rounds at most (the paper: eight).'),
  maxTokens: z.number().int().min(1).optional().describe('Stop after so many tokens of prompts and replies.'),
  maxCost: z
    .number()
    .positive()
    .optional()
    .describe('Stop after so much money (US dollars, where prices are known).'),
  maxTimeMs: z.number().positive().optional().describe('Stop after so much time spent in models and tools.'),
  noProgressRounds: z
    .number()
    .int()
    .min(0)
    .default(3)
    .describe('Stop after so many rounds that change no candidate; 0 = never.'),
  maxFailedRounds: z
    .number()
    .int()
    .min(0)
    .default(2)
    .describe('Stop after so many unusable rounds in a row; 0 = never.'),
  /** Items of the history shown in prompts, the most recent ones. */
  historyShown: z.number().int().min(1).max(200).default(10).describe('History items shown to the model.'),
  memoryTokens: z
    .number()
    .int()
    .min(100)
    .default(2000)
    .describe('Token budget of the candidates shown in a prompt.'),
  toolReruns: z
    .number()
    .int()
    .min(0)
    .max(5)
    .default(2)
    .describe('Re-runs of a tool that named items outside the catalogue.'),
  seed: z.number().int().min(0).default(0),
});
export type SessionSettings = z.infer<typeof sessionSettingsSchema>;

const policyLabelSchema = z.object({
  kind: z.enum(['offline', 'llm', 'scripted', 'replay']),
  /** For a person: "offline policy (no language model)". */
  label: z.string(),
  model: z.string().optional(),
  protocol: z.string().optional(),
});
export type PolicyLabel = z.infer<typeof policyLabelSchema>;

const retrievalSourceSchema = z.object({
  kind: z.enum(['trained', 'floor']),
  model: z.string(),
  architecture: z.string().exactOptional(),
  tools: z.array(z.object({ attribute: z.string(), model: z.string() })),
  simulated: z.boolean(),
  revision: z.string().exactOptional(),
  sawValidation: z.literal(true).exactOptional(),
});

const envelope = { seq: z.number().int().min(0), time: z.number() };

export const startedSchema = z.object({
  ...envelope,
  type: z.literal('started'),
  version: z.literal(logVersion),
  session: z.string(),
  /** A fork names the session it leaves and the last round that it shares with it. */
  parent: z.object({ session: z.string(), round: z.number().int().min(0) }).nullable(),
  dataset: z.object({ name: z.string(), hash: z.string(), simulated: z.boolean() }),
  subject: z.object({
    /** null when the history was written by hand. */
    user: z.object({ code: itemCode, id: z.string() }).nullable(),
    /** What the history comes before: the part of the split that is predicted. Absent in older logs: `test`. */
    before: z.enum(['validation', 'test', 'end']).optional(),
    history: z.array(itemCode),
    /** The history's most recent items, oldest first, as shown. */
    recent: z.array(z.object({ item: itemCode, id: z.string(), title: z.string() })),
    profile: z.record(z.string(), z.union([z.string(), z.number()])),
  }),
  policy: policyLabelSchema,
  /** Where retrieval comes from, for a person: which models answer. */
  retrieval: z.string(),
  /** The same for programs; absent in older logs and for retrieval that is no model of the workspace. */
  retrievalSource: retrievalSourceSchema.optional(),
  tools: z.array(z.string()),
  settings: sessionSettingsSchema,
  /** Full text and hash of every prompt used, so that runs can be compared. */
  prompts: z.array(z.object({ name: z.string(), hash: z.string(), text: z.string() })),
});
export type SessionStarted = z.infer<typeof startedSchema>;
/** What decides, retrieves and asks in a session: its start names it, and `configured` replaces it. */
export type SessionSetup = Pick<
  SessionStarted,
  'policy' | 'retrieval' | 'retrievalSource' | 'tools' | 'prompts'
>;

/** From here on another policy, prompt, retrieval or set of tools is at work than before. */
export const configuredSchema = z.object({
  ...envelope,
  type: z.literal('configured'),
  ...startedSchema.pick({
    policy: true,
    retrieval: true,
    retrievalSource: true,
    tools: true,
    prompts: true,
  }).shape,
});

export const decidedSchema = z.object({
  ...envelope,
  type: z.literal('decided'),
  round: z.number().int().min(1),
  thought: z.string(),
  /** null when no action could be read from the reply. */
  action: actionSchema.nullable(),
  repairs: z.array(repairSchema),
  problem: problemSchema.optional(),
  calls: z.array(modelCallSchema),
  durationMs: milliseconds,
  /** What a person had changed, in a fork that took the round over. */
  edited: z.array(z.enum(['thought', 'action'])).optional(),
});

export const observedSchema = z.object({
  ...envelope,
  type: z.literal('observed'),
  round: z.number().int().min(1),
  observation: observationSchema,
  calls: z.array(modelCallSchema),
  durationMs: milliseconds,
  edited: z.boolean().optional(),
});

/** Something outside the session failed (a model, the engine). The round can be tried again. */
export const failedSchema = z.object({
  ...envelope,
  type: z.literal('failed'),
  round: z.number().int().min(1),
  phase: z.enum(['decide', 'act']),
  error: errorDetail,
  calls: z.array(modelCallSchema),
  durationMs: milliseconds,
});

/** The person stopped it in the middle; what the model had written so far is kept. */
export const interruptedSchema = z.object({
  ...envelope,
  type: z.literal('interrupted'),
  round: z.number().int().min(1),
  phase: z.enum(['decide', 'act']),
  partial: z.string(),
  durationMs: milliseconds,
});

/** Rounds after `round` leave the line; they stay in the log and in `undone`. */
export const rewoundSchema = z.object({
  ...envelope,
  type: z.literal('rewound'),
  round: z.number().int().min(0),
});

/**
 * A person's edit of one round; later rounds leave the line. A new thought asks the policy for a new action, a new
 * action runs its tool, a new observation is taken as it stands.
 */
export const editedSchema = z.object({
  ...envelope,
  type: z.literal('edited'),
  round: z.number().int().min(1),
  thought: z.string().optional(),
  action: actionSchema.optional(),
  observation: observationSchema.optional(),
});

export const finishedSchema = z.object({
  ...envelope,
  type: z.literal('finished'),
  reason: stopReasonSchema,
  result: resultSchema,
  durationMs: milliseconds,
});

export const sessionEventSchema = z.discriminatedUnion('type', [
  startedSchema,
  configuredSchema,
  decidedSchema,
  observedSchema,
  failedSchema,
  interruptedSchema,
  rewoundSchema,
  editedSchema,
  finishedSchema,
]);
export type SessionEvent = z.infer<typeof sessionEventSchema>;
/** An event before the session gives it its number and time. */
export type NewSessionEvent = SessionEvent extends infer E
  ? E extends SessionEvent
    ? Omit<E, 'seq' | 'time'>
    : never
  : never;

import * as z from 'zod/mini';
import type { PanelContract } from '../../src/shared/message-channel.ts';

/** Messages of the prompt preview (src/workbench/prompts/preview-panel.ts) and of the list of demonstrations. */

const count = z.int().check(z.nonnegative());
const language = z.object({ locale: z.string(), texts: z.record(z.string(), z.string()) });

const previewLineSchema = z.object({
  text: z.string(),
  /** What of it is new since the last keystroke. */
  mark: z.optional(z.union([z.literal('whole'), z.tuple([count, count])])),
});

const previewMessageSchema = z.object({
  role: z.enum(['system', 'user', 'assistant']),
  tokens: count,
  sections: z.array(z.object({ title: z.string(), tokens: count })),
  lines: z.array(previewLineSchema),
});
export type PreviewMessage = z.infer<typeof previewMessageSchema>;

const previewStateSchema = z.object({
  /** Counts the renderings, so that the page can say which one it shows. */
  sequence: count,
  title: z.string(),
  /** Whose values they are; what of them is not real. */
  subject: z.string(),
  note: z.optional(z.string()),
  choices: z.object({
    datasets: z.array(z.string()),
    dataset: z.optional(z.string()),
    user: z.string(),
    round: count,
    rounds: count,
    sessions: z.array(z.object({ id: z.string(), label: z.string() })),
    session: z.optional(z.string()),
    /** Only prompts of rounds have a round to choose. */
    hasRounds: z.boolean(),
  }),
  messages: z.array(previewMessageSchema),
  tokens: count,
  /** Why the prompt as it stands cannot be shown; what is shown is then the last that could be. */
  problem: z.optional(
    z.object({ message: z.string(), line: z.optional(count), column: z.optional(count), more: count }),
  ),
});
export type PreviewState = z.infer<typeof previewStateSchema>;

export const previewContract = {
  requests: {},
  intents: {
    choose: z.object({
      dataset: z.nullable(z.string()),
      user: z.string().check(z.maxLength(200)),
      round: z.int().check(z.gte(1)).check(z.lte(1000)),
      session: z.nullable(z.string()),
    }),
    goTo: z.object({ line: count, column: count }),
    painted: z.object({ sequence: count }),
  },
  updates: {
    language,
    remember: z.object({ uri: z.string() }),
    state: previewStateSchema,
  },
} satisfies PanelContract;
export type PreviewContract = typeof previewContract;

const demonstrationFindingSchema = z.object({
  severity: z.enum(['error', 'warning', 'information']),
  message: z.string(),
  line: count,
});

const demonstrationViewSchema = z.object({
  title: z.string(),
  source: z.string(),
  enabled: z.boolean(),
  history: z.array(z.string()),
  rounds: z.array(
    z.object({ thought: z.string(), action: z.string(), observation: z.optional(z.array(z.string())) }),
  ),
  /** Estimate of what it adds to a prompt. */
  tokens: count,
  findings: z.array(demonstrationFindingSchema),
});
export type DemonstrationView = z.infer<typeof demonstrationViewSchema>;

export const demonstrationsStateSchema = z.object({
  file: z.string(),
  domain: z.string(),
  demonstrations: z.array(demonstrationViewSchema),
  /** The file cannot be read; the text editor says where. */
  problem: z.optional(z.string()),
});
export type DemonstrationsState = z.infer<typeof demonstrationsStateSchema>;

export const demonstrationIndex = z.int().check(z.gte(0)).check(z.lte(10_000));
const index = demonstrationIndex;
/** What a person writes in the list editor; checked again against the file's own schema. */
export const editedDemonstrationSchema = z.object({
  title: z.string().check(z.maxLength(200)),
  history: z.array(z.string().check(z.maxLength(500))).check(z.maxLength(200)),
  rounds: z
    .array(
      z.object({
        thought: z.string().check(z.maxLength(8_000)),
        action: z.string().check(z.maxLength(8_000)),
        observation: z.optional(z.array(z.string().check(z.maxLength(500))).check(z.maxLength(200))),
      }),
    )
    .check(z.maxLength(50)),
});
export type EditedDemonstration = z.infer<typeof editedDemonstrationSchema>;

export const demonstrationsContract = {
  requests: {
    /** Puts what was written into the file, or says why it cannot be. */
    edit: { params: z.object({ index, demonstration: editedDemonstrationSchema }), result: z.object({}) },
  },
  intents: {
    move: z.object({ from: index, to: index }),
    enable: z.object({ index, enabled: z.boolean() }),
    remove: z.object({ index }),
    /** Makes an example out of a finished session that the person picks. */
    addFromSession: z.object({}),
    showText: z.object({ line: count }),
  },
  updates: { language, state: demonstrationsStateSchema },
} satisfies PanelContract;
export type DemonstrationsContract = typeof demonstrationsContract;

import * as z from 'zod';
import type { PanelContract } from '../../src/shared/message-channel.ts';

/** Messages of the prompt preview (src/workbench/prompts/preview-panel.ts) and of the list of demonstrations. */

const count = z.int().nonnegative();
const language = z.object({ locale: z.string(), texts: z.record(z.string(), z.string()) });

const previewLineSchema = z.object({
  text: z.string(),
  /** What of it is new since the last keystroke. */
  mark: z.union([z.literal('whole'), z.tuple([count, count])]).optional(),
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
  note: z.string().optional(),
  choices: z.object({
    datasets: z.array(z.string()),
    dataset: z.string().optional(),
    user: z.string(),
    round: count,
    rounds: count,
    sessions: z.array(z.object({ id: z.string(), label: z.string() })),
    session: z.string().optional(),
    /** Only prompts of rounds have a round to choose. */
    hasRounds: z.boolean(),
  }),
  messages: z.array(previewMessageSchema),
  tokens: count,
  /** Why the prompt as it stands cannot be shown; what is shown is then the last that could be. */
  problem: z
    .object({ message: z.string(), line: count.optional(), column: count.optional(), more: count })
    .optional(),
});
export type PreviewState = z.infer<typeof previewStateSchema>;

export const previewContract = {
  requests: {},
  intents: {
    choose: z.object({
      dataset: z.string().nullable(),
      user: z.string().max(200),
      round: z.int().min(1).max(1000),
      session: z.string().nullable(),
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
    z.object({ thought: z.string(), action: z.string(), observation: z.array(z.string()).optional() }),
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
  problem: z.string().optional(),
});
export type DemonstrationsState = z.infer<typeof demonstrationsStateSchema>;

export const demonstrationIndex = z.int().min(0).max(10_000);
const index = demonstrationIndex;
/** What a person writes in the list editor; checked again against the file's own schema. */
export const editedDemonstrationSchema = z.object({
  title: z.string().max(200),
  history: z.array(z.string().max(500)).max(200),
  rounds: z
    .array(
      z.object({
        thought: z.string().max(8_000),
        action: z.string().max(8_000),
        observation: z.array(z.string().max(500)).max(200).optional(),
      }),
    )
    .max(50),
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

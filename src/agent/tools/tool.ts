import * as z from 'zod';
import type { Dataset } from '../../data/dataset.ts';
import type { Retriever } from '../../data/retriever.ts';
import type { RetryNotice } from '../../llm/chat-model.ts';
import type { Catalogue, Mention } from '../catalogue.ts';
import type { ModelCall, SessionSettings, SessionStarted } from '../events.ts';
import type { ActionParameter, ActionSignature, ActionValue, ParameterKind } from '../grammar/action.ts';
import type { MemorySet } from '../memory.ts';

/** What a tool may look at. */
export interface ToolContext {
  readonly dataset: Dataset;
  readonly catalogue: Catalogue;
  readonly retriever: Retriever;
  /** The user's history, item codes, oldest first. */
  readonly history: readonly number[];
  readonly historySet: ReadonlySet<number>;
  readonly profile: Readonly<Record<string, string | number>>;
  /** Memory so far: verified sets, oldest first. */
  readonly sets: readonly MemorySet[];
  readonly settings: SessionSettings;
  /** On a re-run: what the last run named that the catalogue lacks (paper 3.4). */
  readonly wrongItems: readonly string[];
  readonly signal: AbortSignal | undefined;
  /** Puts a model call into the session's log. */
  record(call: ModelCall): void;
  onDelta(text: string): void;
  onRetry(notice: RetryNotice): void;
}

export type ToolOutcome =
  | {
      readonly kind: 'items';
      readonly items: readonly Mention[];
      readonly k: number;
      readonly attribute?: string | null;
      readonly text?: string;
    }
  /** Facts for the surrogate user; nothing enters memory. */
  | { readonly kind: 'text'; readonly text: string }
  /** The call cannot be done as asked; the model is told why and what to do instead. */
  | { readonly kind: 'problem'; readonly code: string; readonly message: string; readonly hint: string };

/** For descriptions. */
export interface ToolSetting {
  readonly dataset: Dataset;
  readonly retriever: Retriever;
}

/** A tool of the surrogate user. All that a new one needs: name, arguments, description, run. */
export interface Tool {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly args: z.ZodObject;
  /** True when a run that named items outside the catalogue is worth repeating with the wrong ones named. */
  readonly rerunnable: boolean;
  /** Every prompt it uses, in full, for the log; none for a tool that asks no model. */
  readonly prompts?: SessionStarted['prompts'];
  /** One paragraph for the prompt, made from the dataset's real attributes. */
  describe(setting: ToolSetting): string;
  /** `args` have passed the schema. */
  run(args: Readonly<Record<string, ActionValue>>, context: ToolContext): Promise<ToolOutcome> | ToolOutcome;
}

/** Registers how an argument is written between brackets; the order of the fields is the order there. */
interface ArgumentMeta {
  readonly kind: ParameterKind;
  readonly aliases?: readonly string[];
}

export const largestCount = 100;

export const attributeArgument = () =>
  z
    .string()
    .nullable()
    .default(null)
    .meta({ kind: 'attribute', description: 'Attribute name; null for no attribute.' });

export const countArgument = (fallback = 10) =>
  z
    .number()
    .int()
    .min(1)
    .max(largestCount)
    .default(fallback)
    .meta({ kind: 'count', description: 'How many items (K).' });

export const textArgument = (description: string) =>
  z.string().min(1).max(500).meta({ kind: 'text', description });

export const optionalTextArgument = (description: string) =>
  z.string().min(1).max(500).nullable().default(null).meta({ kind: 'text', description });

/** The signature that the grammar needs, read off the schema, so that a tool states its arguments once. */
export function signatureOf(tool: Tool): ActionSignature {
  const parameters = Object.entries(tool.args.shape).map(([name, schema]): ActionParameter => {
    const meta = (schema as z.ZodType).meta() as Partial<ArgumentMeta> | undefined;
    const fallback = (schema as z.ZodType).safeParse(undefined);
    const kind = meta?.kind ?? 'text';
    return {
      name,
      kind,
      ...(fallback.success ? { default: fallback.data as ActionValue } : {}),
      ...(kind === 'count' ? { max: largestCount } : {}),
      ...(meta?.aliases ? { aliases: meta.aliases } : {}),
    };
  });
  return { name: tool.name, aliases: tool.aliases, parameters };
}

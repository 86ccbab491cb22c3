import * as z from 'zod';
import type { TokenUsage } from './chat-model.ts';

/** US dollars a million tokens. */
export const priceSchema = z.strictObject({
  prompt: z.number().min(0),
  completion: z.number().min(0),
  /** For the part of the prompt that the server had cached; the prompt's price when absent. */
  cached: z.number().min(0).optional(),
});
export type Price = z.infer<typeof priceSchema>;

/** Prices by model name. They change, so none are built in: they come from the user's settings. */
export const priceTableSchema = z.record(z.string(), priceSchema);
export type PriceTable = z.infer<typeof priceTableSchema>;

/** What may follow a listed name in the name of one of its versions: `-2026-01-01`, `-20260101`, `-0613`, `:latest`. */
const version = /^[-:@](?:\d{4}-\d{2}-\d{2}|\d{8}|\d{4}|\d{3}|latest)$/;

/**
 * The price of a model: by its whole name, else as a dated version of a listed one. A longer name is another model
 * (`x` and `x-mini` cost differently), and a price is never guessed.
 */
export function priceOf(table: PriceTable, model: string): Price | undefined {
  if (Object.hasOwn(table, model)) return table[model];
  const listed = Object.keys(table).find(
    (name) => model.startsWith(name) && version.test(model.slice(name.length)),
  );
  return listed === undefined ? undefined : table[listed];
}

/**
 * A price as a person writes it: dollars a million tokens of prompt and reply, `0.15/0.6`, and of cached prompts where
 * they cost less, `0.15/0.6/0.075`. Undefined where it is not one.
 */
export function parsePrice(text: string): Price | undefined {
  const parts = text
    .split('/')
    .map((part) => (/^\s*\$?\d+(?:\.\d+)?\s*$/.test(part) ? Number(part.replace('$', '')) : NaN));
  if (parts.length < 2 || parts.length > 3 || parts.some((part) => !Number.isFinite(part))) return undefined;
  const [prompt, completion, cached] = parts;
  return { prompt: prompt!, completion: completion!, ...(cached === undefined ? {} : { cached }) };
}

/** Cost of a call in US dollars. */
export function costOf(usage: TokenUsage, price: Price): number {
  const cached = usage.cached ?? 0;
  const fresh = Math.max(0, usage.prompt - cached);
  return (
    (fresh * price.prompt + cached * (price.cached ?? price.prompt) + usage.completion * price.completion) /
    1e6
  );
}

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

/** The price of a model: by its whole name, else by the longest listed name that it begins with (dated versions). */
export function priceOf(table: PriceTable, model: string): Price | undefined {
  if (Object.hasOwn(table, model)) return table[model];
  const prefix = Object.keys(table)
    .filter((name) => model.startsWith(`${name}-`) || model.startsWith(`${name}:`))
    .sort((a, b) => b.length - a.length)[0];
  return prefix === undefined ? undefined : table[prefix];
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

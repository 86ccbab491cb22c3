import * as z from 'zod';

/**
 * The one schema every source is turned into: users, items and interactions.
 * Numbers of users and items inside a dataset are dense codes from 0; ids are the source's own text.
 */

/** `category`: one word or phrase; `categories`: a set of them; `number`: kept as such (buckets are derived). */
export const attributeKindSchema = z.enum(['category', 'categories', 'number', 'text']);
export type AttributeKind = z.infer<typeof attributeKindSchema>;

export const attributeDefinitionSchema = z.strictObject({
  /** The name the agent uses: `Retrieve[genre, 10]`. Lower case, no spaces. */
  name: z.string().regex(/^[a-z][a-z0-9_]{0,39}$/),
  kind: attributeKindSchema,
  /** One sentence for tool descriptions and tooltips. */
  description: z.string().optional(),
});
export type AttributeDefinition = z.infer<typeof attributeDefinitionSchema>;

export type AttributeValue = string | number | readonly string[];

export interface ItemRecord {
  readonly id: string;
  readonly title: string;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

export interface UserRecord {
  readonly id: string;
  readonly profile: Readonly<Record<string, string | number>>;
}

/** A rating is optional (`NaN` in columns); a timestamp is in seconds since 1970 UTC. */
export interface InteractionRecord {
  readonly user: string;
  readonly item: string;
  readonly rating?: number;
  readonly timestamp: number;
}

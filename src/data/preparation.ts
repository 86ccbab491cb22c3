import * as z from 'zod';
import { UsageError } from '../shared/errors.ts';

const limit = z.int().positive().nullable().default(null);

export const splitSchema = z.discriminatedUnion('kind', [
  /** Last = test, the one before = validation (paper 4.1.2). Two interactions: test only; one: train only. */
  z.strictObject({ kind: z.literal('leave-one-out') }),
  /**
   * The same two moments for everybody: of all interactions by time, the last `test` share is test and the
   * `validation` share before it validation. Interactions at the very moment of a cut lie after it.
   */
  z
    .strictObject({
      kind: z.literal('global-time'),
      validation: z.number().min(0).lt(1).default(0.1),
      test: z.number().gt(0).lt(1).default(0.1),
    })
    .refine(
      (split) => split.validation + split.test < 1,
      'validation and test together must leave some train',
    ),
]);
export type Split = z.infer<typeof splitSchema>;

/**
 * How raw interactions become a dataset. The steps run in the order of the fields, once each; the same
 * preparation of the same data gives the same dataset, to the byte.
 */
export const preparationSchema = z.strictObject({
  /** Which ready protocol this came from, if any; says nothing by itself. */
  protocol: z.enum(['paper', 'reference', 'custom']).default('custom'),
  /** `keep`: an item without catalogue entry gets one with its id as title. `reject`: its rows are bad rows. */
  unknownItems: z.enum(['keep', 'reject']).default('keep'),
  /** Drops interactions rated lower, and those whose rating is unknown. */
  minimumRating: z.number().nullable().default(null),
  /** Seconds since 1970 UTC: keeps `from <= timestamp < until`. */
  from: z.number().nullable().default(null),
  until: z.number().nullable().default(null),
  /** Which of a user's interactions with the same item stay, in order of time. */
  duplicates: z.enum(['all', 'first', 'last']).default('all'),
  /** Keeps this many items, those with the most interactions (ties: those that come first in the source). */
  maximumItems: limit,
  /** Keeps this many users, drawn at random with `seed`. */
  maximumUsers: limit,
  seed: z.int().min(0).max(0xffffffff).default(42),
  /** Keeps each user's latest so many interactions. */
  maximumLength: limit,
  /** k-core: drops users and items with fewer interactions, again and again until none is left to drop. */
  core: z
    .strictObject({ users: z.int().nonnegative().default(0), items: z.int().nonnegative().default(0) })
    .default({ users: 0, items: 0 }),
  /** Drops users with fewer interactions than this, once, after the core (which may then hold no longer). */
  minimumLength: z.int().nonnegative().default(0),
  split: splitSchema.default({ kind: 'leave-one-out' }),
});
export type Preparation = z.infer<typeof preparationSchema>;

export const protocolNames = ['paper', 'reference'] as const;
export type ProtocolName = (typeof protocolNames)[number];

/**
 * The two ready protocols.
 * - `paper` (ToolRec, 4.1.1): MovieLens unfiltered; every other source 10-core.
 * - `reference`: 5-core, as in careful reproductions on ML-1M (6,040 users, 3,416 items, 999,611 interactions).
 *
 * Both keep only the first of repeated interactions with an item: with items already seen left out of a
 * ranking, a repeat could never be hit. MovieLens has none.
 * @param source what tells MovieLens from the rest: the format's id and the base names of the files.
 */
export function protocolPreparation(
  name: ProtocolName,
  source: { readonly format: string; readonly files: readonly string[] },
): Preparation {
  const movieLens = [source.format, ...source.files].some((text) => /^(ml-|movielens)/.test(text));
  const k = name === 'reference' ? 5 : movieLens ? 0 : 10;
  return preparationSchema.parse({
    protocol: name,
    duplicates: 'first',
    core: { users: k, items: k },
    split: { kind: 'leave-one-out' },
  });
}

/** @throws UsageError `bad-preparation` that names the field. */
export function parsePreparation(value: unknown): Preparation {
  const parsed = preparationSchema.safeParse(value);
  if (parsed.success) {
    const { from, until } = parsed.data;
    if (from === null || until === null || from < until) return parsed.data;
    throw new UsageError('bad-preparation', 'The time window ends before it begins.', 'Swap the two dates.');
  }
  const issue = parsed.error.issues[0]!;
  throw new UsageError(
    'bad-preparation',
    `The preparation is not valid: ${issue.path.join('.') || 'it'}: ${issue.message}.`,
    'Correct that field.',
  );
}

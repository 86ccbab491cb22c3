import * as z from 'zod';

/** What completion and hover in configurations have in common, whatever the file. Knows no editor. */

export interface Suggestion {
  readonly label: string;
  readonly insert: string;
  readonly detail: string;
  /** What is replaced: offsets of characters. */
  readonly start: number;
  readonly end: number;
}

export interface Explanation {
  readonly markdown: string;
  readonly start: number;
  readonly end: number;
}

export type Field = z.ZodType & { readonly description?: string };

/** The values that a field takes, where they can be listed. */
export function choices(field: Field): string[] {
  const inner = innerOf(field);
  if (inner instanceof z.ZodEnum) return inner.options.map(String);
  if (inner instanceof z.ZodLiteral) return [...inner.values].map(String);
  if (inner instanceof z.ZodBoolean) return ['true', 'false'];
  if (inner instanceof z.ZodUnion) return inner.options.flatMap((option) => choices(option as Field));
  return [];
}

/** Without what says that it may be absent. */
export function innerOf(field: Field): Field {
  let inner: Field = field;
  while (
    inner instanceof z.ZodOptional ||
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodPrefault ||
    inner instanceof z.ZodNullable
  )
    inner = inner.unwrap() as Field;
  return inner;
}

/** `**key** — what it means`, the values, the limits; Markdown. */
export function explainField(key: string, field: Field): string {
  const values = choices(field);
  const limits = limitsOf(field);
  const lines = [`**${key}** — ${field.description ?? innerOf(field).description ?? ''}`];
  if (values.length > 0) lines.push(`One of ${values.map((value) => `\`${value}\``).join(', ')}.`);
  if (limits) lines.push(limits);
  return lines.join('\n\n');
}

function limitsOf(field: Field): string {
  const schema = z.toJSONSchema(field, { target: 'draft-7', io: 'input', unrepresentable: 'any' }) as {
    minimum?: number;
    maximum?: number;
    exclusiveMinimum?: number;
    exclusiveMaximum?: number;
  };
  const safe = (value: number | undefined) =>
    value !== undefined && Math.abs(value) < 2 ** 53 - 1 ? value : undefined;
  const low = safe(schema.minimum) ?? safe(schema.exclusiveMinimum);
  const high = safe(schema.maximum) ?? safe(schema.exclusiveMaximum);
  if (low === undefined) return '';
  return high === undefined ? `At least ${low}.` : `From ${low} to ${high}.`;
}

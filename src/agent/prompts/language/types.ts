import { inputsOf, type PromptInput, type PromptKind } from '../kinds.ts';

/** What a value is, as far as a template can know before it is rendered. */
export interface ValueType {
  /** For people: `list of items`, `text`, `number`. */
  readonly name: string;
  /** Fields by name; absent where they are not known. */
  readonly fields?: Readonly<Record<string, ValueType>>;
  /** Of a list. */
  readonly element?: ValueType;
}

const text: ValueType = { name: 'text', fields: { size: { name: 'number' } } };
const number: ValueType = { name: 'number', fields: {} };

function listOf(element: ValueType, name = `list of ${element.name}s`): ValueType {
  return { name, element, fields: { size: number, first: element, last: element } };
}

const pair: ValueType = { name: 'entry', fields: { name: text, value: text } };

/** Fields whose values are more than a text. */
const fieldTypes: Readonly<Record<string, ValueType>> = {
  attributes: listOf(pair, 'list of entries'),
  number,
};

function typeOfInput(input: PromptInput): ValueType {
  if (input.type === 'number') return number;
  if (!input.type.startsWith('list')) return input.type === 'block' ? { ...text, name: 'block' } : text;
  const fields = input.fields;
  const element: ValueType = fields
    ? {
        name: 'entry',
        fields: Object.fromEntries(fields.map((field) => [field, fieldTypes[field] ?? text])),
      }
    : text;
  return listOf(element, input.type);
}

export const forloopType: ValueType = {
  name: 'loop',
  fields: Object.fromEntries(
    ['index', 'index0', 'rindex', 'rindex0', 'length']
      .map((name) => [name, number] as const)
      .concat([
        ['first', { name: 'true or false' }],
        ['last', { name: 'true or false' }],
      ]),
  ),
};

/** Type of a plain value, such as the sample of an input. */
export function typeOfValue(value: unknown, depth = 0): ValueType {
  if (typeof value === 'number') return number;
  if (typeof value === 'boolean') return { name: 'true or false', fields: {} };
  if (typeof value === 'string') return text;
  if (Array.isArray(value))
    return listOf(
      value.length > 0 && depth < 4 ? typeOfValue(value[0], depth + 1) : { name: 'entry' },
      'list',
    );
  if (typeof value === 'object' && value !== null && depth < 4)
    return {
      name: 'entry',
      fields: Object.fromEntries(
        Object.entries(value).map(([key, own]) => [key, typeOfValue(own, depth + 1)]),
      ),
    };
  return { name: 'value' };
}

export interface KnownInput {
  readonly name: string;
  readonly type: ValueType;
  readonly description: string;
  readonly required: boolean;
  /** Declared in the front matter, not given by the kind. */
  readonly own: boolean;
  readonly sample: unknown;
}

/** Inputs that a kind gives, and those of the front matter. */
export function knownInputs(
  kind: PromptKind | undefined,
  own: Readonly<Record<string, { readonly description?: string | undefined; readonly sample?: unknown }>>,
): ReadonlyMap<string, KnownInput> {
  const all = new Map<string, KnownInput>();
  for (const input of kind ? inputsOf(kind) : [])
    all.set(input.name, {
      name: input.name,
      type: typeOfInput(input),
      description: input.description,
      required: input.required ?? false,
      own: false,
      sample: input.sample,
    });
  for (const [name, input] of Object.entries(own)) {
    const known = all.get(name);
    all.set(
      name,
      known
        ? { ...known, sample: input.sample }
        : {
            name,
            type: typeOfValue(input.sample),
            description: input.description ?? 'An input of this template.',
            required: false,
            own: true,
            sample: input.sample,
          },
    );
  }
  return all;
}

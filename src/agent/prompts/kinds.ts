/**
 * What each kind of prompt is given: the one list that rendering, diagnostics, completion and hover are made from.
 */

export const promptKinds = ['surrogate', 'rank', 'plan', 'chat-rec', 'llm-rank'] as const;
export type PromptKind = (typeof promptKinds)[number];

export const promptDomains = ['movies', 'books', 'businesses', 'generic'] as const;
export type PromptDomain = (typeof promptDomains)[number];

export interface PromptInput {
  readonly name: string;
  /** For completion and hover. */
  readonly type:
    'number' | 'text' | 'list of items' | 'list of tools' | 'list of rounds' | 'list of texts' | 'block';
  readonly description: string;
  /** A template of the kind that does not use it is probably wrong. */
  readonly required?: boolean;
  /** Fields of the entries of a list. */
  readonly fields?: readonly string[];
  /** Stands in for the value in previews without data. */
  readonly sample: unknown;
}

const itemFields = ['id', 'title', 'line', 'attributes'] as const;
const sampleItem = {
  id: '1214',
  title: 'Alien (1979)',
  line: '1214: "Alien (1979)" | Horror, Sci-Fi | 1979',
  attributes: [{ name: 'genre', value: 'Horror, Sci-Fi' }],
};

const shared: readonly PromptInput[] = [
  { name: 'n', type: 'number', description: 'Length of the final list (N).', sample: 10 },
  {
    name: 'profile',
    type: 'list of texts',
    description: 'What the dataset says of the user: entries with name and value.',
    fields: ['name', 'value'],
    sample: [{ name: 'age', value: '25' }],
  },
  {
    name: 'history',
    type: 'list of items',
    description: "The most recent items of the user's history, oldest first.",
    required: true,
    fields: itemFields,
    sample: [sampleItem],
  },
  { name: 'history_total', type: 'number', description: 'Items in the whole history.', sample: 96 },
  {
    name: 'attributes',
    type: 'list of texts',
    description: 'Names of the attributes of the dataset.',
    sample: ['genre', 'release_year'],
  },
];

const candidates: PromptInput = {
  name: 'candidates',
  type: 'list of items',
  description: 'The candidates to rank, best first as the tools found them.',
  required: true,
  fields: itemFields,
  sample: [sampleItem],
};

const tools: PromptInput = {
  name: 'tools',
  type: 'list of tools',
  description: "The session's tools: name, form such as Retrieve[attribute, K], description.",
  required: true,
  fields: ['name', 'form', 'description'],
  sample: [
    { name: 'Retrieve', form: 'Retrieve[attribute, K]', description: 'Retrieve[attribute, K]: finds items.' },
  ],
};

const demonstrations: PromptInput = {
  name: 'demonstrations',
  type: 'list of texts',
  description: 'Worked examples: title and text, each a block of rounds.',
  fields: ['title', 'text'],
  sample: [{ title: 'An example', text: 'Thought 1: …' }],
};

const inputs: Readonly<Record<PromptKind, readonly PromptInput[]>> = {
  surrogate: [
    ...shared,
    tools,
    demonstrations,
    { name: 'max_rounds', type: 'number', description: 'Rounds at most.', sample: 8 },
    { name: 'round', type: 'number', description: 'The round to decide, from 1.', sample: 1 },
    {
      name: 'protocol',
      type: 'text',
      description: 'How the reply is to be written: react, tools or json.',
      sample: 'react',
    },
    {
      name: 'rounds',
      type: 'list of rounds',
      description: 'The rounds so far: number, thought, action, observation.',
      required: true,
      fields: ['number', 'thought', 'action', 'observation'],
      sample: [],
    },
    {
      name: 'memory',
      type: 'block',
      description: 'The best candidates so far, fused over all tools, within the token budget.',
      sample: '',
    },
    {
      name: 'given_thought',
      type: 'text',
      description: 'A thought that a person wrote for this round; the model is to act on it.',
      sample: '',
    },
  ],
  rank: [
    ...shared,
    candidates,
    {
      name: 'attribute',
      type: 'text',
      description: 'The attribute to rank by; empty for the overall fit.',
      required: true,
      sample: 'genre',
    },
    { name: 'k', type: 'number', description: 'How many items to name (K).', required: true, sample: 10 },
    {
      name: 'wrong_items',
      type: 'list of texts',
      description: 'On a re-run: items named before that the catalogue lacks.',
      sample: [],
    },
  ],
  plan: [
    ...shared,
    tools,
    demonstrations,
    { name: 'max_rounds', type: 'number', description: 'Steps at most.', sample: 8 },
  ],
  'chat-rec': [...shared, candidates],
  'llm-rank': [...shared, candidates],
};

export function inputsOf(kind: PromptKind): readonly PromptInput[] {
  return inputs[kind];
}

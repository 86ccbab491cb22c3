/** What templates may say besides values: tags and filters, with a line for completion and hover. */

export interface TagWord {
  readonly name: string;
  readonly description: string;
  /** Has `{% end… %}`. */
  readonly block: boolean;
  /** What completion inserts after `{% `, as a snippet without the closing delimiter of the first tag. */
  readonly snippet?: string;
  /** Must stand inside one of these. */
  readonly inside?: readonly string[];
}

export const tagWords: readonly TagWord[] = [
  { name: 'system', block: true, description: 'A message that sets the model’s part.' },
  { name: 'user', block: true, description: 'A message to the model.' },
  { name: 'assistant', block: true, description: 'A message as if the model had written it.' },
  {
    name: 'for',
    block: true,
    description: 'Repeats its content for each entry of a list. `forloop` tells which one it is.',
    snippet: 'for ${1:item} in ${2:history}',
  },
  {
    name: 'if',
    block: true,
    description: 'Its content only when the condition holds.',
    snippet: 'if ${1:condition}',
  },
  {
    name: 'unless',
    block: true,
    description: 'Its content only when the condition does not hold.',
    snippet: 'unless ${1:condition}',
  },
  {
    name: 'case',
    block: true,
    description: 'Chooses by a value; see `when`.',
    snippet: 'case ${1:value}',
  },
  { name: 'when', block: false, description: 'A choice of `case`.', inside: ['case'] },
  { name: 'elsif', block: false, description: 'Another condition.', inside: ['if', 'unless'] },
  {
    name: 'else',
    block: false,
    description: 'What stands when nothing before held; in `for`, when the list is empty.',
    inside: ['if', 'unless', 'case', 'for'],
  },
  { name: 'break', block: false, description: 'Ends the loop.', inside: ['for'] },
  { name: 'continue', block: false, description: 'Goes on with the next entry.', inside: ['for'] },
  {
    name: 'assign',
    block: false,
    description: 'Gives a name to a value.',
    snippet: 'assign ${1:name} = ${2:value}',
  },
  {
    name: 'capture',
    block: true,
    description: 'Gives a name to what its content becomes.',
    snippet: 'capture ${1:name}',
  },
  { name: 'cycle', block: false, description: 'One of several texts in turn, at each pass of a loop.' },
  { name: 'comment', block: true, description: 'For people only; leaves nothing in the prompt.' },
  { name: '#', block: false, description: 'A comment of one tag.' },
  { name: 'raw', block: true, description: 'Its content as it stands: nothing in it is a tag.' },
];

export const tagsByName: ReadonlyMap<string, TagWord> = new Map(tagWords.map((tag) => [tag.name, tag]));

/** Tags of Liquid that prompts do not have, and why. */
export const refusedTags: Readonly<Record<string, string>> = {
  include: 'A prompt cannot take in other files.',
  render: 'A prompt cannot take in other files.',
  layout: 'A prompt cannot take in other files.',
  block: 'A prompt has no layouts.',
  echo: 'Write {{ … }}.',
  liquid: 'Write each tag by itself.',
  tablerow: 'Write a for loop.',
  increment: 'Write assign.',
  decrement: 'Write assign.',
};

/** The filters that prompts mostly need; others exist and are listed without a sentence. */
export const filterDescriptions: Readonly<Record<string, string>> = {
  append: 'Adds a text at the end: `{{ name | append: "." }}`.',
  capitalize: 'First letter in upper case.',
  compact: 'A list without empty entries.',
  concat: 'Joins two lists.',
  default: 'Another value where there is none: `{{ tone | default: "calm" }}`.',
  divided_by: 'Division.',
  downcase: 'All in lower case.',
  first: 'First entry of a list.',
  join: 'Entries of a list as one text: `{{ attributes | join: ", " }}`.',
  json: 'As JSON.',
  last: 'Last entry of a list.',
  map: 'One field of each entry: `{{ history | map: "title" }}`.',
  minus: 'Subtraction.',
  plus: 'Addition.',
  prepend: 'Adds a text at the beginning.',
  remove: 'Without each occurrence of a text.',
  replace: 'One text in the place of another.',
  reverse: 'A list from its end.',
  round: 'Rounded.',
  size: 'Number of entries of a list or letters of a text.',
  slice: 'A part: `{{ text | slice: 0, 80 }}`.',
  sort: 'Sorted, by a field if one is named.',
  split: 'A text as a list.',
  strip: 'Without space at both ends.',
  strip_newlines: 'Without line ends.',
  times: 'Multiplication.',
  truncate: 'Cut to a length: `{{ text | truncate: 80 }}`.',
  truncatewords: 'Cut to a number of words.',
  uniq: 'A list without doubles.',
  upcase: 'All in upper case.',
  where: 'Entries whose field has a value: `{{ attributes | where: "name", "genre" }}`.',
};

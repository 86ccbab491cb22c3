/**
 * What an action is (paper 3.2): a name and arguments, written `Retrieve[genre, 10]`. The grammar knows no tool by
 * name; it is given their signatures, so that a new tool needs no change here.
 */

/** `attribute`: a name or null for the paper's `None`; `count`: the paper's K; `text`: free; `items`: the rest of the brackets. */
export type ParameterKind = 'attribute' | 'count' | 'text' | 'items';

export interface ActionParameter {
  readonly name: string;
  readonly kind: ParameterKind;
  /** Used, with a note, where the model left the argument out. Without it the argument is required. */
  readonly default?: ActionValue;
  /** Largest count; a greater one is lowered to it, with a note. */
  readonly max?: number;
  /** Other names a model may use in `name=value` and JSON. */
  readonly aliases?: readonly string[];
}

export interface ActionSignature {
  readonly name: string;
  /** Other names models write for it: `Retrieval`, `Rerank`. Compared without case, spaces, `-` and `_`. */
  readonly aliases: readonly string[];
  readonly parameters: readonly ActionParameter[];
}

export type ActionValue = string | number | null | readonly string[];

export interface Action {
  /** The signature's own name, whatever the model wrote. */
  readonly name: string;
  readonly args: Readonly<Record<string, ActionValue>>;
}

/** The action that ends a session. Its list is `args.items`. */
export const finishSignature: ActionSignature = {
  name: 'Finish',
  aliases: ['Finished', 'Final', 'FinalAnswer', 'FinalList', 'Answer', 'Done', 'Submit', 'End'],
  parameters: [
    {
      name: 'items',
      kind: 'items',
      default: [],
      aliases: ['list', 'final_list', 'recommendations', 'titles', 'ids', 'results', 'answer'],
    },
  ],
};

/** The items of a Finish action; empty for any other. */
export function finishItems(action: Action): readonly string[] {
  const items = action.args['items'];
  return action.name === finishSignature.name && Array.isArray(items) ? (items as readonly string[]) : [];
}

/** Canonical text of an action; parsing it again gives the same action. */
export function formatAction(action: Action, signature?: ActionSignature): string {
  const names = signature ? signature.parameters.map((p) => p.name) : Object.keys(action.args);
  const parts = names.map((name) => {
    const value = action.args[name];
    if (value === undefined || value === null) return 'None';
    if (typeof value === 'number') return String(value);
    if (typeof value !== 'string') return value.map(quote).join(', ');
    const parameter = signature?.parameters.find((p) => p.name === name);
    return parameter?.kind === 'text' || !/^[\p{L}\p{N}_ -]+$/u.test(value) ? quote(value) : value;
  });
  return `${action.name}[${parts.join(', ')}]`;
}

function quote(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** Folds a name for comparison: `Re-Rank`, `re_rank` and `rerank` are one. */
export function foldName(name: string): string {
  return name.toLowerCase().replace(/[\s_-]+/g, '');
}

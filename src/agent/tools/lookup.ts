import * as z from 'zod';
import type { Dataset } from '../../data/dataset.ts';
import { resolveMentions } from '../catalogue.ts';
import { safeText } from '../safe-text.ts';
import { attributeText } from './attributes.ts';
import { textArgument, type Tool, type ToolOutcome } from './tool.ts';

/** Tells what the catalogue knows of one item. */
export const lookupTool: Tool = {
  name: 'Lookup',
  aliases: ['Look up', 'Details', 'Describe', 'Info'],
  args: z.object({ item: textArgument('Title or id of the item.') }),
  rerunnable: false,

  describe() {
    return 'Lookup[item]: tells what the catalogue knows of one item, given by title or id.';
  },

  run(args, { dataset, catalogue, historySet }) {
    const text = args['item'] as string;
    const [resolved] = resolveMentions([{ text }], catalogue, dataset);
    const resolution = resolved!.resolution;
    // That there is none, or more than one, is an answer too, and no failed round.
    if (resolution.kind === 'ambiguous') return asAnswer(ambiguousItem(dataset, text, resolution.candidates));
    if (resolution.kind === 'none') return asAnswer(unknownItem(text));
    const { id, title } = dataset.item(resolution.item);
    const facts = dataset.attributes
      .map(({ name }) => ({ name, value: attributeText(dataset, resolution.item, name) }))
      .filter(({ value }) => value !== '')
      .map(({ name, value }) => `${name}: ${value}`);
    const seen = historySet.has(resolution.item) ? ' The user already has it in the history.' : '';
    return { kind: 'text', text: `${safeText(id, 64)}: "${safeText(title)}". ${facts.join('; ')}.${seen}` };
  },
};

type Problem = Extract<ToolOutcome, { kind: 'problem' }>;

function asAnswer({ message, hint }: Problem): ToolOutcome {
  return { kind: 'text', text: `${message} ${hint}` };
}

/** Tells which items a text could mean. */
export function ambiguousItem(dataset: Dataset, text: string, candidates: readonly number[]): Problem {
  const titles = candidates.slice(0, 8).map((code) => {
    const { id, title } = dataset.item(code);
    return `${safeText(id, 64)}: "${safeText(title)}"`;
  });
  return {
    kind: 'problem',
    code: 'ambiguous-item',
    message: `“${safeText(text, 80)}” could be more than one item.`,
    hint: `Use the id: ${titles.join('; ')}.`,
  };
}

export function unknownItem(text: string): Problem {
  return {
    kind: 'problem',
    code: 'unknown-item',
    message: `The catalogue has no item “${safeText(text, 80)}”.`,
    hint: 'Use Search[text, K] to find items by words.',
  };
}

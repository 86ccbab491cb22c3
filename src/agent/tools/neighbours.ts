import * as z from 'zod';
import { resolveMentions } from '../catalogue.ts';
import { safeText } from '../safe-text.ts';
import { ambiguousItem, unknownItem } from './lookup.ts';
import { countArgument, optionalTextArgument, type Tool } from './tool.ts';

/** How many items of the history may have to be passed over to find K others. */
const largestSurplus = 200;

/** What others chose soon after an item, or after the user's latest ones: counted, not trained. */
export const neighboursTool: Tool = {
  name: 'Neighbours',
  aliases: ['Neighbors', 'Similar', 'SimilarItems', 'AlsoChosen', 'CoOccurrence'],
  args: z.object({
    item: optionalTextArgument('Title or id of an item; null for the latest items of the history together.'),
    k: countArgument(),
  }),
  rerunnable: false,

  describe() {
    return (
      'Neighbours[item, K]: returns the K items that other users chose most soon after an item, given by title or id; ' +
      'with None in its place, after the latest items of this user together.'
    );
  },

  async run(args, { dataset, catalogue, retriever, history, historySet, signal }) {
    const text = args['item'] as string | null;
    const k = args['k'] as number;
    if (!retriever.neighbours)
      return {
        kind: 'problem',
        code: 'no-neighbours',
        message: 'Neighbours are not counted here.',
        hint: 'Use Retrieve[attribute, K].',
      };
    if (text === null) {
      const found = await retriever.neighbours({ history }, k, signal);
      return { kind: 'items', items: found.map(({ item, score }) => ({ item, score })), k };
    }
    const { resolution } = resolveMentions([{ text }], catalogue, dataset)[0]!;
    if (resolution.kind === 'ambiguous') return ambiguousItem(dataset, text, resolution.candidates);
    if (resolution.kind === 'none') return unknownItem(text);
    const surplus = Math.min(largestSurplus, history.length);
    const found = await retriever.neighbours({ history: [resolution.item] }, k + surplus, signal);
    const items = found
      .filter(({ item }) => !historySet.has(item))
      .slice(0, k)
      .map(({ item, score }) => ({ item, score }));
    const { title } = dataset.item(resolution.item);
    if (items.length === 0)
      return {
        kind: 'problem',
        code: 'nothing-found',
        message: `Nothing outside the user's history was chosen soon after “${safeText(title, 80)}”.`,
        hint: 'Use another item, or Retrieve[attribute, K].',
      };
    return { kind: 'items', items, k, text: title };
  },
};

import * as z from 'zod';
import type { Dataset } from '../../data/dataset.ts';
import { countArgument, textArgument, type Tool } from './tool.ts';

/** Finds catalogue items whose title or attributes hold the words of a text. */
export const searchTool: Tool = {
  name: 'Search',
  aliases: ['SearchItems', 'Find', 'Query'],
  args: z.object({ text: textArgument('Words of a title or an attribute.'), k: countArgument() }),
  rerunnable: false,

  describe() {
    return (
      'Search[text, K]: finds up to K items of the catalogue by words in their title or attributes, for when you ' +
      'have something particular in mind. It knows nothing of the user.'
    );
  },

  run(args, context) {
    const text = args['text'] as string;
    const k = args['k'] as number;
    const found = wordIndexOf(context.dataset)
      .search(text)
      .filter(({ item }) => !context.historySet.has(item))
      .slice(0, k);
    if (found.length === 0)
      return {
        kind: 'problem',
        code: 'nothing-found',
        message: `Nothing outside the user's history matches “${text.slice(0, 60)}”.`,
        hint: 'Use fewer or other words, or Retrieve[attribute, K].',
      };
    return { kind: 'items', items: found, k, text };
  },
};

/**
 * An inverted index over words of titles and attribute values. Score: for each query word the inverse document
 * frequency ln(1 + N / df), twice for a title word, half for a word that only begins with it; ties by item code.
 */
class WordIndex {
  private readonly postings = new Map<string, Map<number, number>>();
  private readonly sorted: readonly string[];
  private readonly size: number;

  constructor(dataset: Dataset) {
    this.size = dataset.catalogueCount;
    for (let item = 0; item < dataset.catalogueCount; item++) {
      const { title, attributes } = dataset.item(item);
      for (const word of wordsOf(title)) this.add(word, item, 2);
      for (const value of Object.values(attributes))
        for (const part of typeof value === 'object' ? value : [String(value)])
          for (const word of wordsOf(part.slice(0, 400))) this.add(word, item, 1);
    }
    this.sorted = [...this.postings.keys()].sort();
  }

  private add(word: string, item: number, weight: number): void {
    let items = this.postings.get(word);
    if (!items) this.postings.set(word, (items = new Map()));
    items.set(item, Math.max(items.get(item) ?? 0, weight));
  }

  search(text: string): { item: number; score: number }[] {
    const scores = new Map<number, number>();
    const query = [...new Set(wordsOf(text))].slice(0, 12);
    for (const word of query) {
      const best = new Map<number, number>();
      for (const [known, factor] of this.matches(word)) {
        const items = this.postings.get(known)!;
        const rarity = Math.log(1 + this.size / items.size);
        for (const [item, weight] of items)
          best.set(item, Math.max(best.get(item) ?? 0, rarity * weight * factor));
      }
      for (const [item, score] of best) scores.set(item, (scores.get(item) ?? 0) + score);
    }
    return [...scores]
      .map(([item, score]) => ({ item, score }))
      .sort((a, b) => b.score - a.score || a.item - b.item);
  }

  private matches(word: string): [string, number][] {
    const out: [string, number][] = this.postings.has(word) ? [[word, 1]] : [];
    if (word.length < 3) return out;
    let low = 0;
    let high = this.sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.sorted[middle]! < word) low = middle + 1;
      else high = middle;
    }
    for (let i = low; i < this.sorted.length && out.length < 40 && this.sorted[i]!.startsWith(word); i++)
      if (this.sorted[i] !== word) out.push([this.sorted[i]!, 0.5]);
    return out;
  }
}

function wordsOf(text: string): string[] {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return plain.match(/[\p{L}\p{N}]+/gu) ?? [];
}

const indexes = new WeakMap<Dataset, WordIndex>();

function wordIndexOf(dataset: Dataset): WordIndex {
  let index = indexes.get(dataset);
  if (!index) indexes.set(dataset, (index = new WordIndex(dataset)));
  return index;
}

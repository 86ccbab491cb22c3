/** How many tags of a movie are kept: the ones that most people agree on. */
const keptTags = 8;
const longestTag = 40;

/** Counts free-text tags by item, as MovieLens users put them, and names each item's most frequent ones. */
export class TagCounter {
  private readonly counts = new Map<string, Map<string, number>>();

  add(item: string, tag: string): void {
    const word = tag.trim().replace(/\s+/g, ' ').toLowerCase();
    if (word === '' || word.length > longestTag) return;
    let tags = this.counts.get(item);
    if (!tags) this.counts.set(item, (tags = new Map()));
    tags.set(word, (tags.get(word) ?? 0) + 1);
  }

  /** Most frequent first, ties by name, so that the result does not depend on the order of the file. */
  top(item: string): string[] {
    const tags = this.counts.get(item);
    if (!tags) return [];
    return [...tags]
      .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
      .slice(0, keptTags)
      .map(([tag]) => tag);
  }
}

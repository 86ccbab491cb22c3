/** Buckets of trigrams: two that share one only cost a comparison. */
const buckets = 1 << 16;
/** Where a similarity is too low for the shared trigrams to tell, this many candidates, those that share most. */
const candidateLimit = 500;

/**
 * Which texts of a list may be within a given edit distance of a query. One edit changes at most three of a text's
 * trigrams (it is padded with two signs before and one behind), so texts that share too few need no comparison
 * (the q-gram lemma of Ukkonen, 1992).
 */
export class TrigramIndex {
  private readonly texts: readonly string[];
  /** [buckets + 1] and [postings]: texts by trigram. */
  private readonly starts = new Uint32Array(buckets + 1);
  private readonly postings: Uint32Array;
  /** [texts] how many trigrams each shares with the current query; zero between queries. */
  private readonly shared: Uint16Array;

  constructor(texts: readonly string[]) {
    this.texts = texts;
    for (const text of texts) for (const bucket of trigrams(text)) this.starts[bucket + 1]!++;
    for (let bucket = 0; bucket < buckets; bucket++) this.starts[bucket + 1]! += this.starts[bucket]!;
    const next = this.starts.slice(0, buckets);
    this.postings = new Uint32Array(this.starts[buckets]!);
    texts.forEach((text, at) => {
      for (const bucket of trigrams(text)) this.postings[next[bucket]!++] = at;
    });
    this.shared = new Uint16Array(texts.length);
  }

  /**
   * Positions of texts that may have at least this similarity (1 - edits / length of the longer). None is left out
   * while `similarity` is above 2/3; below, those that share nothing are, and all but the nearest 500.
   */
  similar(query: string, similarity: number): number[] {
    const wanted = trigrams(query);
    const touched: number[] = [];
    for (const bucket of wanted)
      for (let i = this.starts[bucket]!; i < this.starts[bucket + 1]!; i++) {
        const at = this.postings[i]!;
        if (this.shared[at]!++ === 0) touched.push(at);
      }
    const found: { at: number; shared: number }[] = [];
    for (const at of touched) {
      const shared = this.shared[at]!;
      this.shared[at] = 0;
      const length = this.texts[at]!.length;
      const longer = Math.max(length, query.length);
      const edits = Math.floor(longer * (1 - similarity) + 1e-9);
      if (Math.abs(length - query.length) > edits) continue;
      // Distinct trigrams are counted, of which a text has fewer than its length when it repeats itself.
      const least = Math.max(wanted.length, 1) - 3 * edits;
      if (shared >= least) found.push({ at, shared });
    }
    if (similarity <= 2 / 3 && found.length > candidateLimit) {
      found.sort((a, b) => b.shared - a.shared || a.at - b.at);
      found.length = candidateLimit;
    }
    return found.map(({ at }) => at);
  }
}

/** The distinct trigrams of a padded text, as bucket numbers. */
function trigrams(text: string): number[] {
  const found: number[] = [];
  let a = 1;
  let b = 1;
  for (let i = 0; i <= text.length; i++) {
    const c = i < text.length ? text.charCodeAt(i) : 2;
    const bucket =
      (Math.imul(Math.imul(a, 0x9e3779b1) + Math.imul(b, 0x85ebca6b) + c, 0xc2b2ae35) >>> 16) & 0xffff;
    if (!found.includes(bucket)) found.push(bucket);
    a = b;
    b = c;
  }
  return found;
}

/** Word vectors (GloVe in the paper, 3.3.2), wherever they come from. Words are in lower case. */
export interface WordVectors {
  readonly dimensions: number;
  /** Number of words. */
  readonly size: number;
  /** The file, for reports. */
  readonly source: string;
  has(word: string): boolean;
  /** [dimensions], a copy; undefined for an unknown word, never zeros. */
  vector(word: string): Float32Array | undefined;
}

/** Looks a whole piece of text up before it is taken apart: GloVe knows `sci-fi` and `well-known`. */
type Knows = (word: string) => boolean;

/**
 * The words of a phrase that a table is asked for, in order, known or not. Text is cut at white space; a piece
 * that the table does not know as a whole is taken apart at punctuation (`Film-Noir` → `film`, `noir`), without a
 * possessive s (`Children's` → `children`), then at capitals within it (`RealityShow` → `reality`, `show`); what
 * is still unknown is tried without its diacritics (`Amélie` → `amelie`). Signs alone are no words.
 */
export function wordsOf(phrase: string, knows: Knows): string[] {
  const words: string[] = [];
  for (const piece of phrase.normalize('NFC').split(/\s+/u)) {
    const bare = piece.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '');
    if (bare === '') continue;
    if (knows(bare.toLowerCase())) words.push(bare.toLowerCase());
    else
      for (const part of bare.replace(/['’ʼ`´]s(?![\p{L}\p{N}])/giu, ' ').split(/[^\p{L}\p{M}\p{N}]+/u))
        addPart(part);
  }
  return words;

  function addPart(part: string): void {
    if (part === '') return;
    const lower = part.toLowerCase();
    const plain = withoutDiacritics(lower);
    if (knows(lower)) words.push(lower);
    else if (knows(plain)) words.push(plain);
    else {
      const humps = part.split(/(?<=\p{Ll})(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u);
      if (humps.length > 1) humps.forEach(addPart);
      else words.push(lower);
    }
  }
}

/** Every word that `wordsOf` could ask for: what is picked out of a full GloVe file. */
export function candidateWords(phrase: string): Set<string> {
  const asked = new Set<string>();
  wordsOf(phrase, (word) => {
    asked.add(word);
    return false;
  });
  return asked;
}

function withoutDiacritics(text: string): string {
  return text.normalize('NFD').replace(/\p{M}+/gu, '');
}

export interface PhraseVector {
  /** [dimensions] mean over the distinct known words; undefined when there is none. */
  readonly vector: Float32Array | undefined;
  readonly known: readonly string[];
  readonly unknown: readonly string[];
}

/** The vector of an attribute value, one phrase or a set of them: the mean over its set of words (paper 3.3.2). */
export function phraseVector(vectors: WordVectors, value: string | readonly string[]): PhraseVector {
  const phrases = typeof value === 'string' ? [value] : value;
  const words = new Set(phrases.flatMap((phrase) => wordsOf(phrase, vectors.has)));
  const known: string[] = [];
  const unknown: string[] = [];
  const sum = new Float64Array(vectors.dimensions);
  for (const word of words) {
    const vector = vectors.vector(word);
    if (vector === undefined) {
      unknown.push(word);
      continue;
    }
    known.push(word);
    for (let d = 0; d < sum.length; d++) sum[d]! += vector[d]!;
  }
  const mean = known.length > 0 ? Float32Array.from(sum, (total) => total / known.length) : undefined;
  return { vector: mean, known, unknown };
}

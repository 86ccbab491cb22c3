import { throwIfCancelled, UsageError } from '../../shared/errors.ts';
import type { LongWork } from '../../shared/progress.ts';
import type { Dataset } from '../dataset.ts';
import { readGloveText } from './glove-text.ts';
import { loadWordTable } from './table.ts';
import { candidateWords, phraseVector, type WordVectors } from './word-vectors.ts';

/** What became of an attribute's words: nothing is left out in silence. */
export interface WordReport {
  readonly attribute: string;
  readonly source: string;
  /** Distinct words of all values. */
  readonly words: number;
  /** Words that the table lacks, with the number of items they occur in, most frequent first. */
  readonly unknown: readonly { readonly word: string; readonly items: number }[];
  /** Items that have a value of which no word is known: they have no vector. */
  readonly itemsWithoutVector: number;
  /** Items that have no value. */
  readonly itemsWithoutValue: number;
}

export interface AttributeVectors {
  readonly dimensions: number;
  /** [catalogueCount · dimensions], row by item code; zeros where `present` says 0. */
  readonly values: Float32Array;
  /** [catalogueCount] 1 where the item has a vector. */
  readonly present: Uint8Array;
  readonly report: WordReport;
}

/**
 * The vectors of an attribute for the whole catalogue (paper 3.3.2): for each item the mean over its set of words.
 * @throws UsageError `unknown-attribute`, and `not-words` for an attribute of numbers.
 */
export function attributeVectors(
  dataset: Dataset,
  attribute: string,
  vectors: WordVectors,
  work: LongWork = {},
): AttributeVectors {
  checkAttribute(dataset, attribute);
  const { dimensions } = vectors;
  const values = new Float32Array(dataset.catalogueCount * dimensions);
  const present = new Uint8Array(dataset.catalogueCount);
  const known = new Set<string>();
  const unknown = new Map<string, number>();
  let itemsWithoutVector = 0;
  let itemsWithoutValue = 0;
  for (let item = 0; item < dataset.catalogueCount; item++) {
    if (item % 1024 === 0) {
      throwIfCancelled(work.signal, 'Looking words up');
      const [done, total] = [item, dataset.catalogueCount];
      work.onProgress?.({ message: `Looking up the words of ${attribute}`, done, total, unit: 'items' });
    }
    const value = textOf(dataset, item, attribute);
    if (value.length === 0) {
      itemsWithoutValue++;
      continue;
    }
    const phrase = phraseVector(vectors, value);
    for (const word of phrase.known) known.add(word);
    for (const word of phrase.unknown) unknown.set(word, (unknown.get(word) ?? 0) + 1);
    if (phrase.vector) {
      values.set(phrase.vector, item * dimensions);
      present[item] = 1;
    } else itemsWithoutVector++;
  }
  return {
    dimensions,
    values,
    present,
    report: {
      attribute,
      source: vectors.source,
      words: known.size + unknown.size,
      unknown: [...unknown]
        .map(([word, items]) => ({ word, items }))
        .sort((a, b) => b.items - a.items || (a.word < b.word ? -1 : 1)),
      itemsWithoutVector,
      itemsWithoutValue,
    },
  };
}

/**
 * The vectors that a dataset's attributes need: the shipped table, or what a full GloVe file has of them.
 * @param gloveFile a full GloVe text file, plain, `.gz` or `.zip`; undefined = the shipped table.
 */
export async function wordVectorsFor(
  dataset: Dataset,
  attributes: readonly string[],
  gloveFile?: string,
  work: LongWork = {},
): Promise<WordVectors> {
  for (const attribute of attributes) checkAttribute(dataset, attribute);
  if (gloveFile === undefined) return loadWordTable();
  const wanted = new Set<string>();
  const seen = new Set<string>();
  for (const attribute of attributes)
    for (let item = 0; item < dataset.catalogueCount; item++)
      for (const phrase of textOf(dataset, item, attribute)) {
        if (seen.has(phrase)) continue;
        seen.add(phrase);
        for (const word of candidateWords(phrase)) wanted.add(word);
      }
  return readGloveText(gloveFile, wanted, work);
}

function checkAttribute(dataset: Dataset, attribute: string): void {
  const definition = dataset.attributes.find(({ name }) => name === attribute);
  if (definition === undefined)
    throw new UsageError(
      'unknown-attribute',
      `The dataset ${dataset.name} has no attribute “${attribute}”.`,
      `It has: ${dataset.attributes.map(({ name }) => name).join(', ') || 'none'}.`,
    );
  if (definition.kind === 'number')
    throw new UsageError(
      'not-words',
      `The attribute “${attribute}” holds numbers, which have no word vectors.`,
      'Use its value or its quantile bucket.',
    );
}

/** The phrases of an item's attribute; none when it has no value. */
function textOf(dataset: Dataset, item: number, attribute: string): readonly string[] {
  const value = dataset.attribute(item, attribute);
  if (value === undefined) return [];
  const list = typeof value === 'object' ? value : [String(value)];
  return list.filter((phrase) => /\S/.test(phrase));
}

/** Vectors for attribute values (paper 3.3.2); the parts are in `word-vectors/`. */
export { attributeVectors, wordVectorsFor } from './word-vectors/attribute-vectors.ts';
export type { AttributeVectors, WordReport } from './word-vectors/attribute-vectors.ts';
export { readGloveText } from './word-vectors/glove-text.ts';
export {
  cosineBound,
  decodeWordTable,
  encodeWordTable,
  loadWordTable,
  shippedTable,
} from './word-vectors/table.ts';
export { candidateWords, phraseVector, wordsOf } from './word-vectors/word-vectors.ts';
export type { PhraseVector, WordVectors } from './word-vectors/word-vectors.ts';

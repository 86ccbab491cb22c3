/**
 * Embeddings of item texts, for the feature-encoder variants (SASRec_BERT, BERT4Rec_BERT of the paper's Table 2). Made
 * once: parts of the catalogue are kept in the cache by a hash of the source and the texts, so that another run, another
 * seed or a run after a failure half-way does not ask again.
 */
import { createHash } from 'node:crypto';
import path from 'node:path';
import type { Dataset } from '../../data/dataset.ts';
import {
  candidateWords,
  loadWordTable,
  phraseVector,
  readGloveText,
  type WordVectors,
} from '../../data/word-vectors.ts';
import type { HostTensor } from '../../engine/program.ts';
import {
  findSentenceModel,
  normaliseRows,
  SentenceModel,
  sentenceModelHash,
} from '../../engine/sentence-model.ts';
import { InputError, throwIfCancelled } from '../../shared/errors.ts';
import type { LongWork } from '../../shared/progress.ts';
import { readEmbeddings, writeEmbeddings } from './cache.ts';
import { embedByEndpoint } from './endpoint.ts';
import { itemTexts } from './item-text.ts';
import type { TextManifest, TextRequest } from './source.ts';

export interface ItemEmbeddings {
  /** `[itemCount, width]`, rows of length 1; zeros where nothing is known of an item's words. */
  readonly values: HostTensor;
  readonly manifest: TextManifest;
}

/** Embeds texts; opened only when something is not in the cache. */
interface Embedder {
  embed(texts: readonly string[], work: LongWork): Promise<{ width: number; values: Float32Array }>;
  dispose?(): Promise<void>;
}

interface OpenSource {
  readonly label: string;
  /** What decides the vectors besides the texts; undefined: cheap to make, so not kept. */
  readonly identity: string | undefined;
  open(): Promise<Embedder>;
}

/** Texts of one entry of the cache. */
const textsPerPart = 1024;

/**
 * @param cacheFolder `.toolrec/cache`
 * @throws StorageError `no-sentence-model`; InputError `bad-sentence-model`, `bad-embedding`; ModelError `embedding…`
 */
export async function embedItems(
  dataset: Dataset,
  request: TextRequest,
  cacheFolder: string,
  work: LongWork = {},
): Promise<ItemEmbeddings> {
  const texts = itemTexts(dataset);
  const source = await openSource(request, texts, work);
  let embedder: Embedder | undefined;
  let width = 0;
  let values = new Float32Array(0);
  try {
    for (let from = 0; from < texts.length; from += textsPerPart) {
      throwIfCancelled(work.signal, 'Embedding');
      const [done, total] = [from, texts.length];
      work.onProgress?.({ message: `Embedding item texts: ${source.label}`, done, total, unit: 'items' });
      const part = texts.slice(from, from + textsPerPart);
      const file = source.identity === undefined ? undefined : cacheFile(cacheFolder, source.identity, part);
      let found = file === undefined ? undefined : await readEmbeddings(file, part.length);
      if (!found) {
        embedder ??= await source.open();
        found = await embedder.embed(part, work);
        normaliseRows(found.values, found.width);
        if (file !== undefined) await writeEmbeddings(file, found);
      }
      if (width === 0) {
        width = found.width;
        values = new Float32Array(texts.length * width);
      }
      if (found.width !== width)
        throw new InputError(
          'embedding-dimension',
          `Some item texts have embeddings of ${width} numbers, others of ${found.width}.`,
          'Use one embeddings model for the whole catalogue.',
        );
      values.set(found.values, from * width);
    }
  } finally {
    await embedder?.dispose?.();
  }
  return {
    values: { dtype: 'float32', shape: [texts.length, width], data: values },
    manifest: { source: request.source, label: source.label, width },
  };
}

async function openSource(
  { source, apiKey }: TextRequest,
  texts: readonly string[],
  work: LongWork,
): Promise<OpenSource> {
  switch (source.kind) {
    case 'glove': {
      const vectors = await wordVectors(texts, source.file, work);
      return {
        label: `GloVe means of title and attributes (offline; not a sentence model), ${vectors.source}`,
        identity: undefined,
        open: () => Promise.resolve({ embed: (part) => Promise.resolve(wordMeans(part, vectors)) }),
      };
    }
    case 'onnx': {
      const hash = await sentenceModelHash(await findSentenceModel(source.folder));
      return {
        label: `sentence model ${path.basename(path.resolve(source.folder))}`,
        identity: `onnx ${hash}`,
        open: () => SentenceModel.open(source.folder),
      };
    }
    case 'endpoint':
      return {
        label: `embeddings endpoint, model ${source.model}`,
        identity: `endpoint ${source.baseUrl} ${source.model} ${source.dimensions ?? ''}`,
        open: () => Promise.resolve({ embed: (part, own) => embedByEndpoint(part, { source, apiKey }, own) }),
      };
  }
}

async function wordVectors(
  texts: readonly string[],
  file: string | undefined,
  work: LongWork,
): Promise<WordVectors> {
  if (file === undefined) return loadWordTable();
  const wanted = new Set<string>();
  for (const text of texts) for (const word of candidateWords(text)) wanted.add(word);
  return readGloveText(file, wanted, work);
}

function wordMeans(texts: readonly string[], vectors: WordVectors): { width: number; values: Float32Array } {
  const width = vectors.dimensions;
  const values = new Float32Array(texts.length * width);
  texts.forEach((text, row) => {
    const { vector } = phraseVector(vectors, text);
    if (vector) values.set(vector, row * width);
  });
  return { width, values };
}

function cacheFile(folder: string, identity: string, texts: readonly string[]): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([identity, texts]))
    .digest('hex');
  return path.join(folder, 'embeddings', `${hash.slice(0, 40)}.safetensors`);
}

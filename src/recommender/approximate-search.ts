/**
 * Approximate top-K by an HNSW graph (usearch) over the item vectors, for catalogues so large that comparing a history
 * with every item takes too long. The best item may be missed; `toolrec bench retrieve` measures how often.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import type * as usearch from 'usearch';
import { makeFolder } from '../shared/atomic-file.ts';
import { EngineError } from '../shared/errors.ts';
import type { Recommender, ScoredItem } from './recommender.ts';
import { outside } from './retrieval.ts';
import { SequenceRecommender } from './scoring.ts';

/** Links of a node, and how many candidates are looked at when building and searching. */
const settings = { connectivity: 16, expansion_add: 128, expansion_search: 256 } as const;

export class ApproximateSearch {
  private readonly index: usearch.Index;
  private readonly recommender: SequenceRecommender;

  private constructor(index: usearch.Index, recommender: SequenceRecommender) {
    this.index = index;
    this.recommender = recommender;
  }

  /**
   * Builds the index, or takes it from the cache when one of these vectors is there.
   * @param cacheFolder `.toolrec/cache`; not kept when absent
   * @throws EngineError `no-usearch` when the optional package is not installed
   */
  static async build(recommender: SequenceRecommender, cacheFolder?: string): Promise<ApproximateSearch> {
    const { Index, MetricKind, ScalarKind } = await loadUsearch();
    const { width, values } = await recommender.itemVectors();
    const index = new Index({
      dimensions: width,
      metric: MetricKind.IP,
      quantization: ScalarKind.F32,
      ...settings,
      multi: false,
    });
    const file = cacheFolder === undefined ? undefined : cacheFile(cacheFolder, values, width);
    if (file !== undefined && (await isThere(file))) {
      try {
        index.load(file);
        if (index.size() === recommender.itemCount) return new ApproximateSearch(index, recommender);
      } catch {
        // damaged: built again
      }
    }
    const keys = BigUint64Array.from({ length: recommender.itemCount }, (_, item) => BigInt(item));
    index.add(keys, values);
    if (file !== undefined) {
      await makeFolder(path.dirname(file));
      const temporary = `${file}.${process.pid}`;
      index.save(temporary);
      await fs.rename(temporary, file);
    }
    return new ApproximateSearch(index, recommender);
  }

  /** The K best items that were found outside each history, best first. */
  async best(histories: readonly Uint32Array[], k: number): Promise<ScoredItem[][]> {
    const { width, values } = await this.recommender.vectors(histories);
    return histories.map((history, row) => {
      const wanted = Math.min(k + new Set(history).size, this.recommender.itemCount);
      const dimensions = this.index.dimensions();
      const vector =
        width === dimensions ? values.subarray(row * width, (row + 1) * width) : new Float32Array(dimensions); // histories that say nothing
      const { keys, distances } = this.index.search(vector, wanted, 1);
      // The distance is 1 − the inner product.
      const candidates = Array.from(keys, (key, i) => ({ item: Number(key), score: 1 - distances[i]! }));
      return outside(history, candidates, k);
    });
  }
}

/** Floor models have no vectors. */
export function isSearchable(recommender: Recommender): recommender is SequenceRecommender {
  return recommender instanceof SequenceRecommender;
}

async function loadUsearch(): Promise<typeof usearch> {
  try {
    return await import('usearch');
  } catch (error) {
    throw new EngineError(
      'no-usearch',
      'Approximate search needs the optional package usearch, which is not installed or cannot be loaded here.',
      'Install it (npm install usearch@2.25.3), or search exactly.',
      { cause: error },
    );
  }
}

function cacheFile(folder: string, values: Float32Array, width: number): string {
  const hash = createHash('sha256').update(JSON.stringify([width, settings]));
  hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return path.join(folder, 'search', `${hash.digest('hex').slice(0, 40)}.usearch`);
}

const isThere = (file: string): Promise<boolean> =>
  fs.stat(file).then(
    (stat) => stat.isFile(),
    () => false,
  );

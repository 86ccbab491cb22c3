/** Item features from an attribute, for the attribute-oriented retrieval tools (paper 3.3.2). */
import { bucketOf, quantileBuckets } from '../data/buckets.ts';
import type { Dataset } from '../data/dataset.ts';
import { attributeVectors, wordVectorsFor } from '../data/word-vectors.ts';
import { type HostTensor } from '../engine/program.ts';
import { UsageError } from '../shared/errors.ts';
import type { LongWork } from '../shared/progress.ts';

export interface ItemFeatures {
  /** `[itemCount, width]`; zeros where an item has no value. */
  readonly values: HostTensor;
  /** Where they come from, for the manifest. */
  readonly source: string;
}

const bucketCount = 16;

/**
 * Words: the mean of their vectors, as in the paper, and whether there is one. Numbers: the standardised value and
 * which of up to sixteen equally filled ranges it is in.
 * @param glove a full GloVe text file in the place of the shipped words
 * @throws UsageError `unknown-attribute`
 */
export async function itemFeatures(
  dataset: Dataset,
  attribute: string,
  glove: string | undefined,
  work: LongWork = {},
): Promise<ItemFeatures> {
  const definition = dataset.attributes.find(({ name }) => name === attribute);
  if (definition === undefined)
    throw new UsageError(
      'unknown-attribute',
      `The dataset “${dataset.name}” has no attribute “${attribute}”.`,
      `It has: ${dataset.attributes.map(({ name }) => name).join(', ') || 'none'}.`,
    );
  if (definition.kind === 'number') return numberFeatures(dataset, attribute);
  const vectors = await wordVectorsFor(dataset, [attribute], glove, work);
  const { values, present, dimensions } = attributeVectors(dataset, attribute, vectors, work);
  const width = dimensions + 1;
  const data = new Float32Array(dataset.itemCount * width);
  for (let item = 0; item < dataset.itemCount; item++) {
    data.set(values.subarray(item * dimensions, (item + 1) * dimensions), item * width);
    data[item * width + dimensions] = present[item]!;
  }
  return {
    values: { dtype: 'float32', shape: [dataset.itemCount, width], data },
    source: vectors.source,
  };
}

function numberFeatures(dataset: Dataset, attribute: string): ItemFeatures {
  const numbers = Array.from({ length: dataset.itemCount }, (_, item) => {
    const value = dataset.attribute(item, attribute);
    return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
  });
  const known = numbers.filter((value) => value !== undefined);
  const mean = known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length);
  const variance = known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, known.length);
  const deviation = Math.sqrt(variance) || 1;
  const buckets = quantileBuckets(known, bucketCount);
  const width = bucketCount + 1;
  const data = new Float32Array(dataset.itemCount * width);
  numbers.forEach((value, item) => {
    if (value === undefined) return;
    data[item * width] = (value - mean) / deviation;
    data[item * width + 1 + bucketOf(buckets, value)] = 1;
  });
  return {
    values: { dtype: 'float32', shape: [dataset.itemCount, width], data },
    source: `numbers in ${bucketCount} ranges`,
  };
}

import { partOf, type Dataset } from '../data/dataset.ts';
import type { Recommender } from './recommender.ts';

/** Interactions of each item in the training part. [itemCount] */
export function trainingCounts(dataset: Dataset): Uint32Array {
  const counts = new Uint32Array(dataset.itemCount);
  for (let user = 0; user < dataset.userCount; user++)
    for (const item of partOf(dataset, user, 'train')) counts[item]!++;
  return counts;
}

/** The lowest floor: everybody is offered what most people chose. The score is the number of interactions. */
export function fitPopularity(dataset: Dataset): Recommender {
  const counts = Float32Array.from(trainingCounts(dataset));
  return {
    itemCount: dataset.itemCount,
    batchSize: 256,
    scoreBatch(histories, scores) {
      for (let row = 0; row < histories.length; row++) scores.set(counts, row * counts.length);
    },
  };
}

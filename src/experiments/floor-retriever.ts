import { attributeTable } from '../agent/offline/attribute-table.ts';
import { affinityTo, distribution, recencyWeights } from '../agent/offline/distribution.ts';
import { type Dataset, historyBefore } from '../data/dataset.ts';
import type { RetrievedItem, Retriever } from '../data/retriever.ts';
import type { Recommender } from '../recommender/recommender.ts';
import { topN } from '../recommender/top-n.ts';
import { UsageError, throwIfCancelled } from '../shared/errors.ts';

/** How deep the model's ranking is looked into for items of the right attribute. */
const depth = 400;
/** Weight of an item without any affinity to the taste. */
const floorWeight = 0.1;
const halfLife = 10;

/**
 * Retrieval without trained attribute tools: one plain model, whose ranking is reweighted for an attribute by how well
 * an item's values fit the recency-weighted history. It stands in until attribute tools are trained and says so by its
 * name; it is not the paper's retrieval tool.
 *
 *   score_a(i) = (floor + (1 - floor) · affinity_a(i)) / (20 + rank(i))
 */
export function floorRetriever(
  dataset: Dataset,
  recommender: Recommender,
  name: string,
): Retriever & { readonly name: string } {
  const columns = attributeTable(dataset);
  const scores = new Float32Array(recommender.itemCount);
  const ranking = async (history: Uint32Array, k: number): Promise<{ item: number; score: number }[]> => {
    await recommender.scoreBatch([history], scores);
    return topN(scores, k, new Set(history)).map((item) => ({ item, score: scores[item]! }));
  };
  let queue: Promise<unknown> = Promise.resolve(); // one score buffer: one retrieval at a time
  return {
    name: `${name}, reweighted by attribute statistics (no trained attribute tools)`,
    attributes: [null, ...columns.map((column) => column.name)],
    retrieve(query, attribute, k, signal) {
      const work = async (): Promise<readonly RetrievedItem[]> => {
        throwIfCancelled(signal, 'Retrieval');
        const history =
          query.user === undefined
            ? Uint32Array.from(query.history)
            : historyBefore(dataset, query.user, 'test');
        const named = ({ item, score }: { item: number; score: number }): RetrievedItem => {
          const { id, title } = dataset.item(item);
          return { item, id, title, score };
        };
        if (attribute === null) return (await ranking(history, k)).map(named);
        const column = columns.find((candidate) => candidate.name === attribute);
        if (!column)
          throw new UsageError(
            'unknown-attribute',
            `There is no attribute “${attribute}”.`,
            'Choose one of the dataset.',
          );
        const affinity = affinityTo(
          column,
          distribution(column, history, recencyWeights(history.length, halfLife)),
        );
        return (await ranking(history, Math.max(depth, k)))
          .map(({ item }, rank) => ({
            item,
            score: (floorWeight + (1 - floorWeight) * affinity(item)) / (20 + rank + 1),
          }))
          .sort((a, b) => b.score - a.score || a.item - b.item)
          .slice(0, k)
          .map(named);
      };
      const result = queue.then(work);
      queue = result.catch(() => undefined);
      return result;
    },
  };
}

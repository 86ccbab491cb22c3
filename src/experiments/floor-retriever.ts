import { attributeTable } from '../agent/offline/attribute-table.ts';
import { affinityTo, distribution, recencyWeights } from '../agent/offline/distribution.ts';
import type { Dataset } from '../data/dataset.ts';
import type { RetrievalQuery, RetrievalSource, RetrievedItem, Retriever } from '../data/retriever.ts';
import type { Recommender } from '../recommender/recommender.ts';
import { topN } from '../recommender/top-n.ts';
import { UsageError, throwIfCancelled } from '../shared/errors.ts';
import { type HistoryBefore, userHistory } from './user-history.ts';

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
 *
 * @param plain ranks by the model alone
 */
export function reweightedRetriever(
  dataset: Dataset,
  plain: Retriever,
  name: string,
  before: HistoryBefore = 'test',
): Retriever & { readonly name: string; readonly source: RetrievalSource } {
  const columns = attributeTable(dataset);
  const source: RetrievalSource = { kind: 'floor', model: name, tools: [], simulated: dataset.simulated };
  return {
    source,
    name: describeRetrieval(source),
    attributes: [null, ...columns.map((column) => column.name)],
    ...(plain.neighbours ? { neighbours: plain.neighbours } : {}),
    async retrieve(query, attribute, k, signal) {
      if (attribute === null) return plain.retrieve(query, null, k, signal);
      const column = columns.find((candidate) => candidate.name === attribute);
      if (!column)
        throw new UsageError(
          'unknown-attribute',
          `There is no attribute “${attribute}”.`,
          'Choose one of the dataset.',
        );
      const history = historyOf(dataset, query, before);
      const affinity = affinityTo(
        column,
        distribution(column, history, recencyWeights(history.length, halfLife)),
      );
      const ranking = await plain.retrieve(query, null, Math.max(depth, k), signal);
      return ranking
        .map((entry, rank) => ({
          ...entry,
          score: (floorWeight + (1 - floorWeight) * affinity(entry.item)) / (20 + rank + 1),
        }))
        .sort((a, b) => b.score - a.score || a.item - b.item)
        .slice(0, k);
    },
  };
}

/** The same with a model of this process: for programs that hold one. */
export function floorRetriever(
  dataset: Dataset,
  recommender: Recommender,
  name: string,
): Retriever & { readonly name: string; readonly source: RetrievalSource } {
  const scores = new Float32Array(recommender.itemCount);
  let queue: Promise<unknown> = Promise.resolve(); // one score buffer: one retrieval at a time
  const plain: Retriever = {
    attributes: [null],
    retrieve(query, _attribute, k, signal) {
      const work = async (): Promise<readonly RetrievedItem[]> => {
        throwIfCancelled(signal, 'Retrieval');
        const history = historyOf(dataset, query, 'test');
        await recommender.scoreBatch([history], scores);
        return topN(scores, k, new Set(history)).map((item) => {
          const { id, title } = dataset.item(item);
          return { item, id, title, score: scores[item]! };
        });
      };
      const result = queue.then(work);
      queue = result.catch(() => undefined);
      return result;
    },
  };
  return reweightedRetriever(dataset, plain, name);
}

/** A sentence part for a person: which models answer, and on what kind of data they were trained. */
export function describeRetrieval({ kind, model, architecture, tools, simulated }: RetrievalSource): string {
  const data = simulated ? ' · simulated data' : '';
  if (kind === 'floor')
    return `${model}, reweighted by attribute statistics (no trained attribute tools)${data}`;
  const names = tools.map((tool) => `${tool.attribute} (${tool.model})`).join(', ');
  const own = architecture === undefined || architecture === model ? model : `${model} (${architecture})`;
  return `${own}, ${names === '' ? 'no attribute tools' : `attribute tools: ${names}`}${data}`;
}

function historyOf(dataset: Dataset, query: RetrievalQuery, before: HistoryBefore): Uint32Array {
  return query.user === undefined
    ? Uint32Array.from(query.history)
    : userHistory(dataset, query.user, before);
}

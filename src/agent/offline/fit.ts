import { type Dataset, historyBefore, partOf } from '../../data/dataset.ts';
import type { Retriever } from '../../data/retriever.ts';
import { InputError, throwIfCancelled } from '../../shared/errors.ts';
import type { LongWork } from '../../shared/progress.ts';
import { attributeTable } from './attribute-table.ts';
import { affinityTo } from './distribution.ts';
import { tasteOf } from './fusion.ts';
import { defaultWeights, type OfflineWeights } from './weights.ts';

export interface FitOptions extends LongWork {
  readonly dataset: Dataset;
  readonly retriever: Retriever;
  /** Name of the retrieval for the record. */
  readonly retrieval: string;
  /** Users whose validation item is predicted; all that have one by default. */
  readonly users?: readonly number[];
  /** K of each list, as the policy will ask. */
  readonly k?: number;
}

/** A point of the search: weights by position of source and attribute. */
interface Point {
  readonly lists: readonly number[];
  readonly affinity: readonly number[];
  readonly constant: number;
  readonly halfLife: number;
}

/** Evidence on one user, gathered once; `target` is the index of the validation item among the candidates, or -1. */
interface Case {
  readonly target: number;
  readonly count: number;
  /** [lists × count] 0-based rank in each list, or -1. */
  readonly ranks: Int16Array;
  /** [halfLives × attributes × count] */
  readonly affinities: Float32Array;
}

const halfLives = [3, 10, 30];
const constants = [1, 5, 20, 60];
const steps = [0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5, 2];
/** Some hundred points are tried: what is not this far beyond chance on validation would not hold on test. */
const leastT = 3;
const affinitySteps = [0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4];

/**
 * Finds weights that maximise mean NDCG@10 of the validation items by coordinate ascent over a fixed grid, from the
 * backbone alone; a step is taken only when its paired gain is beyond chance, so what it returns is the backbone itself
 * where the tools add nothing. The test split is not looked
 * at: histories are the training part (`historyBefore(…, 'validation')`).
 * @throws InputError `no-validation` when no user has a validation item.
 */
export async function fitWeights(options: FitOptions): Promise<OfflineWeights> {
  const { dataset, retriever, k = 50 } = options;
  const users = options.users ?? Array.from({ length: dataset.userCount }, (_, user) => user);
  const sources = [...retriever.attributes].sort((a, b) =>
    a === null ? -1 : b === null ? 1 : a < b ? -1 : 1,
  );
  const attributes = attributeTable(dataset).map((column) => column.name);
  const cases: Case[] = [];
  let done = 0;
  for (const user of users) {
    throwIfCancelled(options.signal, 'Fitting');
    const made = await gather(dataset, retriever, sources, user, k, options.signal);
    if (made) cases.push(made);
    if (++done % 100 === 0)
      options.onProgress?.({
        message: 'Gathering evidence on validation users',
        done,
        total: users.length,
        unit: 'users',
      });
  }
  if (cases.length === 0)
    throw new InputError(
      'no-validation',
      'No user has a validation item to fit on.',
      'Use a split with a validation part.',
    );

  const start = { ...defaultWeights(attributes), constant: 20, halfLife: 10 };
  let best: Point = {
    lists: sources.map((source, i) => (source === null || (i === 0 && !sources.includes(null)) ? 1 : 0)),
    affinity: attributes.map(() => 0),
    constant: start.constant,
    halfLife: start.halfLife,
  };
  const score = (point: Point) => ndcgOfCases(cases, attributes.length, point);
  let bestScores = score(best);
  const backboneNdcg = mean(bestScores);
  /** Takes the best of the points, if it is better beyond chance. */
  const consider = (points: readonly Point[]): boolean => {
    let candidate = best;
    let scores = bestScores;
    for (const point of points) {
      const found = score(point);
      if (mean(found) > mean(scores) + 1e-12) [candidate, scores] = [point, found];
    }
    if (candidate === best || pairedT(scores, bestScores) < leastT) return false;
    best = candidate;
    bestScores = scores;
    return true;
  };
  for (let pass = 0; pass < 4; pass++) {
    let improved = false;
    const sweep = (points: readonly Point[]) => {
      improved = consider(points) || improved;
    };
    sources.forEach((_, l) => sweep(steps.map((step) => ({ ...best, lists: best.lists.with(l, step) }))));
    attributes.forEach((_, a) =>
      sweep(affinitySteps.map((step) => ({ ...best, affinity: best.affinity.with(a, step) }))),
    );
    sweep(constants.map((constant) => ({ ...best, constant })));
    sweep(halfLives.map((halfLife) => ({ ...best, halfLife })));
    throwIfCancelled(options.signal, 'Fitting');
    options.onProgress?.({
      message: `Fitting weights, pass ${pass + 1}: NDCG@10 ${mean(bestScores).toFixed(4)}`,
    });
    await new Promise((resolve) => setImmediate(resolve));
    if (!improved) break;
  }
  return {
    version: 1,
    lists: {
      ...Object.fromEntries(sources.map((s, i) => [s ?? 'None', best.lists[i]!])),
      Search: start.lists['Search']!,
    },
    affinity: Object.fromEntries(attributes.map((name, i) => [name, best.affinity[i]!])),
    constant: best.constant,
    halfLife: best.halfLife,
    fitted: {
      dataset: dataset.name,
      datasetHash: dataset.hash,
      retrieval: options.retrieval,
      split: 'validation',
      users: cases.length,
      backboneNdcg,
      ndcg: mean(bestScores),
    },
  };
}

async function gather(
  dataset: Dataset,
  retriever: Retriever,
  sources: readonly (string | null)[],
  user: number,
  k: number,
  signal: AbortSignal | undefined,
): Promise<Case | undefined> {
  const history = [...historyBefore(dataset, user, 'validation')];
  const target = partOf(dataset, user, 'validation')[0];
  if (target === undefined || history.length === 0) return undefined;
  const index = new Map<number, number>();
  const lists: number[][] = [];
  for (const source of sources) {
    const found = await retriever.retrieve({ history }, source, k, signal);
    lists.push(found.map((entry) => entry.item));
    for (const { item } of found) if (!index.has(item)) index.set(item, index.size);
  }
  const items = [...index.keys()];
  const ranks = new Int16Array(sources.length * items.length).fill(-1);
  lists.forEach((list, l) =>
    list.forEach((item, rank) => (ranks[l * items.length + index.get(item)!] = rank)),
  );
  const columns = attributeTable(dataset).length;
  const affinities = new Float32Array(halfLives.length * columns * items.length);
  halfLives.forEach((halfLife, h) =>
    tasteOf(dataset, history, halfLife).forEach(({ column, shares }, a) => {
      const affinity = affinityTo(column, shares);
      items.forEach((item, i) => (affinities[(h * columns + a) * items.length + i] = affinity(item)));
    }),
  );
  return { target: index.get(target) ?? -1, count: items.length, ranks, affinities };
}

/** NDCG@10 of each case with one relevant item: 1 / log2(1 + rank), 0 outside the first ten. [cases] */
function ndcgOfCases(cases: readonly Case[], attributes: number, point: Point): Float64Array {
  const h = halfLives.indexOf(point.halfLife);
  return Float64Array.from(cases, ({ target, count, ranks, affinities }) => {
    if (target < 0) return 0;
    const scoreOf = (i: number): number => {
      let score = 0;
      for (let l = 0; l < point.lists.length; l++) {
        const rank = ranks[l * count + i]!;
        if (rank >= 0) score += (point.lists[l]! * (point.constant + 1)) / (point.constant + rank + 1);
      }
      for (let a = 0; a < attributes; a++)
        if (point.affinity[a]! > 0)
          score += point.affinity[a]! * affinities[(h * attributes + a) * count + i]!;
      return score;
    };
    const own = scoreOf(target);
    let better = 0;
    for (let i = 0; i < count && better < 10; i++) if (i !== target && scoreOf(i) >= own) better++; // ties count against it
    return better < 10 ? 1 / Math.log2(better + 2) : 0;
  });
}

function mean(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** Student's t of the paired differences a - b; infinite when all differences are equal and positive. */
function pairedT(a: Float64Array, b: Float64Array): number {
  const differences = a.map((value, i) => value - b[i]!);
  const centre = mean(differences);
  const variance = mean(differences.map((value) => (value - centre) ** 2));
  return variance === 0
    ? centre > 0
      ? Infinity
      : 0
    : centre / Math.sqrt(variance / Math.max(1, a.length - 1));
}

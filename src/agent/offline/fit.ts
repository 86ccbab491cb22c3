import { type Dataset, historyBefore, partOf } from '../../data/dataset.ts';
import type { RetrievedItem, Retriever } from '../../data/retriever.ts';
import { InputError, throwIfCancelled, UsageError } from '../../shared/errors.ts';
import type { LongWork } from '../../shared/progress.ts';
import { Random } from '../../shared/random.ts';
import { attributeTable } from './attribute-table.ts';
import { type Choice, fitConditionalLogit, meanLoss, scoresOf, spreadOf } from './conditional-logit.ts';
import { affinityTo } from './distribution.ts';
import { type EvidenceScale, evidenceIn } from './evidence.ts';
import { logPopularity, tasteOf } from './fusion.ts';
import { defaultWeights, type OfflineWeights } from './weights.ts';

export interface FitOptions extends LongWork {
  readonly dataset: Dataset;
  readonly retriever: Retriever;
  /** Which models retrieve, for the record. */
  readonly retrieval: string;
  /** Users whose validation item is predicted; all that have one by default. */
  readonly users?: readonly number[];
  /** K of each list, as the policy will ask. */
  readonly k?: number;
}

const folds = 5;
/** From hardly any pull towards the backbone alone to hardly anything else. */
const shrinkages = [1e-4, 1e-3, 1e-2, 1e-1, 1];
/** What is not this far beyond chance on users that were not fitted on is left alone. */
const leastT = 2;
/** Users whose lists are asked for at once, so that the engine can answer them in batches. */
const atOnce = 128;

/**
 * Fits the weights of the fused evidence (`fuse`) to the validation items: the item that was chosen next, among all
 * candidates of the tools, by maximum likelihood of a conditional logit that is pulled towards the backbone alone. How
 * hard it is pulled is what predicts users best that were left out (five folds). Where that gains no NDCG@10 beyond
 * chance, the backbone alone is returned. The test split is not looked at: histories are the training part.
 * @throws InputError `no-validation` when no user has a validation item; UsageError `part-was-trained-on`
 */
export async function fitWeights(options: FitOptions): Promise<OfflineWeights> {
  const { dataset, retriever, retrieval, signal, onProgress } = options;
  if (retriever.source?.sawValidation)
    throw new UsageError(
      'part-was-trained-on',
      `“${retriever.source.model}” or one of its tools was fitted on the validation items too.`,
      'Fit the weights with models that were fitted on “train” alone.',
    );
  const sources = sourcesOf(retriever, signal);
  const names = attributeTable(dataset).map((column) => column.name);
  const width = sources.length + names.length + 1;
  const { halfLife, lists } = defaultWeights(names);
  const choices = await gather(options, sources, halfLife);
  if (choices.length === 0)
    throw new InputError(
      'no-validation',
      'No user has a validation item to fit on.',
      'Use a split with a validation part.',
    );

  const centre = new Float64Array(width);
  centre[0] = 1; // the backbone alone, up to a factor that changes no order
  const alone = choices.map((choice) => ndcgOf(choice, centre, width));
  const foldOf = new Random('folds of the offline fit').shuffle(choices.map((_, i) => i % folds));
  const settings = {
    width,
    centre,
    spread: spreadOf(choices, width),
    nonNegative: [...Array.from({ length: width - 1 }, () => true), false],
  };
  let best: { shrinkage: number; loss: number; ndcg: number[] } | undefined;
  for (const shrinkage of shrinkages) {
    let loss = 0;
    const ndcg = new Array<number>(choices.length);
    for (let fold = 0; fold < folds; fold++) {
      throwIfCancelled(signal, 'Fitting');
      onProgress?.({ message: `Fitting weights, pull ${shrinkage}`, done: fold, total: folds });
      await new Promise((resolve) => setImmediate(resolve));
      const others = choices.filter((_, i) => foldOf[i] !== fold);
      const own = choices.flatMap((_, i) => (foldOf[i] === fold ? [i] : []));
      const w = fitConditionalLogit(others, { ...settings, shrinkage });
      loss +=
        meanLoss(
          own.map((i) => choices[i]!),
          w,
          width,
        ) / folds;
      for (const i of own) ndcg[i] = ndcgOf(choices[i]!, w, width);
    }
    if (!best || loss < best.loss) best = { shrinkage, loss, ndcg };
  }
  const { shrinkage, ndcg } = best!;
  const t = pairedT(ndcg, alone);
  const isGain = t >= leastT;
  const w = isGain ? fitConditionalLogit(choices, { ...settings, shrinkage }) : centre;
  return {
    version: 2,
    lists: { ...Object.fromEntries(sources.map(({ name }, i) => [name, w[i]!])), Search: lists['Search']! },
    affinity: Object.fromEntries(names.map((name, i) => [name, w[sources.length + i]!])),
    popularity: w[width - 1]!,
    halfLife,
    fitted: {
      dataset: dataset.name,
      datasetHash: dataset.hash,
      retrieval,
      split: 'validation',
      users: choices.length,
      shrinkage,
      backboneNdcg: mean(alone),
      ndcg: isGain ? mean(ndcg) : mean(alone),
      t,
    },
  };
}

interface Source {
  readonly name: string;
  readonly scale: EvidenceScale;
  readonly ask: (history: readonly number[], k: number) => Promise<readonly RetrievedItem[]>;
}

/** The backbone first. */
function sourcesOf(retriever: Retriever, signal: AbortSignal | undefined): Source[] {
  const { source, neighbours } = retriever;
  const scale = source === undefined ? 'rank' : source.kind === 'trained' ? 'logit' : 'weight';
  const attributes = [...retriever.attributes].sort((a, b) =>
    a === null ? -1 : b === null ? 1 : a < b ? -1 : 1,
  );
  return [
    ...attributes.map((attribute): Source => ({
      name: attribute ?? 'None',
      scale,
      ask: (history, k) => retriever.retrieve({ history }, attribute, k, signal),
    })),
    ...(neighbours
      ? [
          {
            name: 'Neighbours',
            scale: 'weight',
            ask: (history, k) => neighbours({ history }, k, signal),
          } satisfies Source,
        ]
      : []),
  ];
}

async function gather(options: FitOptions, sources: readonly Source[], halfLife: number): Promise<Choice[]> {
  const { dataset, k = 50, signal, onProgress } = options;
  const users = (options.users ?? Array.from({ length: dataset.userCount }, (_, user) => user)).filter(
    (user) =>
      partOf(dataset, user, 'validation').length > 0 && historyBefore(dataset, user, 'validation').length > 0,
  );
  const choices: Choice[] = [];
  for (let from = 0; from < users.length; from += atOnce) {
    throwIfCancelled(signal, 'Fitting');
    const part = users.slice(from, from + atOnce);
    choices.push(...(await Promise.all(part.map((user) => choiceOf(dataset, sources, user, k, halfLife)))));
    onProgress?.({
      message: 'Gathering evidence on validation users',
      done: choices.length,
      total: users.length,
      unit: 'users',
    });
  }
  return choices;
}

async function choiceOf(
  dataset: Dataset,
  sources: readonly Source[],
  user: number,
  k: number,
  halfLife: number,
): Promise<Choice> {
  const history = [...historyBefore(dataset, user, 'validation')];
  const target = partOf(dataset, user, 'validation')[0]!;
  const lists = await Promise.all(sources.map(({ ask }) => ask(history, k)));
  const items = [...new Set(lists.flatMap((list) => list.map(({ item }) => item)))].sort((a, b) => a - b);
  const columns = tasteOf(dataset, history, halfLife);
  const width = sources.length + columns.length + 1;
  const features = new Float32Array(items.length * width);
  const put = (feature: number, of: (item: number) => number) =>
    items.forEach((item, i) => (features[i * width + feature] = of(item)));
  lists.forEach((list, l) => {
    if (list.length === 0) return; // says nothing of anything
    const { logShares, absent } = evidenceIn({
      source: sources[l]!.name,
      scale: sources[l]!.scale,
      items: list.map(({ item }) => item),
      scores: list.map(({ score }) => score),
    });
    put(l, (item) => logShares.get(item) ?? absent);
  });
  columns.forEach(({ column, shares }, a) => put(sources.length + a, affinityTo(column, shares)));
  const popularity = logPopularity(dataset);
  put(width - 1, (item) => popularity[item] ?? 0);
  return { count: items.length, features, chosen: items.indexOf(target) };
}

/** NDCG@10 with one relevant item: 1 / log2(1 + rank), 0 outside the first ten. Ties count against it. */
function ndcgOf(choice: Choice, w: Float64Array, width: number): number {
  if (choice.chosen < 0) return 0;
  const scores = scoresOf(choice, w, width);
  const own = scores[choice.chosen]!;
  let better = 0;
  for (let i = 0; i < choice.count && better < 10; i++)
    if (i !== choice.chosen && scores[i]! >= own) better++;
  return better < 10 ? 1 / Math.log2(better + 2) : 0;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Student's t of the paired differences a - b; infinite when all differences are equal and positive. */
function pairedT(a: readonly number[], b: readonly number[]): number {
  const differences = a.map((value, i) => value - b[i]!);
  const centre = mean(differences);
  const variance = mean(differences.map((value) => (value - centre) ** 2));
  if (variance === 0) return centre > 0 ? Number.MAX_VALUE : 0;
  return centre / Math.sqrt(variance / Math.max(1, a.length - 1));
}

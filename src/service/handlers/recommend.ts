import type { Dataset } from '../../data/dataset.ts';
import { recordEvaluation } from '../../recommender/checkpoint.ts';
import { evaluate, type Evaluation } from '../../recommender/evaluation.ts';
import { modelTitle } from '../../recommender/model-title.ts';
import { refuseSeenPart } from '../../recommender/seen-part.ts';
import { topN } from '../../recommender/top-n.ts';
import { UsageError } from '../../shared/errors.ts';
import { Random } from '../../shared/random.ts';
import { Workspace } from '../../shared/workspace.ts';
import { type FittedModels, isFloor } from '../fitted-models.ts';
import { OpenDatasets } from '../open-datasets.ts';
import type { HandlerRegistry } from '../registry.ts';
import { evaluateModel, recommend, type ListedItem } from '../requests/recommend.ts';

export function registerRecommendHandlers(registry: HandlerRegistry, models: FittedModels): void {
  const datasets = new OpenDatasets();

  registry.handle(recommend, async ({ workspace, dataset: name, model, user, history, top }, work) => {
    const dataset = await datasets.get(workspace, name);
    const codes = historyOf(dataset, user, history);
    const fitted = await models.get(workspace, dataset, model, work);
    const started = performance.now();
    const scores = new Float32Array(fitted.recommender.itemCount);
    await fitted.recommender.scoreBatch([codes], scores);
    const best = topN(scores, top, new Set(codes));
    return {
      dataset: name,
      simulated: dataset.simulated,
      model,
      user,
      history: Array.from(codes, (item) => listed(dataset, item)),
      items: best.map((item, i) => ({ rank: i + 1, score: scores[item]!, ...listed(dataset, item) })),
      seconds: { fit: fitted.seconds, score: secondsSince(started) },
    };
  });

  registry.handle(
    evaluateModel,
    async ({ workspace, dataset: name, model, userLimit, allowChangedDataset, ...options }, work) => {
      const dataset = await datasets.get(workspace, name);
      const fitted = await models.get(workspace, dataset, model, work, allowChangedDataset);
      if (fitted.manifest) refuseSeenPart(fitted.manifest, options.part);
      const started = performance.now();
      const users = userLimit === undefined ? {} : { users: drawUsers(dataset, userLimit) };
      const result = await evaluate(fitted.recommender, dataset, { ...options, ...users }, work);
      if (!isFloor(model) && userLimit === undefined && options.maskSeen)
        await recordEvaluation(new Workspace(workspace).entry('models', model), options.part, result.metrics);
      return {
        dataset: name,
        simulated: dataset.simulated,
        model,
        title: fitted.manifest ? modelTitle(fitted.manifest) : model,
        ...(fitted.manifest?.text ? { texts: fitted.manifest.text.label } : {}),
        part: options.part,
        maskSeen: options.maskSeen,
        users: result.users.length,
        items: fitted.recommender.itemCount,
        metrics: { ...result.metrics },
        ties: byTies(dataset, result, options.part),
        userIds: Array.from(result.users, (user) => dataset.user(user).id),
        perUser: { ...result.perUser },
        seconds: { fit: fitted.seconds, evaluate: secondsSince(started) },
      };
    },
  );
}

/** The same users whenever as many are asked for. */
function drawUsers(dataset: Dataset, limit: number): number[] {
  const all = Array.from({ length: dataset.userCount }, (_, user) => user);
  return new Random(`evaluation of ${limit} users`).shuffle(all).slice(0, limit);
}

type Part = 'validation' | 'test';

/** Means over the users whose held-out item is tied in time with the one before it, and over the others. */
function byTies(dataset: Dataset, { users, perUser }: Evaluation, part: Part) {
  const isTied = Array.from(users, (user) => {
    const place = part === 'test' ? dataset.validationEnd[user]! : dataset.trainEnd[user]!;
    return place > dataset.offsets[user]! && dataset.timestamps[place] === dataset.timestamps[place - 1];
  });
  const group = (tied: boolean) => {
    const members = isTied.flatMap((own, i) => (own === tied ? [i] : []));
    const mean = (values: Float64Array) => members.reduce((sum, i) => sum + values[i]!, 0) / members.length;
    const metrics = members.length
      ? Object.fromEntries(Object.entries(perUser).map(([name, values]) => [name, mean(values)]))
      : {};
    return { users: members.length, metrics };
  };
  return { tied: group(true), untied: group(false) };
}

/** @throws UsageError `unknown-user`, `unknown-item`, `no-history` */
function historyOf(
  dataset: Dataset,
  user: string | undefined,
  history: readonly string[] | undefined,
): Uint32Array {
  if ((user === undefined) === (history === undefined))
    throw new UsageError(
      'no-history',
      'A user or a history is needed, and not both.',
      'Give --user or --history.',
    );
  if (history !== undefined) return Uint32Array.from(history, (id) => itemCodeOf(dataset, id));
  const code = dataset.userCode(user!);
  if (code === undefined)
    throw new UsageError(
      'unknown-user',
      `The dataset “${dataset.name}” has no user “${user!.slice(0, 80)}”.`,
      dataset.userCount > 0
        ? `Users are named as in its source, such as “${dataset.user(0).id}”.`
        : 'The dataset has no users.',
      { place: { flag: '--user' } },
    );
  // All the user has done: what comes next is asked for, and nothing is held out.
  return dataset.items.subarray(dataset.offsets[code], dataset.offsets[code + 1]);
}

function itemCodeOf(dataset: Dataset, id: string): number {
  const code = dataset.itemCode(id);
  if (code !== undefined) return code;
  throw new UsageError(
    'unknown-item',
    `The catalogue of “${dataset.name}” has no item with the id “${id.slice(0, 80)}”.`,
    'Give ids of the dataset’s own catalogue.',
    { place: { flag: '--history' } },
  );
}

function listed(dataset: Dataset, item: number): ListedItem {
  const { id, title, attributes } = dataset.item(item);
  const plain = Object.entries(attributes).map(
    ([name, value]) => [name, typeof value === 'object' ? [...value] : value] as const,
  );
  return { id, title, attributes: Object.fromEntries(plain) };
}

function secondsSince(started: number): number {
  return (performance.now() - started) / 1000;
}

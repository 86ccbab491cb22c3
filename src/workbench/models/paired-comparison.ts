import { bootstrapInterval, holm, randomisationTest } from '../../experiments/statistics.ts';

/** What is known of a model after its evaluation over all users. */
export interface EvaluatedModel {
  readonly id: string;
  readonly users: number;
  readonly userIds: readonly string[];
  readonly metrics: Readonly<Record<string, number>>;
  /** By metric, in the order of `userIds`. */
  readonly perUser: Readonly<Record<string, ArrayLike<number>>>;
}

/** One metric of a model beside the same metric of the best one, over the users that both were evaluated on. */
export interface PairedResult {
  readonly metric: string;
  readonly id: string;
  /** Mean of the model minus mean of the reference. */
  readonly difference: number;
  /** 95% bootstrap interval of the difference. */
  readonly low: number;
  readonly high: number;
  /** Two-sided randomisation test, corrected over all models of the comparison (Holm). */
  readonly p: number;
  /** Users for whom the model does better, as well, and worse. */
  readonly better: number;
  readonly equal: number;
  readonly worse: number;
}

export interface Comparison {
  /** The model that the others stand beside: the best in NDCG@10. */
  readonly reference: string;
  readonly users: number;
  readonly metrics: readonly string[];
  readonly models: readonly { readonly id: string; readonly metrics: Readonly<Record<string, number>> }[];
  readonly pairs: readonly PairedResult[];
}

export const tested = ['ndcg@10', 'recall@10'] as const;

/** Paired tests of every model against the best one. Users that some model was not evaluated on are left out. */
export function compareEvaluations(models: readonly EvaluatedModel[]): Comparison {
  const value = ({ metrics }: EvaluatedModel) => metrics[tested[0]] ?? -1;
  const reference = models.reduce((best, model) => (value(model) > value(best) ? model : best));
  const others = models.filter((model) => model !== reference);
  const places = models.map(({ userIds }) => new Map(userIds.map((user, i) => [user, i])));
  const shared = reference.userIds.filter((user) => places.every((place) => place.has(user)));
  const values = (model: EvaluatedModel, metric: string) => {
    const place = places[models.indexOf(model)]!;
    return shared.map((user) => model.perUser[metric]![place.get(user)!]!);
  };
  const pairs = tested.flatMap((metric) => {
    const base = values(reference, metric);
    const own = others.map((model) => {
      const differences = values(model, metric).map((mine, i) => mine - base[i]!);
      const { mean, low, high } = bootstrapInterval(differences, `${model.id} ${metric}`);
      const count = (test: (difference: number) => boolean) => differences.filter(test).length;
      return {
        metric,
        id: model.id,
        difference: mean,
        low,
        high,
        p: randomisationTest(differences, `${model.id} ${metric}`),
        better: count((difference) => difference > 0),
        equal: count((difference) => difference === 0),
        worse: count((difference) => difference < 0),
      };
    });
    const corrected = holm(own.map(({ p }) => p));
    return own.map((result, i) => ({ ...result, p: corrected[i]! }));
  });
  const byValue = [...models].sort((a, b) => value(b) - value(a));
  return {
    reference: reference.id,
    users: shared.length,
    metrics: Object.keys(reference.metrics),
    models: byValue.map(({ id, metrics }) => ({ id, metrics })),
    pairs,
  };
}

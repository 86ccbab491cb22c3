import { type Metric, metricFunctions, parseMetric } from '../../recommender/metrics.ts';
import { countingRecords, type ExperimentPlan, type PlannedMethod } from '../plan-file.ts';
import type { ExperimentRecord } from '../records.ts';
import {
  bootstrapInterval,
  holm,
  type Interval,
  mean,
  randomisationTest,
  standardDeviation,
  usersNeeded,
} from '../statistics.ts';

export interface MetricSummary {
  readonly name: string;
  /** Mean of the repeats’ means: what the paper prints. */
  readonly mean: number;
  /** Over repeats (n - 1); NaN for one repeat. */
  readonly deviation: number;
  /** [repeats]; NaN for a repeat without a record. */
  readonly repeats: readonly number[];
  /** 95% bootstrap interval of the mean over distinct users. */
  readonly interval: Interval;
}

/** A method against the reference, on the users that both have; positive: better than the reference. */
export interface Comparison {
  readonly metric: string;
  readonly users: number;
  readonly difference: Interval;
  readonly p: number;
  /** After Holm’s correction over all comparisons of the report. */
  readonly adjusted: number;
  /** Users that this difference would need, were it the true one: α = .05, power .8. */
  readonly needed: number;
}

export interface MethodSummary {
  readonly method: PlannedMethod;
  /** Title, told apart from others of the same title. */
  readonly label: string;
  readonly records: readonly ExperimentRecord[];
  readonly done: number;
  readonly total: number;
  readonly hits: number;
  readonly failures: readonly ExperimentRecord[];
  readonly metrics: readonly MetricSummary[];
  /** By metric; none for the reference itself. */
  readonly comparisons: readonly Comparison[];
  readonly tokens: number;
  readonly calls: number;
  /** null when any call had no known price; undefined when no model was called. */
  readonly cost: number | null | undefined;
  readonly estimatedTokens: boolean;
}

export interface Summary {
  readonly plan: ExperimentPlan;
  readonly metrics: readonly Metric[];
  readonly methods: readonly MethodSummary[];
  readonly reference: MethodSummary | undefined;
  readonly done: number;
  readonly total: number;
  /** False while users are missing. */
  readonly complete: boolean;
}

/** A user’s value of a metric under a record; a failure is a miss. */
export function valueOf(record: ExperimentRecord, metric: Metric): number {
  const ranks = record.targets.map((target) => {
    const at = record.items.indexOf(target);
    return at < 0 ? Infinity : at + 1;
  });
  return ranks.length === 0 ? 0 : metricFunctions[metric.kind](ranks, metric.n);
}

/** Everything that tables and figures show, from the plan and the records alone. Pure: no clock, no disk. */
export function summarise(plan: ExperimentPlan, all: readonly ExperimentRecord[]): Summary {
  const metrics = plan.metrics.map(parseMetric);
  const records = countingRecords(plan, all);
  const perMethod = plan.methods.map((method) =>
    records
      .filter((record) => record.method === method.id)
      .sort((a, b) => a.repeat - b.repeat || a.user - b.user),
  );
  const values = perMethod.map((own) => metrics.map((metric) => meansOfUsers(own, metric)));
  const referenceIndex = plan.methods.findIndex(({ id }) => id === plan.reference);
  const total = plan.samples.reduce((sum, users) => sum + users.length, 0);

  const raw = plan.methods.map((method, m) =>
    m === referenceIndex || referenceIndex < 0
      ? []
      : metrics.map((metric, k) =>
          compare(metric.name, values[m]![k]!, values[referenceIndex]![k]!, `${plan.seed}/${metric.name}`),
        ),
  );
  const flat = raw.flat();
  const adjusted = holm(flat.map(({ p }) => p));
  let next = 0;
  const comparisons = raw.map((own) =>
    own.map((comparison) => ({ ...comparison, adjusted: adjusted[next++]! })),
  );

  const labels = labelsOf(plan.methods);
  const methods = plan.methods.map((method, m): MethodSummary => {
    const own = perMethod[m]!;
    const calls = own.reduce((sum, record) => sum + record.calls, 0);
    return {
      method,
      label: labels[m]!,
      records: own,
      done: own.length,
      total,
      hits: own.filter(({ rank }) => rank !== null).length,
      failures: own.filter(({ failure }) => failure !== null),
      metrics: metrics.map((metric, k) => metricSummary(metric, own, values[m]![k]!, plan)),
      comparisons: comparisons[m]!,
      tokens: own.reduce((sum, { tokens }) => sum + tokens.prompt + tokens.completion, 0),
      calls,
      cost:
        calls === 0
          ? undefined
          : own.some((record) => record.calls > 0 && record.cost === null)
            ? null
            : own.reduce((sum, { cost }) => sum + (cost ?? 0), 0),
      estimatedTokens: own.some(({ tokens }) => tokens.estimated),
    };
  });
  const done = methods.reduce((sum, method) => sum + method.done, 0);
  return {
    plan,
    metrics,
    methods,
    reference: methods[referenceIndex],
    done,
    total: total * methods.length,
    complete: done === total * methods.length,
  };
}

/** By user, the mean over the repeats in which the user was drawn: users are the independent units, not draws. */
function meansOfUsers(records: readonly ExperimentRecord[], metric: Metric): Map<number, number> {
  const sums = new Map<number, { sum: number; count: number }>();
  for (const record of records) {
    const entry = sums.get(record.user) ?? { sum: 0, count: 0 };
    entry.sum += valueOf(record, metric);
    entry.count++;
    sums.set(record.user, entry);
  }
  return new Map([...sums].sort(([a], [b]) => a - b).map(([user, { sum, count }]) => [user, sum / count]));
}

function metricSummary(
  metric: Metric,
  records: readonly ExperimentRecord[],
  ofUsers: ReadonlyMap<number, number>,
  plan: ExperimentPlan,
): MetricSummary {
  const repeats = plan.samples.map((_, repeat) => {
    const own = records.filter((record) => record.repeat === repeat);
    return mean(own.map((record) => valueOf(record, metric)));
  });
  const there = repeats.filter((value) => !Number.isNaN(value));
  return {
    name: metric.name,
    mean: mean(there),
    deviation: standardDeviation(there),
    repeats,
    interval: bootstrapInterval([...ofUsers.values()], `${plan.seed}/${metric.name}`),
  };
}

function compare(
  metric: string,
  own: ReadonlyMap<number, number>,
  reference: ReadonlyMap<number, number>,
  seed: string,
): Comparison {
  const differences: number[] = [];
  for (const [user, value] of own) {
    const other = reference.get(user);
    if (other !== undefined) differences.push(value - other);
  }
  const difference = bootstrapInterval(differences, seed);
  return {
    metric,
    users: differences.length,
    difference,
    p: differences.length === 0 ? Number.NaN : randomisationTest(differences, seed),
    adjusted: Number.NaN,
    needed: usersNeeded(difference.mean, standardDeviation(differences)),
  };
}

/** Titles; where two are the same, with the language model or the id behind it. */
function labelsOf(methods: readonly PlannedMethod[]): string[] {
  return methods.map((method) => {
    const same = methods.filter(({ title }) => title === method.title);
    if (same.length === 1) return method.title;
    const models = new Set(same.map(({ languageModel }) => languageModel));
    return models.size === same.length
      ? `${method.title} (${method.languageModel ?? 'offline'})`
      : `${method.title} (${method.id})`;
  });
}

import type { ExperimentRecord } from '../records.ts';
import { bootstrapInterval } from '../statistics.ts';
import { type Bar, columns, horizontalBars, scatter, short } from './svg.ts';
import { type MethodSummary, type Summary, valueOf } from './summary.ts';

export interface Figure {
  /** File name without ending. */
  readonly name: string;
  readonly title: string;
  readonly caption: string;
  readonly svg: string;
}

/** Every figure that the records have something for, in the paper’s order. */
export function figuresOf(summary: Summary): Figure[] {
  return [
    ablation(summary),
    rounds(summary),
    ...sizes(summary),
    outside(summary),
    languageModels(summary),
    gainBy(summary, 'history'),
    gainBy(summary, 'popularity'),
    cost(summary),
  ].filter((figure) => figure !== undefined);
}

const named = ({ label, method }: MethodSummary) => (method.standIn === null ? label : `${label} (offline)`);

function metricBars(summary: Summary, method: MethodSummary): Bar[] {
  return summary.metrics.slice(0, 2).map((metric, k) => {
    const { mean, interval } = method.metrics[k]!;
    return {
      value: mean,
      low: interval.low,
      high: interval.high,
      faint: method.method.standIn !== null,
      title: `${named(method)}: ${metric.name} ${mean.toFixed(4)}, 95% ${interval.low.toFixed(4)} to ${interval.high.toFixed(4)}`,
    };
  });
}

function barsOf(
  summary: Summary,
  methods: readonly MethodSummary[],
  title: string,
  description: string,
): string {
  return horizontalBars({
    title,
    unit: 'mean, 95% bootstrap interval',
    description: `${description} ${methods.map((method) => `${named(method)} ${method.metrics[0]!.mean.toFixed(4)}`).join('; ')}.`,
    legend: summary.metrics.slice(0, 2).map(({ name }) => name),
    rows: methods.map((method) => ({ label: named(method), bars: metricBars(summary, method) })),
  });
}

/** Figure 4: the method, its ablations, and the retrieval tools alone. */
function ablation(summary: Summary): Figure | undefined {
  const ablations = summary.methods.filter(({ method }) => method.group === 'ablation');
  const ours = summary.methods.filter(({ method }) => method.group === 'ours');
  if (ablations.length === 0 || ablations.every(({ done }) => done === 0)) return undefined;
  const title = 'Ablations';
  return {
    name: 'ablations',
    title,
    caption:
      'The method, one part taken away at a time, and the retrieval tools alone (the paper’s Figure 4).',
    svg: barsOf(summary, [...ours, ...ablations], title, 'Bars of the method and its ablations.'),
  };
}

/** Figure 5: how many rounds sessions took, of all users and of those with a hit. */
function rounds(summary: Summary): Figure | undefined {
  const method =
    summary.methods.find(
      (each) => each.method.group === 'ours' && each.records.some((r) => r.rounds !== null),
    ) ?? summary.methods.find((each) => each.records.some((record) => record.rounds !== null));
  if (!method) return undefined;
  const all = method.records.filter((record) => record.rounds !== null);
  const hits = all.filter((record) => record.rank !== null);
  const most = Math.max(...all.map((record) => record.rounds!), 1);
  const share = (of: readonly ExperimentRecord[], count: number) =>
    of.length === 0 ? 0 : of.filter((record) => record.rounds === count).length / of.length;
  const percent = (value: number) => `${short(value * 100)}%`;
  return {
    name: 'rounds',
    title: 'Rounds of a session',
    caption: `Rounds that ${named(method)} took, for all ${all.length} users and for the ${hits.length} with a hit (the paper’s Figure 5).`,
    svg: columns({
      title: 'Rounds of a session',
      unit: `share of sessions, ${named(method)}`,
      axisLabel: 'rounds',
      description: 'Share of sessions by number of rounds, for all users and for hits.',
      legend: [`all users (${all.length})`, `hits (${hits.length})`],
      format: percent,
      groups: Array.from({ length: most }, (_, i) => ({
        label: String(i + 1),
        bars: [all, hits].map((of, k) => ({
          value: share(of, i + 1),
          title: `${i + 1} rounds: ${percent(share(of, i + 1))} of ${k === 0 ? 'all users' : 'hits'}`,
        })),
      })),
    }),
  };
}

/** Figure 6: trainable parameters and FLOPs of one prediction. */
function sizes(summary: Summary): Figure[] {
  const sized = summary.methods.filter(({ method }) => method.size !== null);
  if (sized.length === 0) return [];
  const figure = (
    name: string,
    title: string,
    unit: string,
    of: (method: MethodSummary) => number,
  ): Figure => ({
    name,
    title,
    caption: `${title} of the trained models (the paper’s Figure 6), logarithmic.`,
    svg: horizontalBars({
      title,
      unit,
      log: true,
      description: sized.map((method) => `${method.label}: ${short(of(method))}`).join('; '),
      rows: sized.map((method) => ({
        label: method.label,
        bars: [{ value: of(method), title: `${method.label}: ${of(method).toLocaleString('en')}` }],
      })),
    }),
  });
  return [
    figure('parameters', 'Trainable parameters', 'logarithmic', ({ method }) => method.size!.trainable),
    figure('flops', 'FLOPs of one prediction', 'logarithmic', ({ method }) => method.size!.flops),
  ];
}

/** Figure 7: what language models proposed that the catalogue lacks. */
function outside(summary: Summary): Figure | undefined {
  const counts = new Map<string, number>();
  for (const { records } of summary.methods)
    for (const record of records)
      for (const title of record.outside) counts.set(title, (counts.get(title) ?? 0) + 1);
  if (counts.size === 0) return undefined;
  const top = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).slice(0, 15);
  return {
    name: 'outside-the-catalogue',
    title: 'Suggestions outside the catalogue',
    caption: `What language models proposed that the catalogue lacks: the ${top.length} most frequent of ${counts.size} (the paper’s Figure 7). None of them counts for or against a method.`,
    svg: horizontalBars({
      title: 'Suggestions outside the catalogue',
      unit: 'times proposed',
      description: top.map(([title, count]) => `${title}: ${count}`).join('; '),
      rows: top.map(([label, value]) => ({ label, bars: [{ value, title: `${label}: ${value} times` }] })),
    }),
  };
}

/** Figure 8: the same method under different language models. */
function languageModels(summary: Summary): Figure | undefined {
  const byName = new Map<string, MethodSummary[]>();
  for (const method of summary.methods)
    if (method.method.languageModel !== null || method.method.standIn !== null)
      byName.set(method.method.title, [...(byName.get(method.method.title) ?? []), method]);
  const compared = [...byName.values()].filter(
    (group) => new Set(group.map(({ method }) => method.languageModel)).size > 1,
  );
  if (compared.length === 0) return undefined;
  return {
    name: 'language-models',
    title: 'Language models compared',
    caption: 'The same method and users under different language models (the paper’s Figure 8).',
    svg: barsOf(
      summary,
      compared.flat(),
      'Language models compared',
      'Bars of one method under different models.',
    ),
  };
}

const binEdges = { history: [10, 25, 50, 100, 200], popularity: [5, 20, 50, 200, 500] } as const;

/** Where the reference gains or loses against its strongest rival without sessions, by kind of user or item. */
function gainBy(summary: Summary, by: 'history' | 'popularity'): Figure | undefined {
  const { reference } = summary;
  const metric = summary.metrics[1] ?? summary.metrics[0]!;
  const k = summary.metrics.indexOf(metric);
  if (!reference || reference.done === 0) return undefined;
  const rival = summary.methods
    .filter(
      (each) => each !== reference && each.done > 0 && ['floor', 'baseline'].includes(each.method.group),
    )
    .sort((a, b) => b.metrics[k]!.mean - a.metrics[k]!.mean)[0];
  if (!rival) return undefined;
  const others = new Map(rival.records.map((record) => [`${record.repeat}/${record.user}`, record]));
  const edges = binEdges[by];
  const bins = Array.from({ length: edges.length + 1 }, () => new Map<number, number[]>());
  for (const record of reference.records) {
    const other = others.get(`${record.repeat}/${record.user}`);
    if (!other) continue;
    const at = edges.findIndex((edge) => record[by] <= edge);
    const bin = bins[at < 0 ? edges.length : at]!;
    bin.set(record.user, [...(bin.get(record.user) ?? []), valueOf(record, metric) - valueOf(other, metric)]);
  }
  const groups = bins.flatMap((bin, i) => {
    const values = [...bin.values()].map((own) => own.reduce((a, b) => a + b, 0) / own.length);
    if (values.length < 2) return [];
    const range = i === edges.length ? `> ${edges[i - 1]}` : `${i === 0 ? 0 : edges[i - 1]! + 1}–${edges[i]}`;
    const { mean, low, high } = bootstrapInterval(values, `${summary.plan.seed}/${by}/${i}`, 1000);
    const title = `${range}: ${mean.toFixed(4)} (${low.toFixed(4)} to ${high.toFixed(4)}), ${values.length} users`;
    return [{ label: `${range} (${values.length})`, bars: [{ value: mean, low, high, title }] }];
  });
  if (groups.length === 0) return undefined;
  const what = by === 'history' ? 'length of the history' : 'training interactions of the held-out item';
  const title = by === 'history' ? 'Gain by history length' : 'Gain by popularity';
  return {
    name: `gain-by-${by}`,
    title,
    caption: `Difference in ${metric.name} of ${named(reference)} to ${named(rival)}, by ${what}; in brackets the users of each group.`,
    svg: columns({
      title,
      unit: `${metric.name}, ${named(reference)} minus ${named(rival)}`,
      axisLabel: `${what} (users)`,
      description: groups.map((group) => group.bars[0]!.title).join('; '),
      groups,
    }),
  };
}

/** What a user costs against what it brings. Dollars where all prices are known, else tokens. */
function cost(summary: Summary): Figure | undefined {
  const spent = summary.methods.filter(({ calls }) => calls > 0);
  if (spent.length === 0) return undefined;
  const inDollars = spent.every((method) => typeof method.cost === 'number');
  const metric = summary.metrics[0]!;
  const x = (method: MethodSummary) =>
    method.done === 0 ? 0 : (inDollars ? (method.cost ?? 0) : method.tokens) / method.done;
  const points = summary.methods
    .filter(({ done }) => done > 0)
    .map((method) => ({
      label: named(method),
      x: x(method),
      y: method.metrics[0]!.mean,
      faint: method.method.standIn !== null,
      title: `${named(method)}: ${short(x(method))} ${inDollars ? 'dollars' : 'tokens'} a user, ${metric.name} ${method.metrics[0]!.mean.toFixed(4)}`,
    }));
  return {
    name: 'cost-and-quality',
    title: 'Cost against quality',
    caption: inDollars
      ? 'US dollars a user at the prices given in the experiment file.'
      : 'Tokens a user; not every price is known.',
    svg: scatter({
      title: 'Cost against quality',
      yLabel: metric.name,
      xLabel: inDollars ? 'US dollars a user' : 'tokens a user',
      description: points.map(({ title }) => title).join('; '),
      points,
      formatX: (value) => (inDollars ? `$${short(value)}` : short(value)),
    }),
  };
}

import type { SessionState } from '../../agent/state.ts';
import { describeEffort } from '../../agent/transcript.ts';
import type { MethodFigures } from '../../experiments/report/report-job.ts';
import type { Texts } from '../texts.ts';

export interface MetricsRow {
  readonly key: string;
  readonly icon: string | undefined;
  readonly label: string;
  readonly description: string;
  /** Plain paragraphs. */
  readonly tooltip: readonly string[];
  /** Header and cells, shown under the paragraphs. */
  readonly table?: readonly (readonly [name: string, value: string])[];
  /** `reveal`: a click reveals the held-out item; `model`, `experiment`: it opens that. */
  readonly action?: {
    readonly kind: 'reveal' | 'model' | 'experiment';
    readonly id: string;
    readonly folder: string;
  };
  readonly expanded: boolean;
  readonly children: readonly MetricsRow[];
}

/** The active session as the Metrics view needs it. */
export interface MeasuredSession {
  readonly id: string;
  readonly folder: string;
  readonly state: SessionState;
  readonly revealed: boolean;
  /** `rank` (null: not in the list) and metrics by name; undefined until it has ended. */
  readonly metrics: Readonly<Record<string, number | null>> | undefined;
}

/** A trained model as the Metrics view needs it. */
export interface MeasuredModel {
  readonly folder: string;
  readonly id: string;
  readonly dataset: string;
  readonly simulated: boolean;
  readonly model: string;
  readonly loss: string;
  readonly tool?:
    { readonly attribute: string; readonly mode: string; readonly backbone: string } | undefined;
  readonly validation?: Readonly<Record<string, number>> | undefined;
  readonly evaluations?: Readonly<Record<string, Readonly<Record<string, number>>>> | undefined;
}

export interface MeasuredExperiment {
  readonly folder: string;
  readonly id: string;
  readonly dataset: string;
  readonly simulated: boolean;
  readonly done: number;
  readonly total: number;
  /** Users that a method has no answer for. */
  readonly failures: number;
  readonly status:
    'running' | 'finished' | 'paused' | 'cancelled' | 'budget' | 'stopped' | 'interrupted' | 'unreadable';
  readonly problem: string | undefined;
}

export interface Measured {
  readonly session: MeasuredSession | undefined;
  readonly models: readonly MeasuredModel[];
  readonly experiments: readonly MeasuredExperiment[];
}

/** Everything that has been measured, as the rows of a tree. A filter keeps rows whose label holds it. */
export function metricsRows(measured: Measured, texts: Texts, filter = ''): MetricsRow[] {
  const rows = [
    ...(measured.session ? [sessionRow(measured.session, texts)] : []),
    ...modelRows(measured.models, texts),
    ...experimentRows(measured.experiments, texts),
  ];
  const wanted = filter.trim().toLocaleLowerCase();
  return wanted === '' ? rows : rows.flatMap((row) => matching(row, wanted));
}

function sessionRow(session: MeasuredSession, texts: Texts): MetricsRow {
  const { state, revealed, metrics } = session;
  const { started, outcome, totals, rounds } = state;
  const who = started.subject.user
    ? texts.t('user {0}', started.subject.user.id)
    : texts.t('written history');
  const leaf = (key: string, label: string, description: string, icon?: string): MetricsRow => ({
    key: `session/${key}`,
    icon,
    label,
    description,
    tooltip: [],
    expanded: false,
    children: [],
  });
  const measured = (): MetricsRow[] => {
    if (!started.subject.user) return [leaf('none', texts.t('Nothing is held out of a written history'), '')];
    if (!outcome) return [leaf('open', texts.t('Measured when the session has ended'), '')];
    if (!metrics) return [leaf('missing', texts.t('Cannot be measured: the dataset is another now'), '')];
    if (!revealed)
      return [
        {
          ...leaf('hidden', texts.t('Held-out item'), texts.t('hidden; click to reveal'), 'eye-closed'),
          action: { kind: 'reveal', id: session.id, folder: session.folder },
        },
      ];
    const { rank, ...values } = metrics;
    const found = rank === null || rank === undefined;
    return [
      leaf(
        'hit',
        texts.t('Held-out item'),
        found ? texts.t('not in the list') : texts.t('rank {0}', rank),
        'target',
      ),
      ...Object.entries(values).map(([name, value]) =>
        leaf(`metric/${name}`, metricName(name), value === null ? '–' : figure(value, texts)),
      ),
    ];
  };
  const children = [
    ...measured(),
    leaf(
      'rounds',
      texts.t('Rounds'),
      texts.t('{0} of {1} at most', rounds.length, started.settings.maxRounds),
    ),
    leaf(
      'effort',
      texts.t('Effort'),
      describeEffort({ calls: rounds.flatMap(({ calls }) => calls), durationMs: totals.durationMs }),
    ),
  ];
  return {
    key: 'session',
    icon: 'comment-discussion',
    label: texts.t('This session'),
    description: [
      who,
      started.dataset.name,
      ...(started.dataset.simulated ? [texts.t('simulated')] : []),
    ].join(' · '),
    tooltip: [started.policy.label, ...(outcome ? [outcome.reason.message] : [])],
    expanded: true,
    children,
  };
}

function modelRows(models: readonly MeasuredModel[], texts: Texts): MetricsRow[] {
  const byDataset = new Map<string, MeasuredModel[]>();
  for (const model of models) {
    if (!model.validation && !model.evaluations) continue;
    const key = `${model.folder}\0${model.dataset}`;
    byDataset.set(key, [...(byDataset.get(key) ?? []), model]);
  }
  return [...byDataset].map(([key, all]) => {
    const { dataset, simulated } = all[0]!;
    // A figure of validation is no match for one of the test part.
    const ranked = [...all].sort(
      (a, b) => order(headline(a)) - order(headline(b)) || headline(b).value - headline(a).value,
    );
    return {
      key: `models/${key}`,
      icon: 'graph',
      label: texts.t('Models on {0}', dataset),
      description: simulated ? texts.t('simulated') : '',
      tooltip: [
        texts.t(
          'Recall@10 and NDCG@10 on the test part; on validation, and said so, where that is all there is.',
        ),
      ],
      expanded: true,
      children: ranked.map((model, i) => modelRow(model, i === 0 && ranked.length > 1, texts)),
    };
  });
}

function modelRow(model: MeasuredModel, best: boolean, texts: Texts): MetricsRow {
  const { part, value } = headline(model);
  const measured = part === 'validation' ? model.validation : model.evaluations?.[part];
  const recall = measured?.['recall@10'];
  const figures = [recall, Number.isFinite(value) ? value : undefined]
    .map((number) => (number === undefined ? '–' : figure(number, texts)))
    .join(' / ');
  const parts = Object.entries({
    ...(model.validation && { validation: model.validation }),
    ...model.evaluations,
  });
  return {
    key: `model/${model.folder}/${model.id}`,
    icon: best ? 'star-full' : model.tool ? 'tools' : 'circuit-board',
    label: model.tool ? `${model.model} · ${model.tool.attribute}` : `${model.model} · ${model.loss}`,
    description: [figures, ...(part === 'test' ? [] : [part]), ...(best ? [texts.t('best')] : [])].join(
      ' · ',
    ),
    tooltip: [model.id],
    table: parts.flatMap(([name, metrics]) =>
      Object.entries(metrics).map(
        ([metric, number]) => [`${name} ${metricName(metric)}`, figure(number, texts)] as const,
      ),
    ),
    action: { kind: 'model', id: model.id, folder: model.folder },
    expanded: false,
    children: [],
  };
}

/** The value that models are ordered by: NDCG@10 of the test part, else of another part, else of validation. */
function headline({ validation, evaluations = {} }: MeasuredModel): {
  readonly part: string;
  readonly value: number;
} {
  const parts = ['test', ...Object.keys(evaluations)];
  const part = parts.find((name) => evaluations[name]?.['ndcg@10'] !== undefined);
  if (part !== undefined) return { part, value: evaluations[part]!['ndcg@10']! };
  return { part: 'validation', value: validation?.['ndcg@10'] ?? -Infinity };
}

function order({ part }: { readonly part: string }): number {
  return part === 'test' ? 0 : part === 'validation' ? 2 : 1;
}

function experimentRows(experiments: readonly MeasuredExperiment[], texts: Texts): MetricsRow[] {
  if (experiments.length === 0) return [];
  return [
    {
      key: 'experiments',
      icon: 'beaker',
      label: texts.t('Experiments'),
      description: String(experiments.length),
      tooltip: [texts.t('Means over sampled users, ± the standard deviation over repeats.')],
      expanded: true,
      children: experiments.map((experiment) => experimentRow(experiment, texts)),
    },
  ];
}

const statusIcons: Readonly<Record<MeasuredExperiment['status'], string>> = {
  running: 'sync',
  finished: 'pass',
  paused: 'debug-pause',
  cancelled: 'circle-slash',
  budget: 'credit-card',
  stopped: 'error',
  interrupted: 'debug-disconnect',
  unreadable: 'error',
};

function experimentRow(experiment: MeasuredExperiment, texts: Texts): MetricsRow {
  const { id, folder, status, done, total, dataset, simulated, failures, problem } = experiment;
  const progress = `${done.toLocaleString(texts.locale)}/${total.toLocaleString(texts.locale)}`;
  const words = {
    running: texts.t('running {0}', progress),
    finished: dataset,
    paused: texts.t('paused at {0}', progress),
    cancelled: texts.t('cancelled at {0}', progress),
    budget: texts.t('stopped by its budget at {0}', progress),
    stopped: texts.t('stopped by an error at {0}', progress),
    interrupted: texts.t('interrupted at {0}', progress),
    unreadable: texts.t('cannot be read'),
  };
  return {
    key: `experiment/${folder}/${id}`,
    icon: status === 'finished' && failures > 0 ? 'warning' : statusIcons[status],
    label: id,
    description: [
      words[status],
      ...(failures > 0 ? [texts.t('{0} failed', failures.toLocaleString(texts.locale))] : []),
      ...(simulated ? [texts.t('simulated')] : []),
    ].join(' · '),
    tooltip: problem === undefined ? [] : [problem],
    action: { kind: 'experiment', id, folder },
    expanded: false,
    children: [],
  };
}

/** What is under an experiment when it is unfolded: a row a method, the best first. */
export function methodRows(
  { folder, id }: { readonly folder: string; readonly id: string },
  methods: readonly MethodFigures[],
  texts: Texts,
): MetricsRow[] {
  const main = (method: MethodFigures) => mainMetric(method)?.mean ?? -Infinity;
  return [...methods]
    .sort((a, b) => main(b) - main(a))
    .map((method) => methodRow(`${folder}/${id}`, method, texts));
}

function mainMetric({ metrics }: MethodFigures): MethodFigures['metrics'][number] | undefined {
  return metrics.find(({ name }) => name === 'ndcg@10') ?? metrics[0];
}

function methodRow(experiment: string, method: MethodFigures, texts: Texts): MetricsRow {
  const { id, label, standIn, metrics } = method;
  const value = ({ mean, deviation }: MethodFigures['metrics'][number]) =>
    deviation === undefined ? figure(mean, texts) : `${figure(mean, texts)} ± ${figure(deviation, texts)}`;
  const main = mainMetric(method);
  return {
    key: `method/${experiment}/${id}`,
    icon: undefined,
    label: standIn ? texts.t('{0} (stand-in)', label) : label,
    description: main ? `${metricName(main.name)} ${value(main)}` : texts.t('no answer yet'),
    tooltip: standIn
      ? [texts.t('No language model took part: not the numbers of the method as published.')]
      : [],
    table: metrics.map((metric) => [
      metricName(metric.name),
      metric.interval
        ? texts.t(
            '{0}, 95 % interval {1} to {2}',
            value(metric),
            figure(metric.interval[0], texts),
            figure(metric.interval[1], texts),
          )
        : value(metric),
    ]),
    expanded: false,
    children: [],
  };
}

function matching(row: MetricsRow, wanted: string): MetricsRow[] {
  if (row.label.toLocaleLowerCase().includes(wanted)) return [row];
  const children = row.children.flatMap((child) => matching(child, wanted));
  return children.length > 0 ? [{ ...row, expanded: true, children }] : [];
}

/** `NDCG@10`, `Recall@10`. */
export function metricName(name: string): string {
  const [kind = '', n] = name.split('@');
  const known: Readonly<Record<string, string>> = {
    ndcg: 'NDCG',
    recall: 'Recall',
    hr: 'HR',
    mrr: 'MRR',
    precision: 'Precision',
  };
  return n === undefined ? (known[kind] ?? kind) : `${known[kind] ?? kind}@${n}`;
}

function figure(value: number, { locale }: Texts): string {
  return value.toLocaleString(locale, { minimumFractionDigits: 4, maximumFractionDigits: 4 });
}

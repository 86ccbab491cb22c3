import type { PlannedMethod } from '../plan-file.ts';
import type { Figure } from './figures.ts';
import { paperNumbers } from './paper-table.ts';
import { type MethodSummary, type Summary } from './summary.ts';

/** A report before it is Markdown, HTML or LaTeX. */
export type Block =
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string; readonly tone?: 'note' | 'warning' }
  | Table
  | { readonly kind: 'figure'; readonly figure: Figure }
  | { readonly kind: 'code'; readonly text: string };

export interface Table {
  readonly kind: 'table';
  /** For files and anchors. */
  readonly name: string;
  readonly caption: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** Columns that hold numbers. */
  readonly numeric: readonly number[];
}

export interface Cell {
  readonly text: string;
  /** Best of its column. */
  readonly strong?: boolean;
  /** Id of the method whose users are behind the number. */
  readonly users?: string;
}

const cell = (text: string): Cell => ({ text });
/** NaN as a dash. */
export const number = (value: number, digits = 4): string =>
  Number.isNaN(value) ? '–' : value.toFixed(digits);
const signed = (value: number) =>
  Number.isNaN(value) ? '–' : `${value >= 0 ? '+' : '−'}${Math.abs(value).toFixed(4)}`;

export function pValue(p: number): string {
  if (Number.isNaN(p)) return '–';
  return p < 0.001 ? '< 0.001' : p.toFixed(3);
}

/** "ToolRec †": the mark of a stand-in is in every table and explained under it. */
export function marked({ label, method }: MethodSummary): string {
  return method.standIn === null ? label : `${label} †`;
}

const standInNote =
  '† Offline stand-in: statistics take the place of the language model. These numbers say nothing about the published method under a language model.';

/** The whole report. Pure, and the same for the same records: nothing of clock or machine is in it. */
export function documentOf(summary: Summary, figures: readonly Figure[]): Block[] {
  const { plan } = summary;
  const blocks: Block[] = [
    ...notes(summary),
    { kind: 'heading', text: 'Results' },
    resultTable(summary),
    ...(summary.methods.some(({ method }) => method.standIn !== null)
      ? [{ kind: 'text', text: standInNote, tone: 'note' } as const]
      : []),
    { kind: 'text', text: protocolText(summary) },
  ];
  if (summary.reference && summary.methods.length > 1)
    blocks.push(
      { kind: 'heading', text: `Compared with ${summary.reference.label}` },
      comparisonTable(summary),
      {
        kind: 'text',
        text: 'Differences are paired by user (a user drawn in several samples counts once, with the mean), with 95% bootstrap intervals over users. p: paired randomisation test; p (Holm): corrected for all comparisons of this table. Users needed: for this difference, were it the true one, at α = .05 with power .8.',
      },
    );
  const paper = paperNumbers(plan.dataset.name);
  if (paper) blocks.push(...paperBlocks(summary, paper));
  blocks.push(
    { kind: 'heading', text: 'Failures and effort' },
    effortTable(summary),
    ...failureBlocks(summary),
  );
  if (figures.length > 0) blocks.push({ kind: 'heading', text: 'Figures' });
  for (const figure of figures) blocks.push({ kind: 'figure', figure });
  blocks.push({ kind: 'heading', text: 'How it was made' }, methodTable(summary), provenanceTable(summary), {
    kind: 'code',
    text: plan.configuration.trimEnd(),
  });
  return blocks;
}

function notes(summary: Summary): Block[] {
  const { plan, done, total, complete } = summary;
  const blocks: Block[] = [];
  if (!complete)
    blocks.push({
      kind: 'text',
      tone: 'warning',
      text: `Partial: ${done} of ${total} users have been run. Means are over those; nothing is assumed of the others.`,
    });
  if (plan.dataset.simulated)
    blocks.push({
      kind: 'text',
      tone: 'warning',
      text: `Simulated data: the users of “${plan.dataset.name}” are generated. The numbers show that the machinery works and say nothing about people.`,
    });
  return blocks;
}

function resultTable(summary: Summary): Table {
  const { metrics, methods } = summary;
  const best = metrics.map((_, k) =>
    Math.max(...methods.map((method) => method.metrics[k]!.mean).filter(Number.isFinite)),
  );
  return {
    kind: 'table',
    name: 'results',
    caption: `${metrics.map(({ name }) => name).join(', ')}: mean ± standard deviation over ${repeatsText(summary)}; 95% bootstrap interval over users.`,
    head: ['Method', ...metrics.flatMap(({ name }) => [name, '95%']), 'Hits', 'Users', 'Failed'],
    rows: methods.map((method) => [
      cell(marked(method)),
      ...method.metrics.flatMap(({ mean, deviation, interval }, k): Cell[] => [
        {
          text: Number.isNaN(deviation) ? number(mean) : `${number(mean)} ± ${number(deviation)}`,
          users: method.method.id,
          ...(mean === best[k] ? { strong: true } : {}),
        },
        cell(`${number(interval.low)}–${number(interval.high)}`),
      ]),
      { text: String(method.hits), users: method.method.id },
      {
        text: method.done === method.total ? String(method.done) : `${method.done} of ${method.total}`,
        users: method.method.id,
      },
      { text: String(method.failures.length), users: method.method.id },
    ]),
    numeric: Array.from({ length: metrics.length * 2 + 3 }, (_, i) => i + 1),
  };
}

function repeatsText({ plan }: Summary): string {
  if (!plan.sample) return `all ${plan.dataset.eligible} users with a held-out item`;
  const { users, repeats } = plan.sample;
  return `${repeats} sample${repeats === 1 ? '' : 's'} of ${users} users`;
}

function protocolText(summary: Summary): string {
  const { plan } = summary;
  const masked = plan.maskHistory
    ? 'Items of the history are left out of every list.'
    : 'Items of the history may be recommended by full-ranking methods; sessions always leave them out.';
  const seeds = plan.sample ? ` Samples: seed ${plan.sample.seed}.` : '';
  return `Every sampled user counts: a failure is a miss. Lists of ${plan.n}, full ranking over all ${plan.dataset.items} items, ${plan.part} part of the split. ${masked}${seeds}`;
}

function comparisonTable(summary: Summary): Table {
  const rows = summary.methods
    .filter((method) => method !== summary.reference)
    .flatMap((method) =>
      method.comparisons.map(({ metric, users, difference, p, adjusted, needed }): Cell[] => [
        cell(marked(method)),
        cell(metric),
        { text: signed(difference.mean), users: method.method.id },
        cell(Number.isNaN(difference.low) ? '–' : `${signed(difference.low)} to ${signed(difference.high)}`),
        cell(pValue(p)),
        { text: pValue(adjusted), ...(adjusted < 0.05 ? { strong: true } : {}) },
        cell(String(users)),
        cell(Number.isFinite(needed) ? needed.toLocaleString('en') : '–'),
      ]),
    );
  return {
    kind: 'table',
    name: 'comparisons',
    caption: `Each method minus ${summary.reference!.label}; below zero, ${summary.reference!.label} is better.`,
    head: ['Method', 'Metric', 'Difference', '95%', 'p', 'p (Holm)', 'Users', 'Users needed'],
    rows,
    numeric: [2, 3, 4, 5, 6, 7],
  };
}

function paperBlocks(summary: Summary, paper: NonNullable<ReturnType<typeof paperNumbers>>): Block[] {
  const kinds = ['recall', 'ndcg'] as const;
  const columns = kinds.map((kind) =>
    summary.metrics.findIndex((metric) => metric.kind === kind && metric.n === 10),
  );
  const methods = summary.methods.filter(({ method }) => paper[method.name]);
  if (methods.length === 0 || columns.some((at) => at < 0)) return [];
  return [
    { kind: 'heading', text: 'Beside the paper’s Table 2' },
    {
      kind: 'table',
      name: 'paper',
      caption: 'This run, and what the paper prints for the method of the same name.',
      head: ['Method', 'recall@10', 'paper', 'ndcg@10', 'paper'],
      rows: methods.map((method) => [
        cell(marked(method)),
        ...kinds.flatMap((kind, k): Cell[] => [
          { text: number(method.metrics[columns[k]!]!.mean), users: method.method.id },
          cell(number(paper[method.method.name]![kind])),
        ]),
      ]),
      numeric: [1, 2, 3, 4],
    },
    {
      kind: 'text',
      tone: 'note',
      text: 'With 200 users the standard error of a recall of .2 is .028: most differences of the paper’s table are within it. Splits, filters and training differ too; the rows are not the same experiment.',
    },
  ];
}

function effortTable({ methods }: Summary): Table {
  return {
    kind: 'table',
    name: 'effort',
    caption:
      'What it took: rounds of sessions, calls and tokens of language models, and their cost where prices are known.',
    head: ['Method', 'Failed', 'Mean rounds', 'Filled by rule', 'Calls', 'Tokens', 'US dollars'],
    rows: methods.map((method) => {
      const sessions = method.records.filter((record) => record.rounds !== null);
      const rounds = sessions.reduce((sum, record) => sum + record.rounds!, 0) / sessions.length;
      return [
        cell(marked(method)),
        { text: String(method.failures.length), users: method.method.id },
        cell(sessions.length === 0 ? '–' : rounds.toFixed(2)),
        cell(String(method.records.reduce((sum, record) => sum + record.completed, 0))),
        cell(method.calls === 0 ? '–' : method.calls.toLocaleString('en')),
        cell(
          method.calls === 0
            ? '–'
            : `${method.tokens.toLocaleString('en')}${method.estimatedTokens ? ' (estimated)' : ''}`,
        ),
        cell(
          method.cost === undefined ? '–' : method.cost === null ? 'price not known' : method.cost.toFixed(4),
        ),
      ];
    }),
    numeric: [1, 2, 3, 4, 5, 6],
  };
}

function failureBlocks({ methods }: Summary): Block[] {
  const causes = new Map<string, { method: MethodSummary; code: string; message: string; users: string[] }>();
  for (const method of methods)
    for (const { failure, userId } of method.failures) {
      const key = `${method.method.id}/${failure!.code}`;
      const entry = causes.get(key) ?? { method, ...failure!, users: [] };
      entry.users.push(userId);
      causes.set(key, entry);
    }
  if (causes.size === 0) return [{ kind: 'text', text: 'No user failed.' }];
  return [
    {
      kind: 'table',
      name: 'failures',
      caption: 'Failed users by cause. Each counts as a miss.',
      head: ['Method', 'Cause', 'First message', 'Users'],
      rows: [...causes.values()].map(({ method, code, message, users }) => [
        cell(marked(method)),
        cell(code),
        cell(message.slice(0, 200)),
        {
          text: `${users.length}: ${users.slice(0, 5).join(', ')}${users.length > 5 ? ', …' : ''}`,
          users: method.method.id,
        },
      ]),
      numeric: [],
    },
  ];
}

function methodTable({ methods }: Summary): Table {
  return {
    kind: 'table',
    name: 'methods',
    caption: 'What answered. The fingerprint covers settings, models, prompts and dataset.',
    head: ['Method', 'What answered', 'Fingerprint'],
    rows: methods.map((method) => [
      cell(marked(method)),
      cell(method.method.detail),
      cell(method.method.fingerprint.slice(0, 12)),
    ]),
    numeric: [],
  };
}

function provenanceTable({ plan, methods }: Summary): Table {
  const prompts = new Map(
    methods.flatMap(({ method }) =>
      Object.entries(method.provenance).filter(([name]) => name.startsWith('prompt ')),
    ),
  );
  const models = new Map(methods.flatMap(({ method }) => modelHash(method)));
  const rows: [string, string][] = [
    [
      'Dataset',
      `${plan.dataset.name}, ${plan.dataset.users} users, ${plan.dataset.items} items, ${plan.dataset.interactions} interactions`,
    ],
    ['Dataset hash', plan.dataset.hash],
    ['Seed', String(plan.seed)],
    ['Program', `ToolRec ${plan.program.version}, Node ${plan.program.node}, ${plan.program.platform}`],
    ...[...models].map(([name, hash]): [string, string] => [`Model ${name}`, hash]),
    ...[...prompts].map(([name, hash]): [string, string] => [name.replace(/^prompt/, 'Prompt'), hash]),
  ];
  return {
    kind: 'table',
    name: 'provenance',
    caption: 'Enough to repeat it. The experiment file as it was run stands below.',
    head: ['What', 'Which'],
    rows: rows.map(([what, which]) => [cell(what), cell(which)]),
    numeric: [],
  };
}

function modelHash({ model, provenance }: PlannedMethod): [string, string][] {
  const hash = provenance['model'];
  return model === null || hash === undefined || hash === model ? [] : [[model, hash]];
}

import { paperTable2 } from '../../src/experiments/report/paper-table.ts';
import { mean, standardDeviation } from '../../src/experiments/statistics.ts';
import type { Machine } from '../program.ts';
import type { Absent, ListedModel } from './models.ts';
import { paperNames, reproductions } from './published.ts';
import type { BenchExperiment, Row } from './rows.ts';

/** Of `toolrec experiment run --json`. */
export interface Report {
  readonly id: string;
  readonly directory: string;
  readonly complete: boolean;
  readonly dataset: { name: string; users: number; items: number; interactions: number };
  readonly methods: readonly ReportMethod[];
}
export interface ReportMethod {
  readonly id: string;
  readonly standIn: string | null;
  readonly users: number;
  readonly failed: number;
  readonly metrics: Readonly<
    Record<string, { mean: number; deviation: number | null; low: number; high: number }>
  >;
}

/** Of `toolrec evaluate --json`. */
export interface Evaluation {
  readonly model: string;
  readonly users: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly ties: Record<
    'tied' | 'untied',
    { readonly users: number; readonly metrics: Readonly<Record<string, number>> }
  >;
}

/** A command of the product that was run, with its number in the list under the table. */
export interface Command {
  readonly number: number;
  readonly command: string;
  readonly seconds: number;
  /** Why it came to nothing. */
  readonly error?: string;
}

/** A result with the command it comes from. */
export interface From<T> {
  readonly value: T;
  readonly command: number;
}

/** What a protocol's experiments gave; undefined for one that failed. */
export interface ProtocolResults {
  /** As the column says it: `reference`, `paper`, `paper, history not masked`. */
  readonly protocol: string;
  readonly all: From<Report> | undefined;
  readonly samples: From<Report> | undefined;
  readonly rows: readonly Row[];
}

export interface TableParts {
  readonly results: readonly ProtocolResults[];
  readonly evaluations: readonly { readonly model: ListedModel; readonly evaluation: From<Evaluation> }[];
  readonly absent: readonly Absent[];
  readonly problems: readonly string[];
  readonly commands: readonly Command[];
  readonly experiments: readonly BenchExperiment[];
  /** How each model was trained, by id: settings as in its manifest. */
  readonly trainedBy: ReadonlyMap<string, string>;
  readonly reused: boolean;
  /** How the samples differ from the issue's when the bench is only tried out. */
  readonly trial: string | undefined;
  /** False where `evaluate` and the experiments draw their users each for itself. */
  readonly sameUsers: boolean;
  readonly samplesText: string;
  readonly machine: Machine;
  readonly benchCommand: string;
}

const metrics = ['recall@10', 'ndcg@10'] as const;

/** The whole page: one table, then what stands behind each of its numbers. */
export function pageOf(parts: TableParts): string {
  const { results, machine, trial, problems, absent } = parts;
  const reference = results.find(({ all }) => all)?.all?.value.dataset;
  const standIns = results.some(({ all, samples }) =>
    [all, samples].some((report) => report?.value.methods.some(({ standIn }) => standIn !== null)),
  );
  const lines = [
    '# MovieLens-1M beside the paper and the best reproductions',
    '',
    ...(trial === undefined ? [] : [`> Tried out: ${trial}. Not the table of the product.`, '']),
    `Machine: ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGigabytes} GiB, Node ${machine.node}, ${machine.platform}, load ${machine.loadBefore} before the run. Made by \`${parts.benchCommand}\`.`,
    '',
    `Test part, leave-one-out, full ranking over all items${reference ? ` (reference: ${count(reference.users)} users, ${count(reference.items)} items, ${count(reference.interactions)} interactions)` : ''}, items of the history left out unless a row says otherwise. Every sampled user counts; a failure is a miss. Brackets: 95% bootstrap intervals over users. ${parts.samplesText}: mean ± standard deviation over the samples, as in the paper. The last column names the commands below.`,
    '',
    ...table(parts),
    '',
    ...(standIns
      ? [
          '† Offline stand-in: statistics, with weights fitted on the validation part, decide and rank in the place of a language model. Such a number shows that the machinery works and says nothing about the published method under a language model. Chat-REC, LLMRank and w/ single differ in their prompts alone, so that their stand-ins are one and the same; the first two are run on the samples only.',
          '',
        ]
      : []),
    'Paper: Table 2, three samples of 200 users, a language model, MovieLens unfiltered. Its standard deviations reach .05: with 200 users the standard error at .2 is .028. The figures under `reference` (5-core, cross-entropy, 200 latest items) are of stronger backbones; the rows under `paper` have the paper’s data and settings (BPR, one negative, 50 latest items).',
    '',
    '## Not run',
    '',
    ...(absent.length + problems.length === 0
      ? ['Nothing: every row that was planned is in the table.']
      : []),
    ...absent.map(({ what, why, command }) => `- \`${what}\`: ${why}. It is made by \`${command}\`.`),
    ...problems.map((problem) => `- ${problem}`),
    '- P5, SASRec_BERT and BERT4Rec_BERT: P5 is not built; the other two need embeddings of a BERT, which are not part of the repository (`toolrec train ml-1m --preset sasrec-text --text-folder <folder>`).',
    '- Any language model: no server was asked.',
    '',
    '## Models',
    '',
    ...modelTable(parts),
    '',
    '“Tied”: the held-out item has the timestamp of the one before it, so that the order of the two is that of the file.',
    '',
    ...[...parts.trainedBy].map(([id, how]) => `- \`${id}\`: ${how}`),
    '',
    '## Commands',
    '',
    parts.reused
      ? 'The models were trained before this run, by the commands above; datasets and models were copied from that workspace.'
      : 'Everything was made in this run.',
    'Two commands ran at a time; the seconds of each are with that.',
    '',
    ...parts.commands.map(
      ({ number, command, seconds, error }) =>
        `${number}. \`${command}\` (${seconds} s)${error === undefined ? '' : ` **failed**: ${error}`}`,
    ),
    '',
    ...parts.experiments.flatMap(({ name, text }) => [
      `\`${name}.toolrec-experiment.yaml\`; its report, with paired tests against ToolRec, is in [${name}](${name}/report.md):`,
      '',
      '```yaml',
      text.trimEnd(),
      '```',
      '',
    ]),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

function table({ results }: TableParts): string[] {
  const head = [
    'Method',
    'Protocol',
    'Recall@10, all users',
    'NDCG@10, all users',
    'Recall@10, samples',
    'NDCG@10, samples',
    'Paper Recall@10',
    'Paper NDCG@10',
    'Failed',
    'From',
  ];
  const rows = results.flatMap(({ protocol, all, samples, rows: planned }) => [
    ...planned.map((row) => {
      const [whole, sampled] = [all, samples].map((report) =>
        report?.value.methods.find(({ id }) => id === row.id),
      );
      const paper = row.paper === null ? undefined : paperTable2['ml-1m']![row.paper];
      const mark = (whole ?? sampled)?.standIn ? ' †' : '';
      const from = [whole && all?.command, sampled && samples?.command].filter(
        (number) => number !== undefined,
      );
      return [
        `${row.label}${mark}`,
        protocol,
        ...metrics.map((name) => (row.sampledOnly && !whole ? '' : withInterval(whole, name))),
        ...metrics.map((name) => (row.sampled || sampled ? withDeviation(sampled, name) : '')),
        paper ? digits(paper.recall) : '',
        paper ? digits(paper.ndcg) : '',
        String((whole?.failed ?? 0) + (sampled?.failed ?? 0)),
        from.join(', '),
      ];
    }),
    ...(all ? overSeeds(all, planned, protocol) : []),
  ]);
  const named = new Set(results.flatMap(({ rows: planned }) => planned.map(({ paper }) => paper)));
  const unmatched = Object.entries(paperTable2['ml-1m']!).filter(([name]) => !named.has(name));
  return markdown(head, [
    ...rows,
    ...unmatched.map(([name, { recall, ndcg }]) => [
      paperNames[name] ?? name,
      'not run',
      ...['', '', '', ''],
      digits(recall),
      digits(ndcg),
      ...['', 'the paper'],
    ]),
    ...reproductions.map(({ name, source, recall, ndcg }) => [
      name,
      'published, as reference',
      digits(recall),
      digits(ndcg),
      ...['', '', '', '', ''],
      source,
    ]),
  ]);
}

/** Mean ± standard deviation over trainings that differ in their seed alone, all users each. */
function overSeeds({ value, command }: From<Report>, rows: readonly Row[], protocol: string): string[][] {
  const groups = new Set(rows.flatMap(({ seedsOf }) => seedsOf ?? []));
  return [...groups].flatMap((group) => {
    const own = rows.flatMap(({ id, seedsOf }) =>
      seedsOf === group ? value.methods.filter((method) => method.id === id) : [],
    );
    if (own.length < 2) return [];
    const cells = metrics.map((name) => {
      const means = own.map((method) => method.metrics[name]!.mean);
      return `${digits(mean(means))} ± ${digits(standardDeviation(means))}`;
    });
    const empty = ['', '', '', '', ''];
    return [
      [`${group}, mean of the ${own.length} seeds above`, protocol, ...cells, ...empty, String(command)],
    ];
  });
}

function modelTable({ evaluations, results, sameUsers }: TableParts): string[] {
  const inExperiments = (id: string, dataset: string | undefined): ReportMethod | undefined =>
    results
      .filter(({ all, protocol }) => all?.value.dataset.name === dataset && !protocol.includes('not masked'))
      .flatMap(({ all, rows }) =>
        rows
          .filter(({ yaml }) =>
            new RegExp(`method: (sasrec|bert4rec|model|\\w+\\+a), .*model: ${escape(id)} `).test(yaml),
          )
          .map((row) => all!.value.methods.find((method) => method.id === row.id)),
      )
      .find((method) => method !== undefined);
  const head = [
    'Model',
    'Dataset',
    'Epochs (best)',
    'Minutes',
    'Recall@10',
    'NDCG@10',
    'tied users',
    'Recall@10, NDCG@10, tied',
    'untied users',
    'Recall@10, NDCG@10, untied',
    'In the experiment',
    'From',
  ];
  return markdown(
    head,
    evaluations.map(({ model, evaluation: { value, command } }) => {
      const other = inExperiments(model.id, model.dataset?.name);
      const pair = (of: Readonly<Record<string, number>>) =>
        metrics.map((name) => digits(of[name])).join(', ');
      return [
        `\`${model.id}\``,
        model.dataset?.name ?? '',
        `${model.progress?.epoch ?? ''} (${model.progress?.bestEpoch ?? ''})`,
        model.progress === undefined ? '' : (model.progress.seconds / 60).toFixed(1),
        ...metrics.map((name) => digits(value.metrics[name])),
        ...(['tied', 'untied'] as const).flatMap((group) => [
          count(value.ties[group].users),
          pair(value.ties[group].metrics),
        ]),
        other === undefined ? 'not in one' : sameUsers ? agreement(value, other) : 'other users',
        String(command),
      ];
    }),
  );
}

/** `toolrec evaluate` and the experiment rank in different ways: the one counts who scores higher, the other makes lists. */
function agreement({ metrics: own, users }: Evaluation, other: ReportMethod): string {
  if (other.users !== users) return `${count(other.users)} users only`;
  const most = Math.max(...metrics.map((name) => Math.abs(own[name]! - other.metrics[name]!.mean)));
  return most < 5e-7 ? 'the same' : `differs by ${most.toFixed(6)}`;
}

function withInterval(method: ReportMethod | undefined, name: string): string {
  const metric = method?.metrics[name];
  return metric ? `${digits(metric.mean)} [${digits(metric.low)}, ${digits(metric.high)}]` : 'not run';
}

function withDeviation(method: ReportMethod | undefined, name: string): string {
  const metric = method?.metrics[name];
  if (!metric) return 'not run';
  const deviation = metric.deviation === null ? '' : ` ± ${digits(metric.deviation)}`;
  return `${digits(metric.mean)}${deviation} [${digits(metric.low)}, ${digits(metric.high)}]`;
}

const digits = (value: number | undefined): string =>
  value === undefined ? '–' : value.toFixed(4).replace(/^0\./, '.');
const count = (value: number): string => value.toLocaleString('en');
const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

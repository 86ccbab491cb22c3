import type { ExperimentRecord } from '../records.ts';
import type { Summary } from './summary.ts';
import { type MethodSummary, valueOf } from './summary.ts';

/** One line a method: everything of the tables, for a spreadsheet or a plot. */
export function csvOf(summary: Summary): string {
  const { metrics, methods } = summary;
  const head = [
    'method',
    'title',
    'stand_in',
    'language_model',
    'users',
    'sampled',
    'hits',
    'failed',
    ...metrics.flatMap(({ name }) => [name, `${name} std`, `${name} low`, `${name} high`]),
    ...metrics.flatMap(({ name }) => [
      `${name} difference`,
      `${name} difference low`,
      `${name} difference high`,
      `${name} p`,
      `${name} p holm`,
      `${name} users needed`,
    ]),
    'calls',
    'tokens',
    'cost',
  ];
  const rows = methods.map((method) => [
    method.method.id,
    method.label,
    method.method.standIn ?? '',
    method.method.languageModel ?? '',
    method.done,
    method.total,
    method.hits,
    method.failures.length,
    ...method.metrics.flatMap(({ mean, deviation, interval }) => [
      mean,
      deviation,
      interval.low,
      interval.high,
    ]),
    ...metrics.flatMap((_, k): (string | number)[] => {
      const comparison = method.comparisons[k];
      if (!comparison) return ['', '', '', '', '', ''];
      const { difference, p, adjusted, needed } = comparison;
      return [difference.mean, difference.low, difference.high, p, adjusted, needed];
    }),
    method.calls,
    method.tokens,
    method.cost ?? '',
  ]);
  return lines([head, ...rows]);
}

/** One line a user a repeat, of one method: what is behind each of its numbers. */
export function usersCsv(method: MethodSummary, summary: Summary): string {
  const head = [
    'user',
    'sample',
    'rank',
    ...summary.metrics.map(({ name }) => name),
    'failure',
    'message',
    'rounds',
    'ended',
    'filled_by_rule',
    'history',
    'popularity',
    'calls',
    'prompt_tokens',
    'completion_tokens',
    'cost',
    'session',
  ];
  const row = (record: ExperimentRecord) => [
    record.userId,
    record.repeat + 1,
    record.rank ?? '',
    ...summary.metrics.map((metric) => valueOf(record, metric)),
    record.failure?.code ?? '',
    record.failure?.message ?? '',
    record.rounds ?? '',
    record.stop ?? '',
    record.completed,
    record.history,
    record.popularity,
    record.calls,
    record.tokens.prompt,
    record.tokens.completion,
    record.cost ?? '',
    record.session ?? '',
  ];
  return lines([head, ...method.records.map(row)]);
}

function lines(rows: readonly (readonly (string | number)[])[]): string {
  return rows.map((row) => `${row.map(field).join(',')}\n`).join('');
}

function field(value: string | number): string {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '';
  // A spreadsheet takes =, +, - and @ for formulas.
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

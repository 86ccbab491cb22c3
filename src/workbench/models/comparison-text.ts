import type { ModelRow } from '../../../webview/protocol.ts';
import { deviceLabel } from '../../engine/device-names.ts';
import { escapeMarkdown } from '../dataset-text.ts';
import type { Texts } from '../texts.ts';
import { durationText } from '../training/training-text.ts';
import { metricTitle } from './model-text.ts';
import type { Comparison, PairedResult } from './paired-comparison.ts';

/** The report of a comparison, as Markdown. */
export function comparisonMarkdown(rows: readonly ModelRow[], comparison: Comparison, texts: Texts): string {
  const { t, locale } = texts;
  const simulated = rows.some((row) => row.simulated);
  const dataset = rows[0]?.dataset ?? '';
  const users = comparison.users.toLocaleString(locale);
  const lines = [
    `# ${t('Models of {0}', escapeMarkdown(dataset))}`,
    '',
    t('Full ranking of the test part, the items of the history taken out, {0} users.', users),
    ...(simulated ? ['', `**${t('Simulated data: these figures say nothing about people.')}**`] : []),
    '',
    `## ${t('Figures')}`,
    '',
    ...figures(comparison, texts),
    '',
    `## ${t('Paired tests')}`,
    '',
    t(
      'Each model against {0}, user by user. Intervals: 95%, bootstrap over users. p: two-sided randomisation test, corrected for the number of models (Holm).',
      `**${escapeMarkdown(comparison.reference)}**`,
    ),
    '',
    ...pairs(comparison, texts),
    '',
    `## ${t('Settings that differ')}`,
    '',
    ...settings(rows, comparison, texts),
    '',
    `## ${t('Cost')}`,
    '',
    ...cost(rows, comparison, texts),
    '',
  ];
  return lines.join('\n');
}

function figures({ models, metrics, reference }: Comparison, { t, locale }: Texts): string[] {
  const best = new Map(
    metrics.map((name) => [name, Math.max(...models.map((model) => model.metrics[name]!))]),
  );
  const cell = (name: string, value: number) => {
    const text = decimals(value, locale);
    return value === best.get(name) ? `**${text}**` : text;
  };
  return [
    `| ${t('Model')} | ${metrics.map(metricTitle).join(' | ')} |`,
    `|:--|${metrics.map(() => '--:').join('|')}|`,
    ...models.map(
      ({ id, metrics: own }) =>
        `| ${escapeMarkdown(id)}${id === reference ? ' ★' : ''} | ${metrics.map((name) => cell(name, own[name]!)).join(' | ')} |`,
    ),
  ];
}

function pairs({ pairs: all, reference }: Comparison, texts: Texts): string[] {
  const { t, locale } = texts;
  const signed = (value: number) => `${value < 0 ? '−' : '+'}${decimals(Math.abs(value), locale)}`;
  return [
    `| ${t('Model')} | ${t('Metric')} | ${t('Difference')} | ${t('95% interval')} | p | ${t('Better / equal / worse for')} | ${t('Conclusion')} |`,
    '|:--|:--|--:|:-:|--:|:-:|:--|',
    ...all.map((pair) =>
      [
        '',
        escapeMarkdown(pair.id),
        metricTitle(pair.metric),
        signed(pair.difference),
        `${signed(pair.low)} … ${signed(pair.high)}`,
        pair.p < 0.001 ? '< 0.001' : decimals(pair.p, locale, 3),
        [pair.better, pair.equal, pair.worse].map((count) => count.toLocaleString(locale)).join(' / '),
        conclusion(pair, reference, texts),
        '',
      ]
        .join(' | ')
        .trim(),
    ),
  ];
}

function conclusion(pair: PairedResult, reference: string, { t }: Texts): string {
  if (pair.p >= 0.05) return t('no difference shown');
  return pair.difference < 0
    ? t('worse than {0}', escapeMarkdown(reference))
    : t('better than {0}', escapeMarkdown(reference));
}

function settings(rows: readonly ModelRow[], { models }: Comparison, { t }: Texts): string[] {
  const ordered = models.flatMap(({ id }) => rows.find((row) => row.id === id) ?? []);
  const differing = differingSettings(ordered);
  if (differing.length === 0) return [t('None: they differ in their seeds or their kind alone.')];
  return [
    `| | ${ordered.map(({ id }) => escapeMarkdown(id)).join(' | ')} |`,
    `|:--|${ordered.map(() => ':--').join('|')}|`,
    ...differing.map(
      ({ key, values }) =>
        `| ${escapeMarkdown(key)} | ${values.map((value) => escapeMarkdown(value)).join(' | ')} |`,
    ),
  ];
}

/** Settings, kind included, that are not the same for all. */
export function differingSettings(
  rows: readonly ModelRow[],
): { readonly key: string; readonly values: readonly string[] }[] {
  const keys = [...new Set(rows.flatMap(({ config }) => Object.keys(config)))];
  const all = [
    { key: 'kind', values: rows.map(({ title: own }) => own) },
    { key: 'backbone', values: rows.map(({ tool }) => tool?.backbone ?? '–') },
    ...keys.map((key) => ({ key, values: rows.map(({ config }) => String(config[key] ?? '–')) })),
  ];
  return all.filter(({ values }) => new Set(values).size > 1);
}

function cost(rows: readonly ModelRow[], { models }: Comparison, texts: Texts): string[] {
  const { t, locale } = texts;
  const number = (value: number | undefined) => (value === undefined ? '–' : value.toLocaleString(locale));
  return [
    `| ${t('Model')} | ${t('Parameters')} | ${t('trained')} | ${t('MFLOPs a prediction')} | ${t('Epochs')} | ${t('Training time')} | ${t('Device')} |`,
    '|:--|--:|--:|--:|--:|--:|:--|',
    ...models.flatMap(({ id }) => {
      const row = rows.find((each) => each.id === id);
      if (!row) return [];
      const flops = row.flops === undefined ? '–' : decimals(row.flops / 1e6, locale, 1);
      return [
        `| ${escapeMarkdown(id)} | ${number(row.parameters?.total)} | ${number(row.parameters?.trainable)} | ${flops} | ` +
          `${Math.floor(row.epoch)} | ${durationText(row.seconds, texts)} | ${row.device ? deviceLabel(row.device) : '–'} |`,
      ];
    }),
  ];
}

function decimals(value: number, locale: string, digits = 4): string {
  return value.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

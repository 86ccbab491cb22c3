import type { ModelRow } from '../../../webview/protocol.ts';
import { deviceLabel } from '../../engine/device-names.ts';
import { escapeMarkdown } from '../dataset-text.ts';
import type { Texts } from '../texts.ts';
import { durationText, runLine } from '../training/training-text.ts';
import { isUnderWay, listMetric } from './model-rows.ts';

/** Texts about a model as a tree row shows them. */

export function statusText(status: ModelRow['status'], { t }: Texts): string {
  switch (status) {
    case 'waiting':
      return t('waiting');
    case 'preparing':
      return t('preparing');
    case 'training':
      return t('training');
    case 'pausing':
      return t('pausing');
    case 'stopping':
      return t('stopping');
    case 'elsewhere':
      return t('training elsewhere');
    case 'interrupted':
      return t('interrupted');
    case 'paused':
      return t('paused');
    case 'stopped':
      return t('stopped');
    case 'finished':
      return t('finished');
    case 'failed':
      return t('failed');
    case 'damaged':
      return t('cannot be read');
  }
}

/** `NDCG@10 0.183`; the figure of the best epoch on validation. */
export function metricText({ validation }: ModelRow, { locale }: Texts): string {
  const value = validation?.[listMetric];
  return value === undefined ? '' : `NDCG@10 ${decimals(value, locale)}`;
}

function decimals(value: number, locale: string): string {
  return value.toLocaleString(locale, { minimumFractionDigits: 3, maximumFractionDigits: 3 });
}

/** What stands beside a model's name: `★ NDCG@10 0.179 · frozen`, or how far its training is. */
export function modelDescription(row: ModelRow, best: boolean, texts: Texts): string {
  const { t } = texts;
  if (row.status === 'damaged') return statusText(row.status, texts);
  const kind = row.tool ? (row.tool.mode === 'full' ? t('full') : t('frozen')) : row.loss;
  // What matters most comes first: a side bar is narrow.
  const parts = isUnderWay(row)
    ? [runLine(row, texts), metricText(row, texts)]
    : [row.status === 'finished' ? '' : statusText(row.status, texts), metricText(row, texts), kind];
  return `${best ? '★ ' : ''}${parts.filter(Boolean).join(' · ')}`;
}

/** `NDCG@10`, `Recall@10`. */
export function metricTitle(metric: string): string {
  return metric.toUpperCase().replace('RECALL', 'Recall').replace('PRECISION', 'Precision');
}

/** A small table of what is known of a model, in Markdown. */
export function modelTooltip(row: ModelRow, best: boolean, texts: Texts): string {
  const { t, locale } = texts;
  if (row.status === 'damaged')
    return `**${escapeMarkdown(row.id)}**\n\n${escapeMarkdown(row.failure ?? '')}`;
  const metrics = (values: Readonly<Record<string, number>> | undefined) =>
    Object.entries(values ?? {}).map(([name, value]) => `${metricTitle(name)} ${decimals(value, locale)}`);
  const rows: (readonly [string, string])[] = [
    [t('Kind'), escapeMarkdown(row.title)],
    ...(row.tool ? [[t('Backbone'), escapeMarkdown(row.tool.backbone)] as const] : []),
    [t('State'), isUnderWay(row) ? runLine(row, texts) : statusText(row.status, texts)],
    [t('Loss'), row.loss],
    [
      t('Epochs'),
      row.bestEpoch > 0 ? t('{0}, the best is {1}', Math.floor(row.epoch), row.bestEpoch) : String(row.epoch),
    ],
    ...(row.seconds > 0 ? [[t('Training time'), durationText(row.seconds, texts)] as const] : []),
    ...(row.validation ? [[t('Validation'), metrics(row.validation).join(', ')] as const] : []),
    ...Object.entries(row.evaluations ?? {}).map(
      ([part, values]) => [escapeMarkdown(part), metrics(values).join(', ')] as const,
    ),
    ...(row.parameters ? [[t('Parameters'), row.parameters.total.toLocaleString(locale)] as const] : []),
    ...(row.device ? [[t('Device'), deviceLabel(row.device)] as const] : []),
  ];
  const lines = [
    `**${escapeMarkdown(row.id)}**${best ? ` — ${t('best on this dataset')}` : ''}`,
    '',
    '| | |',
    '|:--|:--|',
    ...rows.map(([label, value]) => `| ${label} | ${value} |`),
  ];
  if (row.failure) lines.push('', escapeMarkdown(row.failure));
  if (row.simulated) lines.push('', t('Trained on simulated data: these figures say nothing about people.'));
  return lines.join('\n');
}

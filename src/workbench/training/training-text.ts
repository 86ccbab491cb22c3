import type { ModelRow } from '../../../webview/protocol.ts';
import type { Texts } from '../texts.ts';

/** Sentences about training runs, for the status bar, notifications, tasks and reports. */

export function lossNotes({ t }: Texts): Readonly<Record<string, { label: string; detail: string }>> {
  return {
    'cross-entropy': { label: t('Cross-entropy'), detail: t('Over all items; best on ML-1M.') },
    'sampled-softmax': {
      label: t('Sampled softmax'),
      detail: t('Cross-entropy over a sample, for large catalogues.'),
    },
    gbce: { label: 'gBCE', detail: t('Calibrated binary cross-entropy with several negatives.') },
    bce: { label: 'BCE', detail: t('Binary cross-entropy with sampled negatives, as SASRec was published.') },
    bpr: { label: 'BPR', detail: t('Pairwise, with one sampled negative, as in the ToolRec paper.') },
  };
}

/** `40 s`, `12 min`, `2.4 h`. */
export function durationText(seconds: number, { locale, t }: Texts): string {
  if (seconds < 90) return t('{0} s', Math.round(seconds));
  if (seconds < 5400) return t('{0} min', Math.round(seconds / 60));
  return t('{0} h', (seconds / 3600).toLocaleString(locale, { maximumFractionDigits: 1 }));
}

/** `epoch 3 of 60 · 12 min left at most`, with what is known. */
export function runLine(row: ModelRow, texts: Texts): string {
  const { t } = texts;
  const { live } = row;
  if (row.status === 'pausing') return t('pausing, writing a checkpoint');
  if (row.status === 'stopping') return t('stopping, writing a checkpoint');
  if (row.status === 'elsewhere') return t('another process trains it');
  if (row.status === 'waiting') return t('waiting for its turn');
  if (live?.done === undefined || live.total === undefined || row.epochs === 0) return live?.message ?? '';
  const epoch = Math.min(row.epochs, Math.floor((live.done / live.total) * row.epochs) + 1);
  const [now, all] = [epoch, row.epochs].map((value) => value.toLocaleString(texts.locale));
  const parts = [t('epoch {0} of {1}', now!, all!)];
  if (live.secondsLeft !== undefined)
    parts.push(t('{0} left at most', durationText(live.secondsLeft, texts)));
  return parts.join(' · ');
}

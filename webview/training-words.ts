import { deviceLabel } from '../src/engine/device-names.ts';
import { number, t } from './language.ts';
import type { ModelRow, RunStatus } from './protocol.ts';

/** Words of the training panel. */

export function statusName(status: RunStatus): string {
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

export function statusIcon(status: RunStatus): string {
  switch (status) {
    case 'training':
    case 'preparing':
    case 'pausing':
    case 'stopping':
    case 'elsewhere':
      return 'sync';
    case 'waiting':
      return 'clock';
    case 'interrupted':
      return 'debug-disconnect';
    case 'paused':
      return 'debug-pause';
    case 'stopped':
      return 'debug-stop';
    case 'finished':
      return 'check';
    case 'failed':
      return 'error';
    case 'damaged':
      return 'warning';
  }
}

export const isActive = ({ status }: ModelRow): boolean =>
  ['waiting', 'preparing', 'training', 'pausing', 'stopping', 'elsewhere'].includes(status);

export const isResumable = ({ status }: ModelRow): boolean =>
  ['paused', 'stopped', 'interrupted', 'failed'].includes(status);

/** `40 s`, `12 min`, `2.4 h`. */
export function duration(seconds: number): string {
  if (seconds < 10 && seconds > 0) return t('{0} s', number(seconds, 1));
  if (seconds < 90) return t('{0} s', number(seconds));
  if (seconds < 5400) return t('{0} min', number(seconds / 60));
  return t('{0} h', number(seconds / 3600, 1));
}

/** `ONNX Runtime · CPU, 2 threads, chosen by a 3 s test`. */
export function deviceSentence({ device, placement }: ModelRow): string {
  if (device === undefined) return '';
  const parts = [deviceLabel(device)];
  if (placement)
    parts.push(
      placement.threads === 0
        ? t('all cores')
        : placement.threads === 1
          ? t('one thread')
          : t('{0} threads', number(placement.threads)),
    );
  if (placement?.chosen === 'timed')
    parts.push(
      placement.seconds === undefined
        ? t('chosen by a test')
        : t('chosen by a {0} test', duration(placement.seconds)),
    );
  return parts.join(', ');
}

/** `NDCG@10`, `Recall@10`. */
export function metricName(metric: string): string {
  return metric.toUpperCase().replace('RECALL', 'Recall').replace('PRECISION', 'Precision');
}

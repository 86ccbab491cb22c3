import type { Progress } from '../shared/progress.ts';
import type { Texts } from './texts.ts';

/** Bytes as a person reads them, in powers of 1024: `5.9 MB`. */
export function formatBytes(bytes: number): string {
  const names = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let power = 0;
  while (value >= 1024 && power < names.length - 1) {
    value /= 1024;
    power++;
  }
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${names[power]}`;
}

/** One line for a notification: `Reading ratings.dat · 400,000 of 1,000,209 rows`, with what is known. */
export function progressLine({ rows, ...progress }: Progress, texts: Texts): string {
  const line = amountLine(progress, texts);
  return rows === undefined ? line : `${line} · ${texts.t('{0} rows', rows.toLocaleString(texts.locale))}`;
}

function amountLine({ message, done, total, unit }: Progress, texts: Texts): string {
  const what = withoutFolders(message);
  if (done === undefined) return what;
  const number = (value: number) =>
    unit === 'bytes' ? formatBytes(value) : value.toLocaleString(texts.locale);
  const amount = total === undefined ? number(done) : texts.t('{0} of {1}', number(done), number(total));
  return `${what} · ${withUnit(amount, unit, texts)}`;
}

/** Absolute paths without their folders: a notification has one line, the log has the rest. */
function withoutFolders(message: string): string {
  return message.replace(/(^|[\s“"])(?:[A-Za-z]:)?[\\/](?:[^\\/:]+[\\/])+/g, '$1');
}

function withUnit(amount: string, unit: Progress['unit'], texts: Texts): string {
  switch (unit) {
    case 'rows':
      return texts.t('{0} rows', amount);
    case 'users':
      return texts.t('{0} users', amount);
    case 'steps':
      return texts.t('{0} steps', amount);
    case 'items':
      return texts.t('{0} items', amount);
    case 'bytes':
    case undefined:
      return amount;
  }
}

/** How timestamps of a source are written. */
export type TimestampUnit = 's' | 'ms' | 'us' | 'iso';

/** 9999-12-31: no dataset's time lies beyond, so what does is in another unit or broken. */
const latest = 253_402_300_800;
const perSecond = { s: 1, ms: 1e3, us: 1e6 } as const;

const isoDate =
  /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(\.\d{1,9})?)?\s?(Z|UTC|[+-]\d{2}:?\d{2})?)?$/;

/**
 * Seconds since 1970 UTC of `2018-01-09`, `2018-01-09 20:56:38` or an ISO 8601 time; without a zone the time is
 * UTC. NaN for anything else, also for dates that do not exist.
 */
export function parseDate(text: string): number {
  const match = isoDate.exec(text.trim());
  if (!match) return NaN;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (hour > 23 || minute > 59 || second > 60) return NaN;
  const milliseconds = Date.UTC(year, month - 1, day, hour, minute, second);
  const date = new Date(Date.UTC(year, month - 1, day));
  if (year < 100 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return NaN;
  return milliseconds / 1000 + Number(match[7] ?? 0) - 60 * zoneMinutes(match[8]);
}

function zoneMinutes(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z' || zone === 'UTC') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return zone.startsWith('-') ? -minutes : minutes;
}

/** `number` in the given unit as seconds; NaN when negative, not a number or beyond the year 9999. */
export function secondsOf(number: number, unit: Exclude<TimestampUnit, 'iso'>): number {
  const seconds = number / perSecond[unit];
  return seconds >= 0 && seconds < latest ? seconds : NaN;
}

/** `value` as written in a table or JSON, as seconds; NaN when it is not a time of the given unit. */
export function parseTimestamp(value: string | number, unit: TimestampUnit): number {
  if (unit === 'iso') {
    const seconds = typeof value === 'string' ? parseDate(value) : NaN;
    return seconds >= 0 ? seconds : NaN;
  }
  return secondsOf(typeof value === 'number' ? value : numberOf(value), unit);
}

function numberOf(text: string): number {
  return /^\s*[-+]?\d+(\.\d*)?([eE][-+]?\d+)?\s*$/.test(text) ? Number(text) : NaN;
}

/**
 * The unit of timestamps, from a sample: dates where most values are dates; else by size, since 10¹¹ seconds are
 * the year 5138 and 10¹¹ milliseconds 1973. Undefined when no value is a time at all.
 */
export function detectUnit(sample: readonly (string | number)[]): TimestampUnit | undefined {
  const numbers = sample
    .map((value) => (typeof value === 'number' ? value : numberOf(value)))
    .filter((n) => n >= 0);
  const dates = sample.filter((value) => typeof value === 'string' && parseDate(value) >= 0);
  if (dates.length > numbers.length) return 'iso';
  if (!numbers.length) return undefined;
  const middle = numbers.sort((a, b) => a - b)[numbers.length >> 1]!;
  return middle >= 1e14 ? 'us' : middle >= 1e11 ? 'ms' : 's';
}

export const unitNames: Readonly<Record<TimestampUnit, string>> = {
  s: 'seconds since 1970',
  ms: 'milliseconds since 1970',
  us: 'microseconds since 1970',
  iso: 'dates (UTC where they name no zone)',
};

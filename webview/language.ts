import type { Language } from './protocol.ts';

let texts: Readonly<Record<string, string>> = {};
let locale = 'en';

/** Sets the language that `t`, `number` and `date` use from now on. */
export function useLanguage(language: Language): void {
  ({ locale, texts } = language);
}

/** The same, and says so to what reads the page aloud. */
export function setLanguage(language: Language): void {
  useLanguage(language);
  document.documentElement.lang = language.locale;
}

/** The text in the person's language; `{0}`, `{1}` … are replaced by the arguments. */
export function t(message: string, ...args: (string | number)[]): string {
  const found = Object.hasOwn(texts, message) ? texts[message]! : message;
  return found.replace(/\{(\d+)\}/g, (whole, i: string) => String(args[Number(i)] ?? whole));
}

/** `1,000,209`; with digits after the point where they are asked for. */
export function number(value: number, digits = 0): string {
  return value.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** `12,9 k`: for axes. */
export function shortNumber(value: number): string {
  return value.toLocaleString(locale, { notation: 'compact', maximumFractionDigits: 1 });
}

/** At most four digits that matter: for the ticks of axes. */
export function tickNumber(value: number): string {
  return Math.abs(value) >= 10_000
    ? shortNumber(value)
    : value.toLocaleString(locale, { maximumSignificantDigits: 4 });
}

/** The ticks of one axis, all with the decimals that one of them needs. */
export function tickNumbers(ticks: readonly number[]): string[] {
  const digits = ticks.map((tick) => String(Number(tick.toPrecision(4))));
  if (digits.some((text) => text.includes('e')) || ticks.some((tick) => Math.abs(tick) >= 10_000))
    return ticks.map((tick) => tickNumber(tick));
  const decimals = Math.max(0, ...digits.map((text) => text.split('.')[1]?.length ?? 0));
  return ticks.map((tick) => number(tick, decimals));
}

export function percent(share: number, digits = 1): string {
  return share.toLocaleString(locale, {
    style: 'percent',
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** Day of a time in seconds since 1970 UTC. */
export function day(seconds: number): string {
  return new Date(seconds * 1000).toLocaleDateString(locale, {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    timeZone: 'UTC',
  });
}

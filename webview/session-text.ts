import { number, t } from './language.ts';

/** `0.8 s`, `12 ms`, `1 min 5 s`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return t('{0} ms', number(milliseconds));
  if (milliseconds < 60_000) return t('{0} s', number(milliseconds / 1000, 1));
  return t('{0} min {1} s', Math.floor(milliseconds / 60_000), Math.round((milliseconds % 60_000) / 1000));
}

/** US dollars: four digits after the point under a cent, two above. */
export function money(dollars: number): string {
  return `$${number(dollars, dollars >= 1 ? 2 : 4)}`;
}

/** `3,120 tokens`; with `≈` where the server gave no numbers. */
export function tokens(count: number, estimated = false): string {
  return t('{0} tokens', `${estimated ? '≈ ' : ''}${number(count)}`);
}

/** The source of a final item, in words. */
export function sourceText(source: string): string {
  switch (source) {
    case 'finish':
      return t('named by Finish');
    case 'memory':
      return t('from memory');
    case 'backbone':
      return t('from the plain backbone');
    case 'popularity':
      return t('by popularity');
    default:
      return t('from the catalogue');
  }
}

/** What a call of the language model was for. */
export function purposeText(purpose: 'policy' | 'repair' | 'rank' | 'plan'): string {
  switch (purpose) {
    case 'policy':
      return t('thought and action');
    case 'repair':
      return t('asked again, with the mistake explained');
    case 'rank':
      return t('ranking');
    case 'plan':
      return t('plan');
  }
}

/** `Contact (1997)` as `Contact` and `1997`. */
export function splitTitle(title: string): { name: string; year: string } {
  const found = /^(.*\S)\s*\((\d{4})\)$/.exec(title);
  return found ? { name: found[1]!, year: found[2]! } : { name: title, year: '' };
}

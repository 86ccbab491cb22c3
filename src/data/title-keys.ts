/**
 * What titles are compared by. `Matrix, The (1999)`, `the matrix` and `“The Matrix”` have the key `the matrix`;
 * `Seven (a.k.a. Se7en)` has the keys `seven` and `se7en` beside `seven se7en`.
 */
export interface TitleKeys {
  /** Most telling first: the whole title, the title without brackets, what stands in brackets. */
  readonly keys: readonly string[];
  /** Year that the text ends with in brackets. */
  readonly year: number | undefined;
}

// Articles that catalogues put behind a comma; `l'` stands without a space.
const articles =
  'the|a|an|le|la|les|l|un|une|des|el|los|las|una|il|lo|i|gli|uno|der|die|das|den|det|ein|eine|o|os|as|um|uma|de|het|een|en|ett';
const articleBehind = new RegExp(`^(.*),\\s*(${articles})(['’]?)$`, 'iu');
const articleBefore = new RegExp(`^(?:${articles}) (?=.)`, 'u');
const yearBehind = /[([]\s*(\d{4})(?:\s*[-–]\s*(?:\d{4})?)?\s*[)\]]\s*$/;
const alias = /^(?:a\.?\s?k\.?\s?a\.?|also known as|aka:)\s+/iu;

export function titleKeys(text: string): TitleKeys {
  const whole = text.trim().replace(/^["'“”«»*_]+|["'“”«»*_]+$/gu, '');
  const yearMatch = yearBehind.exec(whole);
  // A film may be named like a year; brackets around the only text say nothing.
  const untitled = yearMatch && yearMatch.index === 0;
  const title = yearMatch && !untitled ? whole.slice(0, yearMatch.index).trim() : whole;
  const brackets = [...title.matchAll(/\(([^()]*)\)|\[([^[\]]*)\]/g)].map((match) =>
    (match[1] ?? match[2] ?? '').trim().replace(alias, ''),
  );
  const main = title.replace(/\s*(?:\([^()]*\)|\[[^[\]]*\])\s*/g, ' ').trim();
  const parts = [main, ...brackets].map(normaliseTitle).filter((part) => part !== '');
  const keys = [...new Set([parts.join(' '), ...parts])].filter((key) => key !== '');
  return { keys, year: yearMatch && !untitled ? Number(yearMatch[1]) : undefined };
}

/**
 * Case, diacritics, punctuation and spacing taken away, `&` spelt out, a trailing article put in front. Text in
 * any script keeps its letters and digits. Empty only for text without a letter, digit or visible sign.
 */
export function normaliseTitle(title: string): string {
  const plain = frontArticle(title.trim())
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/ß/g, 'ss')
    .replace(/æ/g, 'ae')
    .replace(/œ/g, 'oe')
    .replace(/ø/g, 'o')
    .replace(/ł/g, 'l')
    .replace(/&/g, ' and ')
    .replace(/(?<=\p{L})['’`´](?=\p{L})/gu, '')
    .replace(/(?<=\p{L})\.(?=\p{L}\b)/gu, '');
  const words = plain.replace(/[^\p{L}\p{N}]+/gu, ' ').trim();
  return words === '' ? title.trim().replace(/\s+/g, ' ') : words;
}

function frontArticle(title: string): string {
  const match = articleBehind.exec(title);
  return match ? `${match[2]}${match[3] === '' ? ' ' : match[3]}${match[1]}` : title;
}

export const withoutArticle = (key: string): string => key.replace(articleBefore, '');

const numeral = /^(?:\d+|[ivx]+)$/;

/** The numbers of a key, Roman ones too, in order: titles that differ in one are different works. */
export function numbersIn(key: string): string {
  const words = key.split(' ').filter((word) => numeral.test(word) || /\d/.test(word));
  return words.join(' ');
}

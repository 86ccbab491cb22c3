import { looksLikeCode, plainText } from '../markup.ts';

/** Values of Amazon's product pages as three generations of scraping left them. */

const longestWord = 80;
const price = /^(?:from\s*)?\$?\s*(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?(?:\s*[-–]\s*\$?\s*[\d,]+(?:\.\d+)?)?$/i;
const rank = /^[>#\s]*(\d{1,3}(?:,\d{3})+|\d+)\s*in/i;

/**
 * A price in dollars: `12.99`, `"$1,299.00"`, `"from 12.99"`; of a range (`"$10.50 - $25.99"`) the lower end.
 * Undefined for `null`, `""`, `"—"` and for the style sheets that stand in this field now and then.
 */
export function parsePrice(value: unknown): number | undefined {
  if (typeof value === 'number') return value >= 0 && Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string' || value.length > 100) return undefined;
  const match = price.exec(value.trim());
  if (!match) return undefined;
  return Number(match[1]!.replaceAll(',', '') + (match[2] ?? ''));
}

/**
 * The sales rank, 1 being the best seller: `{"Books": 2432501}`, `"2,432,501 in Books ("`,
 * `[">#16,321 in Video Games (See Top 100 in Video Games)", ">#101 in …"]`. Of several the first, which is the
 * one in the widest category.
 */
export function parseRank(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isInteger(value) && value > 0 ? value : undefined;
  if (typeof value === 'string') {
    const match = rank.exec(value.slice(0, 200));
    const number = match ? Number(match[1]!.replaceAll(',', '')) : NaN;
    return number > 0 ? number : undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const part of Object.values(value)) {
    if (typeof part === 'object') continue;
    const number = parseRank(part);
    if (number !== undefined) return number;
  }
  return undefined;
}

/** A title without markup; undefined where scraping caught something else. */
export function parseTitle(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const text = plainText(value);
  return text === '' || looksLikeCode(text) ? undefined : text;
}

/** `"Visit Amazon's Ada Writer Page"`, `"by\n  Acme"`, `"Ada Writer (Author)"` name a brand or an author. */
export function parseBrand(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const text = plainText(value)
    .replace(/^Visit Amazon's (.*) Page$/i, '$1')
    .replace(/^by /i, '')
    .replace(/ \((?:Author|Editor|Artist|Illustrator)\)$/i, '')
    .trim();
  if (text === '' || text.length > longestWord || looksLikeCode(text) || /^unknown$/i.test(text))
    return undefined;
  return text;
}

/** Category names of one list or of several paths (`[["Books", "Poetry"], ["Books", "Gifts"]]`), each once. */
export function parseCategories(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  const names = (value as unknown[])
    .flat()
    .map((name) => (typeof name === 'string' ? plainText(name) : ''))
    // Descriptions slip into these lists; categories are short.
    .filter((name) => name !== '' && name.length <= longestWord && !looksLikeCode(name));
  return [...new Set(names)];
}

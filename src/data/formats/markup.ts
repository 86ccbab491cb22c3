const named: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  ndash: '–',
  mdash: '—',
  lsquo: '‘',
  rsquo: '’',
  ldquo: '“',
  rdquo: '”',
  hellip: '…',
  trade: '™',
  reg: '®',
  copy: '©',
  deg: '°',
  eacute: 'é',
  egrave: 'è',
  ouml: 'ö',
  uuml: 'ü',
  auml: 'ä',
  ntilde: 'ñ',
};

/** More of a text than this is never looked at: titles and brands are shorter, and scraped pages longer. */
const longest = 2000;

/** Text without the tags and entities that scraped pages leave behind, blanks collapsed. */
export function plainText(html: string): string {
  const text = html
    .slice(0, longest)
    .replace(/<(script|style)\b[^<>]*>[^<]*/gi, ' ')
    .replace(/<\/?[a-zA-Z][^<>]*>/g, ' ')
    .replace(/&(#\d{1,7}|#[xX][\da-fA-F]{1,6}|[a-zA-Z]{2,8});/g, (whole, name: string) => {
      if (!name.startsWith('#')) return Object.hasOwn(named, name) ? named[name]! : whole;
      const hex = name[1] === 'x' || name[1] === 'X';
      const code = parseInt(name.slice(hex ? 2 : 1), hex ? 16 : 10);
      return code > 31 && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000)
        ? String.fromCodePoint(code)
        : ' ';
    });
  return text.replace(/\s+/g, ' ').trim();
}

/** Whether a text is a piece of a page's program or style and not words. */
export function looksLikeCode(text: string): boolean {
  return /^var [\w$]+ ?=|^\(?function\b|getTime\(\)|^[.#][\w-]+[^{]*\{|\{[\w-]+:[^}]*\}/.test(text);
}

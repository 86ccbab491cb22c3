/**
 * Text of datasets, models and files as one harmless line of Markdown: no markup, no HTML, no mention or link of a
 * hosting site takes effect. Invisible comments break what such a site would make of `@name` and addresses.
 */
export function markdownText(text: string): string {
  return (
    text
      .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
      .replace(/[\p{Cf}\p{Cs}]/gu, '')
      .replace(/&/g, '&amp;')
      .trim()
      .replace(/[\\`*_{}[\]<>|#~$]/g, '\\$&')
      .replace(/^(?:[-+](?=[-\s]|$)|=(?==))/, '\\$&') // a list, a rule, an underlined title
      .replace(/^(\d{1,9})([.)])(?=\s|$)/, '$1\\$2')
      // Mentions, addresses, and names of emoji between colons.
      .replace(/@(?=[\p{L}\p{N}])|\bwww(?=\.)|:(?=\/\/)|:(?=[\w+-]+:)/gu, '$&<!-- -->')
  );
}

/** Text as code, with a fence that it cannot close. */
export function markdownCode(text: string): string {
  const inner = text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replace(/[\p{Cf}\p{Cs}]/gu, '')
    .trim();
  const longest = Math.max(0, ...(inner.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${inner.startsWith('`') || inner.endsWith('`') ? ` ${inner} ` : inner}${fence}`;
}

/**
 * Text of datasets, models and files as one harmless line of Markdown: no markup, no HTML, no mention or link of a
 * hosting site takes effect. Invisible comments break what such a site would make of `@name` and addresses.
 */
export function markdownText(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replace(/[\p{Cf}\p{Cs}]/gu, '')
    .replace(/&/g, '&amp;')
    .replace(/[\\`*_{}[\]<>|#~$]/g, '\\$&')
    .replace(/@(?=[\p{L}\p{N}])|\bwww(?=\.)|:(?=\/\/)/gu, '$&<!-- -->')
    .trim();
}

/** Text as code, with a fence that it cannot close. */
export function markdownCode(text: string): string {
  const inner = text.replace(/[\p{Cc}\s]+/gu, ' ').trim();
  const longest = Math.max(0, ...(inner.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${inner.startsWith('`') || inner.endsWith('`') ? ` ${inner} ` : inner}${fence}`;
}

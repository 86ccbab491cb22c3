/**
 * Text from datasets and models, made safe for its place in a prompt: one line, no control or invisible characters,
 * no double quotes (they delimit titles), none of the marks that chat templates and code fences use, bounded.
 */
export function safeText(value: unknown, maxLength = 160): string {
  let text = typeof value === 'string' ? value : String(value);
  if (text.length > maxLength * 4) text = text.slice(0, maxLength * 4);
  text = text
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replace(/[\p{Cf}\p{Cs}\p{Co}\p{Cn}]/gu, '') // zero-width, bidirectional overrides, tags, lone surrogates
    .replace(/["“”„＂]/g, "'")
    .replace(/`{3,}/g, "'''")
    .replace(/<\|/g, '‹|')
    .replace(/\|>/g, '|›')
    .replace(/<(\/?)(s|think|thinking|tool_call|system|user|assistant|im_start|im_end)>/gi, '‹$1$2›')
    .replace(/\[(\/?)(INST|SYS|SYSTEM)\]/gi, '($1$2)')
    .replace(/<<(\/?)SYS>>/gi, '‹$1SYS›')
    .trim();
  return text.length > maxLength ? `${text.slice(0, maxLength - 1).trimEnd()}…` : text;
}

import type { ChatMessage } from './chat-model.ts';

/**
 * Tokens of a text, estimated without a tokenizer: a token for each started six letters of a word, three digits, one
 * sign, or one ideograph. Not measured against any tokenizer; always labelled as an estimate.
 */
export function estimateTokens(text: string): number {
  let tokens = 0;
  for (const match of text.matchAll(
    /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]|\p{L}+|\p{N}+|\n+|[^\s\p{L}\p{N}]/gu,
  )) {
    const part = match[0];
    if (/^\p{N}/u.test(part)) tokens += Math.ceil(part.length / 3);
    else if (/^\p{L}/u.test(part)) tokens += Math.ceil(part.length / 6);
    else tokens += 1;
  }
  return tokens;
}

/** Tokens of a conversation: texts, calls, and four a message for its frame. */
export function estimateMessages(messages: readonly ChatMessage[]): number {
  let tokens = 2;
  for (const message of messages) {
    tokens += 4 + estimateTokens(message.content);
    for (const call of message.toolCalls ?? [])
      tokens += 4 + estimateTokens(`${call.name} ${call.arguments}`);
  }
  return tokens;
}

import type { ChatModel, RetryNotice, TokenUsage } from './chat-model.ts';

/** What one small question to a model showed. */
export interface ConnectionReport {
  /** The model that answered, as the server names it. */
  readonly model: string;
  readonly durationMs: number;
  readonly firstTokenMs: number | undefined;
  readonly usage: TokenUsage;
  /** US dollars; undefined where no price is known. */
  readonly cost: number | undefined;
  readonly retries: number;
}

/**
 * Asks a model one small question over the same way that sessions use. What it answers does not matter.
 * @throws ModelFailure with a code of `modelErrorCodes`; CancelledError when `signal` fires.
 */
export async function testConnection(
  model: ChatModel,
  signal?: AbortSignal,
  onRetry?: (notice: RetryNotice) => void,
): Promise<ConnectionReport> {
  const reply = await model.chat(
    { messages: [{ role: 'user', content: 'Reply with the one word: ready' }], temperature: 0 },
    { signal, ...(onRetry && { onRetry }) },
  );
  return {
    model: reply.model,
    durationMs: reply.durationMs,
    firstTokenMs: reply.firstTokenMs,
    usage: reply.usage,
    cost: reply.cost,
    retries: reply.retries.length,
  };
}

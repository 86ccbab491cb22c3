import type { ChatModel, ChatReply, ChatRequest, RetryNotice } from '../llm/chat-model.ts';
import { estimateMessages } from '../llm/tokens.ts';
import { ToolRecError } from '../shared/errors.ts';
import type { ModelCall } from './events.ts';

/** Where a call is reported to. */
export interface AskHooks {
  readonly signal: AbortSignal | undefined;
  record(call: ModelCall): void;
  onDelta(text: string): void;
  onRetry(notice: RetryNotice): void;
}

/** Asks a model and puts the call into the log, exact prompt and raw reply, whether it succeeds or fails. */
export async function ask(
  model: ChatModel,
  purpose: ModelCall['purpose'],
  request: ChatRequest,
  hooks: AskHooks,
): Promise<ChatReply> {
  const messages = request.messages.map(({ role, content, toolCalls, toolCallId }) => ({
    role,
    content,
    ...(toolCalls ? { toolCalls: toolCalls.map((call) => ({ ...call })) } : {}),
    ...(toolCallId === undefined ? {} : { toolCallId }),
  }));
  let written = '';
  try {
    const reply = await model.chat(request, {
      signal: hooks.signal,
      onDelta: (delta) => {
        if (delta.kind !== 'text') return;
        written += delta.text;
        hooks.onDelta(delta.text);
      },
      onRetry: (notice) => {
        written = '';
        hooks.onRetry(notice);
      },
    });
    hooks.record({
      purpose,
      model: reply.model,
      messages,
      reply: reply.text,
      ...(reply.reasoning === undefined ? {} : { reasoning: reply.reasoning }),
      ...(reply.toolCalls.length === 0 ? {} : { toolCalls: reply.toolCalls.map((call) => ({ ...call })) }),
      finishReason: reply.finishReason,
      usage: { ...reply.usage },
      ...(reply.cost === undefined ? {} : { cost: reply.cost }),
      durationMs: reply.durationMs,
      ...(reply.firstTokenMs === undefined ? {} : { firstTokenMs: reply.firstTokenMs }),
      retries: reply.retries.length,
    });
    return reply;
  } catch (error) {
    if (error instanceof ToolRecError && error.code !== 'cancelled')
      hooks.record({
        purpose,
        model: model.model,
        messages,
        reply: written,
        finishReason: 'error',
        usage: { prompt: estimateMessages(request.messages), completion: 0, estimated: true },
        durationMs: 0,
        retries: 0,
        error: { className: error.name, code: error.code, message: error.message, remedy: error.remedy },
      });
    throw error;
  }
}

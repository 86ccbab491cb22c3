import type { ChatCompletionChunk } from 'openai/resources/chat/completions';
import type { ChatOptions, FinishReason, TokenUsage } from './chat-model.ts';
import { ReasoningSplitter } from './reasoning.ts';

/** Puts a reply together from its pieces. Servers differ in what they send, so every field is looked at with care. */
export class ReplyBuilder {
  readonly splitter: ReasoningSplitter;
  finishReason: FinishReason | undefined;
  usage: TokenUsage | undefined;
  model: string | undefined;
  firstTokenMs: number | undefined;
  private readonly pending: { id: string; name: string; arguments: string }[] = [];
  private readonly elapsed: () => number;

  constructor(onDelta: ChatOptions['onDelta'], elapsed: () => number) {
    this.elapsed = elapsed;
    this.splitter = new ReasoningSplitter((delta) => onDelta?.(delta));
  }

  take(chunk: ChatCompletionChunk): void {
    if (typeof chunk?.model === 'string' && chunk.model !== '') this.model ??= chunk.model;
    if (chunk?.usage) this.usage = readUsage(chunk.usage as unknown as Record<string, unknown>) ?? this.usage;
    const choice = chunk?.choices?.[0];
    if (!choice) return;
    if (choice.finish_reason) this.finishReason = readFinishReason(choice.finish_reason);
    // `message` instead of `delta`: a server that answers a stream with one whole object.
    const delta = (choice.delta ?? (choice as unknown as { message?: unknown }).message) as
      | {
          content?: unknown;
          refusal?: unknown;
          reasoning_content?: unknown;
          reasoning?: unknown;
          tool_calls?: readonly {
            index?: number;
            id?: string;
            function?: { name?: string; arguments?: unknown };
          }[];
        }
      | undefined;
    if (!delta) return;
    const reasoning = delta.reasoning_content ?? delta.reasoning;
    if (typeof reasoning === 'string' && reasoning !== '') this.splitter.pushReasoning(reasoning);
    const text =
      typeof delta.content === 'string'
        ? delta.content
        : typeof delta.refusal === 'string'
          ? delta.refusal
          : '';
    if (text !== '') {
      this.firstTokenMs ??= this.elapsed();
      this.splitter.push(text);
    }
    for (const [position, call] of (Array.isArray(delta.tool_calls) ? delta.tool_calls : []).entries()) {
      const index = call?.index ?? position;
      if (!Number.isInteger(index) || index < 0 || index > 63) continue;
      this.firstTokenMs ??= this.elapsed();
      const entry = (this.pending[index] ??= { id: '', name: '', arguments: '' });
      if (typeof call.id === 'string' && call.id !== '') entry.id = call.id;
      if (typeof call.function?.name === 'string') entry.name += call.function.name;
      const args = call.function?.arguments;
      if (typeof args === 'string') entry.arguments += args;
      else if (args && typeof args === 'object') entry.arguments += JSON.stringify(args);
    }
  }

  calls(): { id: string; name: string; arguments: string }[] {
    return this.pending
      .filter((call) => call.name !== '')
      .map((call, i) => ({ ...call, id: call.id === '' ? `call_${i + 1}` : call.id }));
  }
}

function readFinishReason(reason: string): FinishReason {
  if (reason === 'stop' || reason === 'length' || reason === 'content_filter' || reason === 'tool_calls')
    return reason;
  if (reason === 'function_call') return 'tool_calls';
  if (reason === 'eos' || reason === 'eos_token' || reason === 'end_turn') return 'stop';
  return 'unknown';
}

function readUsage(usage: Record<string, unknown>): TokenUsage | undefined {
  const number = (value: unknown) =>
    typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
  const prompt = number(usage['prompt_tokens']);
  const completion = number(usage['completion_tokens']);
  if (prompt === undefined && completion === undefined) return undefined;
  const reasoning = number(
    (usage['completion_tokens_details'] as Record<string, unknown> | undefined)?.['reasoning_tokens'],
  );
  const cached = number(
    (usage['prompt_tokens_details'] as Record<string, unknown> | undefined)?.['cached_tokens'],
  );
  return {
    prompt: prompt ?? 0,
    completion: completion ?? 0,
    ...(reasoning ? { reasoning } : {}),
    ...(cached ? { cached } : {}),
    estimated: false,
  };
}

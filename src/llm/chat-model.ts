import type { ErrorDetail } from '../shared/errors.ts';

/** One language model behind one interface: a server, a recording, a script, or an editor's own models. */
export interface ChatModel {
  /** What a person calls it: "gpt-4.1-mini at localhost:11434". */
  readonly label: string;
  /** The model's own name, as sent and priced. */
  readonly model: string;
  /** Largest prompt and reply together, in tokens; undefined where unknown. */
  readonly contextTokens?: number | undefined;
  /**
   * Asks once. Retries of what may pass (rate limits, dropped connections) happen inside and are reported.
   * @throws ModelError with a code of `modelErrorCodes`; CancelledError when `signal` fires.
   */
  chat(request: ChatRequest, options?: ChatOptions): Promise<ChatReply>;
}

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly content: string;
  /** Calls that an assistant message made. */
  readonly toolCalls?: readonly ToolCall[];
  /** For role `tool`: the call that this answers. */
  readonly toolCallId?: string;
}

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON text as the model wrote it; not trusted, not even to be JSON. */
  readonly arguments: string;
}

export interface ToolDefinition {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

export interface ChatRequest {
  readonly messages: readonly ChatMessage[];
  readonly tools?: readonly ToolDefinition[];
  /** `required`: the model must call one of the tools. */
  readonly toolChoice?: 'auto' | 'required';
  /** Ask for JSON of this schema. */
  readonly responseFormat?: { readonly name: string; readonly schema: Readonly<Record<string, unknown>> };
  readonly temperature?: number;
  readonly topP?: number;
  readonly maxTokens?: number;
  readonly stop?: readonly string[];
  readonly seed?: number;
}

export interface ChatOptions {
  readonly signal?: AbortSignal | undefined;
  /** Text as it arrives; `reasoning` is what a reasoning model thinks, kept apart from its answer. */
  readonly onDelta?: ((delta: ChatDelta) => void) | undefined;
  /** Told before each wait for another attempt. */
  readonly onRetry?: ((attempt: RetryNotice) => void) | undefined;
}

export interface ChatDelta {
  readonly text: string;
  readonly kind: 'text' | 'reasoning';
}

export interface RetryNotice {
  /** 1 for the first retry. */
  readonly attempt: number;
  readonly waitMs: number;
  readonly error: ErrorDetail;
}

export interface TokenUsage {
  readonly prompt: number;
  readonly completion: number;
  /** Part of `completion` spent on reasoning, where the server says so. */
  readonly reasoning?: number;
  /** Part of `prompt` that the server had cached. */
  readonly cached?: number;
  /** True when the server gave no numbers and these were estimated. */
  readonly estimated: boolean;
}

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'unknown';

export interface ChatReply {
  /** The answer, without reasoning. */
  readonly text: string;
  readonly reasoning?: string;
  readonly toolCalls: readonly ToolCall[];
  readonly finishReason: FinishReason;
  readonly usage: TokenUsage;
  /** In the currency of the price table (US dollars); undefined where no price is known. */
  readonly cost?: number;
  /** The model that answered, as the server names it. */
  readonly model: string;
  readonly durationMs: number;
  readonly firstTokenMs?: number;
  readonly retries: readonly RetryNotice[];
}

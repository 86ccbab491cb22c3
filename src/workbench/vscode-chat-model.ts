import * as vscode from 'vscode';
import type {
  ChatMessage,
  ChatModel,
  ChatOptions,
  ChatReply,
  ChatRequest,
  TokenUsage,
  ToolCall,
} from '../llm/chat-model.ts';
import { ModelFailure } from '../llm/errors.ts';
import { costOf, priceOf, type PriceTable } from '../llm/prices.ts';
import { estimateMessages, estimateTokens } from '../llm/tokens.ts';
import { CancelledError, throwIfCancelled } from '../shared/errors.ts';
import { redact } from '../shared/log.ts';

export interface VscodeChatOptions {
  readonly model: vscode.LanguageModelChat;
  readonly prices?: PriceTable;
  /** Until the first piece of the reply, and between two pieces. */
  readonly idleTimeoutMs?: number;
  readonly clock?: () => number;
}

type Part = vscode.LanguageModelTextPart | vscode.LanguageModelToolCallPart;

/**
 * A model that another extension brings to VS Code (`vscode.lm`). Such models take no system role (it becomes the
 * first user message) and no dependable options: temperature and lengths are left to them, and stop sequences are
 * watched here.
 */
export class VscodeChatModel implements ChatModel {
  readonly label: string;
  readonly model: string;
  readonly contextTokens: number | undefined;
  private readonly options: VscodeChatOptions;
  private readonly clock: () => number;

  constructor(options: VscodeChatOptions) {
    this.options = options;
    this.model = options.model.id;
    this.label = `${options.model.name} in VS Code`;
    const { maxInputTokens } = options.model;
    this.contextTokens = maxInputTokens > 0 ? maxInputTokens : undefined;
    this.clock = options.clock ?? Date.now;
  }

  async chat(request: ChatRequest, options: ChatOptions = {}): Promise<ChatReply> {
    const { signal, onDelta } = options;
    throwIfCancelled(signal, 'The request');
    const started = this.clock();
    const cancel = new vscode.CancellationTokenSource();
    const stop = () => cancel.cancel();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      const prompt = await this.countPrompt(request.messages, cancel.token);
      const { contextTokens } = this;
      if (contextTokens !== undefined && prompt.tokens > contextTokens)
        throw new ModelFailure(
          'context-too-long',
          `The prompt has ${prompt.tokens} tokens, and ${this.options.model.name} takes ${contextTokens}.`,
          'Show fewer history items or candidates, or choose a model with a longer context.',
        );
      const reply = new PartReader(request.stop ?? [], onDelta, () => this.clock() - started);
      await this.receive(request, reply, cancel, signal);
      throwIfCancelled(signal, 'The request');
      const { text, toolCalls } = reply;
      if (text.trim() === '' && toolCalls.length === 0)
        throw new ModelFailure(
          'empty-reply',
          `${this.options.model.name} answered with nothing.`,
          'Try again, or choose another model.',
          { retryable: true },
        );
      const usage: TokenUsage = {
        prompt: prompt.tokens,
        completion: await this.countText(text, toolCalls),
        // Counted by the model's own tokenizer where it answers, but not what the provider accounts.
        estimated: true,
      };
      const prices = this.options.prices ?? {};
      const price = priceOf(prices, this.model) ?? priceOf(prices, this.options.model.family);
      return {
        text,
        toolCalls,
        finishReason: toolCalls.length > 0 ? 'tool_calls' : 'stop',
        usage,
        ...(price && { cost: costOf(usage, price) }),
        model: this.model,
        durationMs: this.clock() - started,
        ...(reply.firstTokenMs !== undefined && { firstTokenMs: reply.firstTokenMs }),
        retries: [],
      };
    } catch (error) {
      if (signal?.aborted || error instanceof CancelledError) throw new CancelledError('The request');
      throw this.classify(error);
    } finally {
      signal?.removeEventListener('abort', stop);
      cancel.cancel(); // whatever still comes is of no use
      cancel.dispose();
    }
  }

  private async receive(
    request: ChatRequest,
    reply: PartReader,
    cancel: vscode.CancellationTokenSource,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const tools = (request.tools ?? []).map(({ name, description, parameters }) => ({
      name,
      description,
      inputSchema: parameters,
    }));
    const asked = this.options.model.sendRequest(
      wireMessages(request),
      {
        justification: vscode.l10n.t('ToolRec asks it, as the surrogate user, which items suit a user.'),
        ...(tools.length > 0 && {
          tools,
          // Some models take “required” only with a single tool.
          toolMode:
            request.toolChoice === 'required' && tools.length === 1
              ? vscode.LanguageModelChatToolMode.Required
              : vscode.LanguageModelChatToolMode.Auto,
        }),
      },
      cancel.token,
    );
    // The person may be reading the question for their consent: no time-out until the request is under way.
    const response = await unlessAborted(Promise.resolve(asked), signal);
    const parts = response.stream[Symbol.asyncIterator]();
    for (;;) {
      const next = await this.within(unlessAborted(Promise.resolve(parts.next()), signal));
      if (next.done) return;
      if (reply.take(next.value as Part)) return;
    }
  }

  private async within<T>(work: Promise<T>): Promise<T> {
    const ms = this.options.idleTimeoutMs ?? 120_000;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () =>
          reject(
            new ModelFailure(
              'idle-timeout',
              `${this.options.model.name} was silent for ${ms / 1000} s.`,
              'Try again, or raise the timeout.',
              { retryable: true },
            ),
          ),
        ms,
      );
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  private async countPrompt(
    messages: readonly ChatMessage[],
    token: vscode.CancellationToken,
  ): Promise<{ readonly tokens: number }> {
    try {
      const text = messages.map(({ content }) => content).join('\n');
      const tokens = await this.options.model.countTokens(text, token);
      if (Number.isFinite(tokens) && tokens > 0) return { tokens: tokens + 4 * messages.length };
    } catch {
      // Counting is a courtesy of the provider; the estimate stands in, and usage is marked as estimated.
    }
    return { tokens: estimateMessages(messages) };
  }

  private async countText(text: string, calls: readonly ToolCall[]): Promise<number> {
    const whole = [text, ...calls.map((call) => `${call.name} ${call.arguments}`)].join('\n');
    try {
      const tokens = await this.options.model.countTokens(whole);
      if (Number.isFinite(tokens) && tokens >= 0) return tokens;
    } catch {
      // as above
    }
    return estimateTokens(whole);
  }

  private classify(error: unknown): unknown {
    if (error instanceof ModelFailure) return error;
    if (error instanceof vscode.CancellationError)
      return new ModelFailure(
        'connection-lost',
        `${this.options.model.name} ended its reply.`,
        'Try again.',
        { retryable: true },
      );
    const text = error instanceof Error ? error.message : String(error);
    const said = redact(text).replace(/\s+/g, ' ').trim().slice(0, 300);
    const quote = said === '' ? '' : ` It said: “${said}”`;
    const { name } = this.options.model;
    const code = error instanceof vscode.LanguageModelError ? error.code : '';
    if (code === vscode.LanguageModelError.NoPermissions.name)
      return new ModelFailure(
        'unauthorised',
        `ToolRec may not use ${name}.${quote}`,
        'Allow it when VS Code asks, or choose another model.',
      );
    if (code === vscode.LanguageModelError.Blocked.name)
      return new ModelFailure(
        'quota-exceeded',
        `${name} takes no more requests for now.${quote}`,
        'Wait, check your plan, or choose another model.',
      );
    if (code === vscode.LanguageModelError.NotFound.name)
      return new ModelFailure(
        'model-not-found',
        `VS Code no longer has ${name}.${quote}`,
        'Run “ToolRec: Select Language Model” and choose another.',
      );
    return new ModelFailure(
      'server-error',
      `${name} failed.${quote}`,
      'Try again, or choose another model.',
      {
        retryable: true,
      },
    );
  }
}

/** Rejects as soon as the signal fires, whether the work hears of it or not. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise<T>((resolve, reject) => {
    const stop = () => reject(new CancelledError('The request'));
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

/** Puts a reply together from its parts, and ends it at a stop sequence. */
class PartReader {
  text = '';
  firstTokenMs: number | undefined;
  readonly toolCalls: ToolCall[] = [];
  private told = 0;
  private readonly stop: readonly string[];
  private readonly onDelta: ChatOptions['onDelta'];
  private readonly elapsed: () => number;

  constructor(stop: readonly string[], onDelta: ChatOptions['onDelta'], elapsed: () => number) {
    this.stop = stop.filter((text) => text !== '');
    this.onDelta = onDelta;
    this.elapsed = elapsed;
  }

  /** True when the reply has reached its end. */
  take(part: unknown): boolean {
    if (part instanceof vscode.LanguageModelToolCallPart) {
      this.firstTokenMs ??= this.elapsed();
      this.toolCalls.push({ id: part.callId, name: part.name, arguments: JSON.stringify(part.input) });
      return false;
    }
    if (!(part instanceof vscode.LanguageModelTextPart) || part.value === '') return false;
    this.firstTokenMs ??= this.elapsed();
    this.text += part.value;
    const ends = this.stop.map((text) => this.text.indexOf(text)).filter((at) => at >= 0);
    const end = ends.length > 0 ? Math.min(...ends) : undefined;
    if (end !== undefined) this.text = this.text.slice(0, end);
    if (this.text.length > this.told) this.onDelta?.({ text: this.text.slice(this.told), kind: 'text' });
    this.told = Math.max(this.told, this.text.length);
    return end !== undefined;
  }
}

function wireMessages(request: ChatRequest): vscode.LanguageModelChatMessage[] {
  const { messages, responseFormat } = request;
  const wire = messages.map((message) => {
    const { role, content, toolCalls, toolCallId } = message;
    if (role === 'assistant') {
      const calls = (toolCalls ?? []).map(
        (call) => new vscode.LanguageModelToolCallPart(call.id, call.name, parsedArguments(call.arguments)),
      );
      return vscode.LanguageModelChatMessage.Assistant([
        ...(content === '' ? [] : [new vscode.LanguageModelTextPart(content)]),
        ...calls,
      ]);
    }
    if (role === 'tool' && toolCallId !== undefined)
      return vscode.LanguageModelChatMessage.User([
        new vscode.LanguageModelToolResultPart(toolCallId, [new vscode.LanguageModelTextPart(content)]),
      ]);
    return vscode.LanguageModelChatMessage.User(content);
  });
  // There is no way to hold these models to a schema, so it is asked for in words.
  if (responseFormat)
    wire.push(
      vscode.LanguageModelChatMessage.User(
        `Reply with one JSON object of this schema and nothing else:\n${JSON.stringify(responseFormat.schema)}`,
      ),
    );
  return wire;
}

function parsedArguments(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // a call that the model had written badly; it is shown to it as such
  }
  return { arguments: text };
}

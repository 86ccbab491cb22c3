import OpenAI from 'openai';
import { CancelledError, ConfigurationError, throwIfCancelled } from '../shared/errors.ts';
import { isLoopback } from './base-url.ts';
import type {
  ChatModel,
  ChatOptions,
  ChatReply,
  ChatRequest,
  RetryNotice,
  TokenUsage,
} from './chat-model.ts';
import { ReplyBuilder } from './chat-pieces.ts';
import { type Adaptation, wireParameters } from './chat-wire.ts';
import { classify } from './classify.ts';
import { ModelFailure } from './errors.ts';
import { RequestGate, sleep, type Sleep } from './gate.ts';
import { costOf, priceOf, type PriceTable } from './prices.ts';
import { WatchedFetch } from './watched-fetch.ts';
import { estimateMessages, estimateTokens } from './tokens.ts';

export interface OpenAiChatOptions {
  /**
   * Base URL, most end in /v1: OpenAI, Ollama, vLLM, LM Studio, llama.cpp, a gateway. One with `?api-version=…` is in the
   * style of Azure: the query goes with every request, and the key as `api-key` too.
   */
  readonly baseURL: string;
  /** Asked for before each request, so that it need not be kept; servers without keys take any. */
  readonly apiKey?: string | (() => Promise<string | undefined> | string | undefined);
  readonly model: string;
  /** Until the first byte of the reply. */
  readonly timeoutMs?: number;
  /** Between two pieces of the reply; the SDK's own timeout does not cover the body. */
  readonly idleTimeoutMs?: number;
  /** The whole request. */
  readonly totalTimeoutMs?: number;
  readonly maxRetries?: number;
  /** A longer Retry-After is not waited for: it fails at once and says how long it would be. */
  readonly maxRetryAfterMs?: number;
  /** Larger replies are cut off with an error. */
  readonly maxReplyBytes?: number;
  readonly contextTokens?: number;
  readonly prices?: PriceTable;
  /** Shared by models of one server. */
  readonly gate?: RequestGate;
  /** Further headers of a gateway. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly clock?: () => number;
  readonly sleep?: Sleep;
  /** In [0, 1): spreads retries. */
  readonly jitter?: () => number;
}

/** A chat model behind any OpenAI-compatible server. Always streams; takes a plain JSON answer too. */
export class OpenAiChatModel implements ChatModel {
  readonly label: string;
  readonly model: string;
  readonly contextTokens: number | undefined;
  private readonly options: OpenAiChatOptions;
  private readonly server: string;
  private readonly address: string;
  private readonly query: Readonly<Record<string, string>>;
  private readonly isLocal: boolean;
  private readonly gate: RequestGate;
  private readonly clock: () => number;
  private readonly adaptation: Adaptation = { dropped: new Set(), renamedMaxTokens: false };

  /** @throws ConfigurationError `bad-base-url`, `no-model`. */
  constructor(options: OpenAiChatOptions) {
    let url: URL;
    try {
      url = new URL(options.baseURL);
      if (!/^https?:$/.test(url.protocol)) throw new TypeError('not http');
    } catch (cause) {
      throw new ConfigurationError(
        'bad-base-url',
        `“${options.baseURL.slice(0, 100)}” is not the address of a server.`,
        'Give a base URL with http:// or https://; most end in /v1.',
        { cause },
      );
    }
    if (options.model.trim() === '')
      throw new ConfigurationError('no-model', 'No model is chosen.', 'Name a model that the server has.');
    // A query belongs to every request, not to the middle of its path: gateways in the style of Azure have one.
    this.query = Object.fromEntries(url.searchParams);
    url.search = '';
    this.address = url.href.replace(/\/+$/, '');
    this.options = options;
    this.model = options.model;
    this.server = url.host;
    this.isLocal = isLoopback(options.baseURL) || url.hostname === '0.0.0.0';
    this.label = `${options.model} at ${url.host}`;
    this.contextTokens = options.contextTokens;
    this.gate = options.gate ?? new RequestGate();
    this.clock = options.clock ?? Date.now;
  }

  async chat(request: ChatRequest, options: ChatOptions = {}): Promise<ChatReply> {
    const { maxRetries = 2, maxRetryAfterMs = 60_000 } = this.options;
    const retries: RetryNotice[] = [];
    let adaptations = 0;
    for (;;) {
      throwIfCancelled(options.signal, 'The request');
      try {
        return await this.gate.run(() => this.attempt(request, options, retries), options.signal);
      } catch (error) {
        if (options.signal?.aborted || error instanceof CancelledError)
          throw new CancelledError('The request');
        if (!(error instanceof ModelFailure)) throw error;
        if (this.adapt(error) && adaptations++ < 6) continue;
        if (!error.retryable || retries.length >= maxRetries) throw error;
        const asked = error.retryAfterMs;
        if (asked !== undefined && asked > maxRetryAfterMs)
          throw new ModelFailure(
            'rate-limited',
            `${error.message} It asks to wait ${Math.ceil(asked / 1000)} s.`,
            'Try again after that time, or lower the number of requests.',
            { status: error.status, retryAfterMs: asked },
          );
        const backoff = 500 * 2 ** retries.length * (1 + 0.25 * (this.options.jitter ?? Math.random)());
        const notice = {
          attempt: retries.length + 1,
          waitMs: Math.round(asked ?? backoff),
          error: error.toDetail(),
        };
        retries.push(notice);
        options.onRetry?.(notice);
        await (this.options.sleep ?? sleep)(notice.waitMs, options.signal);
      }
    }
  }

  /** Leaves out or renames what the server refused by name. True when another attempt makes sense. */
  private adapt(error: ModelFailure): boolean {
    const { parameter } = error;
    if (error.code !== 'bad-request' || parameter === undefined) return false;
    if (parameter === 'max_tokens' && !this.adaptation.renamedMaxTokens) {
      this.adaptation.renamedMaxTokens = true;
      return true;
    }
    if (this.adaptation.dropped.has(parameter)) return false;
    this.adaptation.dropped.add(parameter);
    return true;
  }

  private async attempt(
    request: ChatRequest,
    options: ChatOptions,
    retries: readonly RetryNotice[],
  ): Promise<ChatReply> {
    const started = this.clock();
    const { apiKey } = this.options;
    const key = (typeof apiKey === 'function' ? await apiKey() : apiKey) ?? '';
    const watched = new WatchedFetch(
      {
        firstByteMs: this.options.timeoutMs ?? 60_000,
        idleMs: this.options.idleTimeoutMs ?? 60_000,
        totalMs: this.options.totalTimeoutMs ?? 600_000,
        maxBytes: this.options.maxReplyBytes ?? 4_000_000,
      },
      this.server,
      options.signal,
    );
    const client = new OpenAI({
      apiKey: key === '' ? 'none' : key,
      baseURL: this.address,
      defaultQuery: this.query,
      organization: null,
      project: null,
      webhookSecret: null,
      maxRetries: 0,
      timeout: this.options.totalTimeoutMs ?? 600_000,
      logLevel: 'off', // it would print the text of broken pieces
      fetch: watched.fetch,
      defaultHeaders: {
        ...('api-version' in this.query && key !== '' ? { 'api-key': key } : {}),
        ...this.options.headers,
      },
    });
    const reply = new ReplyBuilder(options.onDelta, () => this.clock() - started);
    try {
      const stream = await client.chat.completions.create(
        wireParameters(this.model, request, this.adaptation),
        {
          signal: watched.signal,
        },
      );
      for await (const chunk of stream) {
        reply.take(chunk);
        if (watched.failure) break;
      }
      if (watched.failure) throw watched.failure;
      // The SDK ends the loop in silence when it is aborted.
      throwIfCancelled(options.signal, 'The request');
    } catch (error) {
      if (options.signal?.aborted) throw new CancelledError('The request');
      throw (
        watched.failure ??
        classify(error, { server: this.server, model: this.model, secrets: key === '' ? [] : [key] })
      );
    } finally {
      watched.dispose();
    }
    return this.finish(request, reply, watched.sawDone, retries, this.clock() - started, key !== '');
  }

  private finish(
    request: ChatRequest,
    built: ReplyBuilder,
    sawDone: boolean,
    retries: readonly RetryNotice[],
    durationMs: number,
    hadKey: boolean,
  ): ChatReply {
    const { text, reasoning } = built.splitter.end();
    const toolCalls = built.calls();
    if (!sawDone && built.finishReason === undefined)
      throw new ModelFailure('stream-truncated', `${this.server} broke off its reply.`, 'Try again.', {
        retryable: true,
      });
    const finishReason = built.finishReason ?? 'unknown';
    if (text === '' && toolCalls.length === 0) {
      if (finishReason === 'content_filter')
        throw new ModelFailure(
          'content-filtered',
          `${this.server} withheld the reply by its content filter.`,
          'Change the prompt or the model.',
        );
      if (finishReason === 'length')
        throw new ModelFailure(
          'reasoning-too-long',
          `${this.model} used all its tokens before it wrote an answer.`,
          'Raise max_tokens in the prompt, or choose a model that thinks less.',
        );
      throw new ModelFailure(
        'empty-reply',
        `${this.model} answered with nothing.`,
        'Try again, or choose another model.',
        {
          retryable: true,
        },
      );
    }
    const usage: TokenUsage = built.usage ?? {
      prompt: estimateMessages(request.messages),
      completion: estimateTokens(text) + estimateTokens(reasoning),
      estimated: true,
    };
    const price =
      priceOf(this.options.prices ?? {}, built.model ?? this.model) ??
      priceOf(this.options.prices ?? {}, this.model);
    // A server of this machine that wants no key bills nobody; one with a key may be a gateway to another that does.
    const cost = price ? costOf(usage, price) : this.isLocal && !hadKey ? 0 : undefined;
    return {
      text,
      ...(reasoning === '' ? {} : { reasoning }),
      toolCalls,
      finishReason,
      usage,
      ...(cost === undefined ? {} : { cost }),
      model: built.model ?? this.model,
      durationMs,
      ...(built.firstTokenMs === undefined ? {} : { firstTokenMs: built.firstTokenMs }),
      retries: [...retries],
    };
  }
}

import { onAbort } from '../shared/abort.ts';
import type { Disposable } from '../shared/disposable.ts';
import { ModelFailure } from './errors.ts';

export interface WatchLimits {
  /** Until the reply's first byte. */
  readonly firstByteMs: number;
  /** Between two pieces. */
  readonly idleMs: number;
  readonly totalMs: number;
  readonly maxBytes: number;
}

/**
 * A `fetch` for one request that watches what the SDK does not: a stalled body, a body without end, a web page in
 * place of an event stream, and whether the stream ended with `[DONE]`. When something is wrong it aborts the request
 * and holds the reason in `failure`.
 */
export class WatchedFetch {
  failure: ModelFailure | undefined;
  sawDone = false;
  private readonly controller = new AbortController();
  private readonly limits: WatchLimits;
  private readonly server: string;
  private readonly total: NodeJS.Timeout;
  private idle: NodeJS.Timeout | undefined;
  private readonly following: Disposable;
  /** Last bytes seen, in which `[DONE]` may be cut in two. */
  private tail = '';

  constructor(limits: WatchLimits, server: string, outer: AbortSignal | undefined) {
    this.limits = limits;
    this.server = server;
    this.following = onAbort(outer, () => this.controller.abort());
    this.total = setTimeout(
      () => this.fail(this.late('timeout', `did not finish within ${limits.totalMs / 1000} s`)),
      limits.totalMs,
    );
    this.arm('timeout', limits.firstByteMs, `did not answer within ${limits.firstByteMs / 1000} s`);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  readonly fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const response = await fetch(input, init);
    this.arm(
      'idle-timeout',
      this.limits.idleMs,
      `stopped in the middle of its reply for ${this.limits.idleMs / 1000} s`,
    );
    if (!response.ok) return response;
    const type = response.headers.get('content-type') ?? '';
    if (/text\/event-stream/i.test(type)) return this.wrap(response);
    return this.whole(response, type);
  };

  dispose(): void {
    clearTimeout(this.total);
    clearTimeout(this.idle);
    this.following.dispose();
    // Whatever still comes is of no use.
    this.controller.abort();
  }

  private wrap(response: Response): Response {
    let bytes = 0;
    const decoder = new TextDecoder();
    const watch = new TransformStream<Uint8Array, Uint8Array>({
      transform: (piece, controller) => {
        this.arm(
          'idle-timeout',
          this.limits.idleMs,
          `stopped in the middle of its reply for ${this.limits.idleMs / 1000} s`,
        );
        bytes += piece.byteLength;
        if (bytes > this.limits.maxBytes) this.fail(this.tooLarge());
        if (!this.sawDone) {
          const text = this.tail + decoder.decode(piece, { stream: true });
          this.sawDone = /(^|\n)data: ?\[DONE\]/.test(text);
          this.tail = text.slice(-32);
        }
        controller.enqueue(piece);
      },
    });
    const body = response.body?.pipeThrough(watch) ?? null;
    return new Response(body, {
      status: response.status,
      statusText: response.statusText,
      headers: response.headers,
    });
  }

  /** A server that does not stream: its JSON becomes a stream of one piece. Anything else is not our kind of server. */
  private async whole(response: Response, type: string): Promise<Response> {
    const text = await this.bounded(response);
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      parsed = undefined;
    }
    const fields = parsed as { choices?: unknown; error?: unknown } | undefined;
    if (fields && typeof fields === 'object' && (Array.isArray(fields.choices) || fields.error)) {
      this.sawDone = true;
      return new Response(`data: ${JSON.stringify(parsed)}\n\ndata: [DONE]\n\n`, {
        status: 200,
        headers: { 'content-type': 'text/event-stream' },
      });
    }
    const what = /html/i.test(type) || /^\s*</.test(text) ? 'a web page' : 'something else';
    throw new ModelFailure(
      'not-json',
      `${this.server} answered with ${what} in place of a chat completion.`,
      'Check the base URL; most end in /v1.',
    );
  }

  private async bounded(response: Response): Promise<string> {
    const reader = response.body?.getReader();
    if (!reader) return '';
    const decoder = new TextDecoder();
    let text = '';
    let bytes = 0;
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return text + decoder.decode();
      this.arm(
        'idle-timeout',
        this.limits.idleMs,
        `stopped in the middle of its reply for ${this.limits.idleMs / 1000} s`,
      );
      bytes += value.byteLength;
      if (bytes > this.limits.maxBytes) {
        this.fail(this.tooLarge());
        throw this.failure!;
      }
      text += decoder.decode(value, { stream: true });
    }
  }

  private arm(code: 'timeout' | 'idle-timeout', ms: number, what: string): void {
    clearTimeout(this.idle);
    this.idle = setTimeout(() => this.fail(this.late(code, what)), ms);
  }

  private late(code: 'timeout' | 'idle-timeout', what: string): ModelFailure {
    return new ModelFailure(code, `${this.server} ${what}.`, 'Try again, or raise the timeout.', {
      retryable: true,
    });
  }

  private tooLarge(): ModelFailure {
    return new ModelFailure(
      'reply-too-large',
      `${this.server} sent more than ${this.limits.maxBytes} bytes.`,
      'Set max_tokens in the prompt, or choose another model.',
    );
  }

  private fail(failure: ModelFailure): void {
    this.failure ??= failure;
    this.controller.abort();
  }
}

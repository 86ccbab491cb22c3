import { APIConnectionError, APIConnectionTimeoutError, APIError, APIUserAbortError } from 'openai';
import { redact } from '../shared/log.ts';
import { type ModelErrorCode, ModelFailure } from './errors.ts';

/** Turns whatever `openai`, fetch or the stream threw into one typed failure; secrets are taken out of messages. */
export function classify(
  error: unknown,
  context: { readonly server: string; readonly model: string; readonly secrets: readonly string[] },
): unknown {
  const own = findCause(error, (cause) => cause instanceof ModelFailure);
  if (own) return own;
  const clean = (text: string) => redact(text, context.secrets).replace(/\s+/g, ' ').trim().slice(0, 300);
  const fail = (
    code: ModelErrorCode,
    message: string,
    remedy: string,
    options: ConstructorParameters<typeof ModelFailure>[3] = {},
  ) => new ModelFailure(code, message, remedy, options);
  // The original error may carry headers with the key: it is not kept as the cause.

  if (error instanceof APIUserAbortError) return error;
  if (error instanceof APIConnectionTimeoutError)
    return fail(
      'timeout',
      `${context.server} did not answer in time.`,
      'Try again, or raise the request timeout.',
      {
        retryable: true,
      },
    );
  if (error instanceof APIConnectionError || isSocketError(error))
    return connectionFailure(error, context.server, fail);
  if (error instanceof SyntaxError)
    return fail(
      'bad-chunk',
      `${context.server} sent a piece of a reply that is not JSON.`,
      'Try again; if it stays, the server is not OpenAI-compatible.',
      {
        retryable: true,
      },
    );
  if (!(error instanceof APIError)) return error;

  const said = clean(bodyMessage(error.error) ?? error.message);
  const quote = said === '' ? '' : ` It said: “${said}”`;
  const { status } = error;
  const base = { status };
  const kind = `${error.code ?? ''} ${error.type ?? ''} ${typeOf(error.error)}`;
  if (contextPattern.test(said) || /context_length_exceeded|exceed_context_size/.test(kind))
    return fail(
      'context-too-long',
      `The prompt is longer than ${context.model} can take.${quote}`,
      'Show fewer history items or candidates, or choose a model with a longer context.',
      base,
    );
  if (/insufficient_quota|billing/.test(kind) || status === 402)
    return fail(
      'quota-exceeded',
      `The account at ${context.server} has no credit left.${quote}`,
      'Check the plan and billing of the account.',
      base,
    );
  if (status === 401 || status === 403)
    return fail(
      'unauthorised',
      `${context.server} refused the key.${quote}`,
      'Enter a valid API key for this server.',
      base,
    );
  if (status === 404)
    return /model/i.test(said) || /model_not_found/.test(kind)
      ? fail(
          'model-not-found',
          `${context.server} has no model “${context.model}”.${quote}`,
          'Choose a model that the server lists, or pull it first.',
          base,
        )
      : fail(
          'wrong-address',
          `${context.server} has no chat completions at this address.${quote}`,
          'Check the base URL; most end in /v1.',
          base,
        );
  if (status === 429)
    return fail(
      'rate-limited',
      `${context.server} asks for fewer requests.${quote}`,
      'Wait, or lower the number of requests at a time.',
      {
        ...base,
        retryable: true,
        retryAfterMs: retryAfter(error.headers),
      },
    );
  if (status === 408)
    return fail('timeout', `${context.server} gave up waiting.${quote}`, 'Try again.', {
      ...base,
      retryable: true,
    });
  if (status === undefined || status >= 500 || status === 409) {
    const limited = /rate_limit/.test(kind);
    return fail(
      limited ? 'rate-limited' : 'server-error',
      `${context.server} failed${status === undefined ? ' in the middle of its reply' : ` (${status})`}.${quote}`,
      'Try again later; if it stays, look at the server’s log.',
      { ...base, retryable: true, retryAfterMs: retryAfter(error.headers) },
    );
  }
  return fail(
    'bad-request',
    `${context.server} did not accept the request (${status}).${quote}`,
    'Check the model’s options.',
    {
      ...base,
      parameter: parameterOf(error, said),
    },
  );
}

const contextPattern =
  /context (length|window|size)|maximum context|too many tokens|prompt is too long|(exceeds?|larger than|longer than)[^.]{0,60}\b(context|tokens)|input (is )?too long|reduce the length/i;

/** Parameters that a server may refuse and that the request can do without. */
const optionalParameters = [
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'stop',
  'seed',
  'stream_options',
  'tool_choice',
  'response_format',
];

function parameterOf(error: APIError, said: string): string | undefined {
  const named = error.param ?? optionalParameters.find((name) => new RegExp(`\\b${name}\\b`).test(said));
  return named && optionalParameters.includes(named) ? named : undefined;
}

function connectionFailure(
  error: unknown,
  server: string,
  fail: (
    code: ModelErrorCode,
    message: string,
    remedy: string,
    options?: ConstructorParameters<typeof ModelFailure>[3],
  ) => ModelFailure,
): ModelFailure {
  const code = String(
    (
      findCause(error, (cause) => typeof (cause as { code?: unknown }).code === 'string') as
        { code?: string } | undefined
    )?.code ?? '',
  );
  if (code === 'ECONNREFUSED' || code === 'EHOSTUNREACH' || code === 'ENETUNREACH')
    return fail('unreachable', `Nothing answers at ${server}.`, 'Start the server, or correct the base URL.');
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return fail('unreachable', `The name of ${server} is not known.`, 'Check the base URL and the network.');
  if (/CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code))
    return fail(
      'tls-error',
      `The secure connection to ${server} failed (${code}).`,
      'Check the certificate, or use http for a local server.',
    );
  if (/TIMEOUT/.test(code))
    return fail('timeout', `${server} did not answer in time.`, 'Try again, or raise the request timeout.', {
      retryable: true,
    });
  return fail('connection-lost', `The connection to ${server} broke.`, 'Try again.', { retryable: true });
}

/** A broken socket in mid-stream: `TypeError: terminated`, or an error of undici. */
function isSocketError(error: unknown): boolean {
  if (error instanceof TypeError && /terminated|fetch failed|network/i.test(error.message)) return true;
  return /^(UND_ERR_|ECONN|EPIPE)/.test(String((error as { code?: unknown } | undefined)?.code ?? ''));
}

function findCause(error: unknown, test: (cause: object) => boolean): unknown {
  let cause = error;
  for (let depth = 0; depth < 6 && cause && typeof cause === 'object'; depth++) {
    if (test(cause)) return cause;
    if (cause instanceof AggregateError && cause.errors[0]) cause = cause.errors[0] as unknown;
    else cause = (cause as { cause?: unknown }).cause;
  }
  return undefined;
}

function bodyMessage(body: unknown): string | undefined {
  if (typeof body === 'string') return body;
  const fields = body as { message?: unknown; error?: unknown; detail?: unknown } | undefined;
  const message = fields?.message ?? fields?.error ?? fields?.detail;
  return typeof message === 'string' ? message : undefined;
}

function typeOf(body: unknown): string {
  const fields = body as { type?: unknown; code?: unknown } | undefined;
  return `${String(fields?.type ?? '')} ${String(fields?.code ?? '')}`;
}

/** Milliseconds of a Retry-After header: seconds or a date; undefined without one. */
export function retryAfter(headers: Headers | undefined, now: () => number = Date.now): number | undefined {
  const milliseconds = Number(headers?.get('retry-after-ms') ?? Number.NaN);
  if (milliseconds >= 0) return milliseconds;
  const value = headers?.get('retry-after');
  if (!value) return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now());
}

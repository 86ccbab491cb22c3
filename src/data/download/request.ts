import {
  CancelledError,
  InputError,
  StorageError,
  throwIfCancelled,
  ToolRecError,
} from '../../shared/errors.ts';

/** How patient requests are. */
export interface Patience {
  /** Tries in a row that bring nothing before it is given up. */
  readonly attempts: number;
  /** Longest wait for the next byte, in ms: a stalled server would hold a stream for ever. */
  readonly idleMs: number;
  /** Wait before the second try, in ms; doubles with each, and a server's Retry-After may lengthen it. */
  readonly backoffMs: number;
  /** Longest wait between tries, in ms, whatever the server asks for. */
  readonly longestWaitMs: number;
}

export const defaultPatience: Patience = {
  attempts: 5,
  idleMs: 30_000,
  backoffMs: 1_000,
  longestWaitMs: 60_000,
};

/** A failure that another try may not have. */
export class Passing extends Error {
  readonly retryAfterMs: number | undefined;

  constructor(message: string, retryAfterMs?: number, cause?: unknown) {
    super(message, { cause });
    this.retryAfterMs = retryAfterMs;
  }
}

/** A response whose body is under watch: it ends with `Passing` when it stalls or breaks off. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: AsyncIterable<Uint8Array>;
  /** Lets go of the connection; needed when the body is not read to its end. */
  close(): void;
}

/**
 * One GET. Redirects are followed, but never from https to http.
 * @throws Passing for what may pass (network, 408, 429, 5xx); StorageError `download-refused` for other statuses;
 * InputError `not-the-file` for a web page in the place of the file.
 */
export async function request(
  url: string,
  headers: Readonly<Record<string, string>>,
  patience: Patience,
  signal?: AbortSignal,
): Promise<Answer> {
  throwIfCancelled(signal, 'The download');
  const stop = new AbortController();
  const onCancel = () => stop.abort();
  signal?.addEventListener('abort', onCancel, { once: true });
  let stalled = false;
  let timer: NodeJS.Timeout | undefined;
  const watch = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      stalled = true;
      stop.abort();
    }, patience.idleMs);
  };
  const close = () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onCancel);
    stop.abort();
  };
  const explain = (error: unknown): unknown => {
    if (error instanceof ToolRecError || error instanceof Passing) return error;
    if (signal?.aborted) return new CancelledError('The download');
    if (stalled) return new Passing(`the server sent nothing for ${Math.round(patience.idleMs / 1000)} s`);
    return new Passing(networkReason(error), undefined, error);
  };
  try {
    watch();
    const response = await fetch(url, {
      headers: { 'accept-encoding': 'identity', ...headers },
      signal: stop.signal,
    });
    watch();
    refuseDowngrade(url, response.url);
    checkStatus(response, url);
    const { body } = response;
    return {
      status: response.status,
      headers: response.headers,
      close,
      body: (async function* () {
        try {
          if (body)
            for await (const chunk of body) {
              clearTimeout(timer); // writing may take its time
              yield chunk;
              watch();
            }
        } catch (error) {
          throw explain(error);
        } finally {
          close();
        }
      })(),
    };
  } catch (error) {
    close();
    throw explain(error);
  }
}

/** Tries until it succeeds, cannot pass, or `patience.attempts` tries in a row made no headway. */
export async function withRetries<T>(
  patience: Patience,
  attempt: (madeHeadway: () => void) => Promise<T>,
  describe: { readonly url: string; readonly kept: () => string; readonly onWait?: (why: string) => void },
  signal?: AbortSignal,
): Promise<T> {
  let failures = 0;
  for (;;) {
    try {
      return await attempt(() => (failures = 0));
    } catch (error) {
      if (!(error instanceof Passing)) throw error;
      if (++failures >= patience.attempts)
        throw new StorageError(
          'download-failed',
          `The download did not succeed in ${failures} tries: ${error.message}.`,
          `Check the connection and run it again${describe.kept()}.`,
          { place: { file: describe.url }, cause: error },
        );
      const wait = Math.max(patience.backoffMs * 2 ** (failures - 1), error.retryAfterMs ?? 0);
      const bounded = Math.min(wait, patience.longestWaitMs);
      describe.onWait?.(`${error.message}; next try in ${Math.ceil(bounded / 1000)} s`);
      await pause(bounded, signal);
    }
  }
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onCancel = () => {
      clearTimeout(timer);
      reject(new CancelledError('The download'));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onCancel);
      resolve();
    }, ms);
    if (signal?.aborted) onCancel();
    else signal?.addEventListener('abort', onCancel, { once: true });
  });
}

function refuseDowngrade(asked: string, answered: string): void {
  if (!asked.startsWith('https:') || answered.startsWith('https:')) return;
  throw new StorageError(
    'download-refused',
    'The server leads from a secure address to one that is not.',
    'Try later, or download it in a browser and import the file.',
    { place: { file: asked } },
  );
}

function checkStatus(response: Response, url: string): void {
  const { status, headers } = response;
  const place = { file: url };
  if (status === 408 || status === 429 || status >= 500)
    throw new Passing(`the server answered ${status}`, retryAfter(headers.get('retry-after')));
  if (status === 416) return; // the caller asked for what is not there and knows why
  if (!response.ok)
    throw new StorageError(
      'download-refused',
      `The server answered ${status}${response.statusText ? ` (${response.statusText.slice(0, 60)})` : ''}.`,
      status === 404
        ? 'The file may have moved: look at the publisher’s page, download it by hand and import it.'
        : 'Try later, or download it in a browser and import the file.',
      { place },
    );
  if (/^\s*(text\/html|application\/xhtml)/i.test(headers.get('content-type') ?? ''))
    throw new InputError(
      'not-the-file',
      'The server sent a web page in the place of the file.',
      'A network’s sign-in page may be in between: open the address in a browser, then run it again.',
      { place },
    );
}

/** Retry-After in ms: seconds or a date. */
function retryAfter(value: string | null): number | undefined {
  if (value === null) return undefined;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}

function networkReason(error: unknown): string {
  const cause = (error as { cause?: { code?: string; message?: string } } | undefined)?.cause;
  const code = cause?.code ?? '';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'the server’s name could not be resolved';
  if (code === 'ECONNREFUSED') return 'the server refuses connections';
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code))
    return `the server’s certificate is not valid (${code})`;
  const detail = code || cause?.message || (error instanceof Error ? error.message : String(error));
  return `the connection broke (${detail.slice(0, 120)})`;
}

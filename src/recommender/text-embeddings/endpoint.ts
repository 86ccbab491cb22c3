/** Embeddings from an OpenAI-compatible endpoint: `POST <baseUrl>/embeddings`. */
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import { CancelledError, ModelError } from '../../shared/errors.ts';
import type { LongWork } from '../../shared/progress.ts';
import type { TextSource } from './source.ts';

export interface EndpointOptions {
  readonly source: Extract<TextSource, { kind: 'endpoint' }>;
  readonly apiKey?: string | undefined;
  /** Milliseconds before the first repetition after a refusal for load; each next one waits twice as long. */
  readonly patience?: number;
}

const textsPerRequest = 96;
const attempts = 5;
const timeoutMs = 120_000;

const answerSchema = z.looseObject({
  data: z.array(z.looseObject({ index: z.int().nonnegative(), embedding: z.array(z.number()) })),
});

/**
 * One row a text, as the endpoint gives them (not scaled).
 * @throws ModelError `embeddings-refused`, `embeddings-unreachable`, `embeddings-failed`, `bad-embeddings`,
 * `embedding-dimension`
 */
export async function embedByEndpoint(
  texts: readonly string[],
  options: EndpointOptions,
  work: LongWork = {},
): Promise<{ width: number; values: Float32Array }> {
  let width = 0;
  let values = new Float32Array(0);
  for (let from = 0; from < texts.length; from += textsPerRequest) {
    const rows = await ask(texts.slice(from, from + textsPerRequest), options, work);
    if (width === 0) {
      width = rows[0]!.length;
      values = new Float32Array(texts.length * width);
    }
    rows.forEach((row, i) => {
      if (row.length !== width)
        throw new ModelError(
          'embedding-dimension',
          `The endpoint gave vectors of ${width} and of ${row.length} numbers.`,
          'Use one embeddings model whose vectors all have the same length.',
        );
      values.set(row, (from + i) * width);
    });
  }
  return { width, values };
}

async function ask(
  input: readonly string[],
  { source, apiKey, patience = 1000 }: EndpointOptions,
  work: LongWork,
): Promise<number[][]> {
  const url = `${source.baseUrl.replace(/\/+$/, '')}/embeddings`;
  const body = JSON.stringify({
    model: source.model,
    input,
    encoding_format: 'float',
    ...(source.dimensions === undefined ? {} : { dimensions: source.dimensions }),
  });
  for (let attempt = 1; ; attempt++) {
    const response = await post(url, body, apiKey, work);
    if (response.ok) return rowsOf(response.text, input.length, source.dimensions);
    const busy = response.status === 429 || response.status >= 500;
    if (!busy || attempt === attempts) throw refused(response.status, response.text, source.model);
    const asked = Number(response.retryAfter) * 1000;
    await rest(asked > 0 ? Math.min(asked, 60_000) : patience * 2 ** (attempt - 1), work);
  }
}

async function post(url: string, body: string, apiKey: string | undefined, { signal }: LongWork) {
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(apiKey === undefined || apiKey === '' ? {} : { authorization: `Bearer ${apiKey}` }),
      },
      body,
      redirect: 'error', // a key is not carried to another place
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    const retryAfter = response.headers.get('retry-after');
    return { ok: response.ok, status: response.status, retryAfter, text: await response.text() };
  } catch (error) {
    if (signal?.aborted) throw new CancelledError('Embedding');
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ModelError(
      'embeddings-unreachable',
      `The embeddings endpoint cannot be reached: ${why.slice(0, 200) || 'no connection'}.`,
      'Check the address, and that the server runs.',
      { cause: error },
    );
  }
}

async function rest(milliseconds: number, { signal }: LongWork): Promise<void> {
  await pause(milliseconds, undefined, signal ? { signal } : {}).catch(() => {
    throw new CancelledError('Embedding');
  });
}

function rowsOf(text: string, count: number, dimensions: number | undefined): number[][] {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    throw bad('it is not JSON');
  }
  const parsed = answerSchema.safeParse(raw);
  if (!parsed.success) throw bad('it holds no embeddings');
  const rows: (number[] | undefined)[] = Array.from({ length: count }, () => undefined);
  for (const { index, embedding } of parsed.data.data) rows[index] = embedding;
  if (rows.length !== count || rows.some((row) => row === undefined || row.length === 0))
    throw bad(`${parsed.data.data.length} embeddings for ${count} texts`);
  if (dimensions !== undefined && rows[0]!.length !== dimensions)
    throw new ModelError(
      'embedding-dimension',
      `The endpoint gave vectors of ${rows[0]!.length} numbers where ${dimensions} were asked for.`,
      'Leave the dimensions out, or choose a model that can shorten its vectors.',
    );
  return rows as number[][];
}

function bad(what: string): ModelError {
  return new ModelError(
    'bad-embeddings',
    `The endpoint’s answer cannot be used: ${what}.`,
    'Check that the address is that of an OpenAI-compatible server and the model one for embeddings.',
  );
}

function refused(status: number, text: string, model: string): ModelError {
  const said = /"message"\s*:\s*"((?:[^"\\]|\\.){1,300})/.exec(text)?.[1];
  const detail = said === undefined ? '' : `: ${said}`;
  if (status === 401 || status === 403)
    return new ModelError(
      'embeddings-refused',
      `The embeddings endpoint refused the key (${status})${detail}.`,
      'Give a key that may use embeddings.',
    );
  return new ModelError(
    'embeddings-failed',
    `The embeddings endpoint failed (${status}) for the model “${model.slice(0, 80)}”${detail}.`,
    status === 404 ? 'Check the address and the model’s name.' : 'Try again later, or use another source.',
  );
}

import { APIError } from 'openai';
import { CancelledError } from '../shared/errors.ts';
import { classify } from './classify.ts';
import { ModelFailure } from './errors.ts';

export interface ListModelsOptions {
  readonly baseURL: string;
  readonly apiKey?: string | undefined;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface ListedModel {
  readonly id: string;
  /** Largest prompt and reply together, in tokens, where the server says so. */
  readonly contextTokens: number | undefined;
}

/** A gateway of hundreds fits, a reply without end does not. */
const mostBytes = 8_000_000;
const mostModels = 5_000;

/**
 * The models that an OpenAI-compatible server offers (`GET <base>/models`), by name.
 * @throws ModelFailure with a code of `modelErrorCodes`; CancelledError when `signal` fires.
 */
export async function listModels(options: ListModelsOptions): Promise<ListedModel[]> {
  const { baseURL, apiKey = '', timeoutMs = 10_000, signal } = options;
  const server = new URL(baseURL).host;
  const late = AbortSignal.timeout(timeoutMs);
  let text: string;
  try {
    const response = await fetch(`${baseURL.replace(/\/+$/, '')}/models`, {
      headers: { accept: 'application/json', ...(apiKey !== '' && { authorization: `Bearer ${apiKey}` }) },
      signal: signal ? AbortSignal.any([signal, late]) : late,
      // A redirect could carry the key to another server.
      redirect: 'error',
    });
    text = await bounded(response, server);
    if (!response.ok)
      throw APIError.generate(response.status, parse(text) as object, undefined, response.headers);
  } catch (error) {
    if (signal?.aborted) throw new CancelledError('The request');
    if (late.aborted)
      throw new ModelFailure(
        'timeout',
        `${server} did not answer within ${timeoutMs / 1000} s.`,
        'Start the server, or correct the base URL.',
        { retryable: true },
      );
    throw withoutList(
      classify(error, { server, model: 'models', secrets: apiKey === '' ? [] : [apiKey] }),
      server,
    );
  }
  const models = readList(parse(text));
  if (!models)
    throw new ModelFailure(
      'not-json',
      `${server} answered, but not with a list of models.`,
      'Check the base URL; most end in /v1. Where the server has no list, type the model’s name.',
    );
  return models;
}

async function bounded(response: Response, server: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.byteLength;
    if (bytes > mostBytes)
      throw new ModelFailure(
        'reply-too-large',
        `${server} sent more than ${mostBytes} bytes in place of a list of models.`,
        'Check the base URL.',
      );
    text += decoder.decode(piece, { stream: true });
  }
  return text + decoder.decode();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A server without this list may still chat. */
function withoutList(error: unknown, server: string): unknown {
  if (!(error instanceof ModelFailure)) return error;
  if (error.code !== 'wrong-address' && error.code !== 'model-not-found') return error;
  return new ModelFailure(
    'wrong-address',
    `${server} has no list of models at this address.`,
    'Check the base URL; most end in /v1. Where the server has no list, type the model’s name.',
    { status: error.status },
  );
}

function readList(body: unknown): ListedModel[] | undefined {
  const list = Array.isArray(body) ? body : (body as { data?: unknown } | null)?.data;
  if (!Array.isArray(list)) return undefined;
  const found = new Map<string, ListedModel>();
  for (const entry of list.slice(0, mostModels) as unknown[]) {
    const fields = entry as Record<string, unknown> | null;
    const id = fields?.['id'] ?? fields?.['name'];
    if (typeof id !== 'string' || id.trim() === '' || id.length > 300) continue;
    const context = [fields?.['max_model_len'], fields?.['context_length'], fields?.['context_window']].find(
      (value) => typeof value === 'number' && Number.isInteger(value) && value > 0,
    );
    found.set(id, { id, contextTokens: context as number | undefined });
  }
  return [...found.values()].sort((a, b) => a.id.localeCompare(b.id, 'en'));
}

import { CancelledError } from '../shared/errors.ts';
import { ModelFailure } from './errors.ts';
import { listModels, type ListedModel } from './list-models.ts';

/** Programs that serve language models on this machine, at the ports they take by default. */
export const localServers = [
  { name: 'Ollama', baseURL: 'http://127.0.0.1:11434/v1' },
  { name: 'LM Studio', baseURL: 'http://127.0.0.1:1234/v1' },
  { name: 'llama.cpp', baseURL: 'http://127.0.0.1:8080/v1' },
  { name: 'vLLM', baseURL: 'http://127.0.0.1:8000/v1' },
] as const;

export interface LocalServer {
  readonly name: string;
  readonly baseURL: string;
}

export type ProbedServer = LocalServer &
  (
    | { readonly state: 'found'; readonly models: readonly ListedModel[] }
    /** Something answers, but wants a key. */
    | { readonly state: 'locked' }
    | { readonly state: 'absent' }
  );

/**
 * Asks each port for its models, all at once, with a short time-out. No key is ever sent. What answers in another
 * way than a model server (any program may hold port 8080) counts as absent.
 */
export async function probeLocalServers(
  options: {
    readonly servers?: readonly LocalServer[];
    readonly timeoutMs?: number;
    readonly signal?: AbortSignal | undefined;
  } = {},
): Promise<ProbedServer[]> {
  const { servers = localServers, timeoutMs = 800, signal } = options;
  return Promise.all(
    servers.map(async ({ name, baseURL }): Promise<ProbedServer> => {
      try {
        return { name, baseURL, state: 'found', models: await listModels({ baseURL, timeoutMs, signal }) };
      } catch (error) {
        if (error instanceof CancelledError) throw error;
        if (!(error instanceof ModelFailure)) throw error;
        return { name, baseURL, state: error.code === 'unauthorised' ? 'locked' : 'absent' };
      }
    }),
  );
}

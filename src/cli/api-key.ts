import { isLoopback } from '../llm/base-url.ts';

/** Where an API key is looked for: never a flag (it would be in the shell's history), never a file. */
type Environment = Readonly<Record<string, string | undefined>>;

const openAi = 'https://api.openai.com/v1';

/**
 * The key for the server that a command names. `TOOLREC_API_KEY` is for whatever server that is. `OPENAI_API_KEY`, which many
 * programs share, goes to OpenAI alone, or to the server that `OPENAI_BASE_URL` names: a file or a mistyped address cannot
 * have it sent elsewhere.
 */
export function keyFor(baseUrl: string, env: Environment): string | undefined {
  return given(env['TOOLREC_API_KEY']) ?? openAiKey(baseUrl, env);
}

/**
 * The same for the servers of a file. One key is not given to several hosts: where a file names more than one, each has its
 * own in `TOOLREC_API_KEY_<NAME>`, by its name in the file. Servers of this machine do not count.
 */
export function keysFor(
  servers: Readonly<Record<string, { readonly base_url: string; readonly replay?: boolean }>>,
  env: Environment,
): (baseUrl: string) => string | undefined {
  const hosts = new Set(
    Object.values(servers)
      .filter(({ base_url, replay }) => !replay && !isLoopback(base_url))
      .map(({ base_url }) => new URL(base_url).origin),
  );
  return (baseUrl) => {
    const own = Object.entries(servers).find(
      ([name, { base_url }]) => base_url === baseUrl && given(env[variableOf(name)]) !== undefined,
    );
    if (own) return env[variableOf(own[0])];
    const isOnly = hosts.size <= 1 && (hosts.size === 0 || hosts.has(new URL(baseUrl).origin));
    return (isOnly ? given(env['TOOLREC_API_KEY']) : undefined) ?? openAiKey(baseUrl, env);
  };
}

/** Why a key of the environment is not sent to a server, for a person; undefined where that needs no word. */
export function withheld(baseUrl: string, key: string | undefined, env: Environment): string | undefined {
  if (key !== undefined || isLoopback(baseUrl) || given(env['OPENAI_API_KEY']) === undefined)
    return undefined;
  return (
    `OPENAI_API_KEY is sent to OpenAI only, not to ${new URL(baseUrl).host}. ` +
    'If that server needs a key, set TOOLREC_API_KEY.'
  );
}

function openAiKey(baseUrl: string, env: Environment): string | undefined {
  const own = given(env['OPENAI_BASE_URL']) ?? openAi;
  return isSameServer(baseUrl, own) ? given(env['OPENAI_API_KEY']) : undefined;
}

function isSameServer(a: string, b: string): boolean {
  try {
    return new URL(a).origin === new URL(b).origin;
  } catch {
    return false;
  }
}

/** `my-server` → `TOOLREC_API_KEY_MY_SERVER`. */
function variableOf(name: string): string {
  return `TOOLREC_API_KEY_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
}

const given = (value: string | undefined): string | undefined => (value === '' ? undefined : value);

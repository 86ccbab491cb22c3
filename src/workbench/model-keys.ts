import { normaliseBaseUrl } from '../llm/base-url.ts';
import { rememberSecret } from '../shared/log.ts';

/** The part of `vscode.SecretStorage` that is used. */
export interface Secrets {
  get(key: string): Thenable<string | undefined>;
  store(key: string, value: string): Thenable<void>;
  delete(key: string): Thenable<void>;
}

/** The part of `vscode.Memento` that is used. */
export interface Memory {
  get<T>(key: string): T | undefined;
  update(key: string, value: unknown): Thenable<void>;
}

const secretPrefix = 'toolrec.languageModel.key:';
/** Base URLs that have a key, never the keys: SecretStorage cannot list what it holds. */
const indexKey = 'toolrec.languageModel.keyed';

/**
 * API keys, one a base URL, in VS Code's SecretStorage. A key is only given out for the very address it was entered
 * for. Each key that passes through is taken out of logs and transcripts from then on.
 */
export class ModelKeys {
  private readonly secrets: Secrets;
  private readonly memory: Memory;

  constructor(secrets: Secrets, memory: Memory) {
    this.secrets = secrets;
    this.memory = memory;
  }

  /** The key of a server; undefined where none was entered. @throws ConfigurationError as `normaliseBaseUrl`. */
  async get(baseURL: string): Promise<string | undefined> {
    const key = await this.secrets.get(secretPrefix + normaliseBaseUrl(baseURL));
    if (key === undefined || key === '') return undefined;
    rememberSecret(key);
    return key;
  }

  async store(baseURL: string, key: string): Promise<void> {
    const server = normaliseBaseUrl(baseURL);
    rememberSecret(key);
    await this.secrets.store(secretPrefix + server, key);
    await this.memory.update(indexKey, [...new Set([...this.servers(), server])].sort());
  }

  async forget(baseURL: string): Promise<void> {
    const server = normaliseBaseUrl(baseURL);
    await this.secrets.delete(secretPrefix + server);
    await this.memory.update(
      indexKey,
      this.servers().filter((other) => other !== server),
    );
  }

  /** Base URLs that have a key. */
  servers(): readonly string[] {
    const kept = this.memory.get<unknown>(indexKey);
    return Array.isArray(kept) ? kept.filter((entry): entry is string => typeof entry === 'string') : [];
  }
}

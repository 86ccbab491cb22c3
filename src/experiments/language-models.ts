import type { ProtocolName } from '../agent/prompts/values.ts';
import type { ChatModel, ChatOptions, ChatReply, ChatRequest } from '../llm/chat-model.ts';
import { RequestGate } from '../llm/gate.ts';
import { JournalCassette } from '../llm/journal-cassette.ts';
import { OpenAiChatModel } from '../llm/openai-chat.ts';
import { resolveInside } from '../shared/workspace.ts';
import type { LanguageModelEntry } from './experiment-file.ts';
import { noSpending, type Spending } from './spending.ts';

/** Where language models come from that the file does not describe in full. */
export interface LanguageModelSource {
  /** The key for a server; asked for before each request, never kept. */
  apiKey?(baseUrl: string): Promise<string | undefined> | string | undefined;
  /** Another model in the place of an entry's own: an editor's, or a test's. */
  model?(name: string, entry: LanguageModelEntry): ChatModel | undefined;
}

/** The language models of one experiment: made when first asked for, shared by its methods and their rate limits. */
export class LanguageModels {
  private readonly entries: Readonly<Record<string, LanguageModelEntry>>;
  private readonly folder: string;
  private readonly source: LanguageModelSource;
  private readonly models = new Map<string, Promise<ChatModel>>();
  private readonly cassettes: JournalCassette[] = [];
  private spent = noSpending;
  private account: ((spent: Spending) => Promise<void>) | undefined;

  /** `folder`: of the experiment file; cassettes lie inside it. */
  constructor(
    entries: Readonly<Record<string, LanguageModelEntry>>,
    folder: string,
    source: LanguageModelSource,
  ) {
    this.entries = entries;
    this.folder = folder;
    this.source = source;
  }

  /** What was asked and answered so far, counted at each answer. Recorded answers cost nothing. */
  get spending(): Spending {
    return this.spent;
  }

  /** From now on each answer waits until `account` has written down what it cost. */
  keepAccount(account: (spent: Spending) => Promise<void>): void {
    this.account = account;
  }

  protocol(name: string): ProtocolName {
    return this.entries[name]?.protocol ?? 'react';
  }

  /** undefined for `offline`. @throws StorageError for a cassette that cannot be read. */
  async get(name: string): Promise<ChatModel | undefined> {
    const entry = this.entries[name];
    if (!entry) return undefined;
    let model = this.models.get(name);
    if (!model) {
      model = this.make(name, entry);
      this.models.set(name, model);
    }
    return model;
  }

  async close(): Promise<void> {
    await Promise.all(this.cassettes.map((cassette) => cassette.close()));
  }

  private async make(name: string, entry: LanguageModelEntry): Promise<ChatModel> {
    const file = entry.cassette === undefined ? undefined : resolveInside(this.folder, entry.cassette);
    if (entry.replay && file !== undefined) return JournalCassette.replay(file);
    const asked = this.source.model?.(name, entry) ?? this.server(entry);
    const live = new CountedModel(asked, (reply) => this.count(reply));
    if (file === undefined) return live;
    const cassette = await JournalCassette.record(file, live);
    this.cassettes.push(cassette);
    return cassette;
  }

  private server(entry: LanguageModelEntry): ChatModel {
    return new OpenAiChatModel({
      baseURL: entry.base_url,
      model: entry.model,
      apiKey: () => this.source.apiKey?.(entry.base_url),
      maxRetries: entry.retries,
      timeoutMs: entry.timeout_seconds * 1000,
      idleTimeoutMs: entry.idle_seconds * 1000,
      gate: new RequestGate({
        concurrent: entry.concurrent,
        ...(entry.per_minute === undefined ? {} : { perMinute: entry.per_minute }),
      }),
      ...(entry.context_tokens === undefined ? {} : { contextTokens: entry.context_tokens }),
      ...(entry.price === undefined ? {} : { prices: { [entry.model]: entry.price } }),
    });
  }

  private async count(reply: ChatReply): Promise<void> {
    const spent = {
      tokens: reply.usage.prompt + reply.usage.completion,
      cost: reply.cost ?? 0,
      calls: 1,
    };
    const { tokens, cost, calls } = this.spent;
    this.spent = { tokens: tokens + spent.tokens, cost: cost + spent.cost, calls: calls + 1 };
    await this.account?.(spent);
  }
}

class CountedModel implements ChatModel {
  readonly label: string;
  readonly model: string;
  readonly contextTokens: number | undefined;
  private readonly inner: ChatModel;
  private readonly onReply: (reply: ChatReply) => Promise<void>;

  constructor(inner: ChatModel, onReply: (reply: ChatReply) => Promise<void>) {
    this.label = inner.label;
    this.model = inner.model;
    this.contextTokens = inner.contextTokens;
    this.inner = inner;
    this.onReply = onReply;
  }

  async chat(request: ChatRequest, options?: ChatOptions): Promise<ChatReply> {
    const reply = await this.inner.chat(request, options);
    await this.onReply(reply);
    return reply;
  }
}

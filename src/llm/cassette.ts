import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import * as z from 'zod';
import { asStorageError, writeFileAtomic } from '../shared/atomic-file.ts';
import { StorageError, throwIfCancelled } from '../shared/errors.ts';
import { redact } from '../shared/log.ts';
import type { ChatModel, ChatOptions, ChatReply, ChatRequest } from './chat-model.ts';
import { ModelFailure } from './errors.ts';

export const recordedReplySchema = z.object({
  text: z.string(),
  reasoning: z.string().optional(),
  toolCalls: z.array(z.object({ id: z.string(), name: z.string(), arguments: z.string() })),
  finishReason: z.enum(['stop', 'length', 'tool_calls', 'content_filter', 'unknown']),
  usage: z.object({
    prompt: z.number(),
    completion: z.number(),
    reasoning: z.number().optional(),
    cached: z.number().optional(),
    estimated: z.boolean(),
  }),
  cost: z.number().optional(),
  model: z.string(),
  durationMs: z.number(),
  firstTokenMs: z.number().optional(),
});

const cassetteSchema = z.object({
  version: z.literal(1),
  model: z.string(),
  /** In the order of recording. The request is there for people; the hash is what counts. */
  entries: z.array(z.object({ hash: z.string(), request: z.unknown(), reply: recordedReplySchema })),
});
type Cassette = z.infer<typeof cassetteSchema>;

/** What identifies a request: all that can change the answer, in a fixed order. */
export function requestHash(model: string, request: ChatRequest): string {
  const { messages, tools, toolChoice, responseFormat, temperature, topP, maxTokens, stop, seed } = request;
  const parts = [
    model,
    messages,
    tools,
    toolChoice,
    responseFormat,
    temperature,
    topP,
    maxTokens,
    stop,
    seed,
  ];
  return createHash('sha256')
    .update(JSON.stringify(parts.map((part) => part ?? null)))
    .digest('hex');
}

/**
 * A recording of a model's answers by the hash of the request. The same request asked twice has two answers, given in
 * order, the last one again after that. `replay` never calls a model.
 */
export class CassetteModel implements ChatModel {
  readonly label: string;
  readonly model: string;
  readonly contextTokens: number | undefined;
  private readonly file: string;
  private readonly cassette: Cassette;
  private readonly live: ChatModel | undefined;
  private readonly used = new Map<string, number>();
  private saving: Promise<void> = Promise.resolve();

  private constructor(file: string, cassette: Cassette, live: ChatModel | undefined) {
    this.file = file;
    this.cassette = cassette;
    this.live = live;
    this.model = cassette.model;
    this.contextTokens = live?.contextTokens;
    this.label = live ? `${live.label}, recorded` : `recording of ${cassette.model}`;
  }

  /** Answers from the recording alone. @throws StorageError `damaged-cassette`, `not-found`. */
  static async replay(file: string): Promise<CassetteModel> {
    return new CassetteModel(file, await readCassette(file), undefined);
  }

  /** Answers from the recording where it can, asks `live` where it cannot, and keeps what it said. */
  static async record(file: string, live: ChatModel): Promise<CassetteModel> {
    const cassette = await readCassette(file).catch((error: unknown): Cassette => {
      if (error instanceof StorageError && error.code === 'not-found')
        return { version: 1, model: live.model, entries: [] };
      throw error;
    });
    return new CassetteModel(file, cassette, live);
  }

  /** @throws ModelFailure `not-recorded` in replay, when the request was never recorded. */
  async chat(request: ChatRequest, options: ChatOptions = {}): Promise<ChatReply> {
    throwIfCancelled(options.signal, 'The request');
    const hash = requestHash(this.model, request);
    const index = this.used.get(hash) ?? 0;
    this.used.set(hash, index + 1);
    const recorded = this.cassette.entries.filter((entry) => entry.hash === hash);
    const entry = recorded[Math.min(index, recorded.length - 1)];
    if (entry && (index < recorded.length || !this.live)) {
      const { reply } = entry;
      options.onDelta?.({ text: reply.text, kind: 'text' });
      return { ...(reply as Omit<ChatReply, 'retries'>), retries: [] };
    }
    if (!this.live)
      throw new ModelFailure(
        'not-recorded',
        'The recording has no answer to this request.',
        'Record it again; the prompt or its options have changed.',
        { place: { file: this.file } },
      );
    const reply = await this.live.chat(request, options);
    const { retries: _retries, ...kept } = reply;
    this.cassette.entries.push({
      hash,
      request: JSON.parse(redact(JSON.stringify(request))) as unknown,
      reply: { ...kept, toolCalls: [...kept.toolCalls] },
    });
    this.saving = this.saving.then(() =>
      writeFileAtomic(this.file, `${JSON.stringify(this.cassette, null, 1)}\n`),
    );
    await this.saving;
    return reply;
  }
}

async function readCassette(file: string): Promise<Cassette> {
  let text: string;
  try {
    text = await fs.readFile(file, 'utf8');
  } catch (error) {
    throw asStorageError(error, file);
  }
  try {
    return cassetteSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new StorageError(
      'damaged-cassette',
      'The recording cannot be read.',
      'Delete it and record again.',
      {
        place: { file },
        cause,
      },
    );
  }
}

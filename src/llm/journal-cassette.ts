import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import readline from 'node:readline';
import * as z from 'zod';
import { asStorageError, makeFolder } from '../shared/atomic-file.ts';
import { StorageError, throwIfCancelled } from '../shared/errors.ts';
import { redact } from '../shared/log.ts';
import type { ChatModel, ChatOptions, ChatReply, ChatRequest } from './chat-model.ts';
import { ModelFailure } from './errors.ts';

const recordedReplySchema = z.object({
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

const lineSchema = z.object({
  hash: z.string(),
  model: z.string(),
  request: z.unknown(),
  reply: recordedReplySchema,
});
type RecordedReply = z.infer<typeof recordedReplySchema>;

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
 * A recording of a model's answers: one JSON line an answer, only ever appended to, so that thousands of
 * calls cost no more each than the first. The same request asked twice has two answers, given in order, the last one
 * again after that. `replay` never calls a model.
 */
export class JournalCassette implements ChatModel {
  readonly label: string;
  readonly model: string;
  readonly contextTokens: number | undefined;
  private readonly file: string;
  private readonly answers: Map<string, RecordedReply[]>;
  private readonly live: ChatModel | undefined;
  private readonly used = new Map<string, number>();
  private torn: number;
  private writing: Promise<unknown> = Promise.resolve();

  private constructor(file: string, read: Recording, model: string, live: ChatModel | undefined) {
    this.file = file;
    this.answers = read.answers;
    this.torn = read.tornBytes;
    this.live = live;
    this.model = model;
    this.contextTokens = live?.contextTokens;
    this.label = live ? `${live.label}, recorded` : `recording of ${model}`;
  }

  /** Answers from the recording alone. @throws StorageError `not-found`, `damaged-cassette`. */
  static async replay(file: string): Promise<JournalCassette> {
    const read = await readRecording(file);
    return new JournalCassette(file, read, read.model ?? 'nothing', undefined);
  }

  /** Answers from the recording where it can, asks `live` where it cannot, and keeps what it said. */
  static async record(file: string, live: ChatModel): Promise<JournalCassette> {
    const read = await readRecording(file).catch((error: unknown): Recording => {
      if (error instanceof StorageError && error.code === 'not-found')
        return { answers: new Map(), model: undefined, tornBytes: newFile };
      throw error;
    });
    return new JournalCassette(file, read, live.model, live);
  }

  /** @throws ModelFailure `not-recorded` in replay, when the request was never recorded. */
  async chat(request: ChatRequest, options: ChatOptions = {}): Promise<ChatReply> {
    throwIfCancelled(options.signal, 'The request');
    const hash = requestHash(this.model, request);
    const index = this.used.get(hash) ?? 0;
    this.used.set(hash, index + 1);
    const recorded = this.answers.get(hash) ?? [];
    const reply = recorded[Math.min(index, recorded.length - 1)];
    if (reply && (index < recorded.length || !this.live)) {
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
    const answer = await this.live.chat(request, options);
    const { retries: _retries, ...kept } = answer;
    const own = { ...kept, toolCalls: [...kept.toolCalls] };
    this.answers.set(hash, [...recorded, own]);
    await this.append({
      hash,
      model: this.model,
      request: JSON.parse(redact(JSON.stringify(request))) as unknown,
      reply: own,
    });
    return answer;
  }

  /** Waits for what is still being written. */
  async close(): Promise<void> {
    await this.writing;
  }

  private append(line: z.infer<typeof lineSchema>): Promise<unknown> {
    const write = this.writing.then(async () => {
      try {
        if (this.torn !== 0) await this.mend();
        await fs.appendFile(this.file, `${JSON.stringify(line)}\n`);
      } catch (error) {
        throw asStorageError(error, this.file);
      }
    });
    this.writing = write.catch(() => undefined);
    return write;
  }

  /** Before the first line: the folder, and what a crash left unfinished. */
  private async mend(): Promise<void> {
    if (this.torn === newFile) await makeFolder(path.dirname(this.file));
    else if (this.torn > 0) await fs.truncate(this.file, (await fs.stat(this.file)).size - this.torn);
    else await fs.appendFile(this.file, '\n');
    this.torn = 0;
  }
}

/** In the place of `tornBytes`: there is no recording yet. */
const newFile = Number.POSITIVE_INFINITY;

interface Recording {
  readonly answers: Map<string, RecordedReply[]>;
  readonly model: string | undefined;
  /** Bytes at the end that a crash left unfinished; -1 when only the line end is missing. */
  readonly tornBytes: number;
}

async function readRecording(file: string): Promise<Recording> {
  const answers = new Map<string, RecordedReply[]>();
  let model: string | undefined;
  let number = 0;
  let bad: number | undefined;
  let size: number;
  let good = 0;
  try {
    size = (await fs.stat(file)).size;
    const lines = readline.createInterface({ input: createReadStream(file), crlfDelay: Infinity });
    for await (const text of lines) {
      number++;
      if (bad !== undefined) break; // damage that is not the last line
      const line = parseLine(text);
      if (!line) {
        bad = number;
        continue;
      }
      good += Buffer.byteLength(text) + 1;
      model ??= line.model;
      answers.set(line.hash, [...(answers.get(line.hash) ?? []), line.reply]);
    }
  } catch (error) {
    throw asStorageError(error, file);
  }
  // Half a line at the end is what a crash leaves; a file that begins so is something else, and is left as it is.
  if (bad !== undefined && (bad < number || bad === 1))
    throw new StorageError(
      'damaged-cassette',
      `Line ${bad} of the recording cannot be read.`,
      'Delete that line, or the file, and record again.',
      { place: { file, line: bad } },
    );
  return { answers, model, tornBytes: size - good };
}

function parseLine(text: string): z.infer<typeof lineSchema> | undefined {
  try {
    const parsed = lineSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

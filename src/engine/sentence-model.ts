/**
 * A sentence-embedding model in a folder, as exported for onnxruntime: `model.onnx` (or `onnx/model.onnx`) beside the
 * `tokenizer.json` of its tokeniser. A text's embedding is the mean of the states of its tokens, padding left out, scaled
 * to length 1 (Reimers and Gurevych, EMNLP 2019).
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import type { Tokenizer } from '@huggingface/tokenizers';
import type * as ort from 'onnxruntime-node';
import * as z from 'zod';
import { InputError, StorageError, throwIfCancelled } from '../shared/errors.ts';
import type { LongWork } from '../shared/progress.ts';
import { loadOnnxRuntime } from './native-packages.ts';

const modelPlaces = ['model.onnx', path.join('onnx', 'model.onnx')];
const tokenizerFile = 'tokenizer.json';
/** Item texts are short; a model that allows more is cut here. */
const mostTokens = 512;
/** Tokens of one run: what bounds memory. */
const tokensPerRun = 4096;

const knownInputs = new Set(['input_ids', 'attention_mask', 'token_type_ids']);

export interface SentenceModelFiles {
  readonly model: string;
  readonly tokenizer: string;
}

/** @throws StorageError `no-sentence-model` when something is missing from the folder */
export async function findSentenceModel(folder: string): Promise<SentenceModelFiles> {
  const isFile = (file: string) =>
    fs.stat(file).then(
      (stat) => stat.isFile(),
      () => false,
    );
  const fail = (what: string) =>
    new StorageError(
      'no-sentence-model',
      `The folder has no ${what}.`,
      'Give a folder with a sentence model exported to ONNX: model.onnx and tokenizer.json.',
      { place: { file: folder } },
    );
  for (const place of modelPlaces) {
    const model = path.join(folder, place);
    if (!(await isFile(model))) continue;
    const tokenizer = path.join(folder, tokenizerFile);
    if (await isFile(tokenizer)) return { model, tokenizer };
    throw fail(tokenizerFile);
  }
  throw fail(modelPlaces[0]!);
}

/** SHA-256 over model and tokeniser: which model an embedding is from. */
export async function sentenceModelHash({ model, tokenizer }: SentenceModelFiles): Promise<string> {
  const hash = createHash('sha256');
  for (const file of [model, tokenizer])
    for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** A sentence model resident in onnxruntime. */
export class SentenceModel {
  private readonly runtime: typeof ort;
  private readonly session: ort.InferenceSession;
  private readonly tokens: TokenReader;
  private readonly output: string;
  private readonly folder: string;

  private constructor(
    runtime: typeof ort,
    session: ort.InferenceSession,
    tokens: TokenReader,
    output: string,
    folder: string,
  ) {
    this.runtime = runtime;
    this.session = session;
    this.tokens = tokens;
    this.output = output;
    this.folder = folder;
  }

  /** @throws StorageError `no-sentence-model`; InputError `bad-sentence-model` */
  static async open(folder: string): Promise<SentenceModel> {
    const files = await findSentenceModel(folder);
    const tokens = await TokenReader.open(files.tokenizer);
    const runtime = await loadOnnxRuntime();
    let session: ort.InferenceSession;
    try {
      session = await runtime.InferenceSession.create(files.model, {
        enableMemPattern: false,
        logSeverityLevel: 3,
      });
    } catch (error) {
      throw badModel(`onnxruntime cannot load it: ${messageOf(error)}`, files.model, error);
    }
    const foreign = session.inputNames.find((name) => !knownInputs.has(name));
    if (foreign !== undefined || !session.inputNames.includes('input_ids')) {
      await session.release();
      throw badModel(
        `its inputs are ${session.inputNames.join(', ')}; ${[...knownInputs].join(', ')} are expected`,
        files.model,
      );
    }
    // Exports name the states of the tokens first; some have a finished sentence vector beside them.
    const output =
      session.outputNames.find((name) => name === 'last_hidden_state') ?? session.outputNames[0]!;
    return new SentenceModel(runtime, session, tokens, output, folder);
  }

  /**
   * @returns `[texts, width]`, each row of length 1
   * @throws InputError `bad-sentence-model`, `bad-embedding`
   */
  async embed(
    texts: readonly string[],
    work: LongWork = {},
  ): Promise<{ width: number; values: Float32Array }> {
    const encoded = texts.map((text) => this.tokens.encode(text));
    // Texts of similar length go together, so that little is computed for padding.
    const order = [...encoded.keys()].sort((a, b) => encoded[a]!.length - encoded[b]!.length);
    let width = 0;
    let values = new Float32Array(0);
    for (let from = 0; from < order.length;) {
      throwIfCancelled(work.signal, 'Embedding');
      let to = from + 1;
      while (to < order.length && encoded[order[to]!]!.length * (to + 1 - from) <= tokensPerRun) to++;
      const rows = order.slice(from, to);
      const vectors = await this.run(rows.map((row) => encoded[row]!));
      if (width === 0) {
        width = vectors.width;
        values = new Float32Array(texts.length * width);
      }
      rows.forEach((row, i) => values.set(vectors.values.subarray(i * width, (i + 1) * width), row * width));
      from = to;
    }
    return { width, values };
  }

  async dispose(): Promise<void> {
    await this.session.release();
  }

  private async run(rows: readonly (readonly number[])[]): Promise<{ width: number; values: Float32Array }> {
    const length = Math.max(...rows.map((row) => row.length));
    const ids = new BigInt64Array(rows.length * length).fill(BigInt(this.tokens.padding));
    const mask = new BigInt64Array(rows.length * length);
    rows.forEach((row, r) =>
      row.forEach((id, t) => {
        ids[r * length + t] = BigInt(id);
        mask[r * length + t] = 1n;
      }),
    );
    const tensors: Record<string, BigInt64Array> = {
      input_ids: ids,
      attention_mask: mask,
      token_type_ids: new BigInt64Array(ids.length),
    };
    const feeds = Object.fromEntries(
      this.session.inputNames.map((name) => [
        name,
        new this.runtime.Tensor('int64', tensors[name]!, [rows.length, length]),
      ]),
    );
    let result: ort.Tensor;
    try {
      result = (await this.session.run(feeds))[this.output]!;
    } catch (error) {
      throw badModel(`it cannot be run: ${messageOf(error)}`, this.folder, error);
    }
    const { dims, data } = result;
    if (
      !(data instanceof Float32Array) ||
      dims[0] !== rows.length ||
      (dims.length !== 2 && dims[1] !== length)
    )
      throw badModel(`its output “${this.output}” is ${result.type} [${dims.join()}]`, this.folder);
    const width = dims.at(-1)!;
    const values = dims.length === 2 ? data : meanOfTokens(data, mask, [rows.length, length, width]);
    normaliseRows(values, width);
    return { width, values };
  }
}

/** Mean over the tokens whose mask is 1: `[rows, length, width]` → `[rows, width]`. */
export function meanOfTokens(
  states: Float32Array,
  mask: BigInt64Array,
  [rows, length, width]: readonly [number, number, number],
): Float32Array {
  const out = new Float32Array(rows * width);
  for (let r = 0; r < rows; r++) {
    let count = 0;
    for (let t = 0; t < length; t++) {
      if (mask[r * length + t] !== 1n) continue;
      count++;
      for (let d = 0; d < width; d++) out[r * width + d]! += states[(r * length + t) * width + d]!;
    }
    for (let d = 0; d < width; d++) out[r * width + d]! /= Math.max(1, count);
  }
  return out;
}

/** Scales each row to Euclidean length 1; rows of zeros stay so. @throws InputError `bad-embedding` */
export function normaliseRows(values: Float32Array, width: number): void {
  for (let from = 0; from < values.length; from += width) {
    const row = values.subarray(from, from + width);
    let squares = 0;
    for (const value of row) squares += value * value;
    if (!Number.isFinite(squares))
      throw new InputError(
        'bad-embedding',
        'An embedding has a value that is not a number.',
        'Check the model that makes the embeddings.',
      );
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let d = 0; d < row.length; d++) row[d]! *= scale;
  }
}

const tokenizerSchema = z.looseObject({
  model: z.looseObject({}),
  truncation: z.looseObject({ max_length: z.int().positive() }).nullish(),
  padding: z.looseObject({ pad_id: z.int().nonnegative() }).nullish(),
});
const tokenizerConfigSchema = z.looseObject({ model_max_length: z.number().positive().optional() });

/** Texts to token ids, as `tokenizer.json` says; cut at what the model allows, its closing token kept. */
class TokenReader {
  readonly padding: number;
  private readonly tokenizer: Tokenizer;
  private readonly limit: number;
  /** Ids that close every text. */
  private readonly closing: readonly number[];

  private constructor(tokenizer: Tokenizer, limit: number, padding: number) {
    this.tokenizer = tokenizer;
    this.limit = limit;
    this.padding = padding;
    const empty = tokenizer.encode('').ids;
    const some = tokenizer.encode('a').ids;
    let same = 0;
    while (same < empty.length && empty.at(-1 - same) === some.at(-1 - same)) same++;
    this.closing = same === 0 ? [] : empty.slice(-same);
  }

  static async open(file: string): Promise<TokenReader> {
    const json = tokenizerSchema.safeParse(await readJson(file));
    if (!json.success) throw badModel(`its ${tokenizerFile} does not describe a tokeniser`, file);
    const configFile = path.join(path.dirname(file), 'tokenizer_config.json');
    const config = tokenizerConfigSchema.safeParse(await readJson(configFile).catch(() => ({})));
    const { truncation, padding } = json.data;
    const allowed = truncation?.max_length ?? (config.success ? config.data.model_max_length : undefined);
    const { Tokenizer } = await import('@huggingface/tokenizers');
    try {
      return new TokenReader(
        new Tokenizer(json.data, config.success ? config.data : {}),
        Math.min(mostTokens, allowed ?? mostTokens),
        padding?.pad_id ?? 0,
      );
    } catch (error) {
      throw badModel(`its tokeniser cannot be used: ${messageOf(error)}`, file, error);
    }
  }

  encode(text: string): number[] {
    const { ids } = this.tokenizer.encode(text);
    if (ids.length <= this.limit) return ids.length > 0 ? ids : [this.padding];
    return [...ids.slice(0, this.limit - this.closing.length), ...this.closing];
  }
}

async function readJson(file: string): Promise<unknown> {
  const text = await fs.readFile(file, 'utf8');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badModel(`${path.basename(file)} is not JSON`, file, error);
  }
}

function badModel(what: string, file: string, cause?: unknown): InputError {
  return new InputError(
    'bad-sentence-model',
    `The sentence model cannot be used: ${what}.`,
    'Export the model again (feature extraction, to ONNX), or choose another one.',
    { place: { file }, cause },
  );
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 300).replace(/\.$/, '');
}

import * as z from 'zod';

/** Where embeddings of item texts come from. Says nothing secret: it is kept in the model's manifest. */
export const textSourceSchema = z.discriminatedUnion('kind', [
  /** Means of word vectors: needs no model and no network. `file` is a full GloVe file; the shipped words when absent. */
  z.strictObject({ kind: z.literal('glove'), file: z.string().optional() }),
  /** A folder with `model.onnx` and `tokenizer.json`. */
  z.strictObject({ kind: z.literal('onnx'), folder: z.string().min(1) }),
  /** An OpenAI-compatible embeddings endpoint; `<baseUrl>/embeddings` is asked. */
  z.strictObject({
    kind: z.literal('endpoint'),
    baseUrl: z.url({ protocol: /^https?$/ }),
    model: z.string().min(1),
    /** Asked of endpoints that can shorten their vectors. */
    dimensions: z.int().min(1).max(8192).optional(),
  }),
]);
export type TextSource = z.output<typeof textSourceSchema>;

/** A source as a caller gives it. The key goes nowhere but to the endpoint. */
export interface TextRequest {
  readonly source: TextSource;
  readonly apiKey?: string | undefined;
}

/** What the manifest keeps about a model's item texts. */
export const textManifestSchema = z.strictObject({
  source: textSourceSchema,
  /** For people: which embeddings these are. */
  label: z.string(),
  /** Width of an embedding. */
  width: z.int().positive(),
});
export type TextManifest = z.output<typeof textManifestSchema>;

/** A sentence model of seven words whose token states are a table, written to a folder as a real one would be. */
import fs from 'node:fs/promises';
import path from 'node:path';
import { encodeModel, type OnnxValue } from '../../../src/engine/capture/onnx-proto.ts';

/** [PAD], [UNK], [CLS], [SEP], toy, story, ##s; two numbers each. */
export const tokenStates = [
  [9, 9],
  [1, 1],
  [0, 2],
  [2, 0],
  [3, 4],
  [0, 6],
  [5, 5],
] as const;
const words = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'toy', 'story', '##s'];

export function tinyModel(inputs: readonly string[] = ['input_ids', 'attention_mask']): Uint8Array {
  const values: OnnxValue[] = inputs.map((name) => ({ name, type: 'int64', shape: ['batch', 'length'] }));
  return encodeModel({
    name: 'tiny',
    nodes: [
      {
        type: 'Gather',
        domain: '',
        inputs: ['table', inputs[0]!],
        outputs: ['last_hidden_state'],
        attributes: { axis: { i: 0 } },
      },
    ],
    constants: [
      {
        name: 'table',
        type: 'float32',
        shape: [tokenStates.length, 2],
        bytes: new Uint8Array(Float32Array.from(tokenStates.flat()).buffer),
      },
    ],
    inputs: values,
    outputs: [{ name: 'last_hidden_state', type: 'float32' }],
  });
}

export function tinyTokenizer(maxLength?: number): object {
  const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]'];
  return {
    version: '1.0',
    truncation: maxLength === undefined ? null : { max_length: maxLength },
    padding: null,
    added_tokens: special.map((content, id) => ({
      id,
      content,
      special: true,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
    })),
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, lowercase: true },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [
        { SpecialToken: { id: '[CLS]', type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { SpecialToken: { id: '[SEP]', type_id: 0 } },
      ],
      pair: [],
      special_tokens: {
        '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] },
        '[SEP]': { id: '[SEP]', ids: [3], tokens: ['[SEP]'] },
      },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(words.map((word, id) => [word, id])),
    },
  };
}

export async function writeTinyModel(folder: string, maxLength?: number): Promise<void> {
  await fs.mkdir(folder, { recursive: true });
  await fs.writeFile(path.join(folder, 'model.onnx'), tinyModel());
  await fs.writeFile(path.join(folder, 'tokenizer.json'), JSON.stringify(tinyTokenizer(maxLength)));
}

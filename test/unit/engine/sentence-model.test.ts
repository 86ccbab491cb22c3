import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { meanOfTokens, SentenceModel } from '../../../src/engine/sentence-model.ts';
import { tinyModel, tinyTokenizer, writeTinyModel } from './tiny-sentence-model.ts';

describe('a sentence model in a folder', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'toolrec-sentence-'));
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  const embed = async (...texts: string[]) => {
    const model = await SentenceModel.open(folder);
    const { width, values } = await model.embed(texts);
    await model.dispose();
    return texts.map((_, i) => [...values.subarray(i * width, (i + 1) * width)]);
  };
  const near = (actual: readonly number[], expected: readonly number[]) =>
    actual.forEach((value, i) => assert.ok(Math.abs(value - expected[i]!) < 1e-6, `${actual} / ${expected}`));

  it('takes the mean of the tokens without the padding, scaled to length 1', async () => {
    await writeTinyModel(folder);
    const [both, toy, plural, unknown] = await embed('Toy story', 'TOY', 'toys', 'zebra');
    near(both!, [5 / 13, 12 / 13]); // mean of (0,2) (3,4) (0,6) (2,0) = (5/4, 3)
    near(toy!, [5 / Math.sqrt(61), 6 / Math.sqrt(61)]); // padded in the batch of four tokens
    near(plural!, [10 / Math.hypot(10, 11), 11 / Math.hypot(10, 11)]); // toy, ##s
    near(unknown!, [1 / Math.SQRT2, 1 / Math.SQRT2]);
  });

  it('cuts what is too long and keeps the closing token', async () => {
    await writeTinyModel(folder, 3);
    const [long, short] = await embed('toy story story story', 'toy');
    near(long!, short!);
  });

  it('takes a finished sentence vector as it is', () => {
    const states = Float32Array.of(1, 2, 3, 4, 50, 60);
    assert.deepEqual([...meanOfTokens(states, BigInt64Array.of(1n, 1n, 0n), [1, 3, 2])], [2, 3]);
    assert.deepEqual([...meanOfTokens(states, BigInt64Array.of(0n, 0n, 0n), [1, 3, 2])], [0, 0]);
  });

  it('refuses a folder that lacks something, and files that are something else', async () => {
    const refused = (code: string) => assert.rejects(SentenceModel.open(folder), { code });
    await refused('no-sentence-model');
    await fs.writeFile(path.join(folder, 'model.onnx'), tinyModel());
    await refused('no-sentence-model');
    await fs.writeFile(path.join(folder, 'tokenizer.json'), '{');
    await refused('bad-sentence-model');
    await fs.writeFile(path.join(folder, 'tokenizer.json'), '{"model":{"type":"Nothing"}}');
    await refused('bad-sentence-model');
    await fs.writeFile(path.join(folder, 'tokenizer.json'), JSON.stringify(tinyTokenizer()));
    await fs.writeFile(path.join(folder, 'model.onnx'), 'not a model');
    await refused('bad-sentence-model');
    await fs.writeFile(path.join(folder, 'model.onnx'), tinyModel(['pixels']));
    await refused('bad-sentence-model');
  });
});

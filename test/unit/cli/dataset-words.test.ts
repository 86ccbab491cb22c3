import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createSampleDataset } from '../../../src/data/sample.ts';
import { run } from './run.ts';

interface Words {
  readonly dimensions: number;
  readonly attributes: readonly {
    attribute: string;
    words: number;
    unknown: { word: string; items: number }[];
  }[];
}

describe('toolrec dataset words', () => {
  let folder: string;
  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'toolrec-cli-words-'));
    await createSampleDataset(folder, {}, { viewers: 20 });
  });
  after(() => fs.rm(folder, { recursive: true }));
  const words = (...more: string[]) => run(['dataset', 'words', 'sample', '-w', folder, ...more]);

  it('lists the unknown words of every attribute but numbers', async () => {
    const { code, stdout } = await words('--json');
    assert.equal(code, 0);
    const { dimensions, attributes } = JSON.parse(stdout) as Words;
    assert.equal(dimensions, 100);
    assert.deepEqual(
      attributes.map(({ attribute }) => attribute),
      ['genre', 'director', 'actors'],
    );
    assert.deepEqual(attributes[0]!.unknown, []);
    assert.ok(attributes[1]!.unknown.some(({ word, items }) => word === 'hayao' && items > 1));
  });

  it('takes a full GloVe file', async () => {
    await fs.writeFile(path.join(folder, 'glove.txt'), 'drama 1 2 3\ncomedy 4 5 6\n');
    const file = path.join(folder, 'glove.txt');
    const { stdout } = await words('--json', '--attribute', 'genre', '--glove', file);
    const { dimensions, attributes } = JSON.parse(stdout) as Words;
    assert.equal(dimensions, 3);
    assert.equal(attributes[0]!.words - attributes[0]!.unknown.length, 2);
    const text = await words('--attribute', 'genre', '--glove', file, '--top', '1');
    assert.match(text.stdout, /genre: unknown[\s\S]*\(\d+\), and \d+ more/);
  });

  it('refuses an attribute of numbers, an unknown one, a bad file', async () => {
    assert.equal((await words('--attribute', 'year')).code, 2);
    assert.equal((await words('--attribute', 'colour')).code, 2);
    await fs.writeFile(path.join(folder, 'bad.txt'), 'drama 1 2 3\ncomedy 4 5\n');
    const bad = await words('--attribute', 'genre', '--glove', path.join(folder, 'bad.txt'));
    assert.equal(bad.code, 3);
    assert.match(bad.stderr, /bad\.txt:2/);
  });
});

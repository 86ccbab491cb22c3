import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import {
  attributeVectors,
  candidateWords,
  cosineBound,
  decodeWordTable,
  encodeWordTable,
  loadWordTable,
  phraseVector,
  readGloveText,
  wordsOf,
  wordVectorsFor,
  type WordVectors,
} from '../../../src/data/word-vectors.ts';
import { sampleInMemory } from '../../../src/data/sample.ts';

/** Lines of glove.6B.100d.txt as its authors published them (public domain). */
const originals = path.join(import.meta.dirname, '../../fixtures/word-vectors/glove-100d-lines.txt');

const tiny = (): WordVectors =>
  decodeWordTable(
    Buffer.from(
      encodeWordTable(
        ['film', 'noir', 'sci-fi', 'children', 'amelie', 'reality', 'show'],
        [
          [1, 0],
          [0, 1],
          [1, 1],
          [-1, 2],
          [3, 3],
          [5, 0],
          [0, 5],
        ],
        2,
      ),
    ),
    'tiny.bin',
  );

function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let d = 0; d < a.length; d++) {
    ab += a[d]! * b[d]!;
    aa += a[d]! ** 2;
    bb += b[d]! ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}

describe('word table', () => {
  it('gives back every component within half a scale, and the cosine within its bound', () => {
    const vector = fc
      .array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 8, maxLength: 8 })
      .filter((values) => values.some((value) => Math.abs(value) > 1e-3));
    fc.assert(
      fc.property(fc.array(vector, { minLength: 1, maxLength: 5 }), (vectors) => {
        const words = vectors.map((_, w) => `w${w}`);
        const table = decodeWordTable(Buffer.from(encodeWordTable(words, vectors, 8)), 'x');
        vectors.forEach((original, w) => {
          const stored = table.vector(`w${w}`)!;
          const half = (Math.max(...original.map(Math.abs)) / 127) * 0.5;
          original.forEach((value, d) =>
            assert.ok(Math.abs(value - stored[d]!) <= half * (1 + 1e-5) + 1e-12),
          );
          assert.ok(cosine(original, stored) >= cosineBound(original) - 1e-9);
        });
      }),
    );
  });

  it('keeps zeros, one word, no word', () => {
    const zeros = decodeWordTable(Buffer.from(encodeWordTable(['nothing'], [[0, 0]], 2)), 'x');
    assert.deepEqual([...zeros.vector('nothing')!], [0, 0]);
    assert.equal(decodeWordTable(Buffer.from(encodeWordTable([], [], 2)), 'x').size, 0);
  });

  it('refuses words with spaces, wrong lengths and what is no number', () => {
    assert.throws(() => encodeWordTable(['a b'], [[1, 2]], 2), RangeError);
    assert.throws(() => encodeWordTable(['a'], [[1]], 2), RangeError);
    assert.throws(() => encodeWordTable(['a'], [[1, NaN]], 2), RangeError);
  });

  it('refuses a newer table, and one with any byte changed or missing', () => {
    const bytes = Buffer.from(
      encodeWordTable(
        ['film', 'noir'],
        [
          [1, 2],
          [3, 4],
        ],
        2,
      ),
    );
    const newer = Buffer.from(bytes);
    newer.writeUInt16LE(2, 4);
    assert.throws(() => decodeWordTable(newer, 'x.bin'), {
      code: 'word-table-newer',
      place: { file: 'x.bin' },
    });
    for (let at = 0; at < bytes.length; at++) {
      if ((at >= 4 && at < 6) || (at >= 20 && at < 24)) continue; // version, spare
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 0x10;
      assert.throws(() => decodeWordTable(damaged, 'x.bin'), { code: 'word-table-damaged' }, `byte ${at}`);
    }
    for (const length of [0, 3, 23, bytes.length - 1])
      assert.throws(() => decodeWordTable(bytes.subarray(0, length), 'x.bin'), {
        code: 'word-table-damaged',
      });
  });

  it('names a missing file', () =>
    assert.rejects(loadWordTable('/nowhere/table.bin'), { code: 'missing-file' }));
});

describe('the shipped word table', () => {
  let table: WordVectors;
  before(async () => void (table = await loadWordTable()));

  it('has 50,000 words of 100 dimensions', () => {
    assert.equal(table.size, 50_000);
    assert.equal(table.dimensions, 100);
  });

  it('holds GloVe as published, within the rounding', async () => {
    const wanted = new Set(['the', 'film', 'noir', 'sci-fi', 'children', 'comedy', 'hitchcock', 'western']);
    const published = await readGloveText(originals, wanted);
    assert.equal(published.size, wanted.size);
    for (const word of wanted) {
      const [original, stored] = [published.vector(word)!, table.vector(word)!];
      assert.ok(cosine(original, stored) >= cosineBound(original), word);
      assert.ok(cosine(original, stored) > 0.9999, word);
      for (let d = 0; d < 100; d++) assert.ok(Math.abs(original[d]! - stored[d]!) < 0.017, `${word} ${d}`);
    }
  });

  it('knows all genres of the sample, and reports which directors it does not know', async () => {
    const sample = await sampleInMemory({ viewers: 20 });
    const genre = attributeVectors(sample, 'genre', table);
    assert.deepEqual(genre.report.unknown, []);
    assert.ok(genre.present.every((flag) => flag === 1));
    const director = attributeVectors(sample, 'director', table);
    assert.ok(director.report.unknown.some(({ word }) => word === 'tarkovsky'));
    assert.ok(director.report.itemsWithoutVector > 0);
    for (let item = 0; item < sample.catalogueCount; item++) {
      const row = director.values.subarray(item * 100, item * 100 + 100);
      assert.equal(
        row.some((value) => value !== 0),
        director.present[item] === 1,
      );
    }
    assert.throws(() => attributeVectors(sample, 'year', table), { code: 'not-words' });
    assert.throws(() => attributeVectors(sample, 'colour', table), { code: 'unknown-attribute' });
  });
});

describe('words of a phrase', () => {
  const knows =
    (...known: string[]) =>
    (word: string) =>
      known.includes(word);
  const none = knows();
  for (const [phrase, known, expected] of [
    ["Children's", none, ['children']],
    ['Rosemary’s Baby', none, ['rosemary', 'baby']],
    ['Film-Noir', none, ['film', 'noir']],
    ['Sci-Fi', knows('sci-fi'), ['sci-fi']],
    ['Sci-Fi', none, ['sci', 'fi']],
    ['Toys & Games > Puzzles', none, ['toys', 'games', 'puzzles']],
    ['RealityShow', none, ['reality', 'show']],
    ['DVDPlayers', none, ['dvd', 'players']],
    ['McDonald', knows('mcdonald'), ['mcdonald']],
    ['Amélie', knows('amélie'), ['amélie']],
    ['Amélie', knows('amelie'), ['amelie']],
    ['Kieślowski', none, ['kieślowski']],
    ['(Drama)', none, ['drama']],
    ["rock'n'roll", none, ['rock', 'n', 'roll']],
    ['1999', none, ['1999']],
    ['日本', none, ['日本']],
    ['', none, []],
    [' -- ! ', none, []],
  ] as const)
    it(`${JSON.stringify(phrase)} → ${expected.join(' ')}`, () =>
      assert.deepEqual(wordsOf(phrase, known), expected));

  it('asks for no word that `candidateWords` does not foresee, whatever the table knows', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.func(fc.boolean()), (phrase, known) => {
        const foreseen = candidateWords(phrase);
        for (const word of wordsOf(phrase, (asked) => known(asked))) assert.ok(foreseen.has(word), word);
      }),
    );
  });
});

describe('vector of an attribute value', () => {
  it('is the mean over the set of its words', () => {
    assert.deepEqual([...phraseVector(tiny(), 'Film-Noir').vector!], [0.5, 0.5].map(Math.fround));
    const set = phraseVector(tiny(), ['Film', 'Noir', 'film']).vector!;
    assert.deepEqual([...set], [0.5, 0.5], 'a repeated word counts once');
  });

  it('lists unknown words and leaves them out of the mean', () => {
    const { vector, known, unknown } = phraseVector(tiny(), 'noir xyzzy');
    assert.deepEqual([[...vector!], known, unknown], [[0, 1], ['noir'], ['xyzzy']]);
  });

  it('is absent, not zero, when no word is known', () => {
    assert.equal(phraseVector(tiny(), 'xyzzy').vector, undefined);
    assert.equal(phraseVector(tiny(), []).vector, undefined);
  });
});

describe('a full GloVe text file', () => {
  let folder: string;
  before(async () => void (folder = await fs.mkdtemp(path.join(os.tmpdir(), 'toolrec-glove-'))));
  after(() => fs.rm(folder, { recursive: true }));
  const write = async (name: string, content: string | Buffer): Promise<string> => {
    const file = path.join(folder, name);
    await fs.writeFile(file, content);
    return file;
  };
  const wanted = new Set(['film', 'noir', 'absent']);

  it('gives the wanted words alone, first occurrence first', async () => {
    const file = await write('a.txt', 'the 1 2 3\nfilm 0.5 -1 2e-1\nnoir 3 2 1\r\nfilm 9 9 9');
    const table = await readGloveText(file, wanted);
    assert.deepEqual([table.dimensions, table.size], [3, 2]);
    assert.deepEqual([...table.vector('film')!], [0.5, -1, 0.2].map(Math.fround));
    assert.equal(table.vector('the'), undefined);
    assert.equal(table.vector('absent'), undefined);
  });

  it('is read from .gz, and with the header line of word2vec', async () => {
    const file = await write('b.txt.gz', gzipSync('2 3\nfilm 1 2 3\nnoir 4 5 6\n'));
    assert.deepEqual([...(await readGloveText(file, wanted)).vector('noir')!], [4, 5, 6]);
  });

  it('passes over odd rows of words that nobody asked for', async () => {
    const file = await write('c.txt', 'the 1 2 3\n. . . 1 2 3\nfilm 1 2 3\n');
    assert.equal((await readGloveText(file, wanted)).size, 1);
  });

  for (const [what, content, line] of [
    ['too few numbers', 'the 1 2 3\nfilm 1 2\n', 2],
    ['too many numbers', 'the 1 2 3\nfilm 1 2 3 4\n', 2],
    ['a component that is no number', 'the 1 2 3\nnoir 1 x 3\n', 2],
    ['a double space', 'the 1 2 3\nnoir 1  3\n', 2],
    ['NaN', 'the 1 2 3\nnoir 1 NaN 3\n', 2],
    ['no vectors at all', '<html>\n<body>\n', 1],
    ['a line without end', `the 1 2 3\n${'9'.repeat(1_100_000)}`, 2],
  ] as const)
    it(`is refused for ${what}, with the line`, async () => {
      const file = await write('bad.txt', content);
      await assert.rejects(readGloveText(file, wanted), { code: 'bad-glove-row', place: { file, line } });
    });

  it('is refused when empty or missing', async () => {
    await assert.rejects(readGloveText(await write('empty.txt', ''), wanted), { code: 'empty-file' });
    await assert.rejects(readGloveText(path.join(folder, 'none.txt'), wanted), { code: 'missing-file' });
  });

  it('serves a dataset: its words are found, the others reported', async () => {
    const sample = await sampleInMemory({ viewers: 20 });
    const file = await write('d.txt', 'drama 1 0\nfilm-noir 0 1\ntarkovsky 1 1\nkieslowski 2 2\n');
    const table = await wordVectorsFor(sample, ['genre', 'director'], file);
    assert.equal(table.size, 4);
    const { report } = attributeVectors(sample, 'director', table);
    assert.ok(!report.unknown.some(({ word }) => word === 'tarkovsky' || word === 'kieślowski'));
    assert.ok(report.unknown.some(({ word }) => word === 'hitchcock'));
  });
});

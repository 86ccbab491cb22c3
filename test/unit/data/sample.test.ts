import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { contentHash } from '../../../src/data/content.ts';
import { historyBefore, partOf, type Dataset } from '../../../src/data/dataset.ts';
import { loadFilms, parseFilms, type Film } from '../../../src/data/sample/films.ts';
import { createSampleDataset, generateSample, sampleInMemory } from '../../../src/data/sample.ts';
import { defaultSampleParameters, sampleParametersSchema } from '../../../src/data/sample/parameters.ts';
import { openDataset } from '../../../src/data/store.ts';
import { Random } from '../../../src/shared/random.ts';

describe('sample films', () => {
  let films: Film[];
  before(async () => void (films = await loadFilms()));

  it('are about 500, from every decade since the 1920s', () => {
    assert.ok(films.length >= 480 && films.length <= 560, `${films.length} films`);
    const decades = new Map<number, number>();
    for (const { year } of films) {
      const decade = Math.floor(year / 10) * 10;
      decades.set(decade, (decades.get(decade) ?? 0) + 1);
    }
    for (let decade = 1930; decade <= 2020; decade += 10)
      assert.ok((decades.get(decade) ?? 0) >= 15, `few films in the ${decade}s`);
  });

  it('use a closed list of genres and tidy cells', () => {
    const genres = new Set(films.flatMap((film) => film.genres));
    const known =
      'Action Adventure Animation Biography Comedy Crime Documentary Drama Family Fantasy Film-Noir History ' +
      'Horror Musical Mystery Romance Sci-Fi Thriller War Western';
    assert.deepEqual([...genres].sort(), known.split(' '));
    for (const film of films) {
      const cells = [film.title, film.director, film.series ?? 'x', ...film.genres, ...film.actors];
      for (const cell of cells) assert.equal(cell, cell.normalize('NFC').trim().replace(/ {2,}/g, ' '));
      assert.ok(cells.every(Boolean), film.title);
      assert.equal(new Set(film.genres).size, film.genres.length, film.title);
      assert.ok(film.actors.length <= 3, film.title);
    }
  });

  it('hold the titles that trouble a look-up: remakes, articles, diacritics, numerals, brackets', () => {
    const years = (title: string) => films.filter((film) => film.title === title).map((film) => film.year);
    assert.deepEqual(years('A Star Is Born'), [1937, 1954, 2018]);
    assert.deepEqual(years('Godzilla'), [1954, 1998, 2014]);
    for (const title of [
      '8½',
      'M',
      'Z',
      'À bout de souffle',
      '12 Angry Men',
      '(500) Days of Summer',
      '[REC]',
    ])
      assert.equal(years(title).length, 1, title);
    assert.ok(films.filter((film) => film.title.startsWith('The ')).length > 80);
  });

  it('list every series in the order of release', () => {
    const lastYear = new Map<string, number>();
    const sizes = new Map<string, number>();
    for (const { series, year } of films) {
      if (series === undefined) continue;
      assert.ok(year >= (lastYear.get(series) ?? 0), series);
      lastYear.set(series, year);
      sizes.set(series, (sizes.get(series) ?? 0) + 1);
    }
    for (const [series, size] of sizes) assert.ok(size >= 2, `${series} has one film`);
  });

  for (const [what, row] of [
    ['a missing column', 'Heat\t1995\tCrime\tMichael Mann\tAl Pacino'],
    ['a year that is none', 'Heat\t95\tCrime\tMichael Mann\tAl Pacino\t'],
    ['no director', 'Heat\t1995\tCrime\t\tAl Pacino\t'],
    ['the same film twice', 'M\t1931\tCrime\tFritz Lang\tPeter Lorre\t'],
  ] as const)
    it(`refuse ${what}, with the line`, () => {
      const text = `title\tyear\tgenres\tdirector\tactors\tseries\nM\t1931\tCrime\tFritz Lang\t\t\n${row}\n`;
      assert.throws(() => parseFilms(text, 'films.tsv'), {
        code: 'bad-films',
        place: { file: 'films.tsv', line: 3 },
      });
    });
});

describe('sample dataset', () => {
  let films: Film[];
  let sample: Dataset;
  before(async () => {
    films = await loadFilms();
    sample = await sampleInMemory();
  });

  it('has 800 viewers who see 12 to 120 films each, none twice, in order of time', () => {
    assert.equal(sample.userCount, 800);
    assert.equal(sample.catalogueCount, films.length);
    for (let user = 0; user < sample.userCount; user++) {
      const all = sample.items.subarray(sample.offsets[user], sample.offsets[user + 1]);
      assert.ok(all.length >= 12 && all.length <= 120);
      assert.equal(new Set(all).size, all.length);
      assert.equal(partOf(sample, user, 'test').length, 1);
      assert.equal(partOf(sample, user, 'validation').length, 1);
      for (let at = sample.offsets[user]! + 1; at < sample.offsets[user + 1]!; at++)
        assert.ok(sample.timestamps[at - 1]! < sample.timestamps[at]!);
    }
    assert.ok(sample.ratings!.every((rating) => [1, 2, 3, 4, 5].includes(rating)));
  });

  it('says of itself that it is simulated: flag, note and every viewer', async () => {
    const content = generateSample(films, { viewers: 5 });
    assert.equal(content.simulated, true);
    assert.match(content.provenance.note!, /simulated/i);
    for (let user = 0; user < 5; user++) assert.match(content.users.at(user).id, /^simulated-\d+$/);
  });

  it('is the same to the byte for a seed, on every run and machine, and another for another seed', () => {
    const hash = contentHash(generateSample(films));
    assert.equal(hash, sample.hash);
    assert.equal(hash, goldenHash, 'changed on purpose? then update the golden hash and the figures in docs');
    assert.notEqual(contentHash(generateSample(films, { seed: 1 })), hash);
  });

  it('cannot be learnt by popularity alone: co-occurrence is clearly better', () => {
    const popularity = ndcgAt10(sample, popularityScores(sample));
    const together = ndcgAt10(sample, cooccurrenceScores(sample));
    assert.ok(popularity > 0.02, `popularity ${popularity}`);
    assert.ok(together > 1.4 * popularity, `co-occurrence ${together}, popularity ${popularity}`);
  });

  it('has order in it: first-order transitions beat the same transitions of shuffled histories', () => {
    const inOrder = ndcgAt10(sample, transitionScores(sample, false));
    const shuffled = ndcgAt10(sample, transitionScores(sample, true));
    assert.ok(inOrder > 1.8 * shuffled, `in order ${inOrder}, shuffled ${shuffled}`);
    assert.ok(inOrder < 0.4, `so easy (${inOrder}) that models could not be told apart`);
  });

  it('has drift in it: the latest films say more of the next than the earliest do', () => {
    const latest = ndcgAt10(
      sample,
      cooccurrenceScores(sample, (history) => history.slice(-10)),
    );
    const earliest = ndcgAt10(
      sample,
      cooccurrenceScores(sample, (history) => history.slice(0, 10)),
    );
    assert.ok(latest > 1.2 * earliest, `latest ${latest}, earliest ${earliest}`);
  });

  it('refuses parameters out of range and names them', () => {
    const code = 'bad-sample-parameters';
    assert.throws(() => generateSample(films, { viewers: 0 }), { code, message: /viewers/ });
    assert.throws(() => generateSample(films, { drift: 2 }), { code, message: /drift/ });
    assert.throws(() => generateSample(films, { minimumLength: 50, maximumLength: 20 }), { code });
  });

  it('gets as many films as there are when a viewer wants more', () => {
    const few = films.slice(0, 20);
    const content = generateSample(few, { viewers: 3, minimumLength: 3, medianLength: 500 });
    for (const end of [1, 2, 3])
      assert.equal(content.columns.offsets[end]! - content.columns.offsets[end - 1]!, 20);
  });

  it('is stored under .toolrec/datasets/sample and opens again with the same hash', async () => {
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'toolrec-sample-'));
    try {
      const manifest = await createSampleDataset(folder);
      assert.equal(manifest.simulated, true);
      const stored = await openDataset(path.join(folder, '.toolrec/datasets/sample'));
      assert.equal(stored.hash, sample.hash);
      assert.equal(stored.item(stored.itemCode('1')!).title, films[0]!.title);
      assert.equal(stored.attribute(stored.itemCode('1')!, 'year'), films[0]!.year);
    } finally {
      await fs.rm(folder, { recursive: true });
    }
  });

  it('is stopped by its signal and leaves nothing', async () => {
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'toolrec-sample-'));
    try {
      await assert.rejects(createSampleDataset(folder, { signal: AbortSignal.abort() }), {
        code: 'cancelled',
      });
      assert.deepEqual(await fs.readdir(folder), []);
    } finally {
      await fs.rm(folder, { recursive: true });
    }
  });
});

describe('docs/sample-dataset.md', () => {
  it('lists every parameter with its default and meaning', async () => {
    const text = await fs.readFile(path.join(import.meta.dirname, '../../../docs/sample-dataset.md'), 'utf8');
    const rows = [...text.matchAll(/^\| `(\w+)` +\| +(\S+) +\| +(.+?) +\|$/gm)].map((row) => row.slice(1));
    const expected = Object.entries(sampleParametersSchema.shape).map(([name, schema]) => [
      name,
      String(defaultSampleParameters[name as keyof typeof defaultSampleParameters]),
      schema.description,
    ]);
    assert.deepEqual(rows, expected);
  });
});

const goldenHash = 'fff498e161d447d0262b0d38835a84890580f3454a49089347f0c1dce09097fa';

type Score = (history: readonly number[], item: number) => number;

/** Mean NDCG@10 of the test item among all items but the history (full ranking, ties by code). */
function ndcgAt10(data: Dataset, score: Score): number {
  let sum = 0;
  for (let user = 0; user < data.userCount; user++) {
    const history = [...historyBefore(data, user, 'test')];
    const seen = new Set(history);
    const target = partOf(data, user, 'test')[0]!;
    const own = score(history, target);
    let better = 0;
    for (let item = 0; item < data.itemCount && better < 10; item++) {
      if (item === target || seen.has(item)) continue;
      const other = score(history, item);
      if (other > own || (other === own && item < target)) better++;
    }
    if (better < 10) sum += 1 / Math.log2(better + 2);
  }
  return sum / data.userCount;
}

function viewCounts(data: Dataset): Float64Array {
  const counts = new Float64Array(data.itemCount);
  for (let user = 0; user < data.userCount; user++)
    for (const item of historyBefore(data, user, 'test')) counts[item]!++;
  return counts;
}

function popularityScores(data: Dataset): Score {
  const counts = viewCounts(data);
  return (_, item) => counts[item]!;
}

/** Cosine between the sets of viewers of two items, summed over the history. */
function cooccurrenceScores(data: Dataset, part = (history: readonly number[]) => history): Score {
  const n = data.itemCount;
  const counts = viewCounts(data);
  const together = new Float64Array(n * n);
  for (let user = 0; user < data.userCount; user++) {
    const history = historyBefore(data, user, 'test');
    for (const a of history) for (const b of history) if (a !== b) together[a * n + b]!++;
  }
  return (history, item) => {
    let sum = 0;
    for (const seen of part(history))
      sum += together[seen * n + item]! / Math.sqrt((counts[seen]! + 1) * (counts[item]! + 1));
    return sum;
  };
}

/** How often an item directly followed the last one, popularity for ties. */
function transitionScores(data: Dataset, shuffled: boolean): Score {
  const n = data.itemCount;
  const counts = viewCounts(data);
  const follows = new Float64Array(n * n);
  const random = new Random(7);
  for (let user = 0; user < data.userCount; user++) {
    const history = [...historyBefore(data, user, 'test')];
    if (shuffled) random.shuffle(history);
    for (let at = 1; at < history.length; at++) follows[history[at - 1]! * n + history[at]!]!++;
  }
  return (history, item) => follows[history.at(-1)! * n + item]! + counts[item]! * 1e-6;
}

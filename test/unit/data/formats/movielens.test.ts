import assert from 'node:assert/strict';
import path from 'node:path';
import { movieLensCsv } from '../../../../src/data/formats/movielens/csv.ts';
import { movieLens10M, movieLens1M } from '../../../../src/data/formats/movielens/dat.ts';
import { movieLens100K } from '../../../../src/data/formats/movielens/ml-100k.ts';
import { splitGenres, splitTitle } from '../../../../src/data/formats/movielens/titles.ts';
import { openSources } from '../../../../src/data/sources/open-sources.ts';
import { CollectingSink, memoryFile, readAll } from '../helpers/collect.ts';
import { onRealData } from '../helpers/shared-data.ts';

const fixtures = path.resolve(import.meta.dirname, '../../../fixtures');
const fixture = (name: string) => openSources([path.join(fixtures, name)]);

describe('MovieLens titles', () => {
  it('splits the year off and leaves the rest as the source has it', () => {
    const cases: [string, string, number | undefined][] = [
      ['Matrix, The (1999)', 'Matrix, The', 1999],
      ['1984 (1984)', '1984', 1984],
      ['Two Thousand (2000) Nights (1999)', 'Two Thousand (2000) Nights', 1999],
      ['Series (1975-1979)', 'Series', 1975],
      ['Series (2007– )', 'Series', 2007],
      ['Birth, The (1915) ', 'Birth, The', 1915],
      ['Giving (1995) (V)', 'Giving', 1995],
      ['Station Nine', 'Station Nine', undefined],
      ['(1999)', '(1999)', undefined],
      ['Number 12345 (12345)', 'Number 12345 (12345)', undefined],
    ];
    for (const [text, title, year] of cases) {
      assert.deepEqual(splitTitle(text), year === undefined ? { title } : { title, year }, text);
    }
  });

  it('takes time in proportion to the length of a hostile title', () => {
    const hostile = `x${' ('.repeat(250_000)}${' '.repeat(500_000)}1999)`;
    const start = performance.now();
    splitTitle(hostile);
    assert.ok(performance.now() - start < 2000);
  });

  it('knows that some movies have no genre', () => {
    assert.deepEqual(splitGenres('(no genres listed)'), []);
    assert.deepEqual(splitGenres("Animation|Children's|Animation"), ['Animation', "Children's"]);
  });
});

describe('MovieLens 100K', () => {
  it('reads u.data, u.item in ISO-8859-1 and u.user', async () => {
    const files = await fixture('ml-100k');
    assert.equal(await movieLens100K.detect(files), 0.97);
    const sink = await readAll(movieLens100K, files);
    assert.deepEqual(sink.badRows, []);
    assert.deepEqual(sink.interactions[0], ['196', '242', 3, 881250949, 1]);
    assert.equal(sink.interactions.length, 4);
    const byId = new Map(sink.catalogue.map((item) => [item.id, item]));
    assert.deepEqual(byId.get('302'), {
      id: '302',
      title: 'Quiet Harbour, The',
      attributes: { genre: ['Crime', 'Film-Noir', 'Mystery', 'Thriller'], year: 1996 },
    });
    assert.deepEqual(byId.get('267'), { id: '267', title: 'unknown', attributes: {} });
    assert.equal(byId.get('1233')!.title, 'Nuit à Orléans, La');
    assert.equal(byId.get('1412')!.attributes['year'], 1995);
    assert.equal(byId.get('1500')!.attributes['year'], 1993, 'the year of the release date');
    assert.deepEqual(sink.people[0], {
      id: '196',
      profile: { age: 49, gender: 'male', occupation: 'writer', zip: '55105' },
    });
    assert.equal(sink.people[1]!.profile['zip'], '00000');
  });

  it('reads the same from a copy of u.item that was recoded to UTF-8', async () => {
    const files = await fixture('ml-100k');
    const items = files.find((file) => file.base === 'u.item')!;
    const latin1 = Buffer.from(await items.head(1e6)).toString('latin1');
    const recoded = files.map((file) => (file === items ? memoryFile(items.name, latin1) : file));
    const original = await readAll(movieLens100K, files);
    assert.deepEqual((await readAll(movieLens100K, recoded)).catalogue, original.catalogue);
  });

  it('names rows with a wrong number of columns, flags that are none, and NaN', async () => {
    const flags = '|0'.repeat(18);
    const sink = await readAll(movieLens100K, [
      memoryFile('u.data', '1\t1\t5\t10\n1\t1\t5\n1\t2\tNaN\t10\n1\t2\t4\t-10\n1\t2\t4\tNaN\n\t2\t4\t10\n'),
      memoryFile('u.item', `1|A (1990)||||0${flags}\n2|B|||0${flags}\n3|C||||7${flags}\n|D||||0${flags}\n`),
    ]);
    assert.deepEqual(
      sink.badRows.map(({ file, line, reason }) => [file, line, reason]),
      [
        ['u.item', 2, 'column-count'],
        ['u.item', 3, 'bad-value'],
        ['u.item', 4, 'missing-field'],
        ['u.data', 2, 'column-count'],
        ['u.data', 3, 'not-a-number'],
        ['u.data', 4, 'bad-timestamp'],
        ['u.data', 5, 'bad-timestamp'],
        ['u.data', 6, 'missing-field'],
      ],
    );
    assert.equal(sink.interactions.length, 1);
  });
});

describe('MovieLens 1M and 10M', () => {
  it('reads the 1M files', async () => {
    const files = await fixture('ml-1m');
    assert.ok((await movieLens1M.detect(files)) > (await movieLens10M.detect(files)));
    const sink = await readAll(movieLens1M, files);
    assert.deepEqual(sink.badRows, []);
    assert.deepEqual(sink.interactions[2], ['2', '1193', 4, 978298413, 3]);
    assert.deepEqual(
      sink.catalogue.map(({ id, title, attributes }) => [id, title, attributes['year']]),
      [
        ['1193', 'Clocks, The', 1975],
        ['661', 'Orchard and the Giant', 1996],
        ['9', 'Misère, La', 1995],
        ['10', 'Three :: Colons', 1994],
        ['11', '1984', 1984],
        ['12', 'Two Thousand (2000) Nights', 1999],
      ],
    );
    assert.deepEqual(sink.people[0]!.profile, {
      gender: 'female',
      age: 'under 18',
      occupation: 'K-12 student',
      zip: '48067',
    });
  });

  it('reads the 10M files with half stars and tags', async () => {
    const files = await fixture('ml-10m');
    assert.ok((await movieLens10M.detect(files)) > (await movieLens1M.detect(files)));
    const sink = await readAll(movieLens10M, files);
    assert.deepEqual(sink.badRows, []);
    assert.deepEqual(
      sink.interactions.map(([, , rating]) => rating),
      [5, 4.5, 0.5],
    );
    assert.deepEqual(sink.catalogue[0], {
      id: '122',
      title: 'Boomerang Thrown',
      attributes: { genre: ['Comedy', 'Romance'], year: 1992, tags: ['slow burn', 'excellent!'] },
    });
    assert.deepEqual(sink.catalogue[1]!.attributes['tags'], ['a :: b']);
    assert.deepEqual(sink.catalogue[2]!.attributes, { year: 2004 });
  });

  it('says which file is missing', async () => {
    const files = (await fixture('ml-1m')).filter((file) => file.base !== 'movies.dat');
    await assert.rejects(readAll(movieLens1M, files), { name: 'InputError', code: 'missing-file' });
  });

  onRealData('reads the real 1M data', async (data) => {
    const files = await openSources([path.join(data, 'ml-1m')]);
    assert.equal(await movieLens1M.detect(files), 0.95);
    const sink = new CollectingSink(false);
    await (await movieLens1M.plan(files, {})).read(sink, {});
    assert.deepEqual(sink.badRows, []);
    assert.equal(sink.count, 1_000_209);
    assert.equal(sink.users.size, 6040);
    assert.equal(sink.items.size, 3706, 'items with interactions');
    assert.equal(sink.catalogue.length, 3883);
    assert.equal(sink.people.length, 6040);
    assert.ok(sink.catalogue.every((item) => typeof item.attributes['year'] === 'number'));
    assert.ok(sink.catalogue.some((item) => item.title === 'Misérables, Les'));
  });
});

describe('MovieLens CSV', () => {
  it('reads ratings, quoted titles, links and tags', async () => {
    const files = await fixture('ml-csv');
    assert.equal(await movieLensCsv.detect(files), 0.97);
    const sink = await readAll(movieLensCsv, files);
    assert.deepEqual(sink.badRows, []);
    assert.deepEqual(sink.interactions[1], ['1', '3', 0.5, 964981247, 3]);
    assert.deepEqual(sink.catalogue[0], {
      id: '1',
      title: 'Toy Factory',
      attributes: {
        genre: ['Adventure', 'Animation', 'Children', 'Comedy', 'Fantasy'],
        year: 1995,
        tags: ['fun', 'pixar-like'],
        imdb_id: 'tt0114709',
        tmdb_id: '862',
      },
    });
    assert.deepEqual(sink.catalogue[1]!.attributes['tags'], ['moldy, old', 'say "when"']);
    assert.equal(sink.catalogue[1]!.attributes['imdb_id'], 'tt0113228');
    assert.deepEqual(sink.catalogue[2], {
      id: '171765',
      title: 'The "Best" Show',
      attributes: { year: 2009, imdb_id: 'tt6317962' },
    });
    assert.deepEqual(
      sink.catalogue.slice(3).map(({ title, attributes }) => [title, attributes['year']]),
      [
        ['Station Nine', undefined],
        ['Birth of a Village, The', 1915],
        ['Series in Parts', 1975],
        ['Café Léger', 2016],
      ],
    );
  });

  it('needs neither links nor tags, and takes a byte-order mark', async () => {
    const sink = await readAll(movieLensCsv, [
      memoryFile('ratings.csv', '\ufeffuserId,movieId,rating,timestamp\n1,1,4.0,1\n'),
      memoryFile('movies.csv', '\ufeffmovieId,title,genres\n1,A (2000),Drama\n'),
    ]);
    assert.deepEqual(sink.badRows, []);
    assert.equal(sink.interactions.length, 1);
    assert.equal(sink.catalogue.length, 1);
  });

  it('refuses a quote that is never closed, naming where it starts', async () => {
    const files = [
      memoryFile('ratings.csv', 'userId,movieId,rating,timestamp\n1,1,4.0,1\n'),
      memoryFile(
        'movies.csv',
        'movieId,title,genres\n1,A (2000),Drama\n2,"B (2001),Drama\n3,C (2002),Drama\n',
      ),
    ];
    await assert.rejects(readAll(movieLensCsv, files), {
      code: 'unclosed-quote',
      place: { file: 'movies.csv', line: 3 },
    });
  });

  it('refuses files with another header', async () => {
    const files = [
      memoryFile('ratings.csv', 'user,item\n1,1\n'),
      memoryFile('movies.csv', 'movieId,title,genres\n1,A (2000),Drama\n'),
    ];
    assert.equal(await movieLensCsv.detect(files), 0);
    await assert.rejects(readAll(movieLensCsv, files), {
      code: 'wrong-format',
      place: { file: 'ratings.csv', line: 1 },
    });
  });
});

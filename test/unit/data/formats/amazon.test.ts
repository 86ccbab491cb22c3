import assert from 'node:assert/strict';
import path from 'node:path';
import { amazon2014, amazon2018, amazon2023 } from '../../../../src/data/formats/amazon/amazon.ts';
import {
  parseBrand,
  parseCategories,
  parsePrice,
  parseRank,
  parseTitle,
} from '../../../../src/data/formats/amazon/values.ts';
import { plainText } from '../../../../src/data/formats/markup.ts';
import { openSources } from '../../../../src/data/sources/open-sources.ts';
import { memoryFile, readAll } from '../helpers/collect.ts';

const fixtures = path.resolve(import.meta.dirname, '../../../fixtures');
const fixture = (name: string) => openSources([path.join(fixtures, name)]);
const only = async (name: string, ...bases: string[]) =>
  (await fixture(name)).filter((file) => bases.includes(file.base));

describe('Amazon values', () => {
  it('reads prices of three generations', () => {
    const cases: [unknown, number | undefined][] = [
      [12.99, 12.99],
      [0, 0],
      ['$12.99', 12.99],
      ['$1,299.00', 1299],
      ['$10.50 - $25.99', 10.5],
      ['from 8.50', 8.5],
      ['16.00', 16],
      ['—', undefined],
      ['', undefined],
      [null, undefined],
      [-1, undefined],
      [NaN, undefined],
      ['.a-box-inner{background-color:#fff}', undefined],
      ['$', undefined],
      ['1,29,9', undefined],
      [{}, undefined],
    ];
    for (const [value, expected] of cases) assert.equal(parsePrice(value), expected, String(value));
  });

  it('reads sales ranks of three generations', () => {
    const cases: [unknown, number | undefined][] = [
      [{ Books: 2432501 }, 2432501],
      [{ 'Home & Kitchen': 5, Kettles: 1 }, 5],
      ['2,432,501 in Books (', 2432501],
      ['19,963,069inClothing,ShoesJewelry(', 19963069],
      [['>#16,321 in Video Games (See Top 100 in Video Games)', '>#101 in Video Games > Games'], 16321],
      [['>#2,623,937 in Toys &amp; Games (See Top 100 in Toys &amp; Games)'], 2623937],
      [[], undefined],
      [{}, undefined],
      [null, undefined],
      ['', undefined],
      ['0 in Books (', undefined],
      ['in Books (', undefined],
      [[['1 in Books']], undefined],
    ];
    for (const [value, expected] of cases) assert.equal(parseRank(value), expected, JSON.stringify(value));
  });

  it('cleans titles, brands and categories', () => {
    assert.equal(parseTitle('Ada&#39;s Garden &amp; Yard'), "Ada's Garden & Yard");
    assert.equal(parseTitle('<span id="productTitle">Tin Kettle</span>'), 'Tin Kettle');
    assert.equal(parseTitle('var aPageStart = (new Date()).getTime();'), undefined);
    assert.equal(parseTitle('<script>var x = 1;</script>'), undefined);
    assert.equal(parseTitle('A < B > C'), 'A < B > C', 'not a tag');
    assert.equal(parseBrand("Visit Amazon's Ada Writer Page"), 'Ada Writer');
    assert.equal(parseBrand('by\n    \n    Acme'), 'Acme');
    assert.equal(parseBrand('Ada Writer (Author)'), 'Ada Writer');
    assert.equal(parseBrand('Unknown'), undefined);
    assert.deepEqual(
      parseCategories([
        ['Books', 'Poetry'],
        ['Books', 'Gifts'],
      ]),
      ['Books', 'Poetry', 'Gifts'],
    );
    assert.deepEqual(parseCategories(['A &amp; B', 'x'.repeat(81), 7, '']), ['A & B']);
    assert.deepEqual(parseCategories('Books'), []);
  });

  it('turns hostile markup into text in little time', () => {
    const start = performance.now();
    for (const piece of ['<', '<a', '&', '&#', '<script>', '<a '.repeat(9)]) plainText(piece.repeat(200_000));
    assert.ok(performance.now() - start < 1000);
    assert.equal(plainText('&#55357;&#1114112;&#0;&constructor;'), '&constructor;');
  });
});

describe('Amazon 2014', () => {
  it('reads Python-literal metadata and JSON reviews', async () => {
    const files = await only('amazon-2014', 'meta_books.json', 'reviews_books.json');
    assert.equal(await amazon2014.detect(files), 0.95);
    assert.equal(await amazon2018.detect(files), 0);
    const sink = await readAll(amazon2014, files);
    assert.deepEqual(sink.catalogue, [
      {
        id: '0001234567',
        title: 'Ada\'s Garden: A "Field" Guide',
        attributes: { price: 12.99, sales_rank: 2432501, category: ['Books', 'Science & Nature', 'Gifts'] },
      },
      {
        id: 'B000000001',
        title: 'Tin Kettle, 2 l',
        attributes: { price: 0, sales_rank: 277634, brand: 'Acme', category: ['Home & Kitchen', 'Kettles'] },
      },
      { id: 'B000000002', title: 'B000000002', attributes: { category: ['Books'] } },
      { id: 'B000000003', title: 'Café Press — 😀', attributes: {} },
      {
        id: 'B000000004',
        title: 'Long–Dash Léger',
        attributes: { price: 1234, sales_rank: 12, category: ['Toys & Games', 'Puzzles'] },
      },
    ]);
    assert.deepEqual(sink.interactions, [
      ['A2SUAM1J3GNN3B', '0001234567', 5, 1252800000, 1],
      ['AKM1MP6P0OYPR', 'B000000001', 1, 1363392000, 2],
      ['A2SUAM1J3GNN3B', 'B000000009', 4, 1363392001, 3],
    ]);
    assert.deepEqual(
      sink.badRows.map(({ file, line, reason }) => [path.basename(file), line, reason]),
      [
        ['meta_Books.json', 6, 'missing-field'],
        ['meta_Books.json', 7, 'bad-json'],
        ['reviews_Books.json', 4, 'bad-json'],
        ['reviews_Books.json', 5, 'bad-timestamp'],
        ['reviews_Books.json', 6, 'missing-field'],
        ['reviews_Books.json', 7, 'bad-json'],
      ],
    );
  });

  it('reads ratings-only files, and prefers reviews where both are there', async () => {
    const ratings = await only('amazon-2014', 'ratings_books.csv');
    assert.equal(await amazon2014.detect(ratings), 0.95);
    const sink = await readAll(amazon2014, ratings);
    assert.deepEqual(sink.interactions[1], ['AKM1MP6P0OYPR', 'B000000001', 1, 1363392000, 2]);
    const plan = await amazon2014.plan(await fixture('amazon-2014'), {});
    assert.deepEqual(
      plan.files.map((name) => path.basename(name)),
      ['meta_Books.json', 'reviews_Books.json'],
    );
    assert.equal(plan.notes.length, 1);
  });

  it('needs reviews or ratings', async () => {
    await assert.rejects(readAll(amazon2014, await only('amazon-2014', 'meta_books.json')), {
      name: 'InputError',
      code: 'missing-file',
    });
  });
});

describe('Amazon 2018', () => {
  it('reads rank texts, dollar prices and scraped markup', async () => {
    const files = await only('amazon-2018', 'meta_books.json', 'books.json');
    assert.equal(await amazon2018.detect(files), 0.95);
    assert.equal(await amazon2014.detect(files), 0);
    const sink = await readAll(amazon2018, files);
    assert.deepEqual(sink.catalogue, [
      {
        id: '0001234567',
        title: "Ada's Garden & Yard",
        attributes: {
          price: 12.99,
          sales_rank: 2432501,
          brand: 'Ada Writer',
          category: ['Books', 'Science & Nature'],
        },
      },
      {
        id: 'B000000001',
        title: 'Tin Kettle',
        attributes: {
          price: 10.5,
          sales_rank: 16321,
          brand: 'Acme',
          category: ['Home & Kitchen', 'Kettles'],
        },
      },
      { id: 'B000000002', title: 'B000000002', attributes: { sales_rank: 19963069 } },
      { id: 'B000000003', title: 'Grand Piano', attributes: { price: 1299 } },
      { id: 'B000000004', title: 'Sparse Record', attributes: {} },
    ]);
    assert.deepEqual(sink.interactions[1], ['A3H7T87S984REU', 'B000000001', 4, 1384387200, 2]);
    assert.deepEqual(
      sink.badRows.map(({ line, reason }) => [line, reason]),
      [[6, 'missing-field']],
    );
  });

  it('knows that its ratings have the item first', async () => {
    const files = await only('amazon-2018', 'books.csv');
    assert.equal(await amazon2018.detect(files), 0.95);
    const sink = await readAll(amazon2018, files);
    assert.deepEqual(sink.interactions[0], ['A3CIUOJXQ5VDQ2', '0001234567', 5, 1472688000, 1]);
  });
});

describe('Amazon 2023', () => {
  it('reads parents, nested details and milliseconds', async () => {
    const files = await only('amazon-2023', 'meta_books.jsonl', 'books.jsonl');
    assert.equal(await amazon2023.detect(files), 0.95);
    const sink = await readAll(amazon2023, files);
    assert.deepEqual(sink.catalogue, [
      {
        id: '0001234567',
        title: "Ada's Garden",
        attributes: {
          price: 12.99,
          sales_rank: 51019,
          brand: 'Ada Writer',
          category: ['Books', 'Science & Nature'],
        },
      },
      {
        id: 'B000000001',
        title: 'Tin Kettle',
        attributes: { sales_rank: 1315213, brand: 'Acme Home', category: ['Books'] },
      },
      {
        id: 'B000000002',
        title: 'B000000002',
        attributes: { price: 8.5, sales_rank: 9, brand: 'Text Details', category: ['Books'] },
      },
      { id: 'B000000003', title: 'Plain', attributes: { price: 16 } },
    ]);
    assert.deepEqual(sink.interactions, [
      ['AGKHLEW2SOWHNMFQIJGBECAF7INQ', 'B000000001', 5, 1588687728.923, 1],
      ['AGKHLEW2SOWHNMFQIJGBECAF7INQ', '0001234567', 1, 1588615855.07, 2],
    ]);
    assert.equal(sink.badRows.length, 1);
  });

  it('reads ratings-only files with a header, and with a history', async () => {
    const files = await only('amazon-2023', 'books.csv');
    assert.equal(await amazon2023.detect(files), 0.95);
    const sink = await readAll(amazon2023, files);
    assert.deepEqual(sink.interactions[0], [
      'AGKHLEW2SOWHNMFQIJGBECAF7INQ',
      'B000000001',
      5,
      1588687728.923,
      2,
    ]);
    const history = memoryFile(
      'Books.train.csv',
      'user_id,parent_asin,rating,timestamp,history\nAG,B1,5.0,1588687728000,\nAG,B2,4.0,1588687729000,B1 B0\nAG,B3\n',
    );
    const withHistory = await readAll(amazon2023, [history]);
    assert.deepEqual(withHistory.interactions[1], ['AG', 'B2', 4, 1588687729, 3]);
    assert.deepEqual(
      withHistory.badRows.map(({ line, reason }) => [line, reason]),
      [[4, 'column-count']],
    );
  });

  it('refuses one big JSON array', async () => {
    const row = '{"rating":5,"user_id":"u","parent_asin":"p","timestamp":1588687728000}';
    const lines = memoryFile('a.jsonl', `${row}\n`);
    const array = memoryFile('a.jsonl', `[${row}]`);
    const plan = await amazon2023.plan([{ ...array, head: lines.head.bind(lines) }], {});
    const sink = await readAll(amazon2023, [lines]);
    await assert.rejects(plan.read(sink, {}), { code: 'wrong-format', place: { file: 'a.jsonl', line: 1 } });
  });
});

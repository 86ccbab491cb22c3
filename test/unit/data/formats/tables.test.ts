import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { chooseFormat, detectFormat } from '../../../../src/data/detect.ts';
import { csvTable, jsonlTable, parquetTable, tsvTable } from '../../../../src/data/formats/table/format.ts';
import { attributeName, kindOf, separatorOf } from '../../../../src/data/formats/table/infer.ts';
import { ImportSink } from '../../../../src/data/import-sink.ts';
import { previewSource } from '../../../../src/data/preview.ts';
import { openSources } from '../../../../src/data/sources/open-sources.ts';
import { memoryFile, readAll } from '../helpers/collect.ts';

const fixtures = path.resolve(import.meta.dirname, '../../../fixtures');
const tables = path.join(fixtures, 'tables');
let folder: string;
before(async () => (folder = await fs.mkdtemp(path.join(os.tmpdir(), 'toolrec-tables-'))));
after(() => fs.rm(folder, { recursive: true, force: true }));

describe('CSV and TSV tables', () => {
  const files = () => openSources([path.join(tables, 'events.csv'), path.join(tables, 'products.csv')]);

  it('find columns by their names once the rest is mapped', async () => {
    const map = { item: 'sku', timestamp: 'when', interactions: 'events.csv' };
    const plan = await csvTable.plan(await files(), { map });
    assert.ok(plan.notes.includes('Columns: user = userId, item = sku, rating = stars, timestamp = when.'));
    assert.ok(plan.notes.some((note) => note.startsWith('Timestamps are dates')));
    assert.deepEqual(
      plan.attributes.map(({ name, kind }) => [name, kind]),
      [
        ['genre_list', 'categories'],
        ['release_year', 'number'],
        ['list_price', 'number'],
        ['blurb', 'text'],
      ],
    );
    const sink = await readAll(csvTable, await files(), map);
    assert.deepEqual(sink.interactions, [
      ['ada', 'A-1', 5, Date.UTC(2018, 0, 9, 20, 56, 38) / 1000, 2],
      ['bob', 'A-1', 3, Date.UTC(2018, 0, 10) / 1000, 3],
    ]);
    assert.deepEqual(
      sink.badRows.map(({ line, reason }) => [line, reason]),
      [
        [4, 'bad-timestamp'],
        [5, 'missing-field'],
      ],
    );
    assert.deepEqual(sink.catalogue[0]!.attributes, {
      genre_list: ['Home', 'Kitchen'],
      release_year: 1995,
      list_price: 12.99,
      blurb: 'A kettle that whistles a low note when the water in it boils.',
    });
    assert.equal(sink.catalogue[1]!.title, 'Le "Thé"');
    assert.deepEqual(sink.catalogue[2], { id: 'C3', title: 'C3', attributes: { list_price: 3 } });
  });

  it('take attributes with given names and kinds, and only those', async () => {
    const map = {
      item: 'sku',
      'item.genre': 'Genre List',
      'item.year': 'Release Year:category',
      timestamp: '4',
    };
    const sink = await readAll(csvTable, await files(), map);
    assert.deepEqual(sink.catalogue[0]!.attributes, { genre: ['Home', 'Kitchen'], year: '1995' });
  });

  it('describe items by columns beside the interactions where those are mapped', async () => {
    const rows =
      'user,item,title,timestamp,genre,price\n' +
      'u1,i1,,100,Drama|Crime,3\nu2,i1,Heat,200,Drama|Crime,3\nu1,i2,Alien,300,Horror,\nu2,i2,Alien 2,x,,\n' +
      'u3,i1,Heat,400,Action,4\nu3,i2,Aliens,500,Horror|Sci-Fi,5\nu3,i3,,600,,\n';
    const map = { title: 'title', 'item.genre': 'genre', 'item.price': 'price:number' };
    const plan = await csvTable.plan([memoryFile('one.csv', rows)], { map });
    const sink = new ImportSink(plan.attributes, 0.5);
    await plan.read(sink, {});
    assert.deepEqual(sink.itemRecords, [
      { id: 'i1', title: 'Heat', attributes: { genre: ['Drama', 'Crime'], price: 3 } },
      { id: 'i2', title: 'Alien', attributes: { genre: ['Horror'], price: 5 } },
      { id: 'i3', title: 'i3', attributes: {} },
    ]);
    assert.deepEqual(plan.files, ['one.csv']);
    assert.deepEqual(
      plan.notes.filter((note) => note.includes('more than one value')),
      [
        '1 item has more than one value in “title”: the first counts.',
        '2 items have more than one value in “genre”: the first counts.',
        '1 item has more than one value in “price”: the first counts.',
      ],
    );
    const { rows: read, badRows } = sink.finish();
    assert.deepEqual([read, badRows], [7, 1]);
  });

  it('leave columns beside the interactions alone that nobody mapped, and say so', async () => {
    const rows = 'user,item,title,timestamp\nu1,i1,Heat,100\n';
    const { attributes, notes } = await csvTable.plan([memoryFile('one.csv', rows)], {});
    assert.deepEqual(attributes, []);
    assert.ok(notes.some((note) => note.startsWith('Not used: title.')));
    const wrong = csvTable.plan([memoryFile('one.csv', rows)], { map: { 'item.id': 'item' } });
    await assert.rejects(wrong, { code: 'bad-mapping' });
  });

  it('read without a header, and read plain numbers the same on both paths', async () => {
    const rows = '1,10,4.5,978300760\n2,10,3,978300761\n2,11,3,978300762\n';
    const plain = await readAll(csvTable, [memoryFile('r.csv', rows)]);
    assert.deepEqual(plain.interactions[0], ['1', '10', 4.5, 978300760, 1]);
    const quoted = await readAll(csvTable, [memoryFile('r.csv', rows.replaceAll(',10,', ',"1""0",'))]);
    assert.deepEqual(
      quoted.interactions.map((row) => [row[0], row[1].replace('"', ''), ...row.slice(2)]),
      plain.interactions,
    );
  });

  it('detect milliseconds and say so; an explicit unit wins', async () => {
    const file = memoryFile('t.tsv', 'uid\titem\ttime\nx\ty\t1588687728923\n');
    const plan = await tsvTable.plan([file], {});
    assert.ok(plan.notes.includes('Timestamps are milliseconds since 1970.'));
    const sink = await readAll(tsvTable, [file]);
    assert.deepEqual(sink.interactions, [['x', 'y', NaN, 1588687728.923, 2]]);
    const wrong = await readAll(tsvTable, [file], { timestamp: 'time:s' });
    assert.deepEqual(
      wrong.badRows.map(({ reason }) => reason),
      ['bad-timestamp'],
    );
  });

  it('keep the order of the file without timestamps', async () => {
    const file = memoryFile('t.csv', 'user,item\nx,a b\nx,c\n');
    const sink = await readAll(csvTable, [file]);
    assert.deepEqual(sink.interactions, [
      ['x', 'a b', NaN, 0, 2],
      ['x', 'c', NaN, 0, 3],
    ]);
  });

  it('say what is wrong with a mapping', async () => {
    const file = () => memoryFile('t.csv', 'who,what,note\nx,a,b\nx,c,d\n');
    const rejects = (map: Record<string, string>, code: string) =>
      assert.rejects(readAll(csvTable, [file()], map), { name: 'UsageError', code }, JSON.stringify(map));
    await rejects({}, 'needs-mapping');
    await rejects({ user: 'who', item: 'thing' }, 'bad-mapping');
    await rejects({ user: 'who', item: '9' }, 'bad-mapping');
    await rejects({ user: 'who', item: 'what', colour: 'note' }, 'bad-mapping');
    await rejects({ user: 'who', item: 'what', 'item.x': 'nothing' }, 'bad-mapping');
    await rejects({ user: 'who', item: 'what', 'item.id': 'what' }, 'bad-mapping');
    await rejects({ user: 'who', item: 'what', items: 't.csv' }, 'bad-mapping');
    await rejects({ user: 'who', item: 'what', timestamp: 'note' }, 'bad-mapping');
    await rejects({ user: 'who', item: 'what', delimiter: 'ab' }, 'bad-mapping');
    await rejects({ user: 'who', item: 'what', header: 'perhaps' }, 'bad-mapping');
    await rejects({ user: 'who', item: 'what', interactions: 'other.csv' }, 'bad-mapping');
    const sink = await readAll(csvTable, [file()], { user: '1', item: 'what' });
    assert.equal(sink.interactions.length, 2);
  });

  it('refuse an empty file', async () => {
    await assert.rejects(readAll(csvTable, [memoryFile('e.csv', '')]), {
      code: 'empty-file',
      place: { file: 'e.csv' },
    });
    assert.equal(await csvTable.detect([memoryFile('e.csv', '')]), 0);
  });
});

describe('JSON lines tables', () => {
  it('read ids and numbers of either type', async () => {
    const files = await openSources([path.join(tables, 'events.jsonl')]);
    const sink = await readAll(jsonlTable, files);
    assert.deepEqual(sink.interactions, [
      ['ada', '7', 5, 1588687728.923, 1],
      ['bob', '7', 4.5, 1588687728.924, 2],
    ]);
    assert.deepEqual(
      sink.badRows.map(({ line, reason }) => [line, reason]),
      [[3, 'bad-timestamp']],
    );
  });

  it('take lists as sets of categories', async () => {
    const sink = await readAll(jsonlTable, [
      memoryFile('e.jsonl', '{"user":1,"item":"a"}\n'),
      memoryFile(
        'i.jsonl',
        '{"item":"a","title":"A","tags":["x","y",3,null,"x"]}\n{"item":"b","deep":{"__proto__":1}}\n',
      ),
    ]);
    assert.deepEqual(sink.catalogue[0]!.attributes, { tags: ['x', 'y', '3'] });
    assert.equal(sink.catalogue[1]!.title, 'b');
  });
});

describe('Parquet tables', () => {
  const write = async (name: string, options: Parameters<typeof parquetWriteBuffer>[0]): Promise<string> => {
    const file = path.join(folder, name);
    await fs.writeFile(file, Buffer.from(parquetWriteBuffer(options)));
    return file;
  };
  const columns = (count: number): Parameters<typeof parquetWriteBuffer>[0] => ({
    columnData: [
      { name: 'user_id', data: Array.from({ length: count }, (_, i) => BigInt(i % 7)), type: 'INT64' },
      { name: 'item_id', data: Array.from({ length: count }, (_, i) => `i${i % 5}`), type: 'STRING' },
      { name: 'rating', data: Array.from({ length: count }, (_, i) => 0.5 + (i % 9) / 2), type: 'DOUBLE' },
      {
        name: 'timestamp',
        data: Array.from({ length: count }, (_, i) => new Date(1.5e12 + i)),
        type: 'TIMESTAMP',
      },
    ],
    rowGroupSize: 100,
  });

  it('read row groups, 64-bit ids and times', async () => {
    const file = await write('r.parquet', columns(250));
    const files = await openSources([file]);
    assert.equal(await parquetTable.detect(files), 0.5);
    const sink = await readAll(parquetTable, files);
    assert.equal(sink.interactions.length, 250);
    assert.deepEqual(sink.interactions[249], [
      String(249 % 7),
      'i4',
      0.5 + (249 % 9) / 2,
      1.5e9 + 0.249,
      250,
    ]);
    assert.deepEqual(sink.badRows, []);
  });

  it('are refused when damaged, cut or inside an archive', async () => {
    const file = await write('d.parquet', columns(50));
    const whole = await fs.readFile(file);
    for (const length of [3, 8, 20, whole.length >> 1, whole.length - 1]) {
      await fs.writeFile(file, whole.subarray(0, length));
      await assert.rejects(
        async () => readAll(parquetTable, await openSources([file])),
        { name: 'InputError', code: 'damaged-parquet' },
        `cut at ${length}`,
      );
    }
    await assert.rejects(readAll(parquetTable, [memoryFile('a.zip/r.parquet', whole)]), {
      code: 'needs-unpacking',
    });
  });
});

describe('Kinds of columns', () => {
  it('follow the values', () => {
    const kind = (...cells: unknown[]) => kindOf(cells, separatorOf(cells));
    assert.equal(kind('1', '2.5', '-3'), 'number');
    assert.equal(kind('Drama|War', 'Drama'), 'categories');
    assert.equal(kind('Rock, Pop', 'Jazz, Blues, Soul'), 'categories');
    assert.equal(kind('red', 'green'), 'category');
    assert.equal(
      kind('A long sentence, with a comma, that goes on for quite a while and then ends.'),
      'text',
    );
    assert.equal(kind(['a'], null), 'categories');
    assert.equal(attributeName('  Release Year '), 'release_year');
    assert.equal(attributeName('listPrice (USD)'), 'list_price_usd');
    assert.equal(attributeName('№ 1'), '');
  });
});

describe('Detection', () => {
  const expected: Record<string, string> = {
    'ml-100k': 'ml-100k',
    'ml-1m': 'ml-1m',
    'ml-10m': 'ml-10m',
    'ml-csv': 'ml-csv',
    recbole: 'recbole',
    'amazon-2014': 'amazon-2014',
    'amazon-2018': 'amazon-2018',
    'amazon-2023': 'amazon-2023',
    yelp: 'yelp',
  };
  for (const [name, id] of Object.entries(expected)) {
    it(`knows ${name}`, async () => {
      const files = await openSources([path.join(fixtures, name)]);
      const found = await detectFormat(files);
      assert.equal(found[0]?.format.id, id);
      assert.ok(found.length === 1 || found[1]!.confidence <= 0.5, JSON.stringify(found));
      assert.equal((await chooseFormat(files)).id, id);
      assert.equal((await chooseFormat(files, 'csv')).id, 'csv', 'a named format wins');
    });
  }

  it('takes files for a table when their columns are mapped, whatever the names', async () => {
    const files = [memoryFile('p.csv', 'who,what\na,b\n')];
    await assert.rejects(chooseFormat(files), { code: 'unknown-format' });
    assert.equal((await chooseFormat(files, undefined, true)).id, 'csv');
  });

  it('refuses what it does not know, and formats that do not exist', async () => {
    const files = [memoryFile('readme.md', '# hello\n')];
    await assert.rejects(chooseFormat(files), { name: 'InputError', code: 'unknown-format' });
    await assert.rejects(chooseFormat(files, 'ml-2m'), { name: 'UsageError', code: 'unknown-format' });
  });
});

describe('Preview', () => {
  it('shows columns, first rows, formats and what would be read', async () => {
    const preview = await previewSource([path.join(fixtures, 'ml-csv')]);
    assert.equal(preview.format, 'ml-csv');
    assert.equal(preview.problem, undefined);
    const movies = preview.files.find((file) => file.name.endsWith('movies.csv'))!;
    assert.deepEqual(movies.columns, ['movieId', 'title', 'genres']);
    assert.deepEqual(movies.rows[1], ['3', 'Grumpy Neighbours, The (1995)', 'Comedy|Romance']);
    assert.ok(preview.plan!.attributes.some(({ name }) => name === 'genre'));
  });

  it('says what the mapping lacks, and is content once it is given', async () => {
    const file = path.join(folder, 'unclear.csv');
    await fs.writeFile(file, 'who,what\nada,kettle\n');
    const without = await previewSource([file], 'csv');
    assert.equal(without.problem?.code, 'needs-mapping');
    assert.deepEqual(without.files[0]!.columns, ['who', 'what']);
    const withMap = await previewSource([file], 'csv', { user: 'who', item: 'what' });
    assert.equal(withMap.problem, undefined);
    assert.equal(withMap.plan!.files.length, 1);
  });

  it('shows .dat, .inter, Python literals and files it cannot read', async () => {
    const dat = await previewSource([path.join(fixtures, 'ml-1m')]);
    assert.deepEqual(dat.files.find((file) => file.name.endsWith('ratings.dat'))!.rows[0], [
      '1',
      '1193',
      '5',
      '978300760',
    ]);
    const inter = await previewSource([path.join(fixtures, 'recbole')]);
    assert.equal(inter.files.find((file) => file.name.endsWith('.inter'))!.columns[0], 'user_id:token');
    await previewSource([path.join(fixtures, 'amazon-2014')]);
    const empty = path.join(folder, 'empty.csv');
    await fs.writeFile(empty, '');
    assert.deepEqual((await previewSource([empty])).files[0]!.rows, []);
  });

  it('shows nothing that a terminal would act on', async () => {
    const file = path.join(folder, 'evil.csv');
    await fs.writeFile(file, 'user,item\n\u001b[2J,\u202eabc\n');
    const { files } = await previewSource([file]);
    assert.deepEqual(files[0]!.rows, [['·[2J', '·abc']]);
  });
});

import assert from 'node:assert/strict';
import path from 'node:path';
import { recbole } from '../../../../src/data/formats/recbole.ts';
import { openSources } from '../../../../src/data/sources/open-sources.ts';
import { memoryFile, readAll } from '../helpers/collect.ts';
import { onRealData } from '../helpers/shared-data.ts';

const folder = path.resolve(import.meta.dirname, '../../../fixtures/recbole');
const inter = (text: string) => memoryFile('x.inter', text);

describe('RecBole atomic files', () => {
  it('reads the four feature types in all three files', async () => {
    const files = await openSources([folder]);
    assert.equal(await recbole.detect(files), 0.98);
    const plan = await recbole.plan(files, {});
    assert.deepEqual(
      plan.attributes.map(({ name, kind }) => [name, kind]),
      [
        ['year', 'number'],
        ['genre', 'categories'],
        ['categories', 'categories'],
        ['price', 'number'],
        ['brand', 'category'],
      ],
    );
    assert.ok(plan.notes.some((note) => note.includes('embedding:float_seq')));
    const sink = await readAll(recbole, files);
    assert.deepEqual(sink.interactions, [
      ['u1', 'i1', 5, 978300760, 2],
      ['u1', 'i 2', 4.5, 978302109, 3],
      ['u2', 'i1', 3, 978301968, 4],
    ]);
    assert.deepEqual(
      sink.badRows.map(({ line, reason }) => [line, reason]),
      [[5, 'not-a-number']],
    );
    assert.deepEqual(sink.catalogue, [
      {
        id: 'i1',
        title: 'Tin Kettle',
        attributes: {
          year: 1995,
          genre: ['Home', 'Kitchen'],
          categories: ['Toys & Games', 'Puzzles'],
          price: 12.99,
          brand: 'Acme',
        },
      },
      { id: 'i 2', title: 'Thé Café, Le', attributes: { genre: ['Home'], categories: ["Ada's", 'Gifts'] } },
      { id: 'i3', title: 'i3', attributes: { year: 2001, brand: 'Zed' } },
    ]);
    assert.deepEqual(sink.people, [
      { id: 'u1', profile: { age: 24, gender: 'M', zip_code: '01234', score: 1.5, bio: 'likes tea' } },
      { id: 'u2', profile: { age: 53, gender: 'F', zip_code: 94043 } },
    ]);
  });

  it('refuses a header with an unknown type, naming the types there are', async () => {
    await assert.rejects(readAll(recbole, [inter('user_id:token\titem_id:int\n1\t2\n')]), (error: Error) => {
      assert.match(error.message, /item_id:int.*token, token_seq, float, float_seq/);
      assert.deepEqual((error as { code?: string }).code, 'wrong-format');
      return true;
    });
  });

  it('keeps the order of the file where there are no times, and takes a mapping', async () => {
    const file = inter('a:token\tb:token\tw:float\n1\t2\t0.5\n1\t3\t1e0\n1\t3\n');
    await assert.rejects(readAll(recbole, [file]), { name: 'UsageError', code: 'needs-mapping' });
    const sink = await readAll(recbole, [file], { user: 'a', item: 'b', rating: 'w' });
    assert.deepEqual(sink.interactions, [
      ['1', '2', 0.5, 0, 2],
      ['1', '3', 1, 0, 3],
    ]);
    assert.deepEqual(
      sink.badRows.map(({ line, reason }) => [line, reason]),
      [[4, 'column-count']],
    );
    await assert.rejects(readAll(recbole, [file], { user: 'x', item: 'b' }), { code: 'bad-mapping' });
    await assert.rejects(readAll(recbole, [file], { usr: 'a' }), { code: 'bad-mapping' });
  });

  it('joins the parts of a split in order', async () => {
    const part = (name: string, item: string) =>
      memoryFile(`d.${name}.inter`, `user_id:token\titem_id:token\ttimestamp:float\n1\t${item}\t5\n`);
    const sink = await readAll(recbole, [part('test', 'c'), part('train', 'a'), part('valid', 'b')]);
    assert.deepEqual(
      sink.interactions.map(([, item]) => item),
      ['a', 'b', 'c'],
    );
  });

  onRealData('reads the real ml-100k', async (data) => {
    const files = await openSources([path.join(data, 'ml-100k')]);
    assert.equal(await recbole.detect(files), 0.98);
    const sink = await readAll(recbole, files);
    assert.deepEqual(sink.badRows, []);
    assert.equal(sink.interactions.length, 100_000);
    assert.equal(sink.users.size, 943);
    assert.equal(sink.items.size, 1682);
    assert.equal(sink.catalogue.length, 1682);
    assert.equal(sink.people.length, 943);
    assert.deepEqual(sink.catalogue[0], {
      id: '1',
      title: 'Toy Story',
      attributes: { year: 1995, genre: ['Animation', "Children's", 'Comedy'] },
    });
    const years = sink.catalogue.filter(({ attributes }) => typeof attributes['year'] === 'number').length;
    assert.ok(years > 1670, `${years} have a year`);
  });
});

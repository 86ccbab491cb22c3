import assert from 'node:assert/strict';
import path from 'node:path';
import { yelp } from '../../../../src/data/formats/yelp.ts';
import { openSources } from '../../../../src/data/sources/open-sources.ts';
import { readAll } from '../helpers/collect.ts';

const folder = path.resolve(import.meta.dirname, '../../../fixtures/yelp');

describe('Yelp Academic Dataset', () => {
  it('reads businesses, reviews and users, and leaves tips and check-ins', async () => {
    const files = await openSources([folder]);
    assert.equal(await yelp.detect(files), 0.97);
    const plan = await yelp.plan(files, {});
    assert.equal(plan.files.length, 3);
    assert.deepEqual(
      plan.attributes.map(({ name, kind }) => [name, kind]),
      [
        ['categories', 'categories'],
        ['city', 'category'],
        ['stars', 'number'],
      ],
    );
    const sink = await readAll(yelp, files);
    assert.deepEqual(sink.catalogue, [
      {
        id: 'Pns2l4eNsfO8kk83dixA6A',
        title: "Abélard's, Bakery",
        attributes: { categories: ['Bakeries', 'Coffee & Tea', 'Food'], city: 'Santa Barbara', stars: 4.5 },
      },
      { id: 'mpf3x-BjTdTEA3yCZrAYPw', title: 'The Parcel Shop', attributes: { city: 'Affton', stars: 3 } },
      {
        id: 'tUFrWirKiKi_TAnsVWINQQ',
        title: 'tUFrWirKiKi_TAnsVWINQQ',
        attributes: { categories: ['Pubs', 'Restaurants'], stars: 3.5 },
      },
    ]);
    assert.deepEqual(sink.interactions, [
      ['mh_-eMZ6K5RLWhZyISBhwA', 'Pns2l4eNsfO8kk83dixA6A', 3, Date.UTC(2018, 6, 7, 22, 9, 11) / 1000, 1],
      ['OyoGAe7OKpv6SyGZT5g77Q', 'mpf3x-BjTdTEA3yCZrAYPw', 5, Date.UTC(2012, 0, 3) / 1000, 2],
    ]);
    assert.deepEqual(sink.people, [
      {
        id: 'mh_-eMZ6K5RLWhZyISBhwA',
        profile: { yelping_since: '2008-07-25', review_count: 33, average_stars: 3.32 },
      },
    ]);
    assert.deepEqual(
      sink.badRows.map(({ line, reason }) => [line, reason]),
      [
        [3, 'bad-timestamp'],
        [4, 'not-a-number'],
        [5, 'missing-field'],
      ],
    );
  });

  it('needs reviews', async () => {
    const files = (await openSources([folder])).filter((file) => !file.base.includes('review'));
    assert.equal(await yelp.detect(files), 0);
    await assert.rejects(yelp.plan(files, {}), { name: 'InputError', code: 'missing-file' });
  });
});

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { datasetInMemory } from '../../../src/data/content.ts';
import { datasetStatistics, distribution } from '../../../src/data/statistics.ts';
import { smallContent } from './small-dataset.ts';

describe('datasetStatistics', () => {
  it('of a small dataset, by hand', () => {
    const statistics = datasetStatistics(datasetInMemory(smallContent()), { samples: 2 });
    assert.deepEqual(
      [statistics.users, statistics.items, statistics.interactions, statistics.catalogueItems],
      [3, 3, 6, 4],
    );
    assert.equal(statistics.sparsity, 1 - 6 / 9);
    assert.equal(statistics.catalogueSparsity, 1 - 6 / 12);
    assert.equal(statistics.averageLength, 2);
    const { histogram: _lengths, ...lengths } = statistics.lengths;
    assert.deepEqual(lengths, { least: 1, median: 2, mean: 2, ninetieth: 3, most: 3 });
    assert.equal(statistics.topTenthShare, 2 / 6);
    assert.deepEqual(statistics.time, { first: 0.5, last: 2 ** 33 });
    // One of the six has the moment of the one before, and it is the last of user 0.
    assert.deepEqual(statistics.ties, { interactions: 1 / 6, lastTwo: 1 / 3 });
    assert.deepEqual(statistics.split, { train: 3, validation: 1, test: 2, usersWithTest: 2 });
    assert.deepEqual(statistics.ratings, [
      { value: 1, interactions: 1 },
      { value: 2, interactions: 1 },
      { value: 3.5, interactions: 1 },
      { value: 4, interactions: 1 },
      { value: 5, interactions: 1 },
      { value: null, interactions: 1 },
    ]);
    assert.deepEqual(statistics.attributes, [
      {
        name: 'genre',
        kind: 'categories',
        items: 2,
        coverage: 0.5,
        distinct: 3,
        top: [
          { value: 'Comedy', items: 1 },
          { value: 'Crime', items: 1 },
          { value: 'Romance', items: 1 },
        ],
      },
      {
        name: 'year',
        kind: 'number',
        items: 2,
        coverage: 0.5,
        distinct: 2,
        top: [
          { value: '1995', items: 1 },
          { value: '2001', items: 1 },
        ],
        range: { least: 1995, median: 2001, most: 2001 },
      },
    ]);
    assert.equal(statistics.samples.items.length, 2);
    assert.ok(statistics.samples.users.every(({ latest }) => latest.length >= 1));
  });

  it('has no ratings where the dataset has none', () => {
    const { ratings: _, ...columns } = smallContent().columns;
    assert.equal(datasetStatistics(datasetInMemory(smallContent({ columns }))).ratings, undefined);
  });

  it('a histogram covers every value once, in bins that grow', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 100 }), (values) => {
        const { histogram, least, most } = distribution(Uint32Array.from(values));
        assert.equal(histogram[0]!.from, least);
        assert.equal(histogram.at(-1)!.to, most);
        histogram.forEach(({ from, to, count }, bin) => {
          assert.equal(count, values.filter((value) => value >= from && value <= to).length);
          if (bin > 0) assert.equal(from, histogram[bin - 1]!.to + 1);
        });
      }),
      { numRuns: 100 },
    );
  });
});

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { datasetInMemory } from '../../../src/data/content.ts';
import { countIn, evenEdges, growingEdges } from '../../../src/data/histogram.ts';
import { datasetStatistics } from '../../../src/data/statistics.ts';
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
    assert.deepEqual(statistics.lengths, {
      least: 1,
      median: 2,
      mean: 2,
      ninetieth: 3,
      most: 3,
      bins: [
        { from: 1, to: 2, count: 1 },
        { from: 2, to: 3, count: 2 },
      ],
    });
    assert.deepEqual(statistics.popularity.shares[2], { items: 0.1, interactions: 2 / 6 });
    assert.deepEqual(statistics.popularity.curve[0], { rank: 1, count: 2 });
    assert.equal(statistics.time.first, 0.5);
    assert.equal(statistics.time.last, 2 ** 33);
    // One of the six has the moment of the one before, and it is the last of user 0.
    assert.deepEqual(statistics.ties, { interactions: 1 / 6, lastTwo: 1 / 3 });
    assert.deepEqual(statistics.split, { train: 3, validation: 1, test: 2, usersWithTest: 2 });
    assert.deepEqual(
      statistics.ratings,
      [1, 2, 3.5, 4, 5].map((rating) => ({ rating, count: 1 })),
    );
    assert.equal(statistics.unknownRatings, 1);
    const [genre, year] = statistics.attributes;
    assert.deepEqual(genre, {
      name: 'genre',
      kind: 'categories',
      covered: 2,
      distinct: 3,
      top: ['Comedy', 'Crime', 'Romance'].map((value) => ({ value, count: 1 })),
      bins: [],
      buckets: [],
    });
    assert.deepEqual(year!.buckets, [
      { value: '1995', count: 1 },
      { value: '2001', count: 1 },
    ]);
    assert.equal(
      year!.bins.reduce((sum, { count }) => sum + count, 0),
      2,
    );
    assert.equal(statistics.samples.items.length, 2);
    assert.ok(statistics.samples.users.every(({ latest }) => latest.length >= 1));
  });

  it('has no ratings where the dataset has none', () => {
    const { ratings: _, ...columns } = smallContent().columns;
    const statistics = datasetStatistics(datasetInMemory(smallContent({ columns })));
    assert.deepEqual([statistics.ratings, statistics.unknownRatings], [[], 0]);
  });
});

describe('histograms', () => {
  it('count every number once, in bins that join', () => {
    const numbers = fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(numbers, fc.constantFrom('growing', 'even'), (values, kind) => {
        const least = Math.min(...values);
        const most = Math.max(...values);
        const edges = kind === 'growing' ? growingEdges(least, most) : evenEdges(least, most, 20);
        const bins = countIn(edges, values);
        assert.deepEqual([bins[0]!.from, bins.at(-1)!.to], [least, most]);
        bins.forEach(({ from, to, count }, bin) => {
          const last = bin === bins.length - 1;
          const expected = values.filter((value) => value >= from && (last ? value <= to : value < to));
          assert.equal(count, expected.length);
          if (bin > 0) assert.equal(from, bins[bin - 1]!.to);
        });
      }),
      { numRuns: 200 },
    );
  });

  it('even edges are of one width, whole where they can be', () => {
    assert.deepEqual(evenEdges(1990, 1999, 3), [1990, 1993, 1996, 1999]);
    assert.deepEqual(evenEdges(0, 1, 4), [0, 1]);
    assert.deepEqual(evenEdges(0.5, 1.5, 2), [0.5, 1, 1.5]);
    assert.deepEqual(evenEdges(7, 7, 5), [7, 7]);
  });
});

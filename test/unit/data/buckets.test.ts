import assert from 'node:assert/strict';
import fc from 'fast-check';
import { bucketedAttribute, bucketOf, quantileBuckets } from '../../../src/data/buckets.ts';
import { datasetInMemory } from '../../../src/data/content.ts';
import { smallContent } from './small-dataset.ts';

describe('quantile buckets', () => {
  it('by hand', () => {
    const { least, most, labels } = quantileBuckets([1995, 1990, 1991, 1992, 1994, 1999, 2000, 2001], 4);
    assert.deepEqual(least, [1990, 1992, 1995, 2000]);
    assert.deepEqual(most, [1991, 1994, 1999, 2001]);
    assert.deepEqual(labels, ['1990–1991', '1992–1994', '1995–1999', '2000–2001']);
    assert.deepEqual(quantileBuckets([], 3).labels, []);
    assert.deepEqual(quantileBuckets([2.5, NaN, 2.5], 3).labels, ['2.5']);
    assert.throws(() => quantileBuckets([1], 0), RangeError);
  });

  it('cover every number once, in order, without parting equal ones', () => {
    const numbers = fc.array(fc.oneof(fc.nat(9), fc.double({ noNaN: true, noDefaultInfinity: true })), {
      minLength: 1,
      maxLength: 80,
    });
    fc.assert(
      fc.property(numbers, fc.integer({ min: 1, max: 12 }), (values, count) => {
        const buckets = quantileBuckets(values, count);
        assert.ok(buckets.least.length <= count);
        for (const value of values) {
          const b = bucketOf(buckets, value);
          assert.ok(value >= buckets.least[b]! && value <= buckets.most[b]!);
        }
        for (let b = 1; b < buckets.least.length; b++) assert.ok(buckets.most[b - 1]! < buckets.least[b]!);
      }),
      { numRuns: 200 },
    );
  });

  it('are as large as one another when numbers differ', () => {
    const buckets = quantileBuckets(
      Array.from({ length: 103 }, (_, i) => (i * 37) % 103),
      10,
    );
    const sizes = buckets.least.map((least, b) => buckets.most[b]! - least + 1);
    assert.equal(sizes.length, 10);
    assert.ok(sizes.every((size) => size === 10 || size === 11));
  });

  it('give every item its bucket, -1 without a number', () => {
    const { buckets, codes } = bucketedAttribute(datasetInMemory(smallContent()), 'year', 2);
    assert.deepEqual(Array.from(codes), [1, 0, -1, -1]);
    assert.deepEqual(buckets.labels, ['1995', '2001']);
    assert.deepEqual(
      [-1e9, 1998, 1e9, NaN].map((value) => bucketOf(buckets, value)),
      [0, 0, 1, -1],
    );
  });
});

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { topN } from '../../../src/recommender/top-n.ts';

describe('the N best', () => {
  it('equal those of a stable sort, whatever the ties, the N and what is excluded', () => {
    const score = fc.oneof(
      fc.integer({ min: -3, max: 3 }),
      fc.constant(-Infinity),
      fc.constant(Infinity),
      fc.constant(NaN),
    );
    fc.assert(
      fc.property(
        fc.array(score, { maxLength: 60 }),
        fc.integer({ min: 0, max: 70 }),
        fc.array(fc.integer({ min: 0, max: 80 }), { maxLength: 20 }),
        (values, n, without) => {
          const excluded = new Set(without);
          const expected = values
            .map((value, item) => ({ value, item }))
            .filter(({ value, item }) => value > -Infinity && !excluded.has(item))
            .sort((a, b) => (a.value === b.value ? a.item - b.item : b.value - a.value))
            .slice(0, n)
            .map(({ item }) => item);
          assert.deepEqual(topN(Float32Array.from(values), n, excluded), expected);
        },
      ),
    );
  });
});

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { hashText, Random } from '../../../src/shared/random.ts';

describe('seeded random numbers', () => {
  // Made by a second implementation in Python integers from the description in the module's head.
  const vectors: [number | string, number[]][] = [
    [0, [1789933344, 44971166, 2521392804, 3836935353, 2740083721]],
    [1, [393288148, 2174103013, 3814759091, 2092745082, 1865176206]],
    [42, [660444221, 3652823732, 77678286, 922035873, 3922690323]],
    [0xffffffff, [4104197751, 1825856343, 1152209388, 2427537429, 3685145430]],
    ['sample', [4188282402, 3939168405, 996896955]],
  ];
  for (const [seed, expected] of vectors)
    it(`the sequence of seed ${seed} never changes`, () => {
      const random = new Random(seed);
      assert.deepEqual(
        expected.map(() => random.uint32()),
        expected,
      );
    });

  it('hashes text as 32-bit FNV-1a', () => {
    // The published vectors for '', 'a' and 'foobar'.
    assert.deepEqual(['', 'a', 'foobar'].map(hashText), [0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
  });

  /** Pearson's statistic of counts against equal or given shares. */
  function chiSquare(counts: readonly number[], shares: readonly number[]): number {
    const total = counts.reduce((sum, count) => sum + count, 0);
    return counts.reduce(
      (sum, count, i) => sum + (count - total * shares[i]!) ** 2 / (total * shares[i]!),
      0,
    );
  }

  it('int is uniform, for powers of two and others (χ² below its 99.99% quantile)', () => {
    // Quantiles of χ² at 0.9999 for 6, 9 and 15 degrees of freedom.
    for (const [bound, quantile] of [
      [7, 27.86],
      [10, 33.72],
      [16, 44.26],
    ] as const) {
      const random = new Random(bound);
      const counts = new Array<number>(bound).fill(0);
      for (let i = 0; i < 50_000; i++) counts[random.int(bound)]!++;
      const statistic = chiSquare(counts, new Array<number>(bound).fill(1 / bound));
      assert.ok(statistic < quantile, `bound ${bound}: χ² = ${statistic}`);
    }
  });

  it('int stays below its bound and refuses what is no bound', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 0xffffffff }), fc.integer(), (bound, seed) => {
        const value = new Random(seed).int(bound);
        assert.ok(Number.isInteger(value) && value >= 0 && value < bound);
      }),
    );
    for (const bad of [0, -1, 1.5, NaN, Infinity, 2 ** 32 + 1])
      assert.throws(() => new Random(1).int(bad), RangeError);
    assert.equal(typeof new Random(1).int(2 ** 32), 'number');
  });

  it('weighted draws in proportion and never what weighs nothing', () => {
    const weights = [0, 1, 2, 0, 5, 0];
    const random = new Random('weights');
    const counts = new Array<number>(weights.length).fill(0);
    for (let i = 0; i < 40_000; i++) counts[random.weighted(weights)]!++;
    assert.equal(counts[0]! + counts[3]! + counts[5]!, 0);
    const statistic = chiSquare([counts[1]!, counts[2]!, counts[4]!], [1 / 8, 2 / 8, 5 / 8]);
    assert.ok(statistic < 18.42, `χ² = ${statistic}`); // 0.9999, 2 degrees of freedom
    assert.throws(() => random.weighted([0, 0]), RangeError);
  });

  it('normal has mean 0, variance 1 and a fourth moment of 3', () => {
    const random = new Random('normal');
    const n = 40_000;
    const values = Array.from({ length: n }, () => random.normal());
    const moment = (power: number) => values.reduce((sum, value) => sum + value ** power, 0) / n;
    // Five standard errors: sqrt(1/n), sqrt(2/n), sqrt(96/n).
    assert.ok(Math.abs(moment(1)) < 5 * Math.sqrt(1 / n));
    assert.ok(Math.abs(moment(2) - 1) < 5 * Math.sqrt(2 / n));
    assert.ok(Math.abs(moment(4) - 3) < 5 * Math.sqrt(96 / n));
  });

  it('shuffle keeps all items and makes each order equally likely', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer(), (items, seed) => {
        const shuffled = new Random(seed).shuffle([...items]);
        assert.deepEqual(
          shuffled.sort((a, b) => a - b),
          [...items].sort((a, b) => a - b),
        );
      }),
    );
    const random = new Random('orders');
    const counts = new Map<string, number>();
    for (let i = 0; i < 24_000; i++) {
      const order = random.shuffle(['a', 'b', 'c', 'd']).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    assert.equal(counts.size, 24);
    const statistic = chiSquare([...counts.values()], new Array<number>(24).fill(1 / 24));
    assert.ok(statistic < 57.07, `χ² = ${statistic}`); // 0.9999, 23 degrees of freedom
  });
});

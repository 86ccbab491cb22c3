import assert from 'node:assert/strict';
import {
  bootstrapInterval,
  holm,
  normalQuantile,
  randomisationTest,
  standardDeviation,
  usersNeeded,
} from '../../../src/experiments/statistics.ts';

const near = (actual: number, expected: number, within: number) =>
  assert.ok(Math.abs(actual - expected) <= within, `${actual} is not ${expected} ± ${within}`);

describe('statistics', () => {
  it('standard deviation divides by n - 1', () => {
    // By hand: mean 5, squares 9 + 1 + 1 + 1 + 0 + 0 + 4 + 16 = 32, / 7.
    near(standardDeviation([2, 4, 4, 4, 5, 5, 7, 9]), Math.sqrt(32 / 7), 1e-12);
    assert.ok(Number.isNaN(standardDeviation([1])));
  });

  it('randomisation test, worked by hand', () => {
    // Three users, all better by 1: of 8 sign patterns only +++ and --- reach |3|. p = 2/8.
    assert.equal(randomisationTest([1, 1, 1], 0), 0.25);
    // 2, 1, -1: |sum| 2. Sums over signs: ±2±1±1 = 4, 2, 2, 0, 0, -2, -2, -4; six of eight reach 2.
    assert.equal(randomisationTest([2, 1, -1], 0), 0.75);
    // Users who do not differ change nothing.
    assert.equal(randomisationTest([1, 0, 1, 0, 1], 0), 0.25);
    assert.equal(randomisationTest([0, 0], 0), 1);
  });

  it('randomisation test by tossing agrees with the sign test’s exact tail', () => {
    // 14 of 20 users better by 1, 6 worse: P(|B - 10| >= 4), B ~ Bin(20, 1/2) = 2 · 60460 / 2^20 = 0.11532.
    const differences = [...Array<number>(14).fill(1), ...Array<number>(6).fill(-1)];
    near(randomisationTest(differences, 1), (2 * 60460) / 2 ** 20, 0.01);
  });

  it('Holm’s correction, worked by hand', () => {
    // Sorted .01 .02 .03 .04 times 4 3 2 1 = .04 .06 .06 .04, then made to rise: .04 .06 .06 .06.
    const adjusted = holm([0.04, 0.01, 0.03, 0.02]);
    [0.06, 0.04, 0.06, 0.06].forEach((expected, i) => near(adjusted[i]!, expected, 1e-12));
    assert.deepEqual(holm([0.5, 0.9]), [1, 1]);
    assert.deepEqual(holm([Number.NaN, 0.01]), [Number.NaN, 0.01]);
  });

  it('normal quantiles are those of the tables', () => {
    for (const [p, z] of [
      [0.975, 1.959963985],
      [0.8, 0.841621234],
      [0.995, 2.575829304],
      [0.001, -3.090232306],
      [0.5, 0],
    ] as const)
      near(normalQuantile(p), z, 1e-7);
    assert.throws(() => normalQuantile(1), RangeError);
  });

  it('users needed for a claimed difference, worked by hand', () => {
    // (1.959964 + 0.841621)² = 7.84888; σ = .5, δ = .05: 7.84888 · 100 = 784.9.
    assert.equal(usersNeeded(0.05, 0.5), 785);
    assert.equal(usersNeeded(-0.05, 0.5), 785);
    assert.equal(usersNeeded(0, 0.5), Number.POSITIVE_INFINITY);
  });

  it('bootstrap interval covers the normal one, and is the same for a seed', () => {
    const values = Array.from({ length: 400 }, (_, i) => (i % 5 === 0 ? 1 : 0));
    const interval = bootstrapInterval(values, 3);
    assert.deepEqual(bootstrapInterval(values, 3), interval);
    // p = .2, n = 400: standard error .02.
    near(interval.mean, 0.2, 1e-12);
    near(interval.low, 0.2 - 1.96 * 0.02, 0.006);
    near(interval.high, 0.2 + 1.96 * 0.02, 0.006);
    assert.deepEqual(bootstrapInterval([0, 0, 0], 1), { mean: 0, low: 0, high: 0 });
  });
});

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { linearTicks, logTicks, scale, timeTicks } from '../../../webview/scale.ts';

describe('scales and ticks of plots', () => {
  it('gives round numbers', () => {
    assert.deepEqual(linearTicks(142, 3), [0, 50, 100]);
    assert.deepEqual(linearTicks(3, 4), [0, 1, 2, 3]);
    assert.deepEqual(linearTicks(0.9, 3, false), [0, 0.5]);
    assert.deepEqual(linearTicks(0, 3), [0]);
    assert.deepEqual(logTicks(1, 3706, 8), [1, 10, 100, 1000]);
    assert.deepEqual(logTicks(1, 1e9, 4), [1, 1000, 1e6, 1e9]);
  });

  it('never gives many more ticks than wanted, and none outside', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-3, max: 1e12, noNaN: true }),
        fc.integer({ min: 1, max: 12 }),
        (most, wanted) => {
          const ticks = linearTicks(most, wanted, false);
          assert.ok(ticks.length <= wanted + 1 && ticks[0] === 0, ticks.join());
          assert.ok(ticks.every((tick) => tick <= most * 1.001));
        },
      ),
    );
  });

  it('maps linearly and logarithmically, and does not divide by zero', () => {
    assert.equal(scale([0, 10], [100, 0])(5), 50);
    assert.ok(Math.abs(scale([1, 1000], [0, 300], true)(10) - 100) < 1e-9);
    assert.equal(scale([4, 4], [0, 10])(4), 5);
  });

  it('puts time ticks at starts of years, or of months in a short span', () => {
    const at = (text: string) => Date.parse(text) / 1000;
    assert.deepEqual(
      timeTicks(at('2000-04-25T00:00Z'), at('2003-02-28T00:00Z'), 8).map((tick) => tick.at),
      ['2001-01-01T00:00Z', '2002-01-01T00:00Z', '2003-01-01T00:00Z'].map(at),
    );
    assert.deepEqual(
      timeTicks(at('1997-09-20T00:00Z'), at('1997-12-05T00:00Z'), 8),
      ['1997-10-01T00:00Z', '1997-11-01T00:00Z', '1997-12-01T00:00Z'].map((text) => ({
        at: at(text),
        unit: 'month',
      })),
    );
  });
});

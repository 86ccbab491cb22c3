import assert from 'node:assert/strict';
import { dropoutMask } from '../../../src/engine/ops/dropout.ts';

describe('dropout noise', () => {
  const shape = [400, 64];
  const count = 400 * 64;
  const kept = (seed: number, call: number, rate: number) =>
    dropoutMask(seed, { shape, rate, call }).map((value) => (value === 0 ? 0 : 1));

  it('keeps the wanted share and scales it so that the mean stays', () => {
    for (const rate of [0.1, 0.2, 0.5]) {
      const mask = dropoutMask(3, { shape, rate, call: 0 });
      const mean = mask.reduce((sum, value) => sum + value, 0) / count;
      // A standard error is below 0.0063 for these rates; rows and columns share numbers, which widens it.
      assert.ok(Math.abs(mean - 1) < 0.03, `mean ${mean} at rate ${rate}`);
      for (const value of mask) assert.ok(value === 0 || Math.abs(value - 1 / (1 - rate)) < 1e-6);
    }
  });

  it('differs from seed to seed and from call to call, and not otherwise', () => {
    const agreement = (a: Float32Array, b: Float32Array) =>
      a.reduce((same, value, i) => same + (value === b[i] ? 1 : 0), 0) / count;
    const mask = kept(1, 0, 0.5);
    assert.equal(agreement(mask, kept(1, 0, 0.5)), 1);
    for (const other of [kept(2, 0, 0.5), kept(1, 1, 0.5)])
      assert.ok(Math.abs(agreement(mask, other) - 0.5) < 0.03);
  });

  it('has no visible dependence between rows, columns or the corners of rectangles', () => {
    const mask = kept(7, 2, 0.5).map((value) => 2 * value - 1);
    const at = (i: number, j: number) => mask[i * 64 + j]!;
    let rows = 0;
    let columns = 0;
    let corners = 0;
    for (let i = 0; i < 399; i++)
      for (let j = 0; j < 63; j++) {
        rows += at(i, j) * at(i + 1, j);
        columns += at(i, j) * at(i, j + 1);
        corners += at(i, j) * at(i + 1, j) * at(i, j + 1) * at(i + 1, j + 1);
      }
    const n = 399 * 63;
    for (const [name, sum] of Object.entries({ rows, columns, corners }))
      assert.ok(Math.abs(sum / n) < 0.05, `${name}: ${sum / n}`);
  });
});

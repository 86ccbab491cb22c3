import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fitCooccurrence } from '../../../src/recommender/cooccurrence.ts';
import { fitPopularity } from '../../../src/recommender/popularity.ts';
import type { Recommender } from '../../../src/recommender/recommender.ts';
import { CancelledError } from '../../../src/shared/errors.ts';
import { tinyDataset } from './tiny-dataset.ts';

async function scoresOf(recommender: Recommender, history: readonly number[]): Promise<number[]> {
  const scores = new Float32Array(recommender.itemCount).fill(NaN);
  await recommender.scoreBatch([Uint32Array.from(history)], scores);
  return [...scores];
}

describe('popularity', () => {
  it('counts interactions of the training part only', async () => {
    // Training: [0, 1], [0], [2] and all of the short [0, 2]; held out: 3, 1 | 1, 3 | 0, 3.
    const dataset = tinyDataset([
      [0, 1, 3, 1],
      [0, 1, 3],
      [2, 0, 3],
      [0, 2],
    ]);
    assert.deepEqual(await scoresOf(fitPopularity(dataset), [1]), [3, 1, 2, 0]);
  });
});

describe('item-to-item co-occurrence', () => {
  // Training parts: [0, 1, 2], [0, 2], [1, 0]. Held out: 3, 4 everywhere.
  const dataset = tinyDataset([
    [0, 1, 2, 3, 4],
    [0, 2, 3, 4],
    [1, 0, 3, 4],
  ]);
  // Interactions in training: n0 = 3, n1 = 2, n2 = 2.

  it('equals a worked example: company by distance, popularity divided out, recent items first', async () => {
    const recommender = await fitCooccurrence(dataset, {
      window: 2,
      distancePower: 1,
      popularityPenalty: 0.5,
      historyDecay: 0.5,
      neighbours: 10,
    });
    // c(0,1) = 1, c(0,2) = 1/2 + 1 = 3/2, c(1,2) = 1, c(1,0) = 1; w = c / sqrt(n_i n_j)
    const w01 = 1 / Math.sqrt(6);
    const w02 = 1.5 / Math.sqrt(6);
    const w12 = 1 / 2;
    const w10 = 1 / Math.sqrt(6);
    const [s0, s1, s2] = await scoresOf(recommender, [0, 1]);
    const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-6, `${a} is not ${b}`);
    near(s0!, w10);
    near(s1!, 0.5 * w01);
    near(s2!, w12 + 0.5 * w02);
  });

  it('puts items without evidence last, the more popular first; items beyond its own say nothing', async () => {
    const recommender = await fitCooccurrence(dataset, {});
    const [s0, s1, s2, s3, s4] = await scoresOf(recommender, [2, 999]); // nothing follows 2 in training
    assert.ok(s0! > s1! && s1! === s2! && s2! > s3! && s3! === s4!);
    assert.ok(s0! < 0, 'below every sum of weights');
    const [, t1, t2, t3] = await scoresOf(recommender, [0]);
    assert.ok(t2! > t1! && t1! > 0 && t3! < 0);
  });

  it('keeps the strongest neighbours when there are more than it may keep', async () => {
    const one = await fitCooccurrence(dataset, { neighbours: 1 });
    const [, s1, s2] = await scoresOf(one, [0]);
    assert.ok(s2! > 0 && s1! < 0);
  });

  it('equals a direct count over all pairs', async () => {
    const sequences = fc.array(fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 12 }), {
      minLength: 1,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(sequences, fc.integer({ min: 1, max: 5 }), async (drawn, window) => {
        const used = [...new Set(drawn.flat())]; // codes are dense: every item has interactions
        const lists = drawn.map((list) => list.map((item) => used.indexOf(item)));
        fc.pre(used.length > 0);
        const data = tinyDataset(lists);
        const settings = { window, distancePower: 0.5, popularityPenalty: 0.3, historyDecay: 0.7 };
        const recommender = await fitCooccurrence(data, { ...settings, neighbours: 1000 });
        const training = lists.map((list) => (list.length < 3 ? list : list.slice(0, -2)));
        const n = (item: number) => training.flat().filter((other) => other === item).length;
        const weight = (i: number, j: number) => {
          let sum = 0;
          if (i === j) return 0;
          for (const list of training)
            for (let p = 0; p < list.length; p++)
              for (let q = p + 1; q < list.length && q <= p + window; q++)
                if (list[p] === i && list[q] === j) sum += (q - p) ** -0.5;
          return sum === 0 ? 0 : sum / (n(i) ** 0.7 * n(j) ** 0.3);
        };
        const history = training[0]!;
        const actual = await scoresOf(recommender, history);
        actual.forEach((score, item) => {
          const expected = history.reduce(
            (sum, seen, at) => sum + 0.7 ** (history.length - 1 - at) * weight(seen, item),
            0,
          );
          if (expected === 0) assert.ok(score < 0);
          else assert.ok(Math.abs(score - expected) < 1e-5 * Math.max(1, expected), `${score}, ${expected}`);
        });
      }),
      { numRuns: 50 },
    );
  });

  it('stops when it is cancelled', async () => {
    const many = tinyDataset(
      Array.from({ length: 400 }, (_, u) => Array.from({ length: 200 }, (_, i) => (u * 7 + i) % 3000)),
    );
    const abort = new AbortController();
    const fit = fitCooccurrence(
      many,
      { window: 200 },
      { signal: abort.signal, onProgress: () => abort.abort() },
    );
    await assert.rejects(fit, CancelledError);
  });
});

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { metricFunctions, parseMetric, type MetricKind } from '../../../src/recommender/metrics.ts';
import { UsageError } from '../../../src/shared/errors.ts';

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < 1e-12, `${actual} is not ${expected}`);
}

describe('ranking metrics', () => {
  // Worked by hand: relevant items at ranks 2, 5 and 12 of a full ranking, and one that is in no ranking.
  const ranks = [5, 2, 12, Infinity];
  const log2 = Math.log2;
  const cases: [MetricKind, number, number][] = [
    ['recall', 1, 0],
    ['recall', 2, 1 / 4],
    ['recall', 5, 2 / 4],
    ['recall', 20, 3 / 4],
    ['hr', 1, 0],
    ['hr', 2, 1],
    ['precision', 5, 2 / 5],
    ['precision', 20, 3 / 20],
    ['mrr', 1, 0],
    ['mrr', 10, 1 / 2],
    ['ndcg', 1, 0],
    // gains 1/log2(3) + 1/log2(6); ideal: four relevant at ranks 1 to 4
    ['ndcg', 10, (1 / log2(3) + 1 / log2(6)) / (1 + 1 / log2(3) + 1 / 2 + 1 / log2(5))],
    // ideal is cut at N = 2
    ['ndcg', 2, 1 / log2(3) / (1 + 1 / log2(3))],
  ];
  for (const [kind, n, expected] of cases)
    it(`${kind}@${n} of ranks 2, 5, 12 and none`, () => near(metricFunctions[kind](ranks, n), expected));

  it('with one relevant item: recall = hit rate, ndcg = 1/log2(rank+1), all zero beyond N', () => {
    near(metricFunctions.ndcg([1], 10), 1);
    near(metricFunctions.ndcg([3], 10), 0.5);
    near(metricFunctions.ndcg([10], 10), 1 / Math.log2(11));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 30 }), (rank, n) => {
        assert.equal(metricFunctions.recall([rank], n), metricFunctions.hr([rank], n));
        near(metricFunctions.ndcg([rank], n), rank <= n ? 1 / Math.log2(rank + 1) : 0);
      }),
    );
  });

  it('lie in [0, 1], do not fall when a relevant item rises; recall, hr and mrr do not fall with N', () => {
    const someRanks = fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(someRanks, fc.integer({ min: 1, max: 30 }), fc.nat(), (list, n, pick) => {
        const risen = pick % list.length;
        const free = Array.from({ length: 41 }, (_, i) => i + 1).find((rank) => !list.includes(rank))!;
        const better = list.with(risen, Math.min(free, list[risen]!));
        for (const [kind, metric] of Object.entries(metricFunctions)) {
          const value = metric(list, n);
          assert.ok(value >= 0 && value <= 1 + 1e-12, kind);
          assert.ok(metric(better, n) >= value - 1e-12, kind);
        }
        for (const kind of ['recall', 'hr', 'mrr'] as const)
          assert.ok(metricFunctions[kind](list, n + 1) >= metricFunctions[kind](list, n));
      }),
    );
  });

  it('are parsed from their names', () => {
    assert.deepEqual(parseMetric(' NDCG@10 '), { name: 'ndcg@10', kind: 'ndcg', n: 10 });
    for (const bad of ['ndcg', 'ndcg@0', 'ndcg@-1', 'ndcg@1.5', 'auc@10', 'toString@3', '', '@10'])
      assert.throws(
        () => parseMetric(bad),
        (error: unknown) => error instanceof UsageError && error.code === 'unknown-metric',
        bad,
      );
  });
});

import assert from 'node:assert/strict';
import { evaluate, rankOf } from '../../../src/recommender/evaluation.ts';
import { fitPopularity } from '../../../src/recommender/popularity.ts';
import type { Recommender } from '../../../src/recommender/recommender.ts';
import { CancelledError } from '../../../src/shared/errors.ts';
import { tinyDataset } from './tiny-dataset.ts';

/** Scores each item by a function of the history. */
function scoring(itemCount: number, score: (item: number, history: Uint32Array) => number): Recommender {
  return {
    itemCount,
    batchSize: 2,
    scoreBatch(histories, scores) {
      histories.forEach((history, row) => {
        for (let item = 0; item < itemCount; item++) scores[row * itemCount + item] = score(item, history);
      });
    },
  };
}

const options = { part: 'test', metrics: ['recall@2', 'ndcg@2', 'mrr@10'], maskSeen: true } as const;

describe('full-ranking evaluation', () => {
  const dataset = tinyDataset([
    [0, 1, 2, 3],
    [4, 3, 2],
    [1, 2, 4],
    [0, 1],
  ]);

  it('ranks each held-out item among all unseen items: a worked example', async () => {
    // The higher the code the better. User 0 has 0, 1, 2: candidates 4, 3; 3 is second. User 1 has 4, 3:
    // candidates 2, 1, 0; 2 is first. User 2 has 1, 2: candidates 4, 3, 0; 4 is first. User 3 has nothing held out.
    const result = await evaluate(
      scoring(5, (item) => item),
      dataset,
      options,
    );
    assert.deepEqual([...result.users], [0, 1, 2]);
    assert.deepEqual([...result.bestRanks], [2, 1, 1]);
    assert.deepEqual([...result.perUser['recall@2']!], [1, 1, 1]);
    assert.deepEqual([...result.perUser['mrr@10']!], [0.5, 1, 1]);
    assert.equal(result.metrics['recall@2'], 1);
    assert.ok(Math.abs(result.metrics['ndcg@2']! - (1 / Math.log2(3) + 2) / 3) < 1e-12);
  });

  it('keeps seen items in the ranking when it is told to', async () => {
    const result = await evaluate(
      scoring(5, (item) => item),
      dataset,
      { ...options, maskSeen: false },
    );
    assert.deepEqual([...result.bestRanks], [2, 3, 1]);
  });

  it('predicts validation from the training part, test from training and validation', async () => {
    const seen: number[][] = [];
    const spy = scoring(5, (item, history) => {
      if (item === 0) seen.push([...history]);
      return 0;
    });
    await evaluate(spy, dataset, { ...options, part: 'validation' });
    assert.deepEqual(seen, [[0, 1], [4], [1]]);
    seen.length = 0;
    await evaluate(spy, dataset, options);
    assert.deepEqual(seen, [
      [0, 1, 2],
      [4, 3],
      [1, 2],
    ]);
  });

  it('counts ties against the model', async () => {
    const result = await evaluate(
      scoring(5, () => 1),
      dataset,
      options,
    );
    assert.deepEqual([...result.bestRanks], [2, 3, 3]); // all candidates tie: last among them
    assert.equal(rankOf(Float32Array.of(3, 3, 3, 1), 1), 3);
  });

  it('a score that is no number, a masked or an unknown item is a miss, and the user counts', async () => {
    const broken = await evaluate(
      scoring(5, () => NaN),
      dataset,
      options,
    );
    assert.deepEqual([...broken.bestRanks], [Infinity, Infinity, Infinity]);
    assert.equal(broken.metrics['recall@2'], 0);
    const small = await evaluate(
      scoring(3, (item) => item),
      dataset,
      options,
    ); // knows items 0 to 2 only
    assert.deepEqual([...small.bestRanks], [Infinity, 1, Infinity]);
    const again = tinyDataset([[0, 1, 0]]); // the held-out item is one of the history
    assert.deepEqual(
      [
        ...(
          await evaluate(
            scoring(2, () => 1),
            again,
            options,
          )
        ).bestRanks,
      ],
      [Infinity],
    );
  });

  it('says what all lists show together: how much of the catalogue, and how popular', async () => {
    // Training parts [0] and [0]: item 0 has popularity 2, the others 0. Histories before the test: [0, 1] and [0, 3].
    const data = tinyDataset([
      [0, 1, 2],
      [0, 3, 1],
    ]);
    const metrics = ['coverage@2', 'arp@2', 'poplift@2', 'coverage@1', 'recall@2'];
    const lowest = scoring(4, (item) => -item);
    // Lists [2, 3] and [1, 2].
    const masked = await evaluate(lowest, data, { ...options, metrics });
    assert.deepEqual(masked.metrics, {
      'recall@2': 1,
      'coverage@2': 0.75,
      'arp@2': 0,
      'poplift@2': -1,
      'coverage@1': 0.5,
    });
    assert.deepEqual(Object.keys(masked.perUser), ['recall@2']);
    // Lists [0, 1] twice: as popular as the histories, whose mean popularity is 1.
    const kept = await evaluate(lowest, data, { ...options, metrics, maskSeen: false });
    assert.equal(kept.metrics['coverage@2'], 0.5);
    assert.equal(kept.metrics['arp@2'], 1);
    assert.equal(kept.metrics['poplift@2'], 0);
  });

  it('takes a choice of users, and gives NaN rather than a number for none', async () => {
    const chosen = await evaluate(fitPopularity(dataset), dataset, { ...options, users: [2, 3] });
    assert.deepEqual([...chosen.users], [2]);
    const none = await evaluate(fitPopularity(dataset), dataset, { ...options, users: [] });
    assert.ok(Number.isNaN(none.metrics['recall@2']));
  });

  it('reports progress in users and stops when it is cancelled', async () => {
    const seen: unknown[] = [];
    const data = tinyDataset(Array.from({ length: 9 }, () => [0, 1, 2, 3]));
    await evaluate(fitPopularity(data), data, options, {
      onProgress: ({ done, total }) => seen.push([done, total]),
    });
    assert.deepEqual(seen.at(-1), [9, 9]);
    const slow = scoring(4, () => {
      const end = performance.now() + 5;
      while (performance.now() < end);
      return 0;
    });
    const abort = new AbortController();
    const running = evaluate(slow, data, options, { signal: abort.signal, onProgress: () => abort.abort() });
    await assert.rejects(running, CancelledError);
  });
});

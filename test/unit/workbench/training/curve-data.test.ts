import assert from 'node:assert/strict';
import { bestEpochs, lossChart, smooth, validationChart, valueAt } from '../../../../webview/curve-data.ts';
import type { ModelRow, SelectedCurve } from '../../../../webview/protocol.ts';
import { comparedFigures, comparedSettings } from '../../../../webview/run-comparison.ts';

const curve = (id: string, losses: number[], stride = 1): SelectedCurve => ({
  id,
  steps: losses.map((loss, i) => ({
    step: (i + 1) * stride,
    epoch: i + 1,
    seconds: i,
    loss,
    learningRate: 0.1,
    tokensPerSecond: 10,
  })),
  epochs: losses.map((loss, i) => ({
    step: (i + 1) * stride,
    epoch: i + 1,
    loss,
    validation: { 'ndcg@10': 1 / loss },
    best: true,
    seconds: i,
    memory: 2 ** 20,
  })),
});
const options = { axis: 'step', smoothing: 0, logarithmic: false } as const;

describe('what the training charts draw', () => {
  it('smooths without a pull towards zero at the start', () => {
    assert.deepEqual(
      smooth([5, 5, 5], 0.9).map((value) => Math.round(value * 1e9) / 1e9),
      [5, 5, 5],
    );
    assert.deepEqual(smooth([1, 2], 0), [1, 2]);
    const [, second] = smooth([0, 1], 0.5);
    assert.ok(Math.abs(second! - 0.5 / 0.75) < 1e-12);
  });

  it('lays runs over each other on one axis, with gaps where one has no point', () => {
    const chart = lossChart([curve('a', [3, 2]), curve('b', [9, 8], 2)], options);
    assert.deepEqual(chart.x, [1, 2, 4]);
    assert.deepEqual(
      chart.lines.map(({ id, values }) => [id, values]),
      [
        ['a', [3, 2, null]],
        ['b', [null, 9, 8]],
      ],
    );
    assert.equal(valueAt(chart.lines[0]!, 2), 2);
    assert.equal(valueAt(chart.lines[1]!, 0), undefined);
    assert.equal(lossChart([curve('a', [3, 2])], { ...options, smoothing: 0.5 }).lines[0]!.faint, true);
    assert.deepEqual(validationChart([curve('a', [4])], options, 'mrr@10').lines[0]!.values, []);
  });

  it('lists the best epochs first', () => {
    assert.deepEqual(
      bestEpochs(curve('a', [4, 1, 2]), 'ndcg@10', 2).map(({ epoch }) => epoch),
      [2, 3],
    );
  });
});

describe('runs side by side', () => {
  const row = (config: ModelRow['config'], ndcg: number) =>
    ({ config, validation: { 'ndcg@10': ndcg } }) as unknown as ModelRow;

  it('have what differs first, and the best figure marked unless all are the same', () => {
    const rows = [row({ seed: 1, loss: 'bpr' }, 0.1), row({ seed: 1, loss: 'bce' }, 0.2)];
    assert.deepEqual(
      comparedSettings(rows).map(({ name, differs }) => [name, differs]),
      [
        ['loss', true],
        ['seed', false],
      ],
    );
    assert.equal(comparedFigures(rows)[0]!.best, 1);
    assert.equal(comparedFigures([rows[0]!, rows[0]!])[0]!.best, undefined);
  });
});

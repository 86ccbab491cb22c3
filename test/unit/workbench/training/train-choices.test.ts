import assert from 'node:assert/strict';
import { parseTrainingConfig, presets, type PresetName } from '../../../../src/recommender/config.ts';
import { modelRows } from '../../../../src/workbench/models/model-rows.ts';
import {
  defaultLoss,
  missingTools,
  plansOf,
  trainTargets,
  type TrainTarget,
} from '../../../../src/workbench/training/train-choices.ts';
import { manifest } from '../models/manifests.ts';

const rowsOf = (...given: Parameters<typeof manifest>[0][]) =>
  modelRows(
    '/w',
    given.map((each) => ({ id: each.id, manifest: manifest(each), elsewhere: false })),
    [],
  );
const name = (target: TrainTarget | undefined) =>
  target?.kind === 'tools' ? `tools on ${target.backbone.id}` : target?.model;
const attributes = ['genre', 'year'];

describe('what “Train” starts on', () => {
  it('is a backbone, then the tools of the best one, then a backbone again', () => {
    assert.equal(name(trainTargets([], 'sample', attributes)[0]), 'sasrec');
    const two = rowsOf({ id: 'a', ndcg: 0.1 }, { id: 'b', ndcg: 0.2 });
    assert.equal(name(trainTargets(two, 'sample', attributes)[0]), 'tools on b');
    assert.equal(name(trainTargets(two, 'sample', attributes, 'a')[0]), 'tools on a');
    assert.equal(name(trainTargets(two, 'other', attributes)[0]), 'sasrec');
    assert.equal(name(trainTargets(two, 'sample', [])[0]), 'sasrec');
    const genre = { attribute: 'genre', backbone: 'b' };
    const some = rowsOf({ id: 'b', ndcg: 0.2 }, { id: 'b-genre', ndcg: 0.2, tool: genre });
    assert.deepEqual(missingTools(some, 'b', 'frozen', attributes), ['year']);
    const all = [...some, ...rowsOf({ id: 'b-year', ndcg: 0.2, tool: { ...genre, attribute: 'year' } })];
    assert.equal(name(trainTargets(all, 'sample', attributes)[0]), 'sasrec');
    // Nothing can be built on a model without a checkpoint.
    assert.equal(name(trainTargets(rowsOf({ id: 'a' }), 'sample', attributes)[0]), 'sasrec');
  });

  it('becomes runs whose settings are valid, whatever was chosen', () => {
    const rows = rowsOf({ id: 'b', ndcg: 0.2, config: { model: 'bert4rec', hidden: 32, heads: 2 } });
    for (const target of trainTargets(rows, 'sample', attributes))
      for (const size of ['standard', 'quick', 'paper', { epochs: 7 }] as const) {
        const loss = defaultLoss(target, size);
        const plans = plansOf({
          folder: '/w',
          dataset: 'sample',
          target,
          attributes,
          size,
          loss,
          device: 'auto',
          threads: 0,
        });
        assert.equal(plans.length, target.kind === 'tools' ? 2 : 1);
        for (const { preset, config, tool } of plans) {
          const parsed = parseTrainingConfig({ ...(preset ? presets[preset as PresetName] : {}), ...config });
          assert.equal(parsed.loss, loss);
          if (typeof size === 'object') assert.equal(parsed.epochs, 7);
          if (size === 'paper')
            assert.deepEqual(
              [parsed.batchTokens, parsed.longHistories, parsed.epochs],
              [6400, 'latest', 300],
            );
          if (tool) assert.deepEqual([parsed.model, parsed.hidden, parsed.heads], ['bert4rec', 32, 2]);
        }
      }
  });
});

import assert from 'node:assert/strict';
import { itemFeatures } from '../../../src/recommender/features.ts';
import { attributeTool } from '../../../src/recommender/models/attribute-tool.ts';
import { sasRec } from '../../../src/recommender/models/sasrec.ts';
import { SequenceRecommender } from '../../../src/recommender/scoring.ts';
import { Random } from '../../../src/shared/random.ts';
import { captured } from '../engine/engines.ts';
import { cycleDataset } from './cycle-dataset.ts';

const dataset = cycleDataset();
const options = {
  itemCount: dataset.itemCount,
  maxLength: 6,
  hidden: 8,
  layers: 1,
  heads: 2,
  inner: 8,
  dropout: 0,
  attentionDropout: 0,
};

describe('the attribute tool', () => {
  it('takes numbers as a standardised value and a range', async () => {
    const { values, source } = await itemFeatures(dataset, 'year', undefined);
    assert.deepEqual([...values.shape], [12, 17]);
    assert.match(source, /16 ranges/);
    const first = values.data.slice(0, 17);
    // Twelve years 1990 … 2001: mean 1995.5, deviation √(143 / 12).
    assert.ok(Math.abs(first[0]! - -5.5 / Math.sqrt(143 / 12)) < 1e-6);
    assert.deepEqual([...first.slice(1)], [1, ...Array<number>(15).fill(0)]);
  });

  it('takes words as the mean of their vectors', async () => {
    const { values } = await itemFeatures(dataset, 'colour', undefined);
    const width = values.shape[1]!;
    const row = (item: number) => [...values.data.slice(item * width, (item + 1) * width)];
    assert.deepEqual(row(0), row(2)); // both blue
    assert.notDeepEqual(row(0), row(1)); // red
    assert.equal(row(0).at(-1), 1);
    await assert.rejects(itemFeatures(dataset, 'director', undefined), { code: 'unknown-attribute' });
  });

  it('recommends nearly as its backbone before it is trained, and trains only its own part when frozen', async () => {
    const backbone = sasRec(options);
    const pretrained = backbone.initialise(new Random(3));
    for (const { data } of Object.values(pretrained)) for (let i = 0; i < data.length; i++) data[i]! *= 20;
    const { values } = await itemFeatures(dataset, 'year', undefined);
    const tool = attributeTool(backbone, pretrained, values, {
      mode: 'frozen',
      heads: 2,
      inner: 8,
      dropout: 0,
    });
    const params = tool.initialise(new Random(4));
    assert.ok(Object.keys(params).every((name) => !name.startsWith('backbone.')));
    const scoresOf = async (model: typeof tool, own: typeof params) => {
      const state = await captured.createState({ ...own, ...model.frozen });
      const recommender = await SequenceRecommender.create(captured, model, own, state);
      const scores = new Float32Array(2 * dataset.itemCount);
      await recommender.scoreBatch([Uint32Array.of(1, 2, 3), Uint32Array.of(7)], scores);
      return scores;
    };
    const plain = await scoresOf(backbone, pretrained);
    const own = await scoresOf(tool, params);
    const size = Math.hypot(...plain);
    const difference = Math.hypot(...plain.map((score, i) => score - own[i]!));
    assert.ok(difference < 0.05 * size, `${difference} of ${size}`);
    const full = attributeTool(backbone, pretrained, values, {
      mode: 'full',
      heads: 2,
      inner: 8,
      dropout: 0,
    });
    assert.ok(full.initialise(new Random(4))['backbone.item']);
    assert.deepEqual(Object.keys(full.frozen), ['features']);
  });
});

import assert from 'node:assert/strict';
import {
  learningRateAt,
  parseTrainingConfig,
  presets,
  storedConfigSchema,
} from '../../../src/recommender/config.ts';
import { predictionFlops } from '../../../src/recommender/flops.ts';
import { gbcePower } from '../../../src/recommender/losses.ts';
import { planEpoch } from '../../../src/recommender/batches.ts';
import { Random } from '../../../src/shared/random.ts';

describe('training settings', () => {
  it('are complete from nothing, and every preset is valid', () => {
    assert.equal(parseTrainingConfig({}).model, 'sasrec');
    for (const preset of Object.values(presets)) parseTrainingConfig(preset);
  });

  it('name an unknown key', () => {
    assert.throws(() => parseTrainingConfig({ hiden: 64 }), {
      code: 'bad-training-config',
      message: /hiden/,
    });
    assert.throws(() => parseTrainingConfig({ epochs: 0, model: 'gru' }), {
      message: /^The training settings are not valid: model: Invalid option.*; epochs: Too small.*[^.]\.$/,
    });
  });

  it('of a model from before long histories were covered say that they were not', () => {
    const { longHistories, ...before } = parseTrainingConfig({});
    assert.equal(longHistories, 'all');
    assert.equal(storedConfigSchema.parse(before).longHistories, 'latest');
    assert.equal(storedConfigSchema.parse({ ...before, longHistories }).longHistories, 'all');
    assert.equal(storedConfigSchema.safeParse(null).success, false);
  });

  it('let the rate rise, then fall along a cosine to its share', () => {
    const config = parseTrainingConfig({ epochs: 10, warmupEpochs: 1, learningRate: 0.1, finalRate: 0.1 });
    assert.ok(learningRateAt(config, 0) < 0.01);
    // Half way the cosine is 0: the mean of 1 and 0.1.
    assert.ok(Math.abs(learningRateAt(config, 5) - 0.055) < 1e-12);
    assert.ok(Math.abs(learningRateAt(config, 10) - 0.01) < 1e-12);
    const constant = parseTrainingConfig({ schedule: 'constant', warmupEpochs: 0, learningRate: 0.1 });
    assert.equal(learningRateAt(constant, 7), 0.1);
  });

  it('give gBCE its power: 1 without calibration, the sampling rate with full calibration', () => {
    assert.ok(Math.abs(gbcePower(0.1, 0) - 1) < 1e-12);
    assert.ok(Math.abs(gbcePower(0.1, 1) - 0.1) < 1e-12);
  });

  it('count the operations of a prediction', () => {
    const config = parseTrainingConfig({ maxLength: 2, hidden: 4, inner: 8, layers: 1 });
    // Multiply-adds: projections 4·2·16, attention 2·4·4, feed-forward 2·2·4·8, scores 4·10.
    assert.equal(predictionFlops(config, 10), 2 * (128 + 32 + 128 + 40));
    assert.equal(
      predictionFlops(config, 10, 3),
      2 * (128 + 32 + 128 + 40 + (128 + 32 + 128) + 2 * 4 * (3 + 8)),
    );
  });
});

describe('the plan of an epoch', () => {
  const random = new Random(1);
  const lengths = Array.from({ length: 500 }, (_, i) => (i % 50 === 0 ? 0 : 1 + random.int(200)));

  it('has every sequence once, within the budget, with little padding', () => {
    const plan = planEpoch(lengths, { batchTokens: 2000, seed: 1 }, 0);
    const all = plan.flat().sort((a, b) => a - b);
    assert.deepEqual(
      all,
      [...lengths.keys()].filter((i) => lengths[i]! > 0),
    );
    let padded = 0;
    for (const batch of plan) {
      const longest = Math.max(...batch.map((i) => lengths[i]!));
      padded += longest * batch.length;
      assert.ok(longest * batch.length <= 2000);
    }
    const real = lengths.reduce((sum, length) => sum + length, 0);
    assert.ok(padded < 1.12 * real, `${padded} of ${real}`);
  });

  it('is the same for the same seed and epoch, and differs between epochs', () => {
    const plan = (epoch: number) => planEpoch(lengths, { batchTokens: 2000, seed: 1 }, epoch);
    assert.deepEqual(plan(3), plan(3));
    assert.notDeepEqual(plan(3), plan(4));
  });
});

import assert from 'node:assert/strict';
import { parseTrainingConfig, type TrainingConfigInput } from '../../../src/recommender/config.ts';
import { availableBytes, checkMemory, stepBytes } from '../../../src/recommender/memory.ts';
import { buildModel } from '../../../src/recommender/models/build.ts';
import { Random } from '../../../src/shared/random.ts';

const items = 3501;
/** As in `npm run bench -- step`: 128 sequences of 200. */
const measured = { maxLength: 200, heads: 2, batchTokens: 25_600, dropout: 0.2, attentionDropout: 0.2 };

function of(input: TrainingConfigInput) {
  const config = parseTrainingConfig(input);
  const model = buildModel(config, items);
  return [config, model, model.initialise(new Random(1))] as const;
}

describe('the memory that a training step needs', () => {
  // bench/results/step.json: peaks of 732, 988 and 783 MB, of which a process without a model has about 130.
  for (const [input, megabytes] of [
    [{ ...measured, loss: 'bpr' }, 600],
    [{ ...measured, loss: 'cross-entropy' }, 860],
    [{ ...measured, model: 'bert4rec', loss: 'cross-entropy' }, 650],
  ] as const)
    it(`is estimated near what ${input.loss} was measured to take`, () => {
      const estimated = stepBytes(...of(input)) / 2 ** 20;
      assert.ok(estimated > 0.7 * megabytes && estimated < 2.2 * megabytes, `${estimated.toFixed(0)} MB`);
    });

  it('is compared with what is free, before anything is allocated', () => {
    const step = of({ ...measured, loss: 'cross-entropy' });
    const needed = stepBytes(...step);
    checkMemory(...step, needed / 0.8);
    assert.throws(() => checkMemory(...step, needed), { code: 'not-enough-memory' });
    assert.throws(() => checkMemory(...of({ batchTokens: 1_000_000, maxLength: 4096, heads: 16 })), {
      code: 'not-enough-memory',
      message: /needs about \d+\.\d GB; \d+\.\d GB of \d+\.\d GB are free/,
    });
    assert.ok(availableBytes() > 2 ** 27);
  });
});

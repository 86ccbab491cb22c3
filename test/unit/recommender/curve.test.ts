import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CurveGatherer } from '../../../src/recommender/curve.ts';
import type { TrainingEvent } from '../../../src/recommender/training-event.ts';

const step = (number: number, loss = 1): TrainingEvent => ({
  kind: 'step',
  step: number,
  epoch: number / 10,
  loss,
  learningRate: 0.1,
  gradientNorm: 1,
  seconds: number / 100,
  tokensPerSecond: 5,
});
const epoch = (number: number, at: number): TrainingEvent => ({
  kind: 'epoch',
  step: at,
  epoch: number,
  loss: 1,
  validation: { 'ndcg@10': 0.1 },
  best: true,
  seconds: 1,
  memory: 1,
});

describe('a gathered curve', () => {
  it('keeps the mean of every step however many there are, in bounded size', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 9, noNaN: true }), { minLength: 1, maxLength: 400 }),
        (losses) => {
          const gatherer = new CurveGatherer(8);
          losses.forEach((loss, i) => gatherer.add(step(i + 1, loss)));
          const { steps } = gatherer.curve;
          assert.ok(steps.length <= 16);
          assert.equal(steps.at(-1)!.step, losses.length);
          let from = 0;
          for (const point of steps) {
            const own = losses.slice(from, point.step);
            assert.ok(Math.abs(point.loss - own.reduce((sum, loss) => sum + loss, 0) / own.length) < 1e-9);
            from = point.step;
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it('drops what a run that goes on from a checkpoint does again', () => {
    const gatherer = new CurveGatherer();
    for (let i = 1; i <= 10; i++) gatherer.add(step(i));
    gatherer.add(epoch(1, 10));
    for (let i = 11; i <= 14; i++) gatherer.add(step(i));
    for (let i = 12; i <= 13; i++) gatherer.add(step(i, 7));
    const { steps, epochs } = gatherer.curve;
    assert.deepEqual(steps.map((point) => [point.step, point.loss]).slice(-4), [
      [10, 1],
      [11, 1],
      [12, 7],
      [13, 7],
    ]);
    assert.equal(epochs.length, 1);
    assert.equal(gatherer.lastStep, 13);
  });

  it('goes on from a curve that was read', () => {
    const first = new CurveGatherer(4);
    const whole = new CurveGatherer(4);
    for (let i = 1; i <= 20; i++) {
      whole.add(step(i, i));
      if (i <= 12) first.add(step(i, i));
    }
    const second = CurveGatherer.of(structuredClone(first.curve), 4);
    for (let i = 13; i <= 20; i++) second.add(step(i, i));
    assert.deepEqual(second.curve, whole.curve);
  });
});

import assert from 'node:assert/strict';
import type { TrainingEvent } from '../../../src/recommender/training-event.ts';
import { EventBatches } from '../../../src/service/event-batches.ts';

const step = (number: number): TrainingEvent => ({
  kind: 'step',
  step: number,
  epoch: 0.1,
  loss: 1,
  learningRate: 0.1,
  gradientNorm: 1,
  seconds: 1,
  tokensPerSecond: 1,
});
const epoch = (number: number): TrainingEvent => ({
  kind: 'epoch',
  step: number,
  epoch: 1,
  loss: 1,
  validation: {},
  best: true,
  seconds: 1,
  memory: 1,
});

describe('event batches', () => {
  it('tell the first step and each epoch at once, hold fast steps together, and lose none', () => {
    const sent: [string, number[]][] = [];
    const batches = new EventBatches((id, events) => sent.push([id, events.map(({ step }) => step)]), 60_000);
    for (let i = 1; i <= 4; i++) batches.add('m', step(i));
    batches.add('m', epoch(4));
    batches.add('m', step(5));
    batches.add('n', step(1));
    batches.flush();
    batches.flush();
    assert.deepEqual(sent, [
      ['m', [1]],
      ['m', [2, 3, 4, 4]],
      ['m', [5]],
      ['n', [1]],
    ]);
  });
});

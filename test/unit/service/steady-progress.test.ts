import assert from 'node:assert/strict';
import { steadyProgress } from '../../../src/service/steady-progress.ts';
import type { Progress } from '../../../src/shared/progress.ts';

describe('steady progress', () => {
  it('passes first reports, changes of phase with the end of the phase before, and the last one at the end', () => {
    const sent: Progress[] = [];
    const { report, flush } = steadyProgress((progress) => sent.push(progress), 10_000);
    for (let done = 1; done <= 100; done++) report({ message: 'Reading', done });
    for (let done = 1; done <= 100; done++) report({ message: 'Writing', done });
    flush();
    flush();
    assert.deepEqual(
      sent.map(({ message, done }) => `${message} ${done}`),
      ['Reading 1', 'Reading 100', 'Writing 1', 'Writing 100'],
    );
  });
});

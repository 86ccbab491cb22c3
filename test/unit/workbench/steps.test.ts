import assert from 'node:assert/strict';
import { walkSteps } from '../../../src/workbench/steps.ts';
import type { Move, Step } from '../../../src/workbench/steps.ts';

/** Steps that make the given moves, in turn, and write down that they were asked. */
function scripted(script: readonly (readonly Move[])[]) {
  const asked: string[] = [];
  const left = script.map((moves) => [...moves]);
  const steps = script.map((_, i): Step => ({ canGoBack }) => {
    asked.push(`${i}${canGoBack ? '' : ' first'}`);
    return Promise.resolve(left[i]!.shift()!);
  });
  return { asked, steps };
}

describe('the steps of a dialogue', () => {
  it('goes forward and back, and says where back is possible', async () => {
    const { asked, steps } = scripted([['next', 'next'], ['back', 'next'], ['next']]);
    assert.equal(await walkSteps(steps), true);
    assert.deepEqual(asked, ['0 first', '1', '0 first', '1', '2']);
  });

  it('passes a step that has nothing to ask in both directions', async () => {
    const { asked, steps } = scripted([
      ['next', 'next'],
      ['skip', 'skip', 'skip'],
      ['back', 'next'],
    ]);
    assert.equal(await walkSteps(steps), true);
    assert.deepEqual(asked, ['0 first', '1', '2', '1', '0 first', '1', '2']);
  });

  it('ends when the person leaves, or goes back from the first', async () => {
    assert.equal(await walkSteps(scripted([['next'], ['stop'], []]).steps), false);
    assert.equal(await walkSteps(scripted([['back'], []]).steps), false);
  });
});

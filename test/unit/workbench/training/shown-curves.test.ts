import assert from 'node:assert/strict';
import type { Curve } from '../../../../src/recommender/curve.ts';
import type { TrainingEvent } from '../../../../src/recommender/training-event.ts';
import { ShownCurves } from '../../../../src/workbench/training/shown-curves.ts';

const step = (at: number): Extract<TrainingEvent, { kind: 'step' }> => ({
  kind: 'step',
  step: at,
  epoch: at / 10,
  seconds: at,
  loss: 1 / at,
  learningRate: 1e-3,
  gradientNorm: 1,
  tokensPerSecond: 100,
});
const curveOf = (...steps: number[]): Curve => ({
  steps: steps.map((at) => {
    const { kind: _, gradientNorm: __, ...point } = step(at);
    return point;
  }),
  epochs: [],
});

/** Curves whose files are read when a test says. */
function shown() {
  const reading = new Map<string, PromiseWithResolvers<Curve>[]>();
  let changes = 0;
  const curves = new ShownCurves(
    (id) => {
      let resolve!: (curve: Curve) => void;
      let reject!: (error: Error) => void;
      const promise = new Promise<Curve>((yes, no) => ([resolve, reject] = [yes, no]));
      reading.set(id, [...(reading.get(id) ?? []), { promise, resolve, reject }]);
      return promise;
    },
    () => changes++,
  );
  const settle = async (id: string, end: (read: PromiseWithResolvers<Curve>) => void) => {
    end(reading.get(id)!.shift()!);
    await new Promise((resolve) => setImmediate(resolve));
  };
  const stepsOf = () =>
    curves.curves.map(({ id, steps, problem }) => [id, steps.map((point) => point.step), problem]);
  return { curves, settle, stepsOf, changes: () => changes };
}

interface PromiseWithResolvers<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: Error): void;
}

describe('the curves that a panel shows', () => {
  it('are those that have been read, in the order of selection', async () => {
    const { curves, settle, stepsOf } = shown();
    curves.select(['a', 'b']);
    assert.deepEqual(stepsOf(), []); // neither is said to be empty
    await settle('b', ({ resolve }) => resolve(curveOf(1, 2)));
    assert.deepEqual(stepsOf(), [['b', [1, 2], undefined]]);
    await settle('a', ({ resolve }) => resolve(curveOf(1)));
    assert.deepEqual(stepsOf(), [
      ['a', [1], undefined],
      ['b', [1, 2], undefined],
    ]);
  });

  it('go on with what came while the file was read, each step once', async () => {
    const { curves, settle, stepsOf, changes } = shown();
    curves.select(['a']);
    curves.add('a', [step(2), step(3)]);
    await settle('a', ({ resolve }) => resolve(curveOf(1, 2)));
    curves.add('a', [step(4)]);
    assert.deepEqual(stepsOf(), [['a', [1, 2, 3, 4], undefined]]);
    assert.ok(changes() >= 3);
  });

  it('stay while they are read again, and a file that cannot be read says why', async () => {
    const { curves, settle, stepsOf } = shown();
    curves.select(['a', 'b']);
    await settle('a', ({ resolve }) => resolve(curveOf(1)));
    void curves.load('a');
    assert.deepEqual(stepsOf(), [['a', [1], undefined]]);
    await settle('a', ({ resolve }) => resolve(curveOf(1, 2)));
    await settle('b', ({ reject }) => reject(new Error('gone')));
    assert.deepEqual(stepsOf(), [
      ['a', [1, 2], undefined],
      ['b', [], 'gone'],
    ]);
    curves.select(['b']);
    assert.deepEqual(stepsOf(), [['b', [], 'gone']]);
  });
});

import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs-core';
import { Dropout } from '../../../src/engine/ops/dropout.ts';
import { groupRows, pickRows, rowGroupInputs } from '../../../src/engine/ops/rows.ts';
import {
  type HostTensor,
  int32,
  float32,
  type NamedHostTensors,
  type NamedTensors,
  specOf,
} from '../../../src/engine/program.ts';
import { lossOf, type LossName } from '../../../src/recommender/losses.ts';
import { sasRec } from '../../../src/recommender/models/sasrec.ts';
import type { SequenceModel } from '../../../src/recommender/models/model.ts';
import { adamDefaults, initialMoments, updateInputs } from '../../../src/recommender/optimiser.ts';
import { trainingStep } from '../../../src/recommender/training-step.ts';
import { Random } from '../../../src/shared/random.ts';
import { assertClose, captured, integers, reference, runOn } from '../engine/engines.ts';

const itemCount = 11;
const models: Record<string, SequenceModel> = {
  SASRec: sasRec({
    itemCount,
    maxLength: 6,
    hidden: 8,
    layers: 2,
    heads: 2,
    inner: 12,
    dropout: 0.2,
    attentionDropout: 0.1,
  }),
};
const losses: readonly LossName[] = ['bpr', 'bce', 'gbce', 'sampled-softmax', 'cross-entropy'];
const optimiser = { ...adamDefaults, weightDecay: 0.01, clipNorm: 0.5 };

/** Random sequences of the given batch and length, each at least two items long. */
function batch(
  random: Random,
  size: number,
  length: number,
  step: number,
  shared: number,
  withNegatives: boolean,
): NamedHostTensors {
  const lengths = Array.from({ length: size }, () => 2 + random.int(length - 1));
  const rows = lengths.flatMap((n, b) => Array.from({ length: n }, (_, t) => b * length + t));
  const items = integers(random, itemCount, size, length);
  const targets = integers(random, itemCount, rows.length);
  const negatives = shared
    ? integers(random, itemCount, shared)
    : integers(random, itemCount, rows.length, 2);
  const scored = int32([...targets.data, ...(withNegatives ? negatives.data : [])]).data as Int32Array;
  return {
    items,
    ...rowGroupInputs('items', groupRows(items.data as Int32Array)),
    ...rowGroupInputs('scored', groupRows(scored)),
    positions: int32(Array.from({ length }, (_, t) => t)),
    lengths: int32(lengths),
    rows: int32(rows),
    targets,
    weights: float32(rows.map(() => 1 / rows.length)),
    negatives,
    noise_seed: int32([random.int(2 ** 31)], []),
    ...updateInputs(step, 0.01, optimiser),
  };
}

describe('a whole training step', () => {
  for (const [name, model] of Object.entries(models))
    for (const lossName of losses)
      it(`of ${name} with ${lossName} is the same captured as on the cpu backend, dropout on`, async () => {
        const random = new Random(`${name} ${lossName}`);
        const params = model.initialise(random);
        const shared = lossName === 'sampled-softmax' ? 5 : 0;
        const loss = lossOf({ loss: lossName, negatives: shared || 2, calibration: 0.75 }, itemCount);
        const step = trainingStep(model, params, loss, optimiser);
        const state = { ...params, ...initialMoments(params), ...model.frozen };
        // Three shapes through one graph.
        const feeds = (
          [
            [3, 4],
            [2, 6],
            [5, 3],
          ] as const
        ).map(([size, length], i) =>
          batch(random, size, length, i + 1, shared, lossName !== 'cross-entropy'),
        );
        const expected = await runOn(reference, step, state, feeds);
        const actual = await runOn(captured, step, state, feeds);
        for (const [i, outputs] of expected.outputs.entries())
          for (const key of ['loss', 'gradient_norm'])
            assertClose(actual.outputs[i]![key]!, outputs[key]!, 2e-5, `${key} of step ${i}`);
        // Adam divides tiny gradients by their own size, which magnifies rounding where a gradient is nearly zero.
        for (const key of Object.keys(params))
          assertClose(actual.state[key]!, expected.state[key]!, 1e-3, key);
      });

  it('has gradients that agree with finite differences of the loss', async () => {
    const model = models['SASRec']!;
    const random = new Random(5);
    const params = model.initialise(random);
    // Larger than at the start of training, so that no gradient hides below rounding.
    for (const value of Object.values(params))
      for (let i = 0; i < value.data.length; i++) value.data[i]! += 0.3 * random.normal();
    const loss = lossOf({ loss: 'cross-entropy', negatives: 1, calibration: 0 }, itemCount);
    const feed = batch(random, 3, 5, 1, 0, false);
    const names = Object.keys(params);
    const lossOfState = (inputs: NamedTensors, state: NamedTensors) => {
      const hidden = model.encode(state, inputs, new Dropout(inputs['noise_seed']));
      const rows = model.head(state, pickRows(hidden, inputs['rows']!));
      return loss.value(rows, model.itemTable(state), model.itemBias(state), inputs) as tf.Scalar;
    };
    const step = {
      name: 'gradients',
      inputs: trainingStep(model, params, loss, optimiser).inputs,
      state: Object.fromEntries(names.map((key) => [key, specOf(params[key]!)])),
      body: (inputs: NamedTensors, state: NamedTensors) => {
        const f = (...values: tf.Tensor[]) =>
          lossOfState(inputs, Object.fromEntries(names.map((key, i) => [key, values[i]!])));
        const { value, grads } = tf.valueAndGrads(f)(names.map((key) => state[key]!));
        return { outputs: { loss: value, ...Object.fromEntries(names.map((key, i) => [key, grads[i]!])) } };
      },
    };
    const [{ loss: _loss, ...gradients }] = (await runOn(captured, step, params, [feed])).outputs as [
      Record<string, HostTensor>,
    ];
    const program = await captured.compile(step);
    const held = await captured.createState(params);
    for (const key of names) {
      // Along the gradient's own direction the slope is its length.
      const gradient = gradients[key]!.data as Float32Array;
      const norm = Math.hypot(...gradient);
      const h = 2e-2;
      const lossAt = async (sign: number) => {
        const moved = params[key]!.data.map((x, i) => x + (sign * h * gradient[i]!) / norm) as Float32Array;
        await held.write({ [key]: float32(moved, params[key]!.shape) });
        return (await program.run(held, feed))['loss']!.data[0]!;
      };
      const slope = ((await lossAt(1)) - (await lossAt(-1))) / (2 * h);
      await held.write({ [key]: params[key]! });
      if (norm < 1e-4) continue; // a key's bias cannot change a softmax
      assert.ok(Math.abs(slope - norm) < 0.02 * norm + 2e-4, `${key}: ${slope} instead of ${norm}`);
    }
    await program.dispose();
  });
});

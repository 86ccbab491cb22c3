import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs-core';
import { Dropout } from '../../../src/engine/ops/dropout.ts';
import { pickRows } from '../../../src/engine/ops/rows.ts';
import {
  type HostTensor,
  int32,
  float32,
  type NamedHostTensors,
  type NamedTensors,
  specOf,
} from '../../../src/engine/program.ts';
import { type Loss, lossOf, type LossName } from '../../../src/recommender/losses.ts';
import { trainingBatch } from '../../../src/recommender/batches.ts';
import { attributeTool } from '../../../src/recommender/models/attribute-tool.ts';
import { bert4Rec } from '../../../src/recommender/models/bert4rec.ts';
import { featureEncoder } from '../../../src/recommender/models/feature-encoder.ts';
import { sasRec } from '../../../src/recommender/models/sasrec.ts';
import type { SequenceModel } from '../../../src/recommender/models/model.ts';
import { adamDefaults, initialMoments, updateInputs } from '../../../src/recommender/optimiser.ts';
import { trainingStep } from '../../../src/recommender/training-step.ts';
import { Random } from '../../../src/shared/random.ts';
import { assertClose, captured, normal, reference, runOn } from '../../unit/engine/engines.ts';

const itemCount = 11;
const options = {
  itemCount,
  maxLength: 6,
  hidden: 8,
  layers: 2,
  heads: 2,
  inner: 12,
  dropout: 0.2,
  attentionDropout: 0.1,
};
const pretrained = (backbone: SequenceModel) => backbone.initialise(new Random('backbone'));
const tool = (backbone: SequenceModel, mode: 'frozen' | 'full') =>
  attributeTool(backbone, pretrained(backbone), normal(new Random('features'), itemCount, 5), {
    mode,
    heads: 2,
    inner: 12,
    dropout: 0.2,
  });
const texts = (backbone: SequenceModel) =>
  featureEncoder(backbone, normal(new Random('texts'), itemCount, 5), { heads: 2, inner: 12, dropout: 0.2 });
const models: Record<string, SequenceModel> = {
  SASRec: sasRec(options),
  BERT4Rec: bert4Rec(options),
  'SASRec frozen + attribute': tool(sasRec(options), 'frozen'),
  'BERT4Rec full + attribute': tool(bert4Rec(options), 'full'),
  'SASRec + text': texts(sasRec(options)),
  'BERT4Rec + text': texts(bert4Rec(options)),
};
const losses: readonly LossName[] = ['bpr', 'bce', 'gbce', 'sampled-softmax', 'cross-entropy'];
/** All for one model; for the others those that take another path through their bias, or the paper's. */
const lossesFor = (name: string): readonly LossName[] =>
  name === 'SASRec' ? losses : name === 'BERT4Rec' ? losses.slice(3) : ['bpr'];
const optimiser = { ...adamDefaults, weightDecay: 0.01, clipNorm: 0.5 };

/** A batch of `size` random sequences of which the longest has `length` positions. */
function batch(
  model: SequenceModel,
  loss: Loss,
  random: Random,
  size: number,
  length: number,
  step: number,
): NamedHostTensors {
  const sequences = Array.from({ length: size }, (_, b) => {
    const items = 1 + (b === 0 ? length : 1 + random.int(length));
    return Uint32Array.from({ length: Math.min(items, model.bidirectional ? length : items) }, () =>
      random.int(itemCount),
    );
  });
  return {
    ...trainingBatch(model, loss, { maskRatio: 0.3 }, sequences, random).inputs,
    noise_seed: int32([random.int(2 ** 31)], []),
    ...updateInputs(step, 0.01, optimiser),
  };
}

describe('a whole training step', () => {
  for (const [name, model] of Object.entries(models))
    for (const lossName of lossesFor(name))
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
        ).map(([size, length], i) => batch(model, loss, random, size, length, i + 1));
        const expected = await runOn(reference, step, state, feeds);
        const actual = await runOn(captured, step, state, feeds);
        for (const [i, outputs] of expected.outputs.entries())
          for (const key of ['loss', 'gradient_norm'])
            assertClose(actual.outputs[i]![key]!, outputs[key]!, 2e-5, `${key} of step ${i}`);
        // Adam divides tiny gradients by their own size, which magnifies rounding where a gradient is nearly zero.
        for (const key of Object.keys(params))
          assertClose(actual.state[key]!, expected.state[key]!, 1e-3, key);
      });

  for (const [name, model] of Object.entries(models))
    it(`of ${name} has gradients that agree with finite differences of the loss`, async () => {
      const random = new Random(5);
      const params = model.initialise(random);
      // Larger than at the start of training, so that no gradient hides below rounding.
      for (const value of Object.values(params))
        for (let i = 0; i < value.data.length; i++) value.data[i]! += 0.3 * random.normal();
      const loss = lossOf({ loss: 'cross-entropy', negatives: 1, calibration: 0 }, itemCount);
      const feed = batch(model, loss, random, 3, 5, 1);
      const names = Object.keys(params);
      const initial = { ...params, ...model.frozen };
      const lossOfState = (inputs: NamedTensors, state: NamedTensors) => {
        const hidden = model.encode(state, inputs, new Dropout(inputs['noise_seed']));
        const rows = model.head(state, pickRows(hidden, inputs['rows']!));
        return loss.value(rows, model.itemTable(state), model.itemBias(state), inputs) as tf.Scalar;
      };
      const step = {
        name: 'gradients',
        inputs: trainingStep(model, params, loss, optimiser).inputs,
        state: Object.fromEntries(Object.entries(initial).map(([key, value]) => [key, specOf(value)])),
        body: (inputs: NamedTensors, state: NamedTensors) => {
          const f = (...values: tf.Tensor[]) =>
            lossOfState(inputs, {
              ...state,
              ...Object.fromEntries(names.map((key, i) => [key, values[i]!])),
            });
          const { value, grads } = tf.valueAndGrads(f)(names.map((key) => state[key]!));
          return { outputs: { loss: value, ...Object.fromEntries(names.map((key, i) => [key, grads[i]!])) } };
        },
      };
      const [{ loss: _loss, ...gradients }] = (await runOn(captured, step, initial, [feed])).outputs as [
        Record<string, HostTensor>,
      ];
      const program = await captured.compile(step);
      const held = await captured.createState(initial);
      for (const key of names) {
        // Along the gradient's own direction the slope is its length.
        const gradient = gradients[key]!.data as Float32Array;
        const norm = Math.hypot(...gradient);
        const h = 4e-3;
        const lossAt = async (sign: number) => {
          const moved = params[key]!.data.map((x, i) => x + (sign * h * gradient[i]!) / norm) as Float32Array;
          await held.write({ [key]: float32(moved, params[key]!.shape) });
          return (await program.run(held, feed))['loss']!.data[0]!;
        };
        const slope = ((await lossAt(1)) - (await lossAt(-1))) / (2 * h);
        await held.write({ [key]: params[key]! });
        if (norm < 1e-4) continue; // a key's bias cannot change a softmax
        assert.ok(Math.abs(slope - norm) < 0.06 * norm + 2e-4, `${key}: ${slope} instead of ${norm}`);
      }
      await program.dispose();
    });
});

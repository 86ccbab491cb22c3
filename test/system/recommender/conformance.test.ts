import assert from 'node:assert/strict';
import { createEngine, type DeviceName } from '../../../src/engine/devices.ts';
import { int32, type NamedHostTensors } from '../../../src/engine/program.ts';
import { trainingBatch } from '../../../src/recommender/batches.ts';
import { lossOf, type LossName } from '../../../src/recommender/losses.ts';
import { bert4Rec } from '../../../src/recommender/models/bert4rec.ts';
import { sasRec } from '../../../src/recommender/models/sasrec.ts';
import type { SequenceModel } from '../../../src/recommender/models/model.ts';
import { adamDefaults, initialMoments, updateInputs } from '../../../src/recommender/optimiser.ts';
import { trainingStep } from '../../../src/recommender/training-step.ts';
import { Random } from '../../../src/shared/random.ts';

const itemCount = 20;
const options = {
  itemCount,
  maxLength: 6,
  hidden: 8,
  layers: 1,
  heads: 2,
  inner: 8,
  dropout: 0.2,
  attentionDropout: 0.2,
};
const cases: readonly (readonly [SequenceModel, LossName])[] = [
  [sasRec(options), 'bpr'],
  [sasRec(options), 'sampled-softmax'],
  [bert4Rec(options), 'cross-entropy'],
];

/** What every installation has. Others join by TOOLREC_TEST_DEVICES=onnx-webgpu,onnx-cuda,… */
const devices: DeviceName[] = [
  'onnx-cpu',
  'tfjs-wasm',
  ...((process.env['TOOLREC_TEST_DEVICES'] ?? '').split(',').filter(Boolean) as DeviceName[]),
];

async function losses(device: DeviceName, model: SequenceModel, lossName: LossName): Promise<number[]> {
  const engine = await createEngine(device, { threads: 1 });
  const random = new Random(3);
  const params = model.initialise(random);
  const loss = lossOf({ loss: lossName, negatives: lossName === 'bpr' ? 1 : 6, calibration: 0.5 }, itemCount);
  const program = await engine.compile(trainingStep(model, params, loss, adamDefaults));
  const state = await engine.createState({ ...params, ...initialMoments(params) });
  const found: number[] = [];
  for (let step = 1; step <= 4; step++) {
    const sequences = Array.from({ length: 4 }, () =>
      Uint32Array.from({ length: 2 + random.int(5) }, () => random.int(itemCount)),
    );
    const inputs: NamedHostTensors = {
      ...trainingBatch(model, loss, { maskRatio: 0.3 }, sequences, random).inputs,
      ...updateInputs(step, 0.02, adamDefaults),
      noise_seed: int32([step * 77], []),
    };
    found.push((await program.run(state, inputs))['loss']!.data[0]!);
  }
  await program.dispose();
  state.dispose();
  return found;
}

describe('conformance: the same losses on every device, dropout on', () => {
  for (const [model, lossName] of cases)
    for (const device of devices)
      it(`${model.name} with ${lossName} on ${device}`, async () => {
        const expected = await losses('tfjs-cpu', model, lossName);
        const actual = await losses(device, model, lossName);
        actual.forEach((value, i) =>
          assert.ok(Math.abs(value - expected[i]!) < 2e-4, `step ${i + 1}: ${value}, ${expected[i]}`),
        );
      });
});

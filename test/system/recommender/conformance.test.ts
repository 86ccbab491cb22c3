import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { skip } from '../../skip.ts';
import { createEngine, type DeviceName, deviceNames } from '../../../src/engine/devices.ts';
import { float32, int32, type NamedHostTensors } from '../../../src/engine/program.ts';
import { trainingBatch } from '../../../src/recommender/batches.ts';
import { lossOf, type LossName } from '../../../src/recommender/losses.ts';
import { bert4Rec } from '../../../src/recommender/models/bert4rec.ts';
import { sasRec } from '../../../src/recommender/models/sasrec.ts';
import type { SequenceModel } from '../../../src/recommender/models/model.ts';
import { adamDefaults, initialMoments, updateInputs } from '../../../src/recommender/optimiser.ts';
import { trainingStep } from '../../../src/recommender/training-step.ts';
import { TrainingQueue } from '../../../src/service/model-runs.ts';
import { Random } from '../../../src/shared/random.ts';
import { Workspace } from '../../../src/shared/workspace.ts';
import { cycleDataset } from '../../unit/recommender/cycle-dataset.ts';

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

/** Those that this machine lacks are skipped with the reason. */
const devices = deviceNames.filter((name) => name !== 'tfjs-cpu');

/** Chromium brings a WebGPU device that computes on the CPU: slow, and exact. */
const software = '/usr/lib/chromium/vk_swiftshader_icd.json';
if (existsSync(software)) process.env['VK_ICD_FILENAMES'] ??= software;

/** @returns why the device cannot be used here */
async function missing(device: DeviceName): Promise<string | undefined> {
  try {
    const engine = await createEngine(device, { threads: 1 });
    const state = await engine.createState({ x: float32([1, 2]) });
    const spec = { dtype: 'float32', shape: [2] } as const;
    const program = await engine.compile({
      name: 'probe',
      inputs: {},
      state: { x: spec },
      body: (_inputs, { x }) => ({ outputs: { y: tf.relu(x!) } }),
    });
    await program.run(state, {});
    await program.dispose();
    state.dispose();
    return undefined;
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).split('\n')[0]!.slice(0, 160);
  }
}

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

async function wholeTraining(device: DeviceName) {
  const workspace = new Workspace(await fs.mkdtemp(path.join(os.tmpdir(), 'toolrec-conformance-')));
  const losses: number[] = [];
  const manifest = await new TrainingQueue().train(
    workspace,
    cycleDataset(),
    {
      id: 'm',
      config: { hidden: 8, inner: 8, layers: 1, maxLength: 6, epochs: 2, batchTokens: 60 },
      resume: false,
      device,
      threads: 1,
      allowChangedDataset: false,
      onEvent: (_id, { loss }) => losses.push(loss),
    },
    {},
  );
  await fs.rm(workspace.folder, { recursive: true });
  return { losses, validation: manifest.validation!['ndcg@10']!, status: manifest.status };
}

describe('conformance: the same losses on every device, dropout on', () => {
  for (const device of devices)
    describe(device, () => {
      before(async function () {
        const why = await missing(device);
        if (why !== undefined) skip(this, `${device}: ${why}`);
      });
      for (const [model, lossName] of cases)
        it(`${model.name} with ${lossName}`, async function () {
          this.timeout(120_000);
          const expected = await losses('tfjs-cpu', model, lossName);
          const actual = await losses(device, model, lossName);
          actual.forEach((value, i) =>
            assert.ok(Math.abs(value - expected[i]!) < 2e-4, `step ${i + 1}: ${value}, ${expected[i]}`),
          );
        });

      it('trains, validates and keeps a checkpoint as the CPU does', async function () {
        this.timeout(120_000);
        const expected = await wholeTraining('onnx-cpu');
        const actual = await wholeTraining(device);
        actual.losses.forEach((loss, i) =>
          assert.ok(
            Math.abs(loss - expected.losses[i]!) < 2e-4,
            `event ${i}: ${loss}, ${expected.losses[i]}`,
          ),
        );
        assert.ok(Math.abs(actual.validation - expected.validation) < 0.02);
        assert.equal(actual.status, 'finished');
      });

      it('hands a state out as it is after several steps', async () => {
        const engine = await createEngine(device, { threads: 1 });
        const state = await engine.createState({ kept: float32([5, 6]), x: float32([1, 2]) });
        const spec = { dtype: 'float32', shape: [2] } as const;
        const program = await engine.compile({
          name: 'count',
          inputs: { by: spec },
          state: { kept: spec, x: spec },
          body: ({ by }, { kept, x }) => {
            const sum = tf.add(x!, by!);
            return { outputs: { sum: tf.add(sum, kept!) }, state: { x: sum } };
          },
        });
        for (let step = 0; step < 3; step++) await program.run(state, { by: float32([1, 10]) });
        assert.deepEqual([...(await state.read(['x']))['x']!.data], [4, 32]);
        await state.write({ x: float32([0, 0]) });
        const { sum } = await program.run(state, { by: float32([1, 10]) });
        assert.deepEqual([...sum!.data], [6, 16]);
        const all = await state.read();
        assert.deepEqual([...all['x']!.data, ...all['kept']!.data], [1, 10, 5, 6]);
        await program.dispose();
        state.dispose();
      });
    });
});

import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { DeviceName } from '../../../src/engine/devices.ts';
import type { Engine } from '../../../src/engine/program.ts';
import { parseTrainingConfig } from '../../../src/recommender/config.ts';
import { buildModel } from '../../../src/recommender/models/build.ts';
import { chooseDevice, type DeviceWorld } from '../../../src/service/device-choice.ts';
import { Random } from '../../../src/shared/random.ts';

const config = parseTrainingConfig({ hidden: 8, inner: 8, layers: 1, maxLength: 4, batchTokens: 8 });
const model = buildModel(config, 10);
const task = { config, model, params: model.initialise(new Random(1)), threads: 1 };

/** Devices that take so many milliseconds a step; `null` cannot be opened. */
function world(
  steps: Partial<Record<DeviceName, number | null>>,
  onRun: () => void = () => undefined,
): DeviceWorld & { runs: string[]; positions: number[] } {
  const runs: string[] = [];
  const positions: number[] = [];
  return {
    runs,
    positions,
    available: () => Promise.resolve(Object.keys(steps) as DeviceName[]),
    open(device) {
      const time = steps[device];
      if (time === null || time === undefined) return Promise.reject(new Error('broken driver'));
      const engine: Engine = {
        device,
        createState: () => Promise.resolve({ read: never, write: never, dispose: () => undefined }),
        compile: () =>
          Promise.resolve({
            run: async (_state, inputs) => {
              runs.push(device);
              onRun();
              positions.push(inputs['items']!.data.length);
              await new Promise((resolve) => setTimeout(resolve, time));
              return {};
            },
            dispose: () => Promise.resolve(),
          }),
      };
      return Promise.resolve(engine);
    },
  };
}
const never = () => Promise.reject(new Error('not used'));

describe('choosing a device', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'toolrec-device-'));
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  it('takes the fastest, passes over what breaks, and does not repeat what is far too slow', async () => {
    const devices = world({
      'onnx-webgpu': 300,
      'onnx-cuda': null,
      'onnx-cpu': 20,
      'tfjs-wasm': 1,
      'tfjs-cpu': 1,
    });
    const choice = await chooseDevice(task, folder, {}, devices);
    assert.equal(choice.device, 'onnx-cpu');
    assert.deepEqual(Object.keys(choice.milliseconds), ['onnx-cpu', 'onnx-webgpu']);
    assert.equal(devices.runs.filter((device) => device === 'onnx-webgpu').length, 2);
  });

  it('is kept for the machine and the sizes; a damaged note is made anew', async () => {
    await chooseDevice(task, folder, {}, world({ 'onnx-cpu': 1 }));
    const later = world({ 'onnx-webgpu': 1 });
    assert.equal((await chooseDevice(task, folder, {}, later)).device, 'onnx-cpu');
    assert.deepEqual(later.runs, []);
    assert.equal((await chooseDevice({ ...task, threads: 2 }, folder, {}, later)).device, 'onnx-webgpu');
    await fs.writeFile(path.join(folder, 'devices.json'), '{"x":1}');
    assert.equal((await chooseDevice(task, folder, {}, later)).device, 'onnx-webgpu');
  });

  it('falls back to WebAssembly, and says when nothing works', async () => {
    assert.equal(
      (await chooseDevice(task, folder, {}, world({ 'tfjs-wasm': 1, 'tfjs-cpu': 1 }))).device,
      'tfjs-wasm',
    );
    const other = { ...task, threads: 3 };
    await assert.rejects(chooseDevice(other, folder, {}, world({ 'onnx-cuda': null })), {
      code: 'no-device',
    });
  });

  it('is soon made for huge batches too, and can be called off between steps', async () => {
    const huge = { ...task, config: { ...config, batchTokens: 1_000_000 } };
    const devices = world({ 'onnx-cpu': 1 });
    const { milliseconds } = await chooseDevice(huge, folder, {}, devices);
    assert.deepEqual(new Set(devices.positions), new Set([16_384]));
    assert.ok(milliseconds['onnx-cpu']! > 50, 'in proportion to the batch');

    const stop = new AbortController();
    const slow = world({ 'onnx-cpu': 30, 'onnx-webgpu': 30 }, () => stop.abort());
    const other = { ...task, threads: 4 };
    await assert.rejects(chooseDevice(other, folder, { signal: stop.signal }, slow), { code: 'cancelled' });
    assert.deepEqual(slow.runs, ['onnx-cpu']);
  });
});

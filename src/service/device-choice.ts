import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import * as z from 'zod';
import { createEngine, type DeviceName, deviceNames } from '../engine/devices.ts';
import { type Engine, int32, type NamedHostTensors } from '../engine/program.ts';
import { trainingBatch } from '../recommender/batches.ts';
import type { TrainingConfig } from '../recommender/config.ts';
import { lossOf } from '../recommender/losses.ts';
import type { SequenceModel } from '../recommender/models/model.ts';
import { adamDefaults, initialMoments, updateInputs } from '../recommender/optimiser.ts';
import { trainingStep } from '../recommender/training-step.ts';
import { writeFileAtomic } from '../shared/atomic-file.ts';
import { EngineError, throwIfCancelled } from '../shared/errors.ts';
import type { LongWork } from '../shared/progress.ts';
import { Random } from '../shared/random.ts';
import { probeDevices } from './device-probe.ts';

/** What is to be trained, as far as speed hangs on it. */
export interface DeviceTask {
  readonly config: TrainingConfig;
  readonly model: SequenceModel;
  readonly params: NamedHostTensors;
  readonly threads: number;
}

export interface DeviceChoice {
  readonly device: DeviceName;
  /** Milliseconds of a training step on each device that was timed. */
  readonly milliseconds: Readonly<Partial<Record<DeviceName, number>>>;
  /** How long the timing took. */
  readonly seconds?: number | undefined;
}

/** What the choice is made with; tests give their own. */
export interface DeviceWorld {
  available(work: LongWork): Promise<readonly DeviceName[]>;
  open(device: DeviceName, threads: number): Promise<Engine>;
}

const realWorld: DeviceWorld = {
  async available(work) {
    return (await probeDevices(work)).filter(({ available }) => available).map(({ id }) => id);
  },
  open: (device, threads) => createEngine(device, { threads }),
};

const cacheSchema = z.record(
  z.string(),
  z.object({
    device: z.enum(deviceNames),
    milliseconds: z.record(z.string(), z.number()),
    seconds: z.number().optional(),
  }),
);

/**
 * The fastest device for a training run: a few real steps are timed on each one that works here. Kept in `cacheFolder`
 * for this machine and these sizes.
 * @throws EngineError `no-device`
 */
export async function chooseDevice(
  task: DeviceTask,
  cacheFolder: string,
  work: LongWork = {},
  world: DeviceWorld = realWorld,
): Promise<DeviceChoice> {
  const file = path.join(cacheFolder, 'devices.json');
  const cache = await readCache(file);
  const key = keyOf(task);
  const known = cache[key];
  if (known) return known;
  const started = performance.now();
  const milliseconds: Partial<Record<DeviceName, number>> = {};
  let best: DeviceName | undefined;
  for (const device of candidates(await world.available(work))) {
    throwIfCancelled(work.signal, 'Choosing a device');
    work.onProgress?.({ message: `Timing a training step on ${device}` });
    const limit = best === undefined ? Infinity : 3 * milliseconds[best]!;
    const time = await timeSteps(device, task, limit, world, work.signal).catch(() => undefined); // it does not run this model
    throwIfCancelled(work.signal, 'Choosing a device');
    if (time === undefined) continue;
    milliseconds[device] = time;
    if (best === undefined || time < milliseconds[best]!) best = device;
  }
  if (best === undefined)
    throw new EngineError('no-device', 'No device can train this model.', 'Run “toolrec doctor” to see why.');
  const choice = { device: best, milliseconds, seconds: (performance.now() - started) / 1000 };
  await writeFileAtomic(file, `${JSON.stringify({ ...cache, [key]: choice }, null, 2)}\n`);
  return choice;
}

/** Plain JavaScript and WebAssembly are only for machines where nothing else works; the CPU goes first as the mark. */
function candidates(available: readonly DeviceName[]): DeviceName[] {
  const fast = available.filter((device) => device !== 'tfjs-cpu' && device !== 'tfjs-wasm');
  if (fast.length > 0) return fast.sort((a, b) => Number(b === 'onnx-cpu') - Number(a === 'onnx-cpu'));
  return available.filter((device) => device === 'tfjs-wasm' || !available.includes('tfjs-wasm'));
}

/** Positions of a timed step: of larger batches a part is timed, which says as much about which device is faster. */
const timedTokens = 16_384;
/** A first step that took longer is not repeated, in milliseconds. */
const longStep = 5000;

/**
 * Milliseconds of a step: the minimum after the first, which warms up; one slower than `limit` is not repeated. Of a batch
 * larger than what is timed it is estimated in proportion.
 */
async function timeSteps(
  device: DeviceName,
  { config, model, params, threads }: DeviceTask,
  limit: number,
  world: DeviceWorld,
  signal: AbortSignal | undefined,
): Promise<number> {
  const engine = await world.open(device, threads);
  const loss = lossOf(config, model.itemCount);
  const program = await engine.compile(trainingStep(model, params, loss, adamDefaults));
  const state = await engine.createState({ ...params, ...initialMoments(params), ...model.frozen });
  try {
    const random = new Random(1);
    const whole = Math.max(1, Math.floor(config.batchTokens / model.maxLength));
    const count = Math.min(whole, Math.max(1, Math.floor(timedTokens / model.maxLength)));
    const sequences = Array.from({ length: count }, () =>
      Uint32Array.from({ length: model.maxLength + 1 }, () => random.int(model.itemCount)),
    );
    let best = Infinity;
    for (let step = 1; step <= 4; step++) {
      throwIfCancelled(signal, 'Choosing a device');
      const { inputs } = trainingBatch(model, loss, config, sequences, random);
      const feed = { ...inputs, ...updateInputs(step, 0, adamDefaults), noise_seed: int32([step], []) };
      const started = performance.now();
      await program.run(state, feed);
      const time = performance.now() - started;
      if (step > 1 || time > longStep) best = Math.min(best, time * (whole / count));
      if (best < Infinity && (best > limit || time > longStep)) break;
    }
    return best;
  } finally {
    await program.dispose();
    state.dispose();
  }
}

function keyOf({ config, model, threads }: DeviceTask): string {
  const { hidden, layers, heads, inner, loss, negatives, batchTokens } = config;
  const machine = [os.hostname(), os.cpus()[0]?.model, os.availableParallelism(), process.versions.node];
  const sizes = [model.name, model.itemCount, model.maxLength, hidden, layers, heads, inner];
  const text = JSON.stringify([machine, sizes, loss, negatives, batchTokens, threads]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** Empty when there is none, or none that can be read: then devices are timed again. */
async function readCache(file: string): Promise<Record<string, DeviceChoice>> {
  try {
    const parsed = cacheSchema.safeParse(JSON.parse(await fs.readFile(file, 'utf8')));
    return parsed.success ? parsed.data : {};
  } catch {
    return {};
  }
}

import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Dataset } from '../../../src/data/dataset.ts';
import type { Engine } from '../../../src/engine/program.ts';
import { type ModelManifest, readManifest, readTensors } from '../../../src/recommender/checkpoint.ts';
import { parseTrainingConfig, type TrainingConfigInput } from '../../../src/recommender/config.ts';
import { newManifest } from '../../../src/recommender/manifest.ts';
import { buildModel } from '../../../src/recommender/models/build.ts';
import { readTrainingLog } from '../../../src/recommender/training-log.ts';
import { refuseSeenPart } from '../../../src/recommender/seen-part.ts';
import { pauseReason, train } from '../../../src/recommender/trainer.ts';
import { ToolRecError } from '../../../src/shared/errors.ts';
import { shutdownReason } from '../../../src/shared/progress.ts';
import { Random } from '../../../src/shared/random.ts';
import { captured as engine } from '../../unit/engine/engines.ts';
import { cycleDataset } from '../../unit/recommender/cycle-dataset.ts';

const dataset = cycleDataset();
const small: TrainingConfigInput = {
  hidden: 16,
  inner: 16,
  layers: 1,
  maxLength: 6,
  learningRate: 0.02,
  schedule: 'constant',
  warmupEpochs: 0,
  epochs: 3,
  patience: 100,
  batchTokens: 30,
};

async function temporary(): Promise<string> {
  return fs.mkdtemp(path.join(os.tmpdir(), 'toolrec-train-'));
}

function start(
  directory: string,
  over: TrainingConfigInput = {},
  on: Engine = engine,
  signal?: AbortSignal,
  onStep?: (done: number) => void,
  data: Dataset = dataset,
): Promise<ModelManifest> {
  const config = parseTrainingConfig({ ...small, ...over });
  const model = buildModel(config, data.itemCount);
  const params = model.initialise(new Random('test'));
  const manifest = newManifest('m', config, data, model, params, on.device);
  return train(
    { engine: on, dataset: data, model, directory, manifest },
    { signal, onProgress: ({ done }) => onStep?.(done ?? 0) },
  );
}

async function lossesIn(directory: string): Promise<string[]> {
  const events = await readTrainingLog(path.join(directory, 'training.jsonl'));
  return events.map((event) => `${event.kind} ${event.step} ${event.loss}`);
}

describe('training', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await temporary();
  });
  afterEach(() => fs.rm(directory, { recursive: true }));

  for (const model of ['sasrec', 'bert4rec'] as const)
    it(`of ${model} learns where a walk goes on`, async () => {
      const manifest = await start(directory, { model, epochs: 25, dropout: 0 });
      // Two of twelve items can come next: chance is about 0.38, the best possible near 0.8.
      assert.equal(manifest.status, 'finished');
      assert.ok(manifest.validation!['ndcg@10']! > 0.55, JSON.stringify(manifest.validation));
      const events = await readTrainingLog(path.join(directory, 'training.jsonl'));
      const epochs = events.filter((event) => event.kind === 'epoch');
      assert.equal(epochs.length, manifest.progress.epoch);
      assert.equal(epochs.filter((event) => event.best).at(-1)!.epoch, manifest.progress.bestEpoch);
    });

  it('goes on after a pause with the losses of an uninterrupted run, dropout on', async () => {
    const whole = await temporary();
    await start(whole, { dropout: 0.3 });
    const pausing = new AbortController();
    const paused = await start(directory, { dropout: 0.3 }, engine, pausing.signal, (done) => {
      if (done === 7) pausing.abort(pauseReason);
    });
    assert.equal(paused.status, 'paused');
    assert.equal(paused.progress.step, 7);
    const finished = await start(directory, { dropout: 0.3 });
    assert.equal(finished.status, 'finished');
    assert.deepEqual(await lossesIn(directory), await lossesIn(whole));
    await fs.rm(whole, { recursive: true });
  });

  it('is still in training when the program ends, and goes on from that very step', async () => {
    const whole = await temporary();
    await start(whole);
    const ending = new AbortController();
    const interrupted = await start(directory, {}, engine, ending.signal, (done) => {
      if (done === 5) ending.abort(shutdownReason);
    });
    assert.equal(interrupted.status, 'training');
    assert.equal(interrupted.progress.step, 5);
    assert.equal((await start(directory)).status, 'finished');
    assert.deepEqual(await lossesIn(directory), await lossesIn(whole));
    await fs.rm(whole, { recursive: true });
  });

  it('goes on after a crash from the last checkpoint, with the same losses', async () => {
    const whole = await temporary();
    await start(whole);
    let runs = 0;
    const crashing: Engine = {
      device: engine.device,
      createState: (values) => engine.createState(values),
      compile: async (step) => {
        const program = await engine.compile(step);
        const run: typeof program.run = (state, inputs) => {
          if (step.name.endsWith('train') && ++runs > 8) throw new Error('power cut');
          return program.run(state, inputs);
        };
        return { run, dispose: () => program.dispose() };
      },
    };
    await assert.rejects(start(directory, {}, crashing), /power cut/);
    assert.equal((await readManifest(directory)).status, 'failed');
    await start(directory);
    assert.deepEqual(await lossesIn(directory), await lossesIn(whole));
    await fs.rm(whole, { recursive: true });
  });

  it('stopped before the first epoch leaves a usable checkpoint', async () => {
    const stopping = new AbortController();
    const stopped = await start(directory, {}, engine, stopping.signal, () => stopping.abort());
    assert.equal(stopped.status, 'stopped');
    assert.ok((await readTensors(directory, 'model.safetensors')).tensors['item']);
  });

  it('stops by itself when validation no longer gets better', async () => {
    const manifest = await start(directory, { epochs: 40, patience: 2, learningRate: 1e-9 });
    assert.equal(manifest.progress.epoch, manifest.progress.bestEpoch + 2);
  });

  it('fits on training and validation items together, through all epochs', async () => {
    const shifted = await temporary();
    const manifest = await start(directory, { fitOn: 'train+validation', patience: 1 });
    assert.equal(manifest.progress.bestEpoch, manifest.config.epochs);
    assert.equal(manifest.validation, undefined);
    // The same as training where the validation items belong to the training part.
    const later = { ...dataset, trainEnd: dataset.validationEnd, validationEnd: dataset.offsets.slice(1) };
    await start(shifted, {}, engine, undefined, undefined, later);
    assert.deepEqual(await lossesIn(directory), await lossesIn(shifted));
    assert.throws(
      () => refuseSeenPart(manifest, 'validation'),
      (error) => error instanceof ToolRecError && error.code === 'part-was-trained-on',
    );
    refuseSeenPart(manifest, 'test');
    await fs.rm(shifted, { recursive: true });
  });

  for (const output of ['loss', 'gradient_norm'] as const)
    it(`stops where the ${output} is no number, says what to try, and keeps the last good checkpoint`, async () => {
      const wild = start(directory, {}, poisoned(output));
      await assert.rejects(
        wild,
        (error) => error instanceof ToolRecError && error.code === 'loss-not-finite',
      );
      const manifest = await readManifest(directory);
      assert.equal(manifest.status, 'failed');
      assert.match(manifest.failure!, /no longer a number.*checkpoint is kept/);
      const { epoch, bestEpoch } = manifest.progress;
      assert.ok(epoch >= 1 && bestEpoch >= 1);
      const { tensors, metadata } = await readTensors(directory, 'optimizer.safetensors');
      assert.equal((JSON.parse(metadata['position']!) as { epoch: number }).epoch, epoch);
      for (const { data } of Object.values(tensors)) assert.ok(data.every((value) => Number.isFinite(value)));
      // On an engine that computes rightly it goes on from there.
      assert.equal((await start(directory)).status, 'finished');
    });

  it('refuses a damaged and a foreign checkpoint', async () => {
    await start(directory);
    const file = path.join(directory, 'optimizer.safetensors');
    const bytes = await fs.readFile(file);
    const codeOf = (run: Promise<unknown>) =>
      run.then(
        () => 'trained',
        (error: ToolRecError) => error.code,
      );
    bytes[bytes.length - 5]! ^= 1;
    await fs.writeFile(file, bytes);
    assert.equal(await codeOf(start(directory)), 'damaged-checkpoint');
    bytes[bytes.length - 5]! ^= 1;
    await fs.writeFile(file, bytes);
    assert.equal(await codeOf(start(directory, { hidden: 8, inner: 8 })), 'foreign-checkpoint');
    await fs.writeFile(file, bytes.subarray(0, 100));
    assert.equal(await codeOf(start(directory)), 'damaged-checkpoint');
  });

  it('refuses settings that need more memory than there is', async () => {
    const huge = { batchTokens: 1_000_000, maxLength: 4096, heads: 16 };
    await assert.rejects(start(directory, huge), { code: 'not-enough-memory' });
  });
});

/** An engine whose losses or gradients become NaN after the first epoch. */
function poisoned(output: 'loss' | 'gradient_norm'): Engine {
  let runs = 0;
  return {
    device: engine.device,
    createState: (values) => engine.createState(values),
    compile: async (step) => {
      const program = await engine.compile(step);
      const run: typeof program.run = async (state, inputs) => {
        const outputs = await program.run(state, inputs);
        if (!step.name.endsWith('train') || ++runs <= 8) return outputs;
        return { ...outputs, [output]: { dtype: 'float32', shape: [], data: Float32Array.of(NaN) } };
      };
      return { run, dispose: () => program.dispose() };
    },
  };
}

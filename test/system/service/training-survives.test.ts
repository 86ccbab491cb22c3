import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readManifest } from '../../../src/recommender/checkpoint.ts';
import { trainingHolder, wishForTraining } from '../../../src/recommender/training-lock.ts';
import { readTrainingLog } from '../../../src/recommender/training-log.ts';
import { EngineClient } from '../../../src/service/client.ts';
import { datasetSample } from '../../../src/service/requests/dataset.ts';
import { silentLogger } from '../../../src/shared/log.ts';
import { Workspace } from '../../../src/shared/workspace.ts';
import type { RunPlan } from '../../../src/workbench/training/run-plan.ts';
import { TrainingRuns } from '../../../src/workbench/training/training-runs.ts';

// Awaited at the top, so that mocha imports this file: what is loaded with import() then shares its error classes.
await Promise.resolve();

const entry = path.resolve(import.meta.dirname, '../../../dist/engine.mjs');

// The built engine as a process, ended the way windows end it.
describe('a training', function () {
  this.timeout(90_000);
  let folder: string;
  let workspace: Workspace;
  const clients: EngineClient[] = [];
  let kept: unknown;
  const memory = {
    get: () => kept,
    update: (_: string, value: unknown) => {
      kept = structuredClone(value);
      return Promise.resolve();
    },
  };

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'toolrec-survives-'));
    workspace = new Workspace(folder);
    kept = undefined;
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) {
      await client.stop();
      client.dispose();
    }
    await fs.rm(folder, { recursive: true, force: true });
  });

  function start(): EngineClient {
    const client = new EngineClient({ entry });
    clients.push(client);
    return client;
  }
  const plan = (epochs: number): RunPlan => ({
    folder,
    id: 'm',
    dataset: 'sample',
    config: { hidden: 8, inner: 8, layers: 1, maxLength: 20, epochs, patience: epochs, batchTokens: 1600 },
    device: 'onnx-cpu',
    threads: 1,
  });
  const steps = async () =>
    (await readTrainingLog(path.join(workspace.entry('models', 'm'), 'training.jsonl')))
      .filter(({ kind }) => kind === 'step')
      .map(({ step }) => step);
  const until = async (condition: () => Promise<boolean>) => {
    for (const deadline = Date.now() + 60_000; !(await condition()); await sleep(50))
      assert.ok(Date.now() < deadline, 'waited in vain');
  };
  const manifest = () => readManifest(workspace.entry('models', 'm'));

  it('outlives its window: the engine puts down where it stands, the next window goes on, no step is lost', async () => {
    const first = start();
    await first.request(datasetSample, { workspace: folder });
    const closed = new TrainingRuns(first, memory, silentLogger);
    closed.train(plan(30)).catch(() => undefined);
    await until(async () => (await steps()).length > 20);
    closed.dispose();
    first.dispose(); // as when the extension host goes: its end is not waited for
    const next = new TrainingRuns(start(), memory, silentLogger);
    const [wanted] = await next.wanted();
    let began = 0;
    const outcome = await next.goOn(wanted!, {
      onStart: () => {
        began = Date.now();
      },
    });
    assert.ok(began > 0);
    assert.equal(outcome?.status, 'finished');
    const done = await steps();
    assert.deepEqual(
      done,
      done.map((_, i) => i + 1),
    );
    assert.equal(await trainingHolder(workspace, 'm'), undefined);
    assert.deepEqual(kept, []);
  });

  it('goes on by itself when its engine is killed', async () => {
    const client = start();
    await client.request(datasetSample, { workspace: folder });
    const runs = new TrainingRuns(client, memory, silentLogger);
    const going = runs.train(plan(12));
    await until(async () => (await manifest().catch(() => undefined))?.progress.epoch === 2);
    const { state } = client;
    assert.equal(state.kind, 'running');
    process.kill((state as { pid: number }).pid, 'SIGKILL');
    assert.equal((await going)?.status, 'finished');
    const done = await steps();
    assert.deepEqual(
      done,
      done.map((_, i) => i + 1),
    );
  });

  it('of another process is paused by a wish', async () => {
    const client = start();
    await client.request(datasetSample, { workspace: folder });
    const going = new TrainingRuns(client, memory, silentLogger).train(plan(5000));
    await until(async () => (await steps()).length > 5);
    const holder = await trainingHolder(workspace, 'm');
    assert.ok(holder && holder.pid !== process.pid);
    await wishForTraining(workspace, 'm', 'pause');
    assert.equal((await going)?.status, 'paused');
    assert.equal((await manifest()).status, 'paused');
  });
});

import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { modelFile } from '../../../../src/recommender/checkpoint.ts';
import { lockTraining } from '../../../../src/recommender/training-lock.ts';
import type { EngineConnection } from '../../../../src/service/protocol.ts';
import { EngineError, UsageError } from '../../../../src/shared/errors.ts';
import { silentLogger } from '../../../../src/shared/log.ts';
import type { LongWork } from '../../../../src/shared/progress.ts';
import { Workspace } from '../../../../src/shared/workspace.ts';
import type { RunPlan } from '../../../../src/workbench/training/run-plan.ts';
import { TrainingRuns } from '../../../../src/workbench/training/training-runs.ts';
import { manifest } from '../models/manifests.ts';

// Awaited at the top, so that mocha imports this file: what is then loaded with import() shares its error classes.
await Promise.resolve();

type Request = { readonly resume?: boolean; readonly id?: string };
type Answer = (params: Request, work: LongWork) => Promise<unknown>;

/** An engine that answers `model/train` as a test says, and what was asked of it. */
function engine(answers: Answer[]) {
  const asked: Request[] = [];
  const notified: ((params: unknown) => void)[] = [];
  const connection = {
    request: (definition: { name: string }, params: Request, work: LongWork = {}) => {
      if (definition.name !== 'model/train') return Promise.resolve({ pausing: true });
      asked.push(params);
      return (answers.shift() ?? (() => Promise.resolve({ status: 'finished' })))(params, work);
    },
    onNotification: (_: unknown, listener: (params: unknown) => void) => {
      notified.push(listener);
      return { dispose: () => undefined };
    },
  } as unknown as Pick<EngineConnection, 'request' | 'onNotification'>;
  return { connection, asked, tell: (params: unknown) => notified.forEach((listener) => listener(params)) };
}

function memory(start: unknown = undefined) {
  let value = start;
  return {
    get: () => value,
    update: (_: string, next: unknown) => {
      value = structuredClone(next);
      return Promise.resolve();
    },
  };
}

const crash = () => Promise.reject(new EngineError('engine-crashed', 'It crashed.', ''));
const step = (number: number) => ({
  kind: 'step',
  step: number,
  epoch: 0.1,
  loss: 1,
  learningRate: 0.1,
  gradientNorm: 1,
  seconds: 1,
  tokensPerSecond: 5,
});

describe('training runs of a window', () => {
  let folder: string;
  let plan: RunPlan;
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'toolrec-runs-'));
    plan = { folder, id: 'm', dataset: 'sample', config: {}, device: 'onnx-cpu', threads: 0 };
  });
  afterEach(() => fs.rm(folder, { recursive: true }));

  const put = async (status: string) => {
    const directory = new Workspace(folder).entry('models', 'm');
    await fs.mkdir(directory, { recursive: true });
    await fs.writeFile(path.join(directory, modelFile), JSON.stringify(manifest({ id: 'm', status })));
  };

  it('are remembered while they run, without a key, and forgotten when they end', async () => {
    const kept = memory();
    let during: unknown;
    const { connection } = engine([
      () => {
        during = kept.get();
        return Promise.resolve({ status: 'finished' });
      },
    ]);
    const runs = new TrainingRuns(connection, kept, silentLogger);
    const text = { source: { kind: 'glove' as const }, apiKey: 'secret' };
    assert.equal((await runs.train({ ...plan, text }))?.status, 'finished');
    assert.ok(JSON.stringify(during).includes('"m"'));
    assert.ok(!JSON.stringify(during).includes('secret'));
    assert.deepEqual(kept.get(), []);
    assert.deepEqual(runs.all, []);
  });

  it('go on from the last checkpoint when the engine dies, and give up when nothing moves', async () => {
    await put('training');
    const answers: Answer[] = [];
    const { connection, asked, tell } = engine(answers);
    const alive: Answer = (_, work) => {
      work.onProgress?.({ message: 'Epoch 1', done: 3, total: 10, unit: 'steps' });
      tell({ workspace: folder, id: 'm', events: [step(3)] });
      return crash();
    };
    answers.push(alive, crash);
    const runs = new TrainingRuns(connection, memory(), silentLogger, 1);
    assert.equal((await runs.train(plan))?.status, 'finished');
    assert.deepEqual(
      asked.map(({ resume }) => resume),
      [false, true, true],
    );
    const hopeless = new TrainingRuns(engine([crash, crash, crash]).connection, memory(), silentLogger, 1);
    await assert.rejects(hopeless.train(plan), { code: 'engine-crashed' });
  });

  it('wait for the engine before, which is ended on purpose and still holds the model', async () => {
    await put('training');
    const held = () => Promise.reject(new UsageError('already-training', 'It is held.', ''));
    const ended = () => Promise.reject(new EngineError('engine-disposed', 'It was shut down.', ''));
    const { connection, asked } = engine([ended, held, held]);
    const runs = new TrainingRuns(connection, memory(), silentLogger, 1);
    assert.equal((await runs.train(plan))?.status, 'finished');
    assert.deepEqual(
      asked.map(({ resume }) => resume),
      [false, true, true, true],
    );
  });

  it('that a window leaves unfinished are wanted by the next, which waits for the old engine and resumes', async () => {
    const kept = memory();
    const closing = engine([() => new Promise(() => undefined)]);
    const old = new TrainingRuns(closing.connection, kept, silentLogger);
    void old.train(plan);
    await sleep(20);
    old.dispose();
    await put('training');
    const lock = await lockTraining(new Workspace(folder), 'm');
    const { connection, asked } = engine([]);
    const next = new TrainingRuns(connection, kept, silentLogger);
    const [wanted] = await next.wanted();
    assert.equal(wanted?.id, 'm');
    const going = next.goOn(wanted, { pollMs: 10 });
    await sleep(50);
    assert.equal(asked.length, 0);
    await lock.release();
    assert.equal((await going)?.status, 'finished');
    assert.equal(asked[0]?.resume, true);
    assert.deepEqual(await next.wanted(), []);
  });

  it('that ended or were paused meanwhile do not go on', async () => {
    for (const status of ['finished', 'paused', 'failed']) {
      await put(status);
      const { connection, asked } = engine([]);
      const kept = memory([plan]);
      assert.equal(await new TrainingRuns(connection, kept, silentLogger).goOn(plan), undefined);
      assert.deepEqual(asked, []);
      assert.deepEqual(kept.get(), []);
    }
  });

  it('of which no model exists yet start from the beginning; what another version kept is left out', async () => {
    const { connection, asked } = engine([]);
    const runs = new TrainingRuns(connection, memory([plan, { other: true }]), silentLogger);
    const wanted = await runs.wanted();
    assert.equal(wanted.length, 1);
    await runs.goOn(wanted[0]!);
    assert.equal(asked[0]?.resume, false);
  });

  it('can be called off while they wait, and one model is not trained twice', async () => {
    const { connection } = engine([
      (_, { signal }) =>
        new Promise((resolve) => signal?.addEventListener('abort', () => resolve({ status: 'stopped' }))),
    ]);
    const runs = new TrainingRuns(connection, memory(), silentLogger);
    const running = runs.train(plan);
    await assert.rejects(runs.train(plan), { code: 'already-training' });
    await sleep(20);
    assert.equal(runs.stop(plan), true);
    assert.equal((await running)?.status, 'stopped');
    assert.equal(runs.stop(plan), false);
  });
});

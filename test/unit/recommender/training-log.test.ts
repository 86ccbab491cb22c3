import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { readTrainingLog, TrainingLog } from '../../../src/recommender/training-log.ts';

const step = {
  kind: 'step',
  step: 1,
  epoch: 0.5,
  loss: 2,
  learningRate: 0.1,
  gradientNorm: 1,
  seconds: 1,
  tokensPerSecond: 9,
} as const;

describe('the log of a training', () => {
  let folder: string;
  beforeEach(async () => (folder = await fs.mkdtemp(path.join(os.tmpdir(), 'toolrec-log-'))));
  afterEach(() => fs.rm(folder, { recursive: true }));

  it('keeps what is before the step that training goes on from, and no line that a crash cut short', async () => {
    const file = path.join(folder, 'training.jsonl');
    const log = await TrainingLog.open(file, 0);
    for (const at of [1, 2, 3]) log.add({ ...step, step: at });
    await log.flush();
    await fs.appendFile(file, '{"kind":"step","st');
    assert.deepEqual(
      (await readTrainingLog(file)).map((event) => event.step),
      [1, 2, 3],
    );
    await TrainingLog.open(file, 2);
    assert.deepEqual(
      (await readTrainingLog(file)).map((event) => event.step),
      [1, 2],
    );
  });

  it('names its file when it cannot be written or read', async () => {
    const file = path.join(folder, 'models', 'training.jsonl');
    await fs.mkdir(path.dirname(file));
    const log = await TrainingLog.open(file, 0);
    log.add(step);
    await fs.rm(file);
    await fs.mkdir(file); // a folder takes no lines, not even root's
    await assert.rejects(log.flush(), { name: 'StorageError', place: { file } });
    await assert.rejects(readTrainingLog(file), { name: 'StorageError', place: { file } });
  });
});

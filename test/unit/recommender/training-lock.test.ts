import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { freeModelId, modelIdOf } from '../../../src/recommender/model-id.ts';
import {
  lockTraining,
  takeWish,
  trainingHolder,
  wishForTraining,
} from '../../../src/recommender/training-lock.ts';
import { checkName, Workspace } from '../../../src/shared/workspace.ts';

describe('the lock of a training', () => {
  let workspace: Workspace;
  beforeEach(async () => {
    workspace = new Workspace(await fs.mkdtemp(path.join(os.tmpdir(), 'toolrec-lock-')));
  });
  afterEach(() => fs.rm(workspace.folder, { recursive: true }));

  const leave = async (holder: object) => {
    const folder = path.join(workspace.directory('cache'), 'training');
    await fs.mkdir(folder, { recursive: true });
    await fs.writeFile(path.join(folder, 'm.lock'), JSON.stringify(holder));
  };
  const now = new Date().toISOString();

  it('has one holder, and is free again when released', async () => {
    const lock = await lockTraining(workspace, 'm');
    assert.equal((await trainingHolder(workspace, 'm'))?.pid, process.pid);
    await assert.rejects(lockTraining(workspace, 'm'), { code: 'already-training' });
    await (await lockTraining(workspace, 'other')).release();
    await lock.release();
    assert.equal(await trainingHolder(workspace, 'm'), undefined);
    await (await lockTraining(workspace, 'm')).release();
  });

  it('of a process that is gone, or of before the machine started, is taken over', async () => {
    for (const holder of [
      { pid: 2 ** 22 + 1, host: os.hostname(), since: now },
      { pid: process.pid, host: os.hostname(), since: '2001-01-01T00:00:00Z' },
      { nonsense: true },
    ]) {
      await leave(holder);
      assert.equal(await trainingHolder(workspace, 'm'), undefined);
      await (await lockTraining(workspace, 'm')).release();
    }
  });

  it('of another machine is respected', async () => {
    await leave({ pid: 1, host: 'elsewhere', since: now });
    await assert.rejects(lockTraining(workspace, 'm'), { code: 'already-training' });
  });

  it('carries a wish to its holder once; an old wish does not end a new training', async () => {
    await wishForTraining(workspace, 'm', 'stop');
    const lock = await lockTraining(workspace, 'm');
    assert.equal(await takeWish(workspace, 'm'), undefined);
    await wishForTraining(workspace, 'm', 'pause');
    assert.equal(await takeWish(workspace, 'm'), 'pause');
    assert.equal(await takeWish(workspace, 'm'), undefined);
    await lock.release();
  });

  it('keeps a name from being given twice', async () => {
    const parts = { model: 'sasrec', dataset: 'sample' };
    assert.equal(await freeModelId(workspace, parts), 'sasrec-sample');
    const lock = await lockTraining(workspace, 'sasrec-sample');
    assert.equal(await freeModelId(workspace, parts), 'sasrec-sample-2');
    await lock.release();
    const tool = { attribute: 'release year', mode: 'frozen', backbone: 'sasrec-sample' };
    assert.equal(modelIdOf({ ...parts, tool }), 'sasrec-sample-frozen-release-year');
    checkName(modelIdOf({ ...parts, tool: { ...tool, attribute: 'x'.repeat(90) } }));
  });
});

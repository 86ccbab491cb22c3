import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { SessionStore } from '../../../src/agent/log-store.ts';
import { connectInProcess } from '../../../src/service/in-process.ts';
import type { EngineConnection } from '../../../src/service/protocol.ts';
import { datasetSample } from '../../../src/service/requests/dataset.ts';
import { ModelFailure } from '../../../src/llm/errors.ts';
import { ScriptedModel } from '../../../src/llm/scripted.ts';
import { SessionRuntime } from '../../../src/workbench/sessions/runtime.ts';
import { Sessions } from '../../../src/workbench/sessions/sessions.ts';
import { type ModelChoice, SessionWorlds } from '../../../src/workbench/sessions/worlds.ts';

describe('the workbench’s sessions', () => {
  let folder: string;
  let engine: EngineConnection;
  let worlds: SessionWorlds;
  let choice: ModelChoice | undefined;
  const all: Sessions[] = [];
  const open = () => {
    const sessions = new Sessions(() => Promise.resolve(new SessionRuntime(worlds)));
    all.push(sessions);
    return sessions;
  };

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'toolrec-sessions-'));
    engine = connectInProcess();
    await engine.request(datasetSample, { workspace: folder });
    worlds = new SessionWorlds(engine, () => Promise.resolve(choice));
  });
  afterEach(() => {
    choice = undefined;
    for (const sessions of all.splice(0)) sessions.dispose();
  });
  after(async () => {
    engine.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  it('starts, steps, edits, forks, goes back and replays; another window opens what was kept', async () => {
    const sessions = open();
    const session = await sessions.create({ folder, dataset: 'sample', user: 5 });
    sessions.setActive(session);
    let told = 0;
    sessions.onDidChange(() => told++);
    await session.step();
    assert.equal(session.state.rounds.length, 1);
    assert.ok(told > 0);
    assert.equal(session.metrics, undefined);
    session.breakpoints = [{ on: 'action', name: 'Rank' }];
    await session.run();
    assert.deepEqual(session.held, { on: 'action', name: 'Rank' });
    await session.run();
    assert.ok(session.state.outcome);
    assert.equal(typeof session.metrics!['ndcg@10'], 'number');
    await session.replay();
    assert.deepEqual(session.replayed, []);

    const parent = session.state;
    const fork = await sessions.fork(session, { round: 2 });
    await fork.edit({ round: 2, part: 'action', text: 'retrieve[genre, 7]' });
    assert.equal(fork.state.rounds[1]!.observation!.set!.items.length, 7);
    await assert.rejects(fork.edit({ round: 1, part: 'action', text: 'dance' }), {
      code: 'unreadable-action',
    });
    await fork.edit({
      round: 2,
      part: 'observation',
      text: `${parent.rounds[0]!.observation!.set!.items[0]!.title}\n\nNo Such Film`,
    });
    assert.deepEqual(fork.state.rounds[1]!.observation!.set!.removed.outside, ['No Such Film']);
    await fork.edit({ round: 1, part: 'thought', text: 'Something else.' });
    assert.equal(fork.state.rounds.length, 1);
    assert.equal(fork.state.rounds[0]!.thought, 'Something else.');
    await fork.back();
    assert.equal(fork.state.rounds.length, 0);
    assert.equal(session.state, parent);

    const other = open();
    const again = await other.get(session.reference);
    assert.deepEqual(again.state, parent);
    assert.deepEqual(new Set((await other.list(folder)).map(({ id }) => id)), new Set([session.id, fork.id]));
    await again.prepare();
    await again.back();
    await again.run();
    assert.deepEqual(again.state.outcome!.result, parent.outcome!.result);
    await assert.rejects(session.back(), { code: 'changed-elsewhere' });
    await session.step();
    assert.equal(session.problem!.code, 'changed-elsewhere');
    await other.delete(fork.reference);
    assert.equal((await other.list(folder)).length, 1);
  });

  it('shows a failing model as such, and goes on with another from the next round', async () => {
    const sessions = open();
    const failing = new ScriptedModel([new ModelFailure('unreachable', 'No server answers.', 'Start it.')]);
    choice = { model: failing };
    const session = await sessions.create({ folder, dataset: 'sample', user: 7 });
    assert.equal(session.state.setup.policy.kind, 'llm');
    await session.step();
    assert.equal(session.state.failure!.error.code, 'unreachable');
    assert.equal(session.problem, undefined, 'the log says it');
    choice = undefined;
    await sessions.refresh();
    await session.run();
    assert.ok(session.state.outcome);
    assert.equal(session.state.rounds[0]!.setup.policy.kind, 'offline');
  });

  it('lists a log that cannot be read with its reason, and shows one whose dataset is gone', async () => {
    const sessions = open();
    const session = await sessions.create({ folder, dataset: 'sample', user: 1 });
    await session.step();
    await writeFile(path.join(folder, '.toolrec/sessions/broken.jsonl'), 'nonsense\n');
    const broken = (await sessions.list(folder)).find(({ id }) => id === 'broken');
    assert.equal(broken!.problem!.code, 'damaged-log');
    await assert.rejects(sessions.get({ folder, id: 'broken' }), { code: 'damaged-log' });

    const elsewhere = await mkdtemp(path.join(os.tmpdir(), 'toolrec-sessions-'));
    try {
      const log = await new SessionStore(path.join(elsewhere, '.toolrec/sessions')).create(
        'moved',
        session.events,
      );
      await log.close();
      const moved = await sessions.get({ folder: elsewhere, id: 'moved' });
      await moved.prepare();
      assert.equal(moved.preparation.kind === 'failed' && moved.preparation.error.code, 'no-dataset');
      assert.equal(moved.state.rounds.length, 1);
      await moved.step();
      assert.equal(moved.problem!.code, 'no-dataset');
    } finally {
      await rm(elsewhere, { recursive: true, force: true });
    }
  });
});

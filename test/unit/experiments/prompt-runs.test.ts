import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { SessionStore } from '../../../src/agent/log-store.ts';
import { demonstrationFromSession } from '../../../src/agent/prompts/demonstration-from-session.ts';
import { addDemonstration, newDemonstrations } from '../../../src/agent/prompts/demonstration-edits.ts';
import {
  checkDemonstration,
  demonstrationOf,
  parseDemonstrations,
} from '../../../src/agent/prompts/demonstrations.ts';
import { foldAll } from '../../../src/agent/state.ts';
import { standardSignatures } from '../../../src/agent/tools/registry.ts';
import { differenceInterval, quickCheck, wilsonInterval } from '../../../src/experiments/prompt-check.ts';
import {
  compareVersions,
  figuresOf,
  keepCheck,
  type PromptRun,
  promptVersions,
} from '../../../src/experiments/prompt-versions.ts';
import { recordedValues, userValues } from '../../../src/experiments/prompt-values.ts';
import { Workspace } from '../../../src/shared/workspace.ts';
import { dataset, finish, rank, retrieve, startSession, world } from '../agent/world.ts';

const close = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 5e-4, `${actual} ≠ ${expected}`);

describe('intervals', () => {
  it('are those of the literature', () => {
    // Wilson: 10 of 100, and none of 10 (Brown, Cai, DasGupta 2001 give the same form).
    const [low, high] = wilsonInterval(10, 100);
    close(low, 0.0552);
    close(high, 0.1744);
    close(wilsonInterval(0, 10)[1], 0.2775);
    assert.deepEqual(wilsonInterval(0, 0), [0, 1]);
    // Newcombe 1998, example (a): 56/70 − 48/80 = 0.2, 0.0524 to 0.3339.
    const [from, to] = differenceInterval({ hits: 48, count: 80 }, { hits: 56, count: 70 });
    close(from, 0.0524);
    close(to, 0.3339);
  });
});

describe('a quick check', () => {
  it('runs the users it draws against their validation item, and can be stopped', async () => {
    const { environment } = world([retrieve(null, 20), finish('Alien (1979)')]);
    const check = await quickCheck({ dataset, environment, users: 6, seed: 1, n: 5 });
    assert.equal(check.users.length, 6);
    assert.equal(new Set(check.users.map(({ user }) => user)).size, 6);
    assert.equal(check.hits, check.users.filter((one) => one.rank !== null).length);
    assert.deepEqual(check.interval, wilsonInterval(check.hits, 6));
    const again = await quickCheck({ dataset, environment, users: 6, seed: 1, n: 5 });
    assert.deepEqual(
      again.users.map(({ user, rank: at }) => [user, at]),
      check.users.map(({ user, rank: at }) => [user, at]),
    );
    const abort = new AbortController();
    const stopped = await quickCheck({
      dataset,
      environment,
      users: 6,
      seed: 1,
      n: 5,
      signal: abort.signal,
      onProgress: ({ done }) => {
        if (done === 2) abort.abort();
      },
    });
    assert.equal(stopped.cancelled, true);
    assert.ok(stopped.users.length <= 2);
  });
});

describe('prompt versions', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'toolrec-versions-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('are read from sessions and checks, with their full text', async () => {
    const workspace = new Workspace(folder);
    const w = world([retrieve('genre', 10), finish('Alien (1979)')]);
    const session = await startSession(w);
    await session.run();
    const prompts = [{ name: 'surrogate.movies', hash: 'aaaa', text: 'one' }];
    const [started, ...rest] = w.events;
    const log = await new SessionStore(workspace.directory('sessions')).create('s-1', [
      { ...started!, prompts } as (typeof w.events)[number],
      ...rest,
    ]);
    await log.close();
    const check = await quickCheck({ dataset, environment: w.environment, users: 3, seed: 1, n: 5 });
    await keepCheck(workspace, check, {
      time: 5,
      dataset: 'made-up',
      policy: 'model',
      prompts: [{ name: 'surrogate.movies', hash: 'bbbb', text: 'two' }],
    });
    const { versions, unreadable } = await promptVersions(workspace);
    assert.equal(unreadable, 0);
    assert.deepEqual(
      versions.map(({ hash, text, uses, runs }) => [hash, text, uses, runs.length]),
      [
        ['aaaa', 'one', 1, 0],
        ['bbbb', 'two', 1, 3],
      ],
    );
  });

  it('are credited with no run that two of them decided', async () => {
    const workspace = new Workspace(folder);
    const prompt = (hash: string) => [{ name: 'surrogate.movies', hash, text: hash }];
    const w = world([retrieve('genre', 10), retrieve(null, 10), finish('Alien (1979)')]);
    const session = await startSession(w);
    await session.step();
    const { policy } = w.environment;
    await session.use({
      ...w.environment,
      policy: { ...policy, prompts: prompt('bbbb'), decide: policy.decide.bind(policy) },
    });
    await session.run();
    const store = new SessionStore(workspace.directory('sessions'));
    const log = await store.create('s-1', w.events);
    await log.close();
    const { versions } = await promptVersions(workspace);
    assert.deepEqual(
      versions.map(({ hash, uses, runs }) => [hash, uses, runs.length]),
      [['bbbb', 1, 0]],
    );
  });

  it('are compared only over runs of one kind', () => {
    const run = (user: string, at: number | null, over: Partial<PromptRun> = {}): PromptRun => ({
      from: 'quick check',
      dataset: 'd',
      user,
      before: 'validation',
      n: 10,
      rank: at,
      tokens: 100,
      cost: 0.01,
      policy: 'm',
      ...over,
    });
    const version = (hash: string, runs: PromptRun[]) => ({
      name: 'p',
      hash,
      text: hash,
      first: 0,
      last: 0,
      uses: 1,
      runs,
    });
    const a = version('a', [run('1', 1), run('2', null), run('3', null), run('9', 1, { n: 5 })]);
    const b = version('b', [run('1', null), run('2', 3), run('3', 3), run('8', 1, { policy: 'other' })]);
    const compared = compareVersions(a, b);
    assert.deepEqual([compared.first.runs, compared.second.runs], [3, 3]);
    assert.deepEqual(compared.paired, { users: 3, onlyFirst: 1, onlySecond: 2 });
    close(compared.difference!, 1 / 3);
    close(figuresOf([run('1', 1), run('2', 3)]).meanNdcg!, (1 + 0.5) / 2);
    assert.equal(compareVersions(a, version('c', [])).difference, null);
  });
});

describe('values of prompts', () => {
  it('are those of a user at a round, or of a recorded round', async () => {
    const first = await userValues('surrogate', { dataset, user: 3, demonstrations: [] });
    assert.equal(first.values['round'], 1);
    assert.match(first.subject, /user u4 of made-up, round 1/);
    assert.match(first.note!, /simulated data/);
    const later = await userValues('surrogate', { dataset, user: 3, round: 2, demonstrations: [] });
    assert.equal((later.values['rounds'] as unknown[]).length, later.round - 1);
    for (const kind of ['rank', 'plan', 'chat-rec', 'llm-rank'] as const)
      assert.ok((await userValues(kind, { dataset, user: 0, demonstrations: [] })).values['history']);
    await assert.rejects(userValues('rank', { dataset, user: 99, demonstrations: [] }), {
      code: 'unknown-user',
    });

    const w = world([retrieve('genre', 10), rank('genre', 5), finish('Alien (1979)')]);
    const session = await startSession(w);
    await session.run();
    const state = foldAll(w.events);
    const two = recordedValues('surrogate', { dataset, state, round: 2, demonstrations: [] });
    assert.equal((two.values['rounds'] as { thought: string }[])[0]!.thought, 'thought 1');
    assert.equal(recordedValues('rank', { dataset, state, round: 2, demonstrations: [] }).values['k'], 5);
    assert.throws(() => recordedValues('rank', { dataset, state, round: 9, demonstrations: [] }), {
      code: 'unknown-round',
    });
    const other = { ...dataset, hash: 'other' };
    assert.throws(() => recordedValues('rank', { dataset: other, state, round: 1, demonstrations: [] }), {
      code: 'dataset-changed',
    });
  });
});

describe('a demonstration from a session', () => {
  it('leaves out tools that only the offline policy has, and what only they found', () => {
    const round = (name: string, observation: string[]) => ({
      thought: name,
      action: { name, args: name === 'Neighbours' ? { item: null, k: 9 } : { attribute: null, k: 9 } },
      observation,
    });
    const made = demonstrationOf(
      {
        id: 's-1',
        history: ['H'],
        rounds: [
          round('Retrieve', ['A', 'B', 'C']),
          round('Neighbours', ['N', 'A']),
          round('Rank', ['N', 'B', 'A']),
        ],
        result: ['N', 'B', 'A'],
      },
      standardSignatures(),
    );
    assert.deepEqual(
      made.rounds.map(({ thought, observation }) => [thought, observation]),
      [
        ['Retrieve', ['A', 'B', 'C']],
        ['Rank', ['B', 'A']],
        ['The candidates fit the history well.', undefined],
      ],
    );
    assert.deepEqual(checkDemonstration(made, standardSignatures(), ['genre']), []);
  });

  it('is readable as it stands, with its lists cut', async () => {
    const w = world([retrieve('genre', 20), rank('genre', 8), finish('Alien (1979)')]);
    const session = await startSession(w);
    await session.run();
    const { demonstration, attributes } = demonstrationFromSession(session.state);
    assert.deepEqual(attributes, ['genre']);
    assert.ok(demonstration.rounds.every(({ observation }) => (observation?.length ?? 0) <= 10));
    assert.deepEqual(checkDemonstration(demonstration, standardSignatures(), attributes), []);
    assert.equal(demonstration.source, 'test-session');
    const file = newDemonstrations('movies', attributes, demonstration);
    assert.deepEqual(parseDemonstrations(file, 'x').demonstrations, [demonstration]);
    assert.throws(() => addDemonstration(file, demonstration), { code: 'already-demonstration' });
    const open = await startSession(world([retrieve(null, 5)]));
    assert.throws(() => demonstrationFromSession(open.state), { code: 'session-not-finished' });
    const empty = await startSession(world([finish('Alien (1979)')]));
    await empty.run();
    assert.throws(() => demonstrationFromSession(empty.state), { code: 'nothing-to-show' });
  });
});

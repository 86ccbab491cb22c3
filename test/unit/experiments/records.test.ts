import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { LineWriter } from '../../../src/experiments/line-writer.ts';
import { type ExperimentRecord, hashOf, readRecords } from '../../../src/experiments/records.ts';
import { drawSamples } from '../../../src/experiments/sampler.ts';
import type { StorageError } from '../../../src/shared/errors.ts';

export function record(over: Partial<ExperimentRecord> = {}): ExperimentRecord {
  return {
    v: 1,
    method: 'toolrec',
    repeat: 0,
    user: 1,
    userId: 'u1',
    items: [3, 4],
    targets: [4],
    rank: 2,
    failure: null,
    history: 12,
    popularity: 5,
    rounds: 3,
    stop: 'finish',
    completed: 0,
    outside: [],
    calls: 0,
    tokens: { prompt: 0, completion: 0, estimated: false },
    cost: null,
    session: null,
    fingerprint: 'f',
    timing: { started: 1, durationMs: 2, retries: 0 },
    ...over,
  };
}

describe('experiment records', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'toolrec-records-'));
  });
  afterEach(() => fs.rm(folder, { recursive: true, force: true }));

  it('come back as they were written, in order, many at once', async () => {
    const file = path.join(folder, 'records.jsonl');
    const writer = await LineWriter.open(file, 0);
    const all = Array.from({ length: 50 }, (_, user) => record({ user }));
    await Promise.all(all.map((entry) => writer.append(entry)));
    await writer.append(record({ user: 99 }));
    await writer.close();
    assert.deepEqual((await readRecords(file)).records, [...all, record({ user: 99 })]);
  });

  it('survive a crash in mid-line: the half line is cut off, the rest stands', async () => {
    const file = path.join(folder, 'records.jsonl');
    const whole = `${JSON.stringify(record({ user: 1 }))}\n`;
    const torn = JSON.stringify(record({ user: 2 })).slice(0, 40);
    await fs.writeFile(file, whole + torn);
    const stored = await readRecords(file);
    assert.equal(stored.records.length, 1);
    assert.equal(stored.tornBytes, torn.length);
    const writer = await LineWriter.open(file, stored.tornBytes);
    await writer.append(record({ user: 3 }));
    await writer.close();
    assert.deepEqual(
      (await readRecords(file)).records.map(({ user }) => user),
      [1, 3],
    );
  });

  it('refuse damage before the end, and let a later record of a user stand for the earlier', async () => {
    const file = path.join(folder, 'records.jsonl');
    await fs.writeFile(file, `not json\n${JSON.stringify(record())}\n`);
    await assert.rejects(readRecords(file), (error: StorageError) => {
      return error.code === 'damaged-records' && error.place?.line === 1;
    });
    const failed = record({ failure: { code: 'timeout', message: 'late' }, rank: null });
    await fs.writeFile(file, [failed, record()].map((entry) => `${JSON.stringify(entry)}\n`).join(''));
    assert.deepEqual((await readRecords(file)).records, [record()]);
  });

  it('are hashed without regard to the order of keys', () => {
    assert.equal(hashOf({ a: 1, b: [{ c: 2, d: 3 }] }), hashOf({ b: [{ d: 3, c: 2 }], a: 1 }));
    assert.notEqual(hashOf({ a: 1 }), hashOf({ a: 2 }));
  });
});

describe('samples', () => {
  const users = Array.from({ length: 100 }, (_, i) => i * 2);

  it('are drawn without replacement, the same for a seed, different between repeats', () => {
    const [first, second] = drawSamples(users, { users: 30, repeats: 2, seed: 7 });
    assert.equal(new Set(first).size, 30);
    assert.ok(first!.every((user) => users.includes(user)));
    assert.notDeepEqual(first, second);
    assert.deepEqual(drawSamples(users, { users: 30, repeats: 2, seed: 7 }), [first, second]);
    assert.notDeepEqual(drawSamples(users, { users: 30, repeats: 1, seed: 8 })[0], first);
    assert.deepEqual(drawSamples(users, 'all'), [users]);
  });
});

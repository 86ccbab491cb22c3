import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineClient, type EngineClientOptions, type EngineState } from '../../../src/service/client.ts';
import { connectInProcess } from '../../../src/service/in-process.ts';
import type { EngineConnection } from '../../../src/service/protocol.ts';
import {
  CancelledError,
  ConfigurationError,
  EngineError,
  InputError,
  ModelError,
  StorageError,
  ToolRecError,
  UsageError,
} from '../../../src/shared/errors.ts';
import type { Progress } from '../../../src/shared/progress.ts';
import { buildFixtures } from './fixtures/build.ts';
import { createTestRegistry } from './fixtures/handlers.ts';
import * as requests from './fixtures/requests.ts';

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function until(condition: () => boolean, what: string, ms = 8000): Promise<void> {
  const end = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > end) assert.fail(`waited in vain for: ${what}`);
    await sleep(10);
  }
}

const hasCode = (code: string) => (error: unknown) => error instanceof ToolRecError && error.code === code;

describe('the engine process', function () {
  this.timeout(20_000);
  let fixtures: ReturnType<typeof buildFixtures>;
  before(() => (fixtures = buildFixtures(['engine', 'host', 'silent'])));
  after(() => fixtures.remove());

  /** One process for the tests that do it no harm. */
  let shared: EngineClient;
  before(() => (shared = new EngineClient({ entry: fixtures.file('engine') })));
  after(() => shared.dispose());

  const clients: EngineClient[] = [];
  function start(options: Partial<EngineClientOptions> = {}): EngineClient {
    const client = new EngineClient({ entry: fixtures.file('engine'), restartDelaysMs: [0], ...options });
    clients.push(client);
    return client;
  }
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.stop().finally(() => client.dispose());
  });

  describe('answers alike as a child and in-process:', () => {
    const ways: [string, () => EngineConnection][] = [
      ['child', () => start()],
      ['in-process', () => connectInProcess(createTestRegistry())],
    ];
    for (const [name, connect] of ways) {
      it(`${name}: results, typed arrays, errors of every class, notifications`, async () => {
        const engine = connect();
        const vector = Float32Array.of(1.5, -2, NaN);
        const answer = await engine.request(requests.echo, { text: 'ä', vector });
        assert.equal(answer.text, 'ä');
        assert.deepEqual(answer.vector, vector);
        assert.equal(answer.pid === process.pid, name === 'in-process');

        for (const Class of [
          UsageError,
          InputError,
          StorageError,
          ConfigurationError,
          EngineError,
          ModelError,
          ToolRecError,
        ]) {
          const error = await engine.request(requests.fail, { className: Class.name }).then(
            () => assert.fail('no error'),
            (reason: unknown) => reason,
          );
          assert.ok(error instanceof ToolRecError);
          assert.equal(error.constructor, Class);
          assert.deepEqual(error.toDetail(), {
            code: 'some-code',
            message: 'Some sentence.',
            remedy: 'Some remedy.',
            place: { file: 'a/b.csv', line: 7 },
          });
        }
        await assert.rejects(engine.request(requests.fail, { className: 'CancelledError' }), CancelledError);
        await assert.rejects(engine.request(requests.fail, { className: 'Error' }), hasCode('internal'));
        await assert.rejects(engine.request(requests.unknown, {}), hasCode('unknown-request'));
        await assert.rejects(engine.request(requests.wrongResult, {}), hasCode('engine-protocol'));
        await assert.rejects(
          engine.request(requests.echo, { text: 5 as unknown as string }),
          hasCode('bad-request'),
        );

        const heard: number[] = [];
        const subscription = engine.onNotification(requests.announced, ({ value }) => heard.push(value));
        await engine.request(requests.announce, { values: [3, 1, 2] });
        assert.deepEqual(heard, [3, 1, 2]);
        subscription.dispose();
        await engine.request(requests.announce, { values: [9] });
        assert.deepEqual(heard, [3, 1, 2]);
        engine.dispose();
      });
    }
  });

  it('is not started before the first request, and once for many', async () => {
    const client = start();
    assert.deepEqual(client.state, { kind: 'stopped' });
    const answers = await Promise.all([1, 2, 3].map(() => client.request(requests.echo, { text: '' })));
    assert.equal(new Set(answers.map(({ pid }) => pid)).size, 1);
    assert.deepEqual(client.state, { kind: 'running', pid: answers[0]!.pid });
  });

  it('reports progress in order, the last report before the result, and sparsely', async () => {
    const client = shared;
    const seen: Progress[] = [];
    await client.request(requests.count, { to: 20_000 }, { onProgress: (progress) => seen.push(progress) });
    const done = seen.map((progress) => progress.done!);
    assert.deepEqual(
      done,
      [...done].sort((a, b) => a - b),
    );
    assert.deepEqual(seen.at(-1), { message: 'Counting', done: 20_000, total: 20_000, unit: 'rows' });
    assert.ok(seen.length >= 2 && seen.length < 200, `${seen.length} reports`);
  });

  it('keeps the progress of requests side by side apart', async () => {
    const client = shared;
    const seen: number[][] = [[], []];
    await Promise.all(
      [3, 5].map((to, i) =>
        client.request(
          requests.count,
          { to, pauseMs: 60 },
          { onProgress: ({ total }) => seen[i]!.push(total!) },
        ),
      ),
    );
    assert.deepEqual(new Set(seen[0]), new Set([3]));
    assert.deepEqual(new Set(seen[1]), new Set([5]));
  });

  it('cancels: the handler cleans up, the caller gets CancelledError, the process lives on', async () => {
    const client = shared;
    const abort = new AbortController();
    const { pid } = await client.request(requests.echo, { text: '' });
    await assert.rejects(
      client.request(requests.untilCancelled, {}, { signal: abort.signal, onProgress: () => abort.abort() }),
      CancelledError,
    );
    assert.deepEqual(await client.request(requests.echo, { text: 'x' }), {
      text: 'x cleaned:1',
      pid,
      vector: undefined,
    });
  });

  it('releases the caller of a cancelled request that does not stop', async () => {
    const client = start({ cancelGraceMs: 50 });
    const abort = new AbortController();
    await assert.rejects(
      client.request(requests.stubborn, {}, { signal: abort.signal, onProgress: () => abort.abort() }),
      CancelledError,
    );
    await client.request(requests.echo, { text: '' });
  });

  it('a signal that has already fired starts nothing', async () => {
    const client = start();
    await assert.rejects(
      client.request(requests.echo, { text: '' }, { signal: AbortSignal.abort() }),
      CancelledError,
    );
    assert.equal(client.state.kind, 'stopped');
  });

  it('killed in the middle of a request: a typed error, a new process by itself, the next request works', async () => {
    const client = start();
    const states: EngineState['kind'][] = [];
    client.onDidChangeState((state) => states.push(state.kind));
    const first = await client.request(requests.echo, { text: '' });
    const doomed = client.request(requests.untilCancelled, {}, { onProgress: () => kill(first.pid) });
    await assert.rejects(doomed, hasCode('engine-crashed'));
    await until(() => client.state.kind === 'running', 'a restart without any request');
    const second = await client.request(requests.echo, { text: 'again' });
    assert.equal(second.text, 'again');
    assert.notEqual(second.pid, first.pid);
    assert.deepEqual(states, ['starting', 'running', 'restarting', 'starting', 'running']);
  });

  it('says the last words of a process that ended by itself', async () => {
    const client = start();
    await assert.rejects(
      client.request(requests.exit, { code: 7, words: 'out of memory' }),
      (error: unknown) => {
        assert.ok(error instanceof EngineError);
        assert.equal(error.code, 'engine-crashed');
        assert.match(error.message, /exit code 7.*out of memory/);
        return true;
      },
    );
  });

  it('a frozen process is noticed, ended and replaced', async () => {
    const client = start({ pulse: { checkMs: 50, misses: 20 } });
    const { pid } = await client.request(requests.echo, { text: '' });
    process.kill(pid, 'SIGSTOP');
    await assert.rejects(client.request(requests.echo, { text: '' }), hasCode('engine-frozen'));
    await until(() => !alive(pid), 'the end of the frozen process');
    const after = await client.request(requests.echo, { text: 'again' });
    assert.notEqual(after.pid, pid);
  });

  it('long computation without a pause is not taken for a freeze', async () => {
    const client = start({ pulse: { checkMs: 50, misses: 20 } });
    const { pid } = await client.request(requests.echo, { text: '' });
    assert.equal(await client.request(requests.compute, { ms: 1500 }), 'done');
    assert.equal((await client.request(requests.echo, { text: '' })).pid, pid);
  });

  it('gives up after repeated ends, with a clear error, until restarted by hand', async () => {
    const client = start({ maxCrashes: 3 });
    for (let i = 0; i < 3; i++)
      await assert.rejects(
        client.request(requests.exit, { code: 1, words: 'bad' }),
        hasCode('engine-crashed'),
      );
    await assert.rejects(client.request(requests.echo, { text: '' }), hasCode('engine-gave-up'));
    assert.equal(client.state.kind, 'failed');
    await client.restart();
    assert.equal((await client.request(requests.echo, { text: 'back' })).text, 'back');
  });

  it('an entry that is missing or fails at once gives engine-not-started with its words', async () => {
    const missing = start({ entry: '/nonexistent/engine.mjs' });
    await assert.rejects(missing.request(requests.echo, { text: '' }), (error: unknown) => {
      assert.ok(hasCode('engine-not-started')(error));
      assert.match((error as Error).message, /nonexistent/);
      return true;
    });
    assert.equal(missing.state.kind, 'stopped');
  });

  it('an entry that says nothing is ended after the time limit', async () => {
    const silent = start({ entry: fixtures.file('silent'), startTimeoutMs: 300 });
    await assert.rejects(silent.request(requests.echo, { text: '' }), (error: unknown) => {
      assert.ok(hasCode('engine-not-started')(error));
      assert.match((error as Error).message, /300 ms/);
      return true;
    });
  });

  it('malformed messages disturb neither side', async () => {
    const client = start();
    const { pid } = await client.request(requests.echo, { text: '' });
    const messages = [
      null,
      7,
      'text',
      [],
      {},
      { jsonrpc: '2.0' },
      { jsonrpc: '2.0', id: 999, result: 'nobody asked' },
      { jsonrpc: '2.0', id: 1e9, error: 'no object' },
      { jsonrpc: '2.0', method: 'test/announced', params: { value: 'no number' } },
      { jsonrpc: '2.0', method: '$/progress', params: { token: 12345, value: 'junk' } },
      { jsonrpc: '2.0', method: '$engine/hello', params: {} },
    ];
    const heard: unknown[] = [];
    client.onNotification(requests.announced, (value) => heard.push(value));
    await client.request(requests.sendRaw, { messages: messages.slice(0, -1) });
    assert.equal((await client.request(requests.echo, { text: 'x' })).pid, pid);
    assert.deepEqual(heard, []);
    // A second hello from nowhere means that the other side cannot be trusted any longer.
    await client.request(requests.sendRaw, { messages: messages.slice(-1) }).catch(() => undefined);
    await until(() => client.state.kind !== 'running', 'the end of the process that lost its mind');
  });

  it('dispose ends the process and every later request', async () => {
    const client = start();
    const { pid } = await client.request(requests.echo, { text: '' });
    const waiting = client.request(requests.untilCancelled, {});
    client.dispose();
    await assert.rejects(waiting, hasCode('engine-disposed'));
    await assert.rejects(client.request(requests.echo, { text: '' }), hasCode('engine-disposed'));
    await until(() => !alive(pid), 'the end of the process');
  });

  it('dispose ends a process that does not listen, by force', async () => {
    const client = start({ stopGraceMs: 100 });
    const { pid } = await client.request(requests.echo, { text: '' });
    const computing = client.request(requests.compute, { ms: 60_000 });
    await sleep(50);
    client.dispose();
    await assert.rejects(computing, hasCode('engine-disposed'));
    await until(() => !alive(pid), 'the end of the process');
  });

  it('stop while a restart waits releases those who wait for it', async () => {
    const client = start({ restartDelaysMs: [60_000] });
    const { pid } = await client.request(requests.echo, { text: '' });
    kill(pid);
    await until(() => client.state.kind === 'restarting', 'the end of the process');
    const waiting = client.request(requests.echo, { text: '' });
    const abort = new AbortController();
    const impatient = client.request(requests.echo, { text: '' }, { signal: abort.signal });
    abort.abort();
    await assert.rejects(impatient, CancelledError);
    await Promise.all([assert.rejects(waiting, hasCode('engine-disposed')), client.stop()]);
  });

  it('ends by itself when its host dies, idle or in the middle of a computation', async () => {
    const orphaned = async (mode: string) => {
      const host = spawn(process.execPath, [fixtures.file('host'), fixtures.file('engine'), mode], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [chunk] = (await once(host.stdout, 'data')) as [Buffer];
      const pid = Number(String(chunk));
      assert.ok(alive(pid));
      kill(host.pid!);
      await until(() => !alive(pid), `the end of the orphan (${mode})`);
    };
    await Promise.all([orphaned('idle'), orphaned('busy')]);
  });
});

function kill(pid: number): void {
  process.kill(pid, 'SIGKILL');
}

import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { SessionStore } from '../../../src/agent/log-store.ts';
import { Session } from '../../../src/agent/session.ts';
import { finish, retrieve, startSession, world } from './world.ts';

describe('session store', () => {
  let directory: string;
  let store: SessionStore;
  beforeEach(async () => {
    directory = await fs.mkdtemp(path.join(os.tmpdir(), 'toolrec-sessions-'));
    store = new SessionStore(directory);
  });
  afterEach(() => fs.rm(directory, { recursive: true, force: true }));

  async function write(id = 'one'): Promise<ReturnType<typeof world>> {
    const w = world([retrieve('genre', 5), finish()]);
    const log = await store.create(id);
    await (
      await startSession({
        ...w,
        environment: { ...w.environment, append: (e) => (w.events.push(e), log.append(e)) },
      })
    ).run();
    await log.close();
    return w;
  }

  it('keeps and gives back every event', async () => {
    const { events } = await write();
    const stored = await store.read('one');
    assert.deepEqual(stored.events, events);
    assert.equal(stored.torn, undefined);
    assert.deepEqual(await store.ids(), ['one']);
    assert.deepEqual(await store.head('one'), events[0]);
    await fs.writeFile(store.file('two'), 'nonsense\n');
    await assert.rejects(store.head('two'), { code: 'damaged-log' });
    await assert.rejects(store.head('three'), { code: 'not-found' });
  });

  it('tolerates a torn last line, reports it, cuts it off and goes on', async () => {
    const { events, environment } = await write();
    const whole = await fs.readFile(store.file('one'));
    for (const lost of [1, 2, 40]) {
      await fs.writeFile(store.file('one'), whole.subarray(0, whole.length - lost));
      const { events: left, torn } = await store.read('one');
      assert.deepEqual(left, events.slice(0, -1));
      assert.equal(torn!.line, events.length);
      const { log, stored } = await store.open('one');
      const session = Session.resume({ ...environment, append: (e) => log.append(e) }, stored.events);
      await session.run();
      await log.close();
      const again = await store.read('one');
      assert.equal(again.torn, undefined);
      assert.equal(again.events.length, events.length);
      assert.equal(again.events.at(-1)!.type, 'finished');
    }
  });

  it('tolerates bytes of nonsense at the end', async () => {
    const { events } = await write();
    await fs.appendFile(store.file('one'), Buffer.from([0, 255, 13, 10]));
    const stored = await store.read('one');
    assert.equal(stored.events.length, events.length);
    assert.equal(stored.torn!.bytes, 4);
  });

  it('refuses damage before the end with its line', async () => {
    await write();
    const lines = (await fs.readFile(store.file('one'), 'utf8')).split('\n');
    lines[1] = lines[1]!.slice(5);
    await fs.writeFile(store.file('one'), lines.join('\n'));
    await assert.rejects(store.read('one'), {
      code: 'damaged-log',
      place: { file: store.file('one'), line: 2 },
    });
  });

  it('refuses a newer version, an empty file, a missing one and a bad name', async () => {
    await fs.writeFile(store.file('new'), '{"type":"started","version":99}\n');
    await assert.rejects(store.read('new'), { code: 'newer-log' });
    await fs.writeFile(store.file('empty'), '');
    await assert.rejects(store.read('empty'), { code: 'damaged-log' });
    await assert.rejects(store.read('none'), { code: 'not-found' });
    await assert.rejects(store.read('../one'), { code: 'bad-name' });
    await write();
    await assert.rejects(store.create('one'), { code: 'session-exists' });
    const summaries = await store.list();
    assert.deepEqual(
      summaries.map((s) => [s.id, s.problem?.code]),
      [
        ['empty', 'damaged-log'],
        ['new', 'newer-log'],
        ['one', undefined],
      ],
    );
    assert.equal(summaries[2]!.state!.outcome!.result.items.length, 5);
  });

  it('appends in the order of the calls', async () => {
    const { events } = await write('other');
    const log = await store.create('two', [], 'close');
    await Promise.all(events.map((event) => log.append(event)));
    await log.close();
    assert.deepEqual((await store.read('two')).events, events);
  });
});

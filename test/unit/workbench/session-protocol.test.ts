import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { SessionEvent } from '../../../src/agent/events.ts';
import { knownItems } from '../../../src/experiments/prompt-context.ts';
import { connectInProcess } from '../../../src/service/in-process.ts';
import type { EngineConnection } from '../../../src/service/protocol.ts';
import { datasetSample } from '../../../src/service/requests/dataset.ts';
import { HostEnd, WebviewEnd } from '../../../src/shared/message-channel.ts';
import { resourcePath } from '../../../src/shared/resources.ts';
import { demonstrationsState } from '../../../src/workbench/prompts/demonstration-list.ts';
import { english } from '../../../src/workbench/texts.ts';
import { OpenSession } from '../../../src/workbench/sessions/open-session.ts';
import { SessionRuntime } from '../../../src/workbench/sessions/runtime.ts';
import { headView, historyCards, RoundViews, trailOf } from '../../../src/workbench/sessions/session-view.ts';
import { Sessions } from '../../../src/workbench/sessions/sessions.ts';
import { SessionWorlds } from '../../../src/workbench/sessions/worlds.ts';
import { firstRounds, sessionContract } from '../../../webview/protocol.ts';
import type {
  SessionContract,
  SessionExamples,
  SessionPanelState,
  SessionRound,
} from '../../../webview/protocol.ts';

// What the host says of a real session, through the two real ends: what one side sends and the other does not accept
// fails here.
describe('the session panel’s protocol', () => {
  let folder: string;
  let engine: EngineConnection;
  let sessions: Sessions;
  let session: OpenSession;
  let runtime: SessionRuntime;

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'toolrec-panel-'));
    engine = connectInProcess();
    await engine.request(datasetSample, { workspace: folder });
    const worlds = new SessionWorlds(engine, () => Promise.resolve(undefined));
    runtime = new SessionRuntime(worlds);
    sessions = new Sessions(() => Promise.resolve(runtime));
    session = await sessions.create({ folder, dataset: 'sample', user: 42 });
    await session.prepare();
  });
  after(async () => {
    sessions.dispose();
    engine.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  it('shows the page what is so, before, while and after', async () => {
    const violations: unknown[] = [];
    const states: SessionPanelState[] = [];
    let rounds: SessionRound[] = [];
    const examples: (SessionExamples | null)[] = [];
    const intents: string[] = [];
    const views = new RoundViews();
    const host: HostEnd<SessionContract> = new HostEnd(
      sessionContract,
      (message) => page.receive(structuredClone(message)),
      {
        requests: {
          edit: async (edit) => {
            await session.edit(edit);
            return {};
          },
          trail: ({ item }) => Promise.resolve(trailOf(session, {}, item)),
          history: () => Promise.resolve({ cards: historyCards(session, 1000) }),
          prompt: () => Promise.resolve({ name: 'p', text: '', own: false }),
          editDemonstration: () => Promise.resolve({}),
          savePrompt: () => Promise.resolve({ name: 'p', text: '', own: true }),
        },
        intents: Object.fromEntries(
          Object.keys(sessionContract.intents).map((name) => [name, () => intents.push(name)]),
        ) as never,
        onReady: () => undefined,
        onViolation: (error) => violations.push(error),
      },
    );
    const page: WebviewEnd<SessionContract> = new WebviewEnd(
      sessionContract,
      (message) => host.receive(structuredClone(message)),
      {
        language: () => undefined,
        remember: () => undefined,
        state: ({ state }) => states.push(state),
        rounds: (update) => {
          rounds = rounds.slice(0, update.count);
          for (const round of update.rounds) rounds[round.number - 1] = round;
        },
        near: () => undefined,
        writing: () => undefined,
        perform: () => undefined,
        demonstrations: (shown) => examples.push(shown),
      },
    );
    page.ready();
    const tell = () => {
      const changes = views.changes(session, {}, new Set());
      host.update('rounds', changes);
      host.update('state', { revision: 1, state: { kind: 'full', head: headView(session, {}, []) } });
      return changes.rounds.map(({ number }) => number);
    };
    const head = () => {
      const state = states.at(-1)!;
      assert.equal(state.kind, 'full');
      return state.head;
    };

    tell();
    assert.deepEqual([head().roundCount, head().offline, head().floor], [0, true, true]);
    assert.ok(head().history.cards.length > 0 && head().history.cards[0]!.values.length > 0);
    assert.ok(head().taste!.values.length > 0 && head().years!.counts.length > 0);
    await session.step();
    await session.step();
    assert.deepEqual(tell(), [1, 2]);
    assert.equal(rounds[0]!.action, 'Retrieve[None, 50]');
    assert.ok(rounds[0]!.observation!.items.every(({ moved }) => moved === null));
    const second = rounds[1]!.observation!.items;
    const before = rounds[0]!.observation!.items.map(({ item }) => item);
    for (const [i, row] of second.entries()) {
      const at = before.indexOf(row.item);
      assert.equal(row.moved, at < 0 ? null : at - i);
      assert.equal(row.foundBy.length, at < 0 ? 1 : 2);
    }
    const shipped = readFileSync(resourcePath('demonstrations', 'movies.yaml'), 'utf8');
    const list = demonstrationsState(shipped, {
      file: 'f',
      items: knownItems(session.dataset!),
      texts: english,
    });
    host.update('demonstrations', { own: false, list, canAdd: false });
    assert.deepEqual(examples, [{ own: false, list, canAdd: false }]);
    assert.equal(list.demonstrations.length, 4);
    await session.run();
    assert.deepEqual(tell(), rounds.map(({ number }) => number).slice(2), 'a step costs one round, not all');
    assert.deepEqual(tell(), []);
    assert.equal(head().result!.items.length, head().n);
    assert.deepEqual([head().heldOut, head().result!.metrics], [[], null], 'hidden until revealed');
    assert.ok(!JSON.stringify([rounds, head()]).includes('"heldOut":true'));
    session.revealed = true;
    assert.equal(tell().length, rounds.length);
    assert.equal(head().heldOut.length, 1);
    assert.equal(head().result!.metrics!.values.length, 2);

    const item = head().result!.items[0]!.item;
    const trail = await page.request('trail', { item });
    assert.equal(trail.steps[0]!.moved, null);
    assert.ok(trail.steps.length > 1 && trail.result!.rank === 1);
    assert.equal((await page.request('history', {})).cards.length, head().history.length);
    await assert.rejects(page.request('edit', { round: 2, part: 'action', text: '?' }), {
      code: 'unreadable-action',
    });
    await page.request('edit', { round: 2, part: 'action', text: 'Retrieve[genre, 12]' });
    assert.deepEqual(tell(), [2]);
    assert.equal(rounds.length, 2);
    assert.deepEqual(
      head().branches.map(({ key, parent, from, rounds: length }) => [key, parent, from, length]),
      [
        ['line', -1, 0, 2],
        ['left:0', 0, 1, session.state.undone[0]!.length + 1],
      ],
    );
    const left = new RoundViews().changes(session, { undone: 0 }, new Set()).rounds;
    assert.deepEqual(
      left.map(({ stale }) => stale === 'left'),
      left.map((_, i) => i > 0),
    );
    page.tell('step', {});
    page.tell('drawn', { revision: 1, received: 1000.2, drawn: 1008.1 });
    assert.deepEqual(intents, ['step', 'drawn']);
    assert.deepEqual(violations, []);

    await session.back();
    assert.equal(session.state.undone.length, 2);
    const lines = (most: number) => {
      const { branches, olderLines } = headView(session, {}, [], most);
      return [branches.map(({ key }) => key).join(), olderLines];
    };
    assert.deepEqual(lines(1), ['line,left:1', 1], 'the latest line that was left, and word of the other');
    assert.deepEqual(lines(20), ['line,left:0,left:1', 0]);
  });

  it('a long session is outlines but near the view, and whole where the page comes near', async () => {
    const events = [...session.events];
    const [started, ...rest] = events;
    assert.ok(started?.type === 'started');
    const decided = rest.find((event) => event.type === 'decided')!;
    const observed = rest.find((event) => event.type === 'observed')!;
    const log: SessionEvent[] = [{ ...started, settings: { ...started.settings, maxRounds: 500 } }];
    for (let round = 1; round <= 100; round++)
      for (const event of [decided, observed]) log.push({ ...event, seq: log.length, round });
    const long = new OpenSession({ folder, id: 'long' }, runtime.store(folder), runtime.worlds, log);
    const views = new RoundViews();
    const first = views.changes(long, {}, new Set(firstRounds));
    assert.equal(first.count, 100);
    assert.equal(first.rounds.length, 100);
    const whole = first.rounds.filter(({ outline }) => !outline).map(({ number }) => number);
    assert.deepEqual(whole, [...firstRounds, 100]);
    assert.ok(first.rounds[50]!.thought !== '' && first.rounds[50]!.observation!.items.length === 0);
    assert.ok(JSON.stringify(first.rounds[50]).length < 1000);

    // Fifty rounds on: they come whole, and as if all before had been looked at.
    const near = views.changes(long, {}, new Set([60, 61]));
    assert.deepEqual(
      near.rounds.map(({ number, outline }) => [number, outline]),
      [
        [60, false],
        [61, false],
      ],
    );
    assert.ok(near.rounds[0]!.observation!.items.every(({ moved }) => moved === 0));
    const all = new Set(Array.from({ length: 100 }, (_, i) => i + 1));
    const [, second] = new RoundViews().changes(long, {}, all).rounds;
    assert.deepEqual({ ...second, number: 60 }, near.rounds[0]);
    // What the page has whole it keeps.
    assert.deepEqual(
      views.changes(long, {}, new Set([62])).rounds.map(({ number }) => number),
      [62],
    );
    views.forget();
    assert.equal(views.changes(long, {}, new Set()).rounds.length, 100);
    await long.close();
  });
});

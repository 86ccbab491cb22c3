import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { knownItems } from '../../../src/experiments/prompt-context.ts';
import { connectInProcess } from '../../../src/service/in-process.ts';
import type { EngineConnection } from '../../../src/service/protocol.ts';
import { datasetSample } from '../../../src/service/requests/dataset.ts';
import { HostEnd, WebviewEnd } from '../../../src/shared/message-channel.ts';
import { resourcePath } from '../../../src/shared/resources.ts';
import { demonstrationsState } from '../../../src/workbench/prompts/demonstration-list.ts';
import { english } from '../../../src/workbench/texts.ts';
import type { OpenSession } from '../../../src/workbench/sessions/open-session.ts';
import { SessionRuntime } from '../../../src/workbench/sessions/runtime.ts';
import { headView, historyCards, RoundViews, trailOf } from '../../../src/workbench/sessions/session-view.ts';
import { Sessions } from '../../../src/workbench/sessions/sessions.ts';
import { SessionWorlds } from '../../../src/workbench/sessions/worlds.ts';
import { sessionContract } from '../../../webview/protocol.ts';
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

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'toolrec-panel-'));
    engine = connectInProcess();
    await engine.request(datasetSample, { workspace: folder });
    const worlds = new SessionWorlds(engine, () => Promise.resolve(undefined));
    sessions = new Sessions(() => Promise.resolve(new SessionRuntime(worlds)));
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
        rounds: (update) => (rounds = [...rounds.slice(0, update.keep), ...update.rounds]),
        writing: () => undefined,
        perform: () => undefined,
        demonstrations: (shown) => examples.push(shown),
      },
    );
    page.ready();
    const tell = () => {
      const { keep, rounds: all } = views.of(session, {});
      host.update('rounds', { keep, rounds: all.slice(keep) });
      host.update('state', { revision: 1, state: { kind: 'full', head: headView(session, {}, []) } });
      return keep;
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
    assert.equal(tell(), 0);
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
    assert.equal(tell(), 2, 'a step costs one round, not all');
    assert.equal(head().result!.items.length, head().n);
    assert.deepEqual([head().heldOut, head().result!.metrics], [[], null], 'hidden until revealed');
    assert.ok(!JSON.stringify([rounds, head()]).includes('"heldOut":true'));
    session.revealed = true;
    assert.equal(tell(), 0);
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
    assert.equal(tell(), 1);
    assert.deepEqual(
      head().branches.map(({ key, parent, from, rounds: length }) => [key, parent, from, length]),
      [
        ['line', -1, 0, 2],
        ['left:0', 0, 1, session.state.undone[0]!.length + 1],
      ],
    );
    const left = new RoundViews().of(session, { undone: 0 }).rounds;
    assert.deepEqual(
      left.map(({ stale }) => stale === 'left'),
      left.map((_, i) => i > 0),
    );
    page.tell('step', {});
    page.tell('drawn', { revision: 1 });
    assert.deepEqual(intents, ['step', 'drawn']);
    assert.deepEqual(violations, []);
  });
});

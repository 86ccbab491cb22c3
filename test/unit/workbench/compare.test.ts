import assert from 'node:assert/strict';
import fc from 'fast-check';
import { branch } from '../../../src/agent/branch.ts';
import { earlierLines } from '../../../src/agent/lines.ts';
import { Session } from '../../../src/agent/session.ts';
import { HostEnd, WebviewEnd } from '../../../src/shared/message-channel.ts';
import { compareSessions } from '../../../src/workbench/compare/compare-model.ts';
import { wordDiff } from '../../../src/workbench/compare/word-diff.ts';
import { english } from '../../../src/workbench/texts.ts';
import { compareContract } from '../../../webview/protocol.ts';
import type { CompareContract, CompareState } from '../../../webview/protocol.ts';
import { finish, rank, retrieve, startSession, world } from '../agent/world.ts';

const textOf = (pieces: readonly { readonly text: string }[]) => pieces.map(({ text }) => text).join('');

async function two() {
  const first = await startSession(world([retrieve(null, 4), rank('genre', 3), finish('m2')]));
  await first.run();
  const second = world([retrieve(null, 4), retrieve('genre', 3), finish('m9')]);
  const fork = Session.resume(second.environment, branch(first.state, 'fork', { round: 1 }, 5));
  await fork.run();
  return { first: first.state, second: fork.state };
}

describe('comparing sessions', () => {
  it('marks changed words and gives both texts back whole', () => {
    const [a, b] = wordDiff('the history leans to drama', 'the history leans towards old drama');
    assert.deepEqual(
      a.filter(({ changed }) => changed).map(({ text }) => text),
      ['to '],
    );
    assert.deepEqual(
      b.filter(({ changed }) => changed).map(({ text }) => text),
      ['towards old '],
    );
    const words = fc
      .array(fc.constantFrom('a', 'b', ' ', '\n', 'cc'), { maxLength: 40 })
      .map((all) => all.join(' '));
    fc.assert(
      fc.property(words, words, (x, y) => {
        const [left, right] = wordDiff(x, y);
        assert.equal(textOf(left), x);
        assert.equal(textOf(right), y);
        // What is not changed is the same on both sides, in the same order.
        const kept = (pieces: typeof left) =>
          textOf(pieces.filter(({ changed }) => !changed))
            .split(/\s+/)
            .filter((word) => word !== '');
        assert.deepEqual(kept(left), kept(right));
      }),
    );
    const long = 'word '.repeat(5000);
    assert.equal(wordDiff(long, `${long}x`)[0].length, 1);
  });

  it('aligns by round and marks items that only one side has, or that moved', async () => {
    const { first, second } = await two();
    const view = compareSessions({ state: first, line: '' }, { state: second, line: '' }, english, false);
    assert.deepEqual(
      view.rounds.map(({ same }) => same),
      [true, false, false],
    );
    assert.deepEqual(view.rounds[1]!.differences.slice(0, 1), ['another action']);
    const [left, right] = [view.rounds[1]!.first!, view.rounds[1]!.second!];
    const leftIds = left.items.map(({ id }) => id);
    for (const [i, item] of right.items.entries()) {
      const there = leftIds.indexOf(item.id);
      assert.equal(item.mark, there < 0 ? 'here' : there === i ? 'same' : 'moved');
      if (item.mark === 'moved') assert.equal(item.by, i - there);
    }
    assert.equal(view.result?.same, false);
    assert.equal(view.facts.find(({ name }) => name === 'Policy')?.same, true);
    assert.ok(!view.facts.some(({ first, second }) => first === '–' && second === '–'));
    const itself = compareSessions({ state: first, line: '' }, { state: first, line: '' }, english, true);
    assert.ok(itself.rounds.every(({ same, differences }) => same && differences.length === 0));
    assert.ok(itself.facts.every(({ same }) => same) && itself.result?.same);
  });

  it('shows a round that one side lacks as missing there', async () => {
    const { first, second } = await two();
    const shorter = { ...second, rounds: second.rounds.slice(0, 1), outcome: undefined };
    const view = compareSessions(
      { state: first, line: '' },
      { state: shorter, line: 'earlier' },
      english,
      false,
    );
    assert.deepEqual(view.rounds[2]!.differences, ['only on the left']);
    assert.equal(view.rounds[2]!.second, null);
    assert.deepEqual(view.result?.differences, ['only on the left']);
    assert.equal(view.second.ended, 'It has not ended.');
  });

  it('finds the lines that a session was on before it was stepped back', async () => {
    const run = world([retrieve(null, 4), rank('genre', 3), retrieve('genre', 2)]);
    const session = await startSession(run);
    await session.step();
    await session.step();
    const before = session.state;
    await session.rewind(1);
    await session.edit({ round: 1, observation: ['m2'] });
    const lines = earlierLines(run.events);
    assert.equal(lines.length, session.state.undone.length);
    assert.deepEqual(lines[0], before);
    assert.equal(lines[1]!.rounds.length, 1);
  });

  it('sends over the protocol what the page accepts', async () => {
    const { first, second } = await two();
    const seen: CompareState[] = [];
    const told: string[] = [];
    const violations: unknown[] = [];
    const host: HostEnd<CompareContract> = new HostEnd(
      compareContract,
      (message) => page.receive(structuredClone(message)),
      {
        requests: {},
        intents: {
          onlyChanged: ({ on }) => told.push(`only ${on}`),
          swap: () => told.push('swap'),
          open: ({ side }) => told.push(side),
          reload: () => told.push('reload'),
          showLog: () => told.push('log'),
        },
        onReady: () => undefined,
        onViolation: (error) => violations.push(error),
      },
    );
    const page: WebviewEnd<CompareContract> = new WebviewEnd(
      compareContract,
      (message) => host.receive(structuredClone(message)),
      { language: () => undefined, remember: () => undefined, state: (state) => seen.push(state) },
    );
    const state = compareSessions({ state: first, line: '' }, { state: second, line: 'x' }, english, true);
    host.update('state', state); // before it is ready: kept
    page.ready();
    page.tell('onlyChanged', { on: true });
    page.tell('swap', {});
    page.tell('open', { side: 'second' });
    page.tell('reload', {});
    page.tell('showLog', {});
    assert.deepEqual(seen, [state]);
    assert.deepEqual(told, ['only true', 'swap', 'second', 'reload', 'log']);
    assert.deepEqual(violations, []);
  });
});

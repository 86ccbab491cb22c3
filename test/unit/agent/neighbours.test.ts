import assert from 'node:assert/strict';
import type { Retriever } from '../../../src/data/retriever.ts';
import { extendedTools } from '../../../src/agent/tools/registry.ts';
import type { Action } from '../../../src/agent/grammar/action.ts';
import { dataset, plainRanker, plainRetriever, startSession, world } from './world.ts';

const plain = plainRetriever(dataset);
const asked: (readonly number[])[] = [];
const retriever: Retriever = {
  ...plain,
  neighbours: (query, k) => {
    asked.push(query.history!);
    return Promise.resolve(
      Array.from({ length: k }, (_, item) => ({ item, ...dataset.item(item), score: k - item })),
    );
  },
};

async function observe(action: Action, over: { retriever: Retriever } = { retriever }) {
  const session = await startSession(world([action], { tools: extendedTools(plainRanker), ...over }));
  await session.step();
  return { ...session.state.rounds[0]!.observation!, history: session.state.started.subject.history };
}
const neighbours = (item: string | null, k: number): Action => ({ name: 'Neighbours', args: { item, k } });

describe('neighbours tool', () => {
  it('asks for the whole history, and memory drops what is in it', async () => {
    const { set, history } = await observe(neighbours(null, 20));
    assert.deepEqual(asked.at(-1), history);
    assert.equal(set!.tool, 'Neighbours');
    assert.ok(set!.items.every(({ item }) => !history.includes(item)));
  });

  it('asks for one item by title, and finds K outside of the history', async () => {
    const other = Array.from({ length: dataset.itemCount }, (_, item) => item).at(-1)!;
    const { set, history, text } = await observe(neighbours(dataset.item(other).title, 7));
    assert.deepEqual(asked.at(-1), [other]);
    assert.equal(set!.items.length, 7);
    assert.ok(set!.items.every(({ item }) => !history.includes(item)));
    assert.ok(text.startsWith(`Neighbours["${dataset.item(other).title}", 7] returned 7 items`));
  });

  it('says what is wrong', async () => {
    assert.equal((await observe(neighbours('No Such Film', 5))).problem!.code, 'unknown-item');
    assert.equal((await observe(neighbours(null, 5), { retriever: plain })).problem!.code, 'no-neighbours');
    const lonely: Retriever = { ...plain, neighbours: () => Promise.resolve([]) };
    assert.equal(
      (await observe(neighbours(dataset.item(0).id, 5), { retriever: lonely })).problem!.code,
      'nothing-found',
    );
  });
});

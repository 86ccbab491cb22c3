import assert from 'node:assert/strict';
import { itemTrail } from '../../../src/agent/trail.ts';
import { memoryCounts, memoryRows } from '../../../src/workbench/memory/memory-rows.ts';
import type { GroupRow, MemoryRow } from '../../../src/workbench/memory/memory-rows.ts';
import { english } from '../../../src/workbench/texts.ts';
import { trailMarkdown } from '../../../src/workbench/memory/trail-text.ts';
import { finish, rank, retrieve, startSession, world } from '../agent/world.ts';

const keysOf = (rows: readonly MemoryRow[]): string[] =>
  rows.flatMap((row) => [row.key, ...(row.kind === 'group' ? keysOf(row.children) : [])]);
const labels = (rows: readonly GroupRow[]) =>
  rows.map(({ label, description }) => `${label} (${description})`);

async function ended() {
  const session = await startSession(world([retrieve(null, 4), rank('genre', 3), finish('m2', 'Titanic 2')]));
  await session.run();
  return session.state;
}

describe('memory as a tree', () => {
  it('lists what each tool brought under its mark, then what was dropped and the history', async () => {
    const state = await ended();
    const rows = memoryRows(state, english);
    assert.deepEqual(labels(rows), [
      'Final list (5 items)',
      'Catalogue (4 items)',
      'Retrieve · no attribute · 4 (round 1)',
      'Rank · genre · 3 (round 2)',
      'Outside the catalogue (1)',
      'History (7 items)',
    ]);
    const first = rows[2]!.children.map((row) => row.kind === 'item' && [row.rank, row.id, row.description]);
    assert.deepEqual(
      first,
      state.rounds[0]!.observation!.set!.items.map((item, i) => [i + 1, item.id, item.score!.toPrecision(4)]),
    );
    assert.deepEqual(memoryCounts(state), { items: 4, outside: 1 });
    const outside = rows[4]!.children[0]!;
    assert.equal(outside.kind === 'text' && outside.text, 'Titanic 2');
  });

  it('gives every row a key of its own, which stays while the session goes on', async () => {
    const session = await startSession(world([retrieve(null, 4), rank('genre', 3)]));
    await session.step();
    const before = keysOf(memoryRows(session.state, english));
    await session.step();
    const after = keysOf(memoryRows(session.state, english));
    assert.equal(new Set(after).size, after.length);
    for (const key of before) assert.ok(after.includes(key), key);
  });

  it('shows what was removed by kind, and nothing of it where nothing was', async () => {
    const session = await startSession(world([retrieve(null, 3)]));
    await session.step();
    assert.ok(!memoryRows(session.state, english).some(({ key }) => key === 'removed'));
    const seen = session.state.started.subject.recent[0]!;
    await session.edit({ round: 1, observation: [seen.id, 'm2', 'm2'] });
    const removed = memoryRows(session.state, english).find(({ key }) => key === 'removed')!;
    assert.equal(removed.description, 'Seen before 1 · Named twice 1');
  });

  it('filters by title and unfolds what it finds', async () => {
    const state = await ended();
    const title = state.rounds[0]!.observation!.set!.items[0]!.title;
    const rows = memoryRows(state, english, title.toUpperCase());
    assert.ok(rows.length >= 2 && rows.every(({ expanded }) => expanded));
    for (const { children } of rows)
      for (const child of children) assert.equal(child.kind === 'item' && child.title, title);
    assert.deepEqual(memoryRows(state, english, 'no such title'), []);
  });

  it('tells an item’s trail as a table that hostile titles cannot leave', async () => {
    const state = await ended();
    const best = state.rounds[1]!.observation!.set!.items[0]!;
    const text = trailMarkdown(itemTrail(state, best.id)!, english);
    assert.match(text, /Place 1 of 4 candidates/);
    assert.match(text, /^\| 1 \| Retrieve\\\[None, 4\\\] \| 1\/4 \| new \| 10\.00 \| {2}\|$/m);
    assert.match(text, /^\| 2 \| Rank\\\[genre, 3\\\] \| 1\/3 \| = \|/m);
    const hostile = { ...itemTrail(state, best.id)!, title: '[x](command:evil) | **' };
    assert.ok(!trailMarkdown(hostile, english).includes('[x](command:evil)'));
  });
});

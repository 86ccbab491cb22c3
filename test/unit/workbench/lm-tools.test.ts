import assert from 'node:assert/strict';
import { findItem, itemTrail } from '../../../src/agent/trail.ts';
import { UsageError } from '../../../src/shared/errors.ts';
import {
  explainInput,
  recommendInput,
  toolContributions,
} from '../../../src/workbench/lm-tools/definitions.ts';
import { boundedTrail, recommendation, subjectOf } from '../../../src/workbench/lm-tools/recommend.ts';
import { trailMarkdown } from '../../../src/workbench/memory/trail-text.ts';
import { english } from '../../../src/workbench/texts.ts';
import { manifest } from '../../../src/workbench/manifest.ts';
import { languageModelTools } from '../../../src/workbench/names.ts';
import { dataset, finish, retrieve, startSession, world } from '../agent/world.ts';

const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error));
    return error.code;
  }
  throw new assert.AssertionError({ message: 'it did not fail' });
};

describe('tools for chat agents', () => {
  it('are contributed with the schemas that their input is checked against', () => {
    const { contributes } = manifest().keys as {
      contributes: {
        languageModelTools: {
          name: string;
          modelDescription: string;
          tags: string[];
          inputSchema: { type: string; properties: Record<string, unknown>; required?: string[] };
        }[];
      };
    };
    const tools = contributes.languageModelTools;
    assert.deepEqual(tools.map(({ name }) => name).sort(), Object.values(languageModelTools).sort());
    for (const tool of tools) {
      assert.match(tool.name, /^[\w-]+$/);
      assert.ok(tool.modelDescription.length > 100 && tool.tags.includes('toolrec'));
      assert.equal(tool.inputSchema.type, 'object');
      const { schema } = toolContributions.find(({ name }) => name === tool.name)!;
      for (const name of Object.keys(tool.inputSchema.properties))
        assert.ok(!schema.safeParse({ [name]: { not: 'this' } }).success, name);
    }
    assert.ok(recommendInput.safeParse({ user: 'u1', n: 5 }).success);
    assert.ok(!recommendInput.safeParse({ user: 'u1', n: 500 }).success);
    assert.ok(!explainInput.safeParse({ sesion: 'typo' }).success);
  });

  it('find whom to recommend for, and say what is wrong so that a model can ask better', () => {
    assert.deepEqual(subjectOf(dataset, { user: 'u3' }), { user: 2 });
    assert.deepEqual(subjectOf(dataset, { history: ['m2', 'Alien (1979)'] }), { history: [1, 0] });
    assert.equal(
      codeOf(() => subjectOf(dataset, {})),
      'user-or-history',
    );
    assert.equal(
      codeOf(() => subjectOf(dataset, { user: 'u1', history: ['m2'] })),
      'user-or-history',
    );
    assert.equal(
      codeOf(() => subjectOf({ ...dataset, userCode: () => undefined }, { user: 'x' })),
      'unknown-user',
    );
    assert.equal(
      codeOf(() => subjectOf(dataset, { history: ['No film of that name at all'] })),
      'unknown-item',
    );
  });

  it('tell a list with what an agent needs to speak of it, as JSON', async () => {
    const session = await startSession(world([retrieve(null, 4), finish('m2')]));
    await session.run();
    const { state } = session;
    const told = recommendation({ id: 's-1', state, dataset }) as {
      session: string;
      note: string;
      items: { rank: number; id: string; attributes?: object; foundBy: string[] }[];
    };
    assert.equal(told.session, 's-1');
    assert.match(told.note, /simulated/);
    assert.deepEqual(told.items[0], {
      rank: 1,
      title: 'Heat (1995)',
      id: 'm2',
      attributes: { genre: ['Crime', 'Drama'], release_year: 1995 },
      from: 'finish',
      foundBy: told.items[0]!.foundBy,
    });
    // A session that was read from its log alone has no catalogue at hand.
    const bare = recommendation({ id: 's-1', state, dataset: undefined }) as typeof told;
    assert.ok(bare.items.every(({ attributes }) => attributes === undefined));
  });

  it('keep an item’s trail to the room there is, the latest steps first', async () => {
    const session = await startSession(
      world(Array.from({ length: 20 }, (_, i) => retrieve(i % 2 === 0 ? null : 'genre', 12 + i))),
      { maxRounds: 20 },
    );
    await session.run();
    const trail = itemTrail(session.state, session.state.rounds[0]!.observation!.set!.items[0]!.id)!;
    assert.ok(trail.steps.length > 8);
    const write = (part: typeof trail) => trailMarkdown(part, english);
    const whole = boundedTrail(trail, 100_000, write);
    assert.equal(whole, write(trail));
    const short = boundedTrail(trail, Math.floor(whole.length / 2), write);
    assert.ok(short.length <= whole.length / 2);
    assert.match(short, /Only the latest \d+ of \d+ steps are listed\.$/);
    assert.ok(short.includes(`| ${trail.steps.at(-1)!.round} |`));
  });

  it('find an item of a session by id or title', async () => {
    const session = await startSession(world([retrieve(null, 4), finish('m2')]));
    await session.run();
    const { state } = session;
    const first = state.rounds[0]!.observation!.set!.items[0]!;
    assert.equal(findItem(state, first.id), first.id);
    assert.equal(findItem(state, ` ${first.title.toUpperCase()} `), first.id);
    assert.equal(findItem(state, 'nothing like it'), undefined);
    assert.equal(itemTrail(state, findItem(state, 'heat (1995)')!)?.final?.rank, 1);
  });
});

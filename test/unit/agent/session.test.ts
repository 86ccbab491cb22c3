import assert from 'node:assert/strict';
import fc from 'fast-check';
import { lineOf } from '../../../src/agent/branch.ts';
import { foldAll } from '../../../src/agent/state.ts';
import { replay } from '../../../src/agent/replay.ts';
import { Session } from '../../../src/agent/session.ts';
import { sessionEventSchema, type SessionResult } from '../../../src/agent/events.ts';
import type { Action } from '../../../src/agent/grammar/action.ts';
import { EngineError, ModelError, ToolRecError } from '../../../src/shared/errors.ts';
import {
  dataset,
  finish,
  makeDataset,
  plainRetriever,
  rank,
  retrieve,
  scripted,
  startSession,
  world,
} from './world.ts';

function checkResult(result: SessionResult, history: readonly number[], n: number): void {
  const codes = result.items.map((entry) => entry.item);
  assert.equal(codes.length, n);
  assert.equal(new Set(codes).size, n, 'distinct');
  for (const code of codes) {
    assert.ok(Number.isInteger(code) && code >= 0 && code < dataset.catalogueCount, 'in the catalogue');
    assert.ok(!history.includes(code), 'outside the history');
  }
}

const code = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
  } catch (error) {
    if (error instanceof ToolRecError) return error.code;
    throw error;
  }
  return 'no error';
};

describe('session', () => {
  it('goes through thought, action and observation to a finished list', async () => {
    const w = world([retrieve('genre', 6), rank('genre', 4), finish('Alien (1979)', 'Heat (1995)')]);
    const session = await startSession(w);
    const outcome = await session.run();
    assert.equal(outcome.status, 'finished');
    const { rounds, outcome: end } = session.state;
    assert.deepEqual(
      rounds.map((round) => [round.action?.name, round.observation?.set?.items.length]),
      [
        ['Retrieve', 6],
        ['Rank', 4],
        ['Finish', undefined],
      ],
    );
    assert.equal(end!.reason.rule, 'finish');
    checkResult(end!.result, session.state.started.subject.history, 5);
    assert.deepEqual(
      end!.result.items.slice(0, 2).map((entry) => [entry.title, entry.source]),
      [
        ['Alien (1979)', 'finish'],
        ['Heat (1995)', 'finish'],
      ],
    );
    // The rest is the head of the ranking, which outweighs the retrieval.
    assert.deepEqual(
      end!.result.items.slice(2).map((entry) => entry.source),
      ['memory', 'memory', 'memory'],
    );
    assert.equal(end!.result.completed, 3);
  });

  it('is the pure fold of its events', async () => {
    const w = world([retrieve('genre', 6), retrieve(null, 6), finish()]);
    const session = await startSession(w);
    await session.run();
    for (const event of w.events) assert.ok(sessionEventSchema.safeParse(event).success, event.type);
    assert.deepEqual(foldAll(w.events), session.state);
    assert.deepEqual(foldAll(JSON.parse(JSON.stringify(w.events))), session.state);
  });

  it('completes from memory, then the backbone, then popularity, and says so', async () => {
    const sources = async (script: Action[], retriever = plainRetriever(dataset)) => {
      const session = await startSession(world(script, { retriever }), { n: 6 });
      await session.run();
      const { result } = session.state.outcome!;
      checkResult(result, session.state.started.subject.history, 6);
      return result.items.map((entry) => entry.source).join(' ');
    };
    assert.equal(
      await sources([retrieve('genre', 3), finish('Heat (1995)')]),
      'finish memory memory memory backbone backbone',
    );
    const none = plainRetriever(dataset, ['genre']);
    assert.equal(await sources([finish('Heat (1995)')], none), 'finish' + ' popularity'.repeat(5));
    const broken = plainRetriever(dataset);
    broken.fail = new EngineError('engine-crashed', 'It crashed.', 'Try again.');
    assert.equal(
      await sources([finish()], broken),
      'popularity popularity popularity popularity popularity popularity',
    );
  });

  it('keeps history items, duplicates and inventions out of the list and accounts for each', async () => {
    const w = world([
      finish(
        'Heat (1995)',
        'heat (1995)',
        'A Film That Nobody Made',
        'Film P15 (1965)',
        'Good',
        'the Bad and the Ugly',
        'The (1966)',
      ),
    ]);
    const session = await startSession(w, {}, 3);
    assert.ok(session.state.started.subject.history.includes(15), 'user 4 has seen Film P15');
    await session.run();
    const { result } = session.state.outcome!;
    assert.deepEqual(result.removed.duplicates, [{ id: 'm2', title: 'Heat (1995)' }]);
    assert.deepEqual(result.removed.outside, ['A Film That Nobody Made']);
    assert.deepEqual(result.removed.history, [{ id: 'm16', title: 'Film P15 (1965)' }]);
    assert.deepEqual(
      result.items.slice(0, 2).map((entry) => entry.title),
      ['Heat (1995)', 'Good, the Bad and the Ugly, The (1966)'],
    );
    checkResult(result, session.state.started.subject.history, 5);
  });

  it('tells the model what was wrong and goes on', async () => {
    const w = world([retrieve('flavour', 5), rank(null, 5), null, retrieve('Genres', 5)]);
    const session = await startSession(w, { maxRounds: 4, maxFailedRounds: 0, noProgressRounds: 0 });
    await session.run();
    const observations = session.state.rounds.map((round) => round.observation!);
    assert.deepEqual(
      observations.map((o) => o.problem?.code),
      ['unknown-attribute', 'nothing-to-rank', 'no-action', undefined],
    );
    assert.match(observations[0]!.text, /genre, release_year/);
    assert.equal(observations[3]!.set!.attribute, 'genre');
    checkResult(session.state.outcome!.result, session.state.started.subject.history, 5);
  });

  it('takes “there is no such item” for an answer, and not for a failed round', async () => {
    const lookup = (item: string): Action => ({ name: 'Lookup', args: { item } });
    const w = world([lookup('Nobody'), lookup('No one'), retrieve(null, 5), finish()]);
    const session = await startSession(w);
    await session.run();
    const { rounds, outcome } = session.state;
    assert.deepEqual(
      rounds.slice(0, 2).map(({ observation }) => observation!.status),
      ['ok', 'ok'],
    );
    assert.match(rounds[0]!.observation!.text, /no item “Nobody”.*Search/);
    assert.equal(outcome!.reason.rule, 'finish');
  });

  it('names the unknown attribute that was probably meant', async () => {
    const session = await startSession(world([retrieve('gnere', 5)]), { maxRounds: 1 });
    await session.run();
    assert.match(session.state.rounds[0]!.observation!.text, /Did you mean genre\?/);
  });

  describe('stop rules', () => {
    const always = Array.from({ length: 20 }, () => retrieve('genre', 5));
    const rule = async (script: readonly (Action | null)[], settings: object) => {
      const session = await startSession(world(script), settings);
      await session.run();
      return [session.state.outcome!.reason.rule, session.state.rounds.length];
    };
    it('eight rounds by default', async () => {
      const varied = Array.from({ length: 20 }, (_, i) => retrieve(null, 5 + i));
      assert.deepEqual(await rule(varied, {}), ['max-rounds', 8]);
    });
    it('no progress', async () =>
      assert.deepEqual(await rule(always, { noProgressRounds: 2 }), ['no-progress', 3]));
    it('failed rounds', async () =>
      assert.deepEqual(await rule([null, null, null], {}), ['failed-rounds', 2]));
    it('time', async () => assert.deepEqual(await rule(always, { maxTimeMs: 2 }), ['time-budget', 1]));
    it('tokens and money', async () => {
      const script = Array.from({ length: 5 }, (_, i) => (context: { record: (call: never) => void }) => {
        context.record({
          purpose: 'policy',
          model: 'm',
          messages: [],
          reply: '',
          finishReason: 'stop',
          usage: { prompt: 60, completion: 40, estimated: false },
          cost: 0.01,
          durationMs: 1,
          retries: 0,
        } as never);
        return { thought: '', action: retrieve(null, 5 + i), repairs: [] };
      });
      for (const [settings, expected] of [
        [{ maxTokens: 150 }, ['token-budget', 2]],
        [{ maxCost: 0.025 }, ['cost-budget', 3]],
      ] as const) {
        const session = await startSession(world(script as never), settings);
        await session.run();
        assert.deepEqual([session.state.outcome!.reason.rule, session.state.rounds.length], expected);
      }
    });
  });

  describe('holding', () => {
    it('before an action, on an attribute, after a round, on an error', async () => {
      const script = [retrieve('genre', 5), retrieve('flavour', 5), rank('release_year', 5), finish()];
      const held = async (breakpoint: never) => {
        const session = await startSession(world(script));
        const outcome = await session.run({ breakpoints: [breakpoint] });
        assert.equal(outcome.status, 'held');
        const last = session.state.rounds.at(-1)!;
        const first = [last.number, last.observation !== undefined];
        assert.equal((await session.run()).status, 'finished', 'goes on from there');
        return first;
      };
      assert.deepEqual(await held({ on: 'action', name: 'rank' } as never), [3, false]);
      assert.deepEqual(await held({ on: 'attribute', attribute: 'flavour' } as never), [2, false]);
      assert.deepEqual(await held({ on: 'round', round: 1 } as never), [1, true]);
      assert.deepEqual(await held({ on: 'error' } as never), [2, true]);
    });
  });

  describe('going back', () => {
    const script = [retrieve('genre', 5), retrieve('release_year', 5), rank('genre', 5), finish()];

    it('steps back, keeps the rounds that left, and goes on', async () => {
      const session = await startSession(world(script));
      await session.run();
      await session.rewind(1);
      assert.equal(session.state.rounds.length, 1);
      assert.equal(session.state.outcome, undefined);
      assert.equal(session.state.undone[0]!.length, 3);
      assert.equal((await session.run()).status, 'finished');
      assert.equal(session.state.rounds.length, 4);
    });

    it('runs an edited action', async () => {
      const session = await startSession(world(script));
      await session.run();
      await session.edit({ round: 2, action: retrieve(null, 7) });
      assert.equal(session.state.rounds.length, 2);
      const step = await session.step();
      assert.equal(step.status, 'observed');
      assert.equal(session.state.rounds[1]!.observation!.set!.items.length, 7);
      assert.deepEqual(session.state.rounds[1]!.edited, ['action']);
    });

    it('asks for a new action after an edited thought', async () => {
      let given: string | undefined;
      const session = await startSession(
        world([
          retrieve('genre', 5),
          (context) => {
            given = context.givenThought;
            return { thought: 'ignored', action: given ? retrieve(null, 3) : rank(null, 3), repairs: [] };
          },
          finish(),
        ]),
      );
      await session.run();
      await session.edit({ round: 2, thought: 'what does everyone watch?' });
      await session.step();
      assert.equal(given, 'what does everyone watch?');
      const round = session.state.rounds[1]!;
      assert.equal(round.thought, 'what does everyone watch?');
      assert.equal(round.action!.name, 'Retrieve');
      assert.equal(round.number, 2);
    });

    it('takes an edited observation through the same check', async () => {
      const session = await startSession(world(script));
      await session.step();
      await session.edit({ round: 1, observation: ['Heat (1995)', 'Not A Film', 'm1'] });
      const set = session.state.rounds[0]!.observation!.set!;
      assert.deepEqual(
        set.items.map((item) => item.id),
        ['m2', 'm1'],
      );
      assert.deepEqual(set.removed.outside, ['Not A Film']);
      assert.equal((await session.run()).status, 'finished');
    });

    it('forks without touching the parent, from the line and from what left it', async () => {
      const w = world(script);
      const session = await startSession(w);
      await session.run();
      const before = session.state;
      const events = session.fork('child', { round: 2 });
      const child = Session.resume(w.environment, events);
      assert.deepEqual(child.state.started.parent, { session: 'test-session', round: 2 });
      assert.deepEqual(
        child.state.rounds.map((round) => round.observation),
        before.rounds.slice(0, 2).map((round) => round.observation),
      );
      await child.run();
      assert.deepEqual(
        child.state.outcome!.result,
        before.outcome!.result,
        'the same policy, the same result',
      );
      assert.equal(session.state, before);

      await session.rewind(1);
      const old = Session.resume(w.environment, session.fork('old', { round: 3, undone: 0 }));
      assert.deepEqual(
        old.state.rounds.map((round) => round.action?.name),
        ['Retrieve', 'Retrieve', 'Rank'],
      );
    });

    it('gives a line that was left the rounds that stood before it then', async () => {
      const session = await startSession(world(script));
      await session.run();
      await session.rewind(2); // 3 and 4 leave
      await session.edit({ round: 1, action: retrieve(null, 3) }); // 1 and 2 leave
      await session.step();
      const actions = (undone?: number) =>
        lineOf(session.state, undone === undefined ? {} : { undone }).map((round) => round.action);
      assert.deepEqual(actions(), [retrieve(null, 3)]);
      assert.deepEqual(actions(0), script);
      assert.deepEqual(actions(1), script.slice(0, 2));
      assert.throws(() => lineOf(session.state, { undone: 2 }), { code: 'unknown-branch' });
    });

    it('says in the log when another policy goes on, and a fork repeats it', async () => {
      const w = world(script);
      const session = await startSession(w);
      await session.step();
      const other = { ...scripted(script), label: { kind: 'scripted' as const, label: 'another' } };
      await session.use({ ...w.environment, policy: other });
      await session.run();
      assert.deepEqual(
        session.state.rounds.map((round) => round.setup.policy.label),
        ['scripted', 'another', 'another', 'another'],
      );
      assert.equal(session.state.started.policy.label, 'scripted');
      const fork = foldAll(session.fork('child', { round: 2 }));
      assert.deepEqual(
        fork.rounds.map((round) => round.setup.policy.label),
        ['scripted', 'another'],
      );
      const events = [...w.events];
      assert.equal(events.filter((event) => event.type === 'configured').length, 1);
      assert.deepEqual(foldAll(events), session.state);
      const changed = { ...w.environment, dataset: { ...dataset, hash: 'other' } };
      assert.equal(await code(session.use(changed)), 'dataset-changed');
    });

    it('refuses rounds that do not exist', async () => {
      const session = await startSession(world(script));
      assert.equal(await code(session.rewind(1)), 'unknown-round');
      assert.equal(await code(session.edit({ round: 1, thought: 'x' })), 'unknown-round');
      assert.throws(() => session.fork('x', { round: 2 }), { code: 'unknown-round' });
      await session.step();
      assert.equal(await code(session.edit({ round: 1 })), 'nothing-to-edit');
    });
  });

  describe('stopping and failing', () => {
    it('stops in mid-generation, keeps what was written, and goes on', async () => {
      let first = true;
      const w = world([
        async (context) => {
          if (first) {
            first = false;
            context.onDelta('The history lea');
            await new Promise((_, reject) => {
              context.signal!.addEventListener('abort', () => reject(new Error('aborted')));
              setImmediate(() => session.stop());
            });
          }
          return { thought: 'again', action: retrieve('genre', 5), repairs: [] };
        },
        finish(),
      ]);
      const session = await startSession(w);
      assert.equal((await session.step()).status, 'interrupted');
      assert.deepEqual(session.state.interrupted, { round: 1, partial: 'The history lea' });
      assert.equal(session.state.rounds.length, 0);
      assert.equal((await session.run()).status, 'finished');
      assert.equal(session.state.interrupted, undefined);
    });

    it('refuses a second step while one is under way', async () => {
      const w = world([
        () => new Promise((done) => setImmediate(() => done({ thought: '', action: finish(), repairs: [] }))),
      ]);
      const session = await startSession(w);
      const step = session.step();
      assert.equal(session.busy, true);
      assert.equal(await code(session.step()), 'session-busy');
      await step;
      assert.equal(session.busy, false);
    });

    it('records a failed model and tries the round again', async () => {
      let broken = true;
      const w = world([
        () => {
          if (broken) throw new ModelError('unreachable', 'No server.', 'Start it.');
          return { thought: '', action: retrieve('genre', 5), repairs: [] };
        },
        finish(),
      ]);
      const session = await startSession(w);
      const outcome = await session.run();
      assert.equal(outcome.status, 'failed');
      assert.equal(session.state.failure!.error.code, 'unreachable');
      broken = false;
      assert.equal((await session.run()).status, 'finished');
      assert.equal(session.state.failure, undefined);
    });

    it('throws no user away: with onFailure finish, the list is full', async () => {
      const w = world([
        retrieve('genre', 3),
        () => {
          throw new ModelError('rate-limited', 'Too many.', 'Wait.');
        },
      ]);
      const session = await startSession(w);
      const outcome = await session.run({ onFailure: 'finish' });
      assert.equal(outcome.status, 'finished');
      assert.equal(session.state.outcome!.reason.rule, 'error');
      checkResult(session.state.outcome!.result, session.state.started.subject.history, 5);
    });

    it('passes faults of our own on', async () => {
      const session = await startSession(
        world([
          () => {
            throw new TypeError('a bug');
          },
        ]),
      );
      await assert.rejects(session.step(), TypeError);
      assert.equal(session.busy, false);
    });

    it('is ended by the person with a full list', async () => {
      const session = await startSession(world([retrieve('genre', 9), finish()]));
      await session.step();
      await session.finish();
      assert.equal(session.state.outcome!.reason.rule, 'requested');
      checkResult(session.state.outcome!.result, session.state.started.subject.history, 5);
    });
  });

  describe('bad starts', () => {
    it('a catalogue without room', async () => {
      const small = makeDataset(
        Array.from({ length: 8 }, (_, i) => dataset.item(i)),
        2,
        4,
      );
      assert.equal(
        await code(startSession(world([], { dataset: small }), { n: 7 }, 0)),
        'catalogue-too-small',
      );
    });
    it('an empty history and an unknown item', async () => {
      const { environment } = world([]);
      assert.equal(await code(Session.start(environment, { id: 's', history: [] })), 'empty-history');
      assert.equal(await code(Session.start(environment, { id: 's', history: [99999] })), 'unknown-item');
    });
    it('a log of another dataset', async () => {
      const w = world([finish()]);
      await (await startSession(w)).run();
      const other = { ...dataset, hash: 'another' };
      assert.throws(() => Session.resume({ ...w.environment, dataset: other }, w.events), {
        code: 'dataset-changed',
      });
    });
  });

  describe('replay', () => {
    it('gives the same result with no policy, model or engine', async () => {
      const script = [
        retrieve('genre', 6),
        retrieve('flavour', 2),
        rank('genre', 4),
        finish('Heat (1995)', 'Nothing'),
      ];
      const w = world(script);
      const session = await startSession(w, { n: 8 });
      await session.run();
      const again = await replay(w.events, w.environment);
      assert.deepEqual(again.divergences, []);
      assert.deepEqual(again.result, session.state.outcome!.result);
    });

    it('finds what changed', async () => {
      const w = world([retrieve('genre', 6), finish()]);
      await (await startSession(w)).run();
      const other = w.events.map((event) => ({ ...event }));
      const observed = other.find((event) => event.type === 'observed')!;
      observed.observation = {
        ...observed.observation,
        set: {
          ...observed.observation.set!,
          items: observed.observation.set!.items.map((item) => ({ ...item, id: 'gone' })),
        },
      };
      const { divergences } = await replay(other, w.environment);
      assert.deepEqual(
        divergences.map((d) => [d.round, d.what]),
        [
          [1, 'observation'],
          [0, 'result'],
        ],
      );
    });
  });

  it('ends with exactly N valid items, whatever the actions', async () => {
    const text = fc.oneof(
      fc.constantFrom('Alien (1979)', 'm2', 'm9999', 'Good', 'the Bad and the Ugly', 'The (1966)', '', ','),
      fc.string({ maxLength: 12, unit: 'binary' }),
    );
    const action = fc.oneof(
      fc.record({
        name: fc.constantFrom('Retrieve', 'Rank', 'Nonsense'),
        args: fc.record({
          attribute: fc.option(fc.oneof(fc.constantFrom('genre', 'release_year'), text), { nil: null }),
          k: fc.integer({ min: -1, max: 120 }),
        }),
      }),
      fc.record({
        name: fc.constant('Search'),
        args: fc.record({ text, k: fc.integer({ min: 1, max: 9 }) }),
      }),
      fc.record({ name: fc.constant('Lookup'), args: fc.record({ item: text }) }),
      fc.record({
        name: fc.constant('Finish'),
        args: fc.record({ items: fc.array(text, { maxLength: 12 }) }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.option(action), { maxLength: 9 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 0, max: 11 }),
        async (script, n, user) => {
          const w = world(script as (Action | null)[]);
          const session = await startSession(w, { n }, user);
          const outcome = await session.run();
          assert.equal(outcome.status, 'finished');
          checkResult(session.state.outcome!.result, session.state.started.subject.history, n);
          assert.deepEqual(foldAll(w.events), session.state);
          const again = await replay(w.events, w.environment);
          assert.deepEqual(again.result, session.state.outcome!.result);
        },
      ),
      { numRuns: 60, seed: 21 },
    );
  });
});

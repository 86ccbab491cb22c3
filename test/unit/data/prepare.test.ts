import assert from 'node:assert/strict';
import fc from 'fast-check';
import { kCore } from '../../../src/data/k-core.ts';
import {
  parsePreparation,
  preparationSchema,
  protocolPreparation,
  type Preparation,
} from '../../../src/data/preparation.ts';
import { prepare } from '../../../src/data/prepare.ts';
import { RawColumns } from '../../../src/data/raw-columns.ts';
import { byUser } from '../../../src/data/sequences.ts';
import { splitBy } from '../../../src/data/split.ts';

interface Row {
  user: number;
  item: number;
  rating: number;
  time: number;
}

const preparationOf = (value: unknown): Preparation => preparationSchema.parse(value);

function columnsOf(rows: readonly Row[]): RawColumns {
  const raw = new RawColumns();
  for (const { user, item, rating, time } of rows) raw.add(user, item, rating, time);
  return raw;
}

const sizes = { users: 12, items: 10 };

/** The same preparation with arrays, filters and repetition: what `prepare` must agree with. */
function naive(rows: readonly Row[], p: Preparation): Map<number, Row[]> {
  let left = rows
    .filter(({ rating }) => p.minimumRating === null || rating >= p.minimumRating)
    .filter(({ time }) => (p.from === null || time >= p.from) && (p.until === null || time < p.until));
  left = [...left].sort((a, b) => a.user - b.user || a.time - b.time); // Array.sort is stable
  if (p.duplicates !== 'all') {
    const order = p.duplicates === 'first' ? left : [...left].reverse();
    const seen = new Set<string>();
    const kept = order.filter(({ user, item }) => {
      const key = `${user} ${item}`;
      return !seen.has(key) && seen.add(key);
    });
    left = p.duplicates === 'first' ? kept : kept.reverse();
  }
  const degree = (key: 'user' | 'item', value: number): number =>
    left.filter((row) => row[key] === value).length;
  if (p.maximumItems !== null) {
    const ranked = Array.from({ length: sizes.items }, (_, item) => item).sort(
      (a, b) => degree('item', b) - degree('item', a) || a - b,
    );
    const stay = new Set(ranked.slice(0, p.maximumItems));
    left = left.filter(({ item }) => stay.has(item));
  }
  if (p.maximumLength !== null) {
    const most = p.maximumLength;
    left = left.filter((row, at) => left.slice(at + 1).filter(({ user }) => user === row.user).length < most);
  }
  for (let before = -1; before !== left.length;) {
    before = left.length;
    left = left.filter(({ user }) => degree('user', user) >= p.core.users);
    left = left.filter(({ item }) => degree('item', item) >= p.core.items);
  }
  const whole = left;
  left = left.filter(({ user }) => whole.filter((row) => row.user === user).length >= p.minimumLength);
  const sequences = new Map<number, Row[]>();
  for (const row of left) sequences.set(row.user, [...(sequences.get(row.user) ?? []), row]);
  return sequences;
}

const rowsArbitrary = (time: fc.Arbitrary<number>): fc.Arbitrary<Row[]> =>
  fc.array(
    fc.record(
      {
        user: fc.nat(sizes.users - 1),
        item: fc.nat(sizes.items - 1),
        rating: fc.constantFrom(1, 2.5, 4, 5, NaN),
        time,
      },
      { noNullPrototype: true },
    ),
    { minLength: 1, maxLength: 120 },
  );

const times = fc.oneof(
  fc.nat(9),
  fc.constantFrom(0.5, 1.25, 2 ** 32, 2 ** 40, 1e11),
  fc.integer({ min: 978_300_000, max: 978_300_004 }),
);

const preparations = fc
  .record({
    minimumRating: fc.option(fc.constantFrom(2, 4)),
    from: fc.option(fc.nat(5)),
    until: fc.option(fc.integer({ min: 6, max: 2 ** 31 })),
    duplicates: fc.constantFrom('all', 'first', 'last'),
    maximumItems: fc.option(fc.integer({ min: 1, max: 9 })),
    maximumLength: fc.option(fc.integer({ min: 1, max: 9 })),
    core: fc.record({ users: fc.nat(4), items: fc.nat(4) }),
    minimumLength: fc.nat(4),
  })
  .map(preparationOf);

describe('prepare', () => {
  it('agrees with filtering and sorting plain arrays', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(rowsArbitrary(fc.nat(9)), rowsArbitrary(times)),
        preparations,
        async (rows, preparation) => {
          const expected = naive(rows, preparation);
          if (expected.size === 0) {
            await assert.rejects(prepare(columnsOf(rows), sizes, preparation), { code: 'nothing-left' });
            return;
          }
          const { columns, users, items, steps } = await prepare(columnsOf(rows), sizes, preparation);
          assert.deepEqual(Array.from(users), [...expected.keys()]);
          const used = [...new Set([...expected.values()].flat().map(({ item }) => item))];
          assert.deepEqual(
            Array.from(items),
            used.sort((a, b) => a - b),
          );
          Array.from(users).forEach((user, u) => {
            const got = [];
            for (let at = columns.offsets[u]!; at < columns.offsets[u + 1]!; at++)
              got.push({
                user,
                item: items[columns.items[at]!],
                rating: columns.ratings ? columns.ratings[at] : NaN,
                time: columns.timestamps[at],
              });
            assert.deepEqual(got, expected.get(user));
          });
          const last = steps.at(-1)!;
          assert.deepEqual(
            [last.users, last.items, last.interactions],
            [users.length, items.length, columns.items.length],
          );
        },
      ),
      { numRuns: 400 },
    );
  });

  it('sorts long sequences stably, whatever the times', async () => {
    const span = fc.constantFrom(1, 3, 1000, 2 ** 31, 2 ** 39);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 13, max: 700 }),
        span,
        fc.nat(),
        fc.boolean(),
        async (length, most, seed, whole) => {
          let state = seed;
          const rows = Array.from({ length }, (_, item): Row => {
            state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
            const time = (state / 2 ** 32) * most;
            return { user: 0, item, rating: item, time: whole ? Math.floor(time) : time };
          });
          const expected = [...rows].sort((a, b) => a.time - b.time);
          const { columns } = await prepare(columnsOf(rows), { users: 1, items: length }, preparationOf({}));
          assert.deepEqual(
            Array.from(columns.items),
            expected.map(({ item }) => item),
          );
          assert.deepEqual(
            Array.from(columns.ratings!),
            expected.map(({ item }) => item),
          );
          assert.deepEqual(
            Array.from(columns.timestamps),
            expected.map(({ time }) => time),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it('draws the same users for the same seed, and others for another', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => ({ user: i % 12, item: i % 10, rating: 1, time: i }));
    const draw = async (seed: number): Promise<number[]> =>
      Array.from((await prepare(columnsOf(rows), sizes, preparationOf({ maximumUsers: 5, seed }))).users);
    const first = await draw(1);
    assert.equal(first.length, 5);
    assert.deepEqual(await draw(1), first);
    const others = await Promise.all([2, 3, 4].map(draw));
    assert.ok(others.some((other) => String(other) !== String(first)));
  });

  it('leaves out rejected items and keeps no column of ratings when there are none', async () => {
    const rows = [0, 1, 2, 1].map((item, time) => ({ user: 3, item, rating: NaN, time }));
    const rejected = new Uint8Array(sizes.items);
    rejected[1] = 1;
    const { columns, items } = await prepare(columnsOf(rows), { ...sizes, rejected }, preparationOf({}));
    assert.deepEqual(Array.from(items), [0, 2]);
    assert.equal(columns.ratings, undefined);
  });

  it('stops when cancelled', async () => {
    const raw = columnsOf([{ user: 0, item: 0, rating: 1, time: 1 }]);
    await assert.rejects(prepare(raw, sizes, preparationOf({}), { signal: AbortSignal.abort() }), {
      code: 'cancelled',
    });
  });
});

describe('kCore', () => {
  it('cascades: a chain falls from one end to the other', () => {
    // User u has items u and u + 1, so the 2-core is empty although only items 0 and n begin below 2.
    const n = 1000;
    const rows = Array.from({ length: 2 * n }, (_, i) => ({
      user: i >> 1,
      item: (i >> 1) + (i & 1),
      rating: 1,
      time: i,
    }));
    const core = kCore(byUser(columnsOf(rows), n, undefined), n + 1, { users: 2, items: 2 });
    assert.equal(core.users.includes(1), false);
    assert.equal(core.items.includes(1), false);
  });
});

describe('splitBy', () => {
  const bounds = (columns: { trainEnd: Uint32Array; validationEnd: Uint32Array }): number[][] => [
    Array.from(columns.trainEnd),
    Array.from(columns.validationEnd),
  ];

  it('leave-one-out: last is test, the one before validation, one is kept for train', () => {
    const split = splitBy({ kind: 'leave-one-out' }, Uint32Array.of(0, 1, 3, 6, 10), new Uint32Array(10));
    assert.deepEqual(bounds(split), [
      [1, 2, 4, 8],
      [1, 2, 5, 9],
    ]);
  });

  it('global-time: the same two moments for everybody', () => {
    // Ten rows in two users; by time the last two (at 8 and 9) are test, the two before (6, 7) validation.
    const times = Uint32Array.of(0, 2, 4, 6, 8, 1, 3, 5, 7, 9);
    const split = splitBy(
      { kind: 'global-time', validation: 0.2, test: 0.2 },
      Uint32Array.of(0, 5, 10),
      times,
    );
    assert.deepEqual(bounds(split), [
      [3, 8],
      [4, 9],
    ]);
    const none = splitBy({ kind: 'global-time', validation: 0, test: 0.5 }, Uint32Array.of(0, 5, 10), times);
    assert.deepEqual(bounds(none), [
      [3, 7],
      [3, 7],
    ]);
  });
});

describe('preparation', () => {
  it('has two ready protocols', () => {
    const core = (name: 'paper' | 'reference', format: string, ...files: string[]): unknown =>
      protocolPreparation(name, { format, files }).core;
    assert.deepEqual(core('paper', 'ml-1m', 'ratings.dat'), { users: 0, items: 0 });
    assert.deepEqual(core('paper', 'recbole', 'ml-100k.inter'), { users: 0, items: 0 });
    assert.deepEqual(core('paper', 'amazon-2014', 'reviews_books_5.json'), { users: 10, items: 10 });
    assert.deepEqual(core('reference', 'ml-1m'), { users: 5, items: 5 });
  });

  it('is refused with the name of the field that is wrong', () => {
    const wrong: [unknown, RegExp][] = [
      [{ core: { users: -1 } }, /core\.users/],
      [{ duplicates: 'some' }, /duplicates/],
      [{ minRating: 3 }, /minRating/],
      [{ split: { kind: 'global-time', validation: 0.6, test: 0.5 } }, /split/],
      [{ from: 5, until: 5 }, /window/],
    ];
    for (const [value, message] of wrong)
      assert.throws(() => parsePreparation(value), { code: 'bad-preparation', message });
  });
});

import assert from 'node:assert/strict';
import { catalogueOf, type Mention } from '../../../src/agent/catalogue.ts';
import { checkItems } from '../../../src/agent/checking.ts';
import { makeDataset } from './world.ts';

const films: [id: string, title: string, year: number][] = [
  ['1', 'Toy Story', 1995],
  ['2', 'Good, the Bad and the Ugly, The', 1966],
  ['3', 'Hamlet', 1948],
  ['4', 'Hamlet', 1996],
  ['5', '1984', 1984],
  ['6', 'Twelve Monkeys', 1995],
  ['7', '[REC]', 2007],
  ['8', 'Amélie', 2001],
  ['9', 'Alien', 1979],
  ['10', 'Aliens', 1986],
  ['11', 'Red Violin, The (Le Violon rouge)', 1998],
  ['12', 'Mad Max 2 (a.k.a. The Road Warrior)', 1981],
];
const dataset = makeDataset(
  films.map(([id, title, year]) => ({ id, title, attributes: { genre: ['Drama'], release_year: year } })),
  1,
  1,
);
const check = (texts: string[], shown: number[] = []) =>
  checkItems(
    texts.map((text): Mention => ({ text })),
    { dataset, catalogue: catalogueOf(dataset), history: new Set([0]), shown: new Set(shown) },
  );
const ids = (...texts: string[]) => check(texts).items.map((item) => item.id);

describe('memory’s check against a real catalogue', () => {
  it('knows an item in the forms in which models write it', () => {
    for (const text of [
      '9',
      '#9',
      'id 9',
      '9: Alien',
      '9. "Alien (1979)"',
      '[9] Alien',
      'Alien (1979) – 0.93',
      'Alien (id: 9)',
      '**Alien**',
      'alien',
      'Alien (1979) because it is dark',
    ])
      assert.deepEqual(ids(text), ['9'], text);
  });

  it('normalises articles, diacritics and small misspellings', () => {
    assert.deepEqual(ids('The Good, the Bad and the Ugly (1966)'), ['2']);
    assert.deepEqual(ids('amelie'), ['8']);
    const [fuzzy] = check(['Twelve Monkies']).items;
    assert.deepEqual([fuzzy!.id, fuzzy!.match], ['6', 'fuzzy']);
  });

  it('joins titles that a list cut at their commas', () => {
    assert.deepEqual(ids('Alien', 'Good', 'the Bad and the Ugly', 'The (1966)', 'Aliens'), ['9', '2', '10']);
  });

  it('does not swallow neighbours of a title with a second name in brackets', () => {
    const list = [
      'Alien',
      'Twelve Monkeys',
      'Red Violin, The (Le Violon rouge)',
      'Aliens',
      'Mad Max 2 (a.k.a. The Road Warrior)',
    ];
    assert.deepEqual(ids(...list), ['9', '6', '11', '10', '12']);
    assert.deepEqual(ids('Alien', 'Red Violin', 'The (Le Violon rouge)'), ['9', '11']);
  });

  it('reads a list of any titles of the catalogue as those titles, in any order', () => {
    const order = [...films.keys()].filter((i) => i > 0 && films[i]![1] !== 'Hamlet');
    for (let shift = 0; shift < order.length; shift++) {
      const some = [...order.slice(shift), ...order.slice(0, shift)];
      assert.deepEqual(
        ids(...some.map((i) => films[i]![1])),
        some.map((i) => films[i]![0]),
      );
    }
  });

  it('never guesses between two; year, id, or what was shown decides', () => {
    const { items, removed } = check(['Hamlet']);
    assert.deepEqual(items, []);
    assert.deepEqual(removed.ambiguous, [{ text: 'Hamlet', candidates: ['Hamlet', 'Hamlet'] }]);
    assert.deepEqual(ids('Hamlet (1996)'), ['4']);
    assert.deepEqual(ids('3: Hamlet'), ['3']);
    assert.deepEqual(
      check(['Hamlet'], [3]).items.map((item) => item.id),
      ['4'],
    );
  });

  it('does not let a made-up title pass by its number', () => {
    const { items, removed } = check(['9: The Film That Never Was']);
    assert.deepEqual(items, []);
    assert.deepEqual(removed.outside, ['9: The Film That Never Was']);
  });

  it('accounts for everything that is dropped', () => {
    const { items, removed } = check([
      'Toy Story (1995)',
      'Alien',
      'alien (1979)',
      'Nonexistent Picture',
      '',
    ]);
    assert.deepEqual(
      items.map((item) => item.id),
      ['9'],
    );
    assert.equal(removed.history.length, 1);
    assert.equal(removed.duplicates.length, 1);
    assert.deepEqual(removed.outside, ['Nonexistent Picture']);
  });

  it('refuses item codes that do not exist', () => {
    const bad = checkItems(
      [{ item: -1 }, { item: 12 }, { item: 1.5 }, { item: NaN }, { item: 8, score: NaN }],
      { dataset, catalogue: catalogueOf(dataset), history: new Set() },
    );
    assert.deepEqual(
      bad.items.map((item) => [item.id, item.score]),
      [['9', undefined]],
    );
    assert.equal(bad.removed.outside.length, 4);
  });
});

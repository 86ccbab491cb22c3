import assert from 'node:assert/strict';
import fc from 'fast-check';
import { distance } from 'fastest-levenshtein';
import { CatalogueLookup, fuzzyThreshold, type Lookup } from '../../../src/data/catalogue-lookup.ts';
import { recordsInMemory } from '../../../src/data/records.ts';
import type { ItemRecord } from '../../../src/data/schema.ts';
import { normaliseTitle, titleKeys } from '../../../src/data/title-keys.ts';
import { TrigramIndex } from '../../../src/data/trigram-index.ts';

/** "Title | year" lines as a catalogue whose ids are i0, i1, … */
function lookupOf(...lines: string[]): CatalogueLookup {
  const items = lines.map((line, code): ItemRecord => {
    const [title, year] = line.split(' | ') as [string, string | undefined];
    return { id: `i${code}`, title, attributes: year === undefined ? {} : { year: Number(year) } };
  });
  return lookupIn(items);
}

function lookupIn(items: readonly ItemRecord[]): CatalogueLookup {
  const records = recordsInMemory(items);
  return new CatalogueLookup({ catalogueCount: items.length, item: records.at, itemCode: records.find });
}

/** "title 3" = found by title as item 3; "title ? 1 2" = ambiguous; "-" = unknown. */
function brief(lookup: Lookup): string {
  if (lookup.status === 'found') return `${lookup.by} ${lookup.item}`;
  return lookup.status === 'ambiguous' ? `${lookup.by} ? ${lookup.candidates.join(' ')}` : '-';
}

const near = (lookup: Lookup): number[] =>
  lookup.status === 'unknown' ? lookup.near.map(({ item }) => item) : assert.fail('it was found');

describe('titleKeys', () => {
  const cases: [string, string[], number?][] = [
    ['Matrix, The (1999)', ['the matrix'], 1999],
    ['the  MATRIX', ['the matrix']],
    ['“The Matrix”', ['the matrix']],
    ['**The Matrix**', ['the matrix']],
    ['Seven (a.k.a. Se7en) (1995)', ['seven se7en', 'seven', 'se7en'], 1995],
    [
      'City of Lost Children, The (Cité des enfants perdus, La) (1995)',
      [
        'the city of lost children la cite des enfants perdus',
        'the city of lost children',
        'la cite des enfants perdus',
      ],
      1995,
    ],
    ["Avventura, L' (L'avventura)", ['lavventura lavventura', 'lavventura']],
    ['Amélie', ['amelie']],
    ['Tom & Huck', ['tom and huck']],
    ["Schindler's List", ['schindlers list']],
    ['E.T. the Extra-Terrestrial', ['et the extra terrestrial']],
    ['千と千尋の神隠し', ['千と千尋の神隠し'.normalize('NFKD').replace(/\p{M}/gu, '')]],
    ['Am\u0065\u0301lie', ['amelie']],
    ['1984', ['1984']],
    ['(1984)', ['1984']],
    ['!!!', ['!!!']],
    ['Show (2001–2005)', ['show'], 2001],
  ];
  for (const [title, keys, year] of cases)
    it(title, () => {
      const found = titleKeys(title);
      assert.deepEqual([...found.keys], keys);
      assert.equal(found.year, year);
    });

  it('a key is its own key', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), (text) => {
        const key = normaliseTitle(text);
        assert.equal(normaliseTitle(key), key);
      }),
      { numRuns: 300 },
    );
  });
});

describe('CatalogueLookup', () => {
  it('finds an item by every way to write its title', () => {
    const lookup = lookupOf(
      'Matrix, The | 1999',
      'Amélie | 2001',
      'Seven (a.k.a. Se7en) | 1995',
      'Tom & Huck | 1995',
    );
    const expected: [string, string][] = [
      ['i1', 'id 1'],
      ['Matrix, The', 'title 0'],
      ['The Matrix', 'normalised 0'],
      ['the matrix (1999)', 'normalised 0'],
      ['Matrix', 'normalised 0'],
      ['"The Matrix" (2000)', 'normalised 0'],
      ['AMELIE', 'normalised 1'],
      ['Seven', 'normalised 2'],
      ['Se7en (1995)', 'normalised 2'],
      ['Seven (Se7en)', 'normalised 2'],
      ['Tom and Huck', 'normalised 3'],
      ['The Matrixx', 'fuzzy 0'],
      ['Teh Matrix', '-'],
      ['The Matrix (2021)', '-'],
      ['Speed', '-'],
      ['', '-'],
    ];
    for (const [text, found] of expected) assert.equal(brief(lookup.find(text)), found, text);
  });

  it('tells remakes apart by their year, and does not choose without one', () => {
    const lookup = lookupOf('Sabrina | 1954', 'Sabrina | 1995', 'Sabrina', 'Heat | 1995');
    assert.equal(brief(lookup.find('Sabrina (1995)')), 'normalised 1');
    const dated = lookupOf('Sabrina | 1954', 'Sabrina | 1995');
    assert.equal(brief(dated.find('Sabrina (1995)')), 'normalised 1');
    assert.equal(brief(dated.find('sabrina (1953)')), 'normalised 0');
    assert.equal(brief(dated.find('Sabrina')), 'title ? 0 1');
    assert.equal(brief(dated.find('Sabrina (1970)')), '-');
    assert.equal(brief(lookup.find('Sabrina (1955)')), 'normalised ? 0 2');
    assert.deepEqual(near(dated.find('Sabrina (1970)')), [0, 1]);
  });

  it('takes the year from the title where there is no such attribute', () => {
    const lookup = lookupOf('Sabrina (1954)', 'Sabrina (1995)');
    assert.equal(brief(lookup.find('Sabrina (1995)')), 'title 1');
    assert.equal(brief(lookup.find('sabrina [1954]')), 'normalised 0');
    assert.equal(lookup.yearOf(0), 1954);
  });

  it('prefers the article that was written, and guesses it only when that is certain', () => {
    const lookup = lookupOf('The Kid', 'Kid', 'A Boy', 'The Boy');
    assert.equal(brief(lookup.find('kid')), 'normalised 1');
    assert.equal(brief(lookup.find('the kid')), 'normalised 0');
    assert.equal(brief(lookup.find('Boy')), 'normalised ? 2 3');
  });

  it('does not choose between an id and a title', () => {
    const lookup = lookupIn([
      { id: '1984', title: 'Heat', attributes: {} },
      { id: '5', title: '1984', attributes: {} },
    ]);
    assert.equal(brief(lookup.find('1984')), 'id ? 0 1');
    assert.equal(brief(lookup.find('5')), 'id 1');
  });

  it('never takes a sequel for its predecessor, nor one of two equally near titles', () => {
    const lookup = lookupOf(
      'Terminator 3',
      'Rocky III',
      'Toy Story',
      'Silent Rages',
      'Silent Ranges',
      'Alien',
    );
    for (const text of ['Terminator 4', 'Rocky VII', 'Toy Story 2', 'Aliens'])
      assert.equal(brief(lookup.find(text)), '-', text);
    assert.equal(brief(lookup.find('Terminator3')), '-');
    assert.equal(brief(lookup.find('Termimator 3')), 'fuzzy 0');
    assert.equal(brief(lookup.find('Silent Raanges')), 'fuzzy ? 3 4');
  });

  it('fuzzy look-up agrees with comparing every title', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' ', '1'), minLength: 1, maxLength: 24 });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 25 }), word, (titles, query) => {
        const lookup = lookupOf(...titles.map((title) => `t${title}`));
        const [key] = titleKeys(`t${query}`).keys as [string];
        const keys = titles.map((title) => titleKeys(`t${title}`).keys[0]!);
        const numbers = (text: string): string =>
          text
            .split(' ')
            .filter((part) => /\d/.test(part))
            .join(' ');
        const expected = keys.flatMap((other, item) => {
          const similarity = 1 - distance(key, other) / Math.max(key.length, other.length);
          return similarity >= fuzzyThreshold && numbers(other) === numbers(key) ? [item] : [];
        });
        const found = lookup.find(`t${query}`);
        const named =
          found.status === 'found' ? [found.item] : found.status === 'ambiguous' ? found.candidates : [];
        if (found.status !== 'unknown' && found.by !== 'fuzzy') return; // an earlier step decided
        assert.deepEqual([...named].sort(), expected.sort());
      }),
      { numRuns: 300 },
    );
  });

  it('every title of a catalogue is found by itself, however it is typed', () => {
    const words = ['Red', 'Blue', 'Night', 'Été', 'Ångström', 'House', 'River', "Don't", 'Go-Go'];
    const title = fc
      .uniqueArray(fc.constantFrom(...words), { minLength: 1, maxLength: 4 })
      .map((parts) => parts.join(' '));
    const typings: ((text: string) => string)[] = [
      (text) => text.toUpperCase(),
      (text) => text.normalize('NFD').replace(/\p{M}/gu, ''),
      (text) => `  ${text.replaceAll(' ', '   ')}. `,
      (text) => `"${text}"`,
      (text) => `${text} (1999)`,
    ];
    fc.assert(
      fc.property(
        fc.uniqueArray(title, { minLength: 1, maxLength: 12 }),
        fc.constantFrom(...typings),
        (titles, typed) => {
          const lookup = lookupOf(...titles.map((text) => `${text}, The | 1999`));
          titles.forEach((text, item) => {
            const found = lookup.find(typed(`The ${text}`));
            assert.deepEqual([found.status, (found as { item: number }).item], ['found', item], typed(text));
          });
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('TrigramIndex', () => {
  it('leaves out no text within the distance', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' '), minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.array(text, { maxLength: 30 }), text, (texts, query) => {
        const index = new TrigramIndex(texts);
        for (let repeat = 0; repeat < 2; repeat++) {
          const given = new Set(index.similar(query, 0.85));
          texts.forEach((other, at) => {
            if (1 - distance(query, other) / Math.max(query.length, other.length) >= 0.85)
              assert.ok(given.has(at), `${query} / ${other}`);
          });
        }
      }),
      { numRuns: 300 },
    );
  });
});

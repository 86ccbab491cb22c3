import assert from 'node:assert/strict';
import fc from 'fast-check';
import { formatById } from '../../../../src/data/detect.ts';
import { joinCsvRecord } from '../../../../src/data/formats/csv-record.ts';
import { memoryFile, readAll } from '../helpers/collect.ts';
import { fuzzRuns, longRun } from './cases.ts';

const timeout = longRun ? 3_600_000 : 20_000;
const number = fc.oneof(
  { weight: 99, arbitrary: fc.integer({ min: 1, max: 9999 }) },
  { weight: 1, arbitrary: fc.integer({ min: 5_000_000, max: 2 ** 40 }) },
);
const stars = fc.integer({ min: 1, max: 10 }).map((half) => half / 2);
const time = fc.integer({ min: 0, max: 4_000_000_000 });
/** Words that no format has to escape away: one line, no blanks at the ends. */
const words = fc
  .string({
    unit: fc.constantFrom(...'aZ09 ,"\'&;éßñ–日😀()[]{}\\\u0301\u2028\u00a0'),
    minLength: 1,
    maxLength: 16,
  })
  .map((text) => text.replace(/[\p{C}\p{Z}|:]+/gu, ' ').trim())
  .filter((text) => text !== '' && !/\(\d{4}/.test(text));
const year = fc.option(fc.integer({ min: 1900, max: 2030 }), { nil: undefined });
const genres = fc.uniqueArray(fc.constantFrom('Action', "Children's", 'Sci-Fi', 'Film-Noir'), {
  maxLength: 3,
});
const ratings = fc.array(fc.tuple(number, number, stars, time), { minLength: 1, maxLength: 20 });
const movies = fc.uniqueArray(fc.record({ id: number, title: words, year, genres }), {
  selector: (movie) => movie.id,
  minLength: 1,
  maxLength: 8,
});
const chunk = fc.integer({ min: 1, max: 200 }).map((length) => [length]);
const newline = fc.constantFrom('\n', '\r\n');

interface Movie {
  readonly id: number;
  readonly title: string;
  readonly year: number | undefined;
  readonly genres: readonly string[];
}
const titleOf = (movie: Movie): string =>
  movie.year === undefined ? movie.title : `${movie.title} (${movie.year})`;
const expectedItem = (movie: Movie): unknown => ({
  id: String(movie.id),
  title: movie.title,
  attributes: {
    ...(movie.genres.length ? { genre: movie.genres } : {}),
    ...(movie.year === undefined ? {} : { year: movie.year }),
  },
});
const expectedRows = (
  rows: readonly (readonly [number, number, number, number])[],
  firstLine: number,
): unknown =>
  rows.map(([user, item, rating, at], i) => [String(user), String(item), rating, at, i + firstLine]);

describe('What is written is read back', () => {
  it('MovieLens .dat', async () => {
    await fc.assert(
      fc.asyncProperty(ratings, movies, chunk, newline, async (rows, catalogue, lengths, end) => {
        const sink = await readAll(formatById('ml-10m'), [
          memoryFile('ratings.dat', rows.map((row) => row.join('::') + end).join(''), lengths),
          memoryFile(
            'movies.dat',
            catalogue
              .map(
                (movie) =>
                  `${movie.id}::${titleOf(movie)}::${movie.genres.join('|') || '(no genres listed)'}${end}`,
              )
              .join(''),
            lengths,
          ),
        ]);
        assert.deepEqual(sink.badRows, []);
        assert.deepEqual(sink.interactions, expectedRows(rows, 1));
        assert.deepEqual(sink.catalogue, catalogue.map(expectedItem));
      }),
      { numRuns: fuzzRuns },
    );
  }).timeout(timeout);

  it('MovieLens CSV', async () => {
    const csv = (fields: readonly unknown[]): string => joinCsvRecord(fields.map(String), ',');
    await fc.assert(
      fc.asyncProperty(ratings, movies, chunk, newline, async (rows, catalogue, lengths, end) => {
        const ratingLines = ['userId,movieId,rating,timestamp', ...rows.map(csv)];
        const movieLines = [
          'movieId,title,genres',
          ...catalogue.map((movie) => csv([movie.id, titleOf(movie), movie.genres.join('|')])),
        ];
        const sink = await readAll(formatById('ml-csv'), [
          memoryFile('ratings.csv', ratingLines.join(end), lengths),
          memoryFile('movies.csv', movieLines.join(end), lengths),
        ]);
        assert.deepEqual(sink.badRows, []);
        assert.deepEqual(sink.interactions, expectedRows(rows, 2));
        assert.deepEqual(sink.catalogue, catalogue.map(expectedItem));
      }),
      { numRuns: fuzzRuns },
    );
  }).timeout(timeout);

  it('RecBole atomic files', async () => {
    await fc.assert(
      fc.asyncProperty(ratings, movies, chunk, async (rows, catalogue, lengths) => {
        const interLines = [
          'user_id:token\titem_id:token\trating:float\ttimestamp:float',
          ...rows.map((r) => r.join('\t')),
        ];
        const itemLines = [
          'item_id:token\tmovie_title:token_seq\trelease_year:float\tclass:token_seq',
          ...catalogue.map((movie) =>
            [movie.id, movie.title, movie.year ?? '', movie.genres.join(' ')].join('\t'),
          ),
        ];
        const sink = await readAll(formatById('recbole'), [
          memoryFile('x.inter', interLines.join('\n'), lengths),
          memoryFile('x.item', `${itemLines.join('\n')}\n`, lengths),
        ]);
        assert.deepEqual(sink.badRows, []);
        const unitIsSeconds = rows.map(([, , , at]) => at);
        assert.ok(unitIsSeconds.every((at) => at < 1e11));
        assert.deepEqual(sink.interactions, expectedRows(rows, 2));
        const key = (items: readonly unknown[]): unknown[] =>
          items.map((item) => JSON.stringify(item, ['id', 'title', 'attributes', 'genre', 'year']));
        assert.deepEqual(key(sink.catalogue), key(catalogue.map(expectedItem)));
      }),
      { numRuns: fuzzRuns },
    );
  }).timeout(timeout);

  it('Amazon 2023 and Yelp JSON lines, with any ids and names', async () => {
    const id = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
      .filter((text) => text.trim() === text && text !== '');
    const rows = fc.array(fc.tuple(id, id, stars, time), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(rows, id, words, chunk, async (reviews, item, name, lengths) => {
        const amazon = await readAll(formatById('amazon-2023'), [
          memoryFile(
            'r.jsonl',
            reviews
              .map(([user_id, parent_asin, rating, at]) =>
                JSON.stringify({ user_id, parent_asin, rating, timestamp: at * 1000 }),
              )
              .join('\n'),
            lengths,
          ),
        ]);
        assert.deepEqual(
          amazon.interactions,
          reviews.map((row, i) => [...row, i + 1]),
        );
        const yelp = await readAll(formatById('yelp'), [
          memoryFile(
            'review.json',
            reviews
              .map(([user_id, business_id, rating, at]) =>
                JSON.stringify({
                  review_id: 'r',
                  user_id,
                  business_id,
                  stars: rating,
                  date: new Date(at * 1000).toISOString().slice(0, 19).replace('T', ' '),
                }),
              )
              .join('\n'),
            lengths,
          ),
          memoryFile(
            'business.json',
            JSON.stringify({ business_id: item, name, stars: 1, city: name }),
            lengths,
          ),
        ]);
        assert.deepEqual(
          yelp.interactions,
          reviews.map((row, i) => [...row, i + 1]),
        );
        assert.deepEqual(yelp.catalogue, [{ id: item, title: name, attributes: { city: name, stars: 1 } }]);
      }),
      { numRuns: fuzzRuns },
    );
  }).timeout(timeout);

  it('CSV tables with any text', async () => {
    const text = fc.string({
      unit: fc.constantFrom('a', '1', ',', '"', ';', 'é', '\n', ' x'),
      minLength: 1,
      maxLength: 10,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(text, text, stars), { minLength: 1, maxLength: 20 }),
        chunk,
        async (rows, lengths) => {
          const kept = rows.filter(([user, item]) => user.trim() !== '' && item.trim() !== '');
          const lines = ['user,item,rating', ...rows.map((row) => joinCsvRecord(row.map(String), ','))];
          const map = { user: 'user', item: 'item', rating: 'rating', delimiter: ',', header: 'yes' };
          const sink = await readAll(
            formatById('csv'),
            [memoryFile('t.csv', lines.join('\n'), lengths)],
            map,
          );
          assert.deepEqual(
            sink.interactions.map(([user, item, rating]) => [user, item, rating]),
            kept.map(([user, item, rating]) => [user.trim(), item.trim(), rating]),
          );
          assert.equal(sink.badRows.length, rows.length - kept.length);
        },
      ),
      { numRuns: fuzzRuns },
    );
  }).timeout(timeout);
});

import type { Format, SourceFile } from '../../reader.ts';
import type { AttributeDefinition, AttributeValue } from '../../schema.ts';
import { excerpt, headLines } from '../../sources/lines.ts';
import { readCsv } from '../csv-reader.ts';
import { joinCsvRecord } from '../csv-record.ts';
import { named, needed, scanRatings, wrongFormat } from '../fields.ts';
import { genreAttribute, movie, tagsAttribute, yearAttribute } from './catalogue.ts';
import { TagCounter } from './tags.ts';
import { splitGenres } from './titles.ts';

const ratingsHeader = 'userid,movieid,rating,timestamp';
const moviesHeader = 'movieid,title,genres';

const linkAttributes: readonly AttributeDefinition[] = [
  { name: 'imdb_id', kind: 'text', description: 'Identifier of the movie at IMDb.' },
  { name: 'tmdb_id', kind: 'text', description: 'Identifier of the movie at The Movie Database.' },
];

/** MovieLens CSV editions: latest-small, latest, 20M, 25M, 32M. Tags and links are used where present. */
export const movieLensCsv: Format = {
  id: 'ml-csv',
  label: 'MovieLens CSV (latest, 20M, 25M, 32M)',
  async detect(files) {
    const ratings = named(files, 'ratings.csv');
    const movies = named(files, 'movies.csv');
    if (!ratings || !movies) return 0;
    const matches = (await hasHeader(ratings, ratingsHeader)) && (await hasHeader(movies, moviesHeader));
    return matches ? 0.97 : 0;
  },
  async plan(files) {
    const ratings = needed(files, 'MovieLens CSV', 'ratings.csv');
    const movies = needed(files, 'MovieLens CSV', 'movies.csv');
    const links = named(files, 'links.csv');
    const tags = named(files, 'tags.csv');
    if (!(await hasHeader(ratings, ratingsHeader))) {
      throw wrongFormat(
        ratings,
        1,
        'a MovieLens ratings.csv: its first line must be userId,movieId,rating,timestamp',
      );
    }
    if (!(await hasHeader(movies, moviesHeader))) {
      throw wrongFormat(movies, 1, 'a MovieLens movies.csv: its first line must be movieId,title,genres');
    }
    return {
      attributes: [
        genreAttribute,
        yearAttribute,
        ...(tags ? [tagsAttribute] : []),
        ...(links ? linkAttributes : []),
      ],
      files: [tags, links, movies, ratings].filter((file) => file !== undefined).map((file) => file.name),
      notes: [],
      async read(sink, work) {
        const counter = new TagCounter();
        const linked = new Map<string, Record<string, AttributeValue>>();
        if (tags) {
          await readCsv(tags, ',', sink, work, (fields, line) => {
            if (line === 1) return;
            if (fields.length === 4) counter.add(fields[1]!, fields[2]!);
            else bad(tags, fields, line);
          });
        }
        if (links) {
          await readCsv(links, ',', sink, work, (fields, line) => {
            if (line === 1) return;
            if (fields.length !== 3) return bad(links, fields, line);
            const [id, imdb, tmdb] = fields as [string, string, string];
            linked.set(id, {
              ...(imdb ? { imdb_id: `tt${imdb.padStart(7, '0')}` } : {}),
              ...(tmdb ? { tmdb_id: tmdb } : {}),
            });
          });
        }
        await readCsv(movies, ',', sink, work, (fields, line) => {
          if (line === 1) return;
          if (fields.length !== 3) return bad(movies, fields, line);
          const [id, title, genres] = fields as [string, string, string];
          const place = { file: movies.name, line };
          if (id === '') return sink.bad(place, 'missing-field', excerpt(fields.join(',')));
          const words = counter.top(id);
          const extra = { ...(words.length ? { tags: words } : {}), ...linked.get(id) };
          sink.item(movie(id, title, splitGenres(genres), extra), place);
        });
        const layout = {
          delimiter: ',',
          header: true,
          columns: 4,
          user: 0,
          item: 1,
          rating: 2,
          timestamp: 3,
        };
        await scanRatings(ratings, layout, sink, work);

        function bad(file: SourceFile, fields: readonly string[], line: number): void {
          sink.bad({ file: file.name, line }, 'column-count', excerpt(joinCsvRecord(fields, ',')));
        }
      },
    };
  },
};

async function hasHeader(file: SourceFile, header: string): Promise<boolean> {
  const [first] = await headLines(file, 1);
  return first?.replaceAll('"', '').trim().toLowerCase() === header;
}

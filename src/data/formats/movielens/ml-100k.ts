import type { Format, SourceFile } from '../../reader.ts';
import { excerpt, headLines, readTextLines, tableLine, type TextLineOptions } from '../../sources/lines.ts';
import { named, needed, parseNumber, scanRatings } from '../fields.ts';
import { genreAttribute, movie, yearAttribute } from './catalogue.ts';

/** The nineteen flags at the end of a line of `u.item`, in order (`u.genre`). */
const genres = [
  'unknown',
  'Action',
  'Adventure',
  'Animation',
  "Children's",
  'Comedy',
  'Crime',
  'Documentary',
  'Drama',
  'Fantasy',
  'Film-Noir',
  'Horror',
  'Musical',
  'Mystery',
  'Romance',
  'Sci-Fi',
  'Thriller',
  'War',
  'Western',
];
/** id | title | release date | video release date | IMDb address | flags */
const itemColumns = 5 + genres.length;
const oldText: TextLineOptions = { ...tableLine, encoding: 'utf-8-or-latin1' };

/** MovieLens 100K: `u.data` (tabs), `u.item` and `u.user` (`|`, ISO-8859-1). */
export const movieLens100K: Format = {
  id: 'ml-100k',
  label: 'MovieLens 100K (u.data)',
  async detect(files) {
    const data = named(files, 'u.data');
    if (!data) return 0;
    const lines = await headLines(data, 20);
    if (!lines.length || !lines.every((line) => /^\d+\t\d+\t\d\t\d+$/.test(line))) return 0;
    return named(files, 'u.item') ? 0.97 : 0.5;
  },
  plan(files) {
    const data = needed(files, 'MovieLens 100K', 'u.data');
    const items = needed(files, 'MovieLens 100K', 'u.item');
    const users = named(files, 'u.user');
    return Promise.resolve({
      attributes: [genreAttribute, yearAttribute],
      files: [items, users, data].filter((file) => file !== undefined).map((file) => file.name),
      notes: users ? [] : ['There is no u.user, so users have no profile.'],
      async read(sink, work) {
        await readTextLines(items, sink, work, oldText, (text, line) => {
          const place = { file: items.name, line };
          const fields = text.split('|');
          if (fields.length !== itemColumns) return sink.bad(place, 'column-count', excerpt(text));
          const [id, title, released] = fields as [string, string, string];
          if (id === '') return sink.bad(place, 'missing-field', excerpt(text));
          const flags = fields.slice(5);
          if (flags.some((flag) => flag !== '0' && flag !== '1')) {
            return sink.bad(place, 'bad-value', excerpt(text));
          }
          const names = genres.filter((name, i) => flags[i] === '1' && name !== 'unknown');
          sink.item(movie(id, title, names, {}, yearOf(released)), place);
        });
        if (users) await readUsers(users, sink, work);
        const layout = {
          delimiter: '\t',
          header: false,
          columns: 4,
          user: 0,
          item: 1,
          rating: 2,
          timestamp: 3,
        };
        await scanRatings(data, layout, sink, work);
      },
    });
  },
};

async function readUsers(
  users: SourceFile,
  sink: Parameters<typeof scanRatings>[2],
  work: Parameters<typeof scanRatings>[3],
): Promise<void> {
  await readTextLines(users, sink, work, oldText, (text, line) => {
    const place = { file: users.name, line };
    const fields = text.split('|');
    if (fields.length !== 5) return sink.bad(place, 'column-count', excerpt(text));
    const [id, ageText, gender, occupation, zip] = fields as [string, string, string, string, string];
    const age = parseNumber(ageText);
    if (id === '') return sink.bad(place, 'missing-field', excerpt(text));
    if (!(age >= 0)) return sink.bad(place, 'not-a-number', excerpt(text));
    const word = gender === 'F' ? 'female' : gender === 'M' ? 'male' : gender;
    sink.user({ id, profile: { age, gender: word, occupation, zip } }, place);
  });
}

/** `01-Jan-1995` → 1995. */
function yearOf(date: string): number | undefined {
  const match = /^\d{1,2}-[A-Z][a-z]{2}-(\d{4})$/.exec(date);
  return match ? Number(match[1]) : undefined;
}

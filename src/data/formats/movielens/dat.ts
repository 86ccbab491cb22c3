import type { DatasetSink, Format, ReaderPlan, SourceFile } from '../../reader.ts';
import { excerpt, headLines, readTextLines, tableLine, type TextLineOptions } from '../../sources/lines.ts';
import { named, needed, scanRatings } from '../fields.ts';
import { genreAttribute, movie, tagsAttribute, yearAttribute } from './catalogue.ts';
import { TagCounter } from './tags.ts';
import { splitGenres } from './titles.ts';

// Codes of users.dat, from the README of MovieLens 1M.
const ages: Readonly<Record<string, string>> = {
  1: 'under 18',
  18: '18-24',
  25: '25-34',
  35: '35-44',
  45: '45-49',
  50: '50-55',
  56: '56 or older',
};
const occupations = [
  'other',
  'academic or educator',
  'artist',
  'clerical or administrative worker',
  'college or graduate student',
  'customer service worker',
  'doctor or health care worker',
  'executive or manager',
  'farmer',
  'homemaker',
  'K-12 student',
  'lawyer',
  'programmer',
  'retired',
  'sales or marketing worker',
  'scientist',
  'self-employed',
  'technician or engineer',
  'tradesman or craftsman',
  'unemployed',
  'writer',
];

const oldText: TextLineOptions = { ...tableLine, encoding: 'utf-8-or-latin1' };
const ratingLine = /^\d+::\d+::\d(\.\d)?::\d+$/;

/** MovieLens 1M: `ratings.dat`, `movies.dat`, `users.dat`, fields divided by `::`, ISO-8859-1. */
export const movieLens1M: Format = {
  id: 'ml-1m',
  label: 'MovieLens 1M (.dat)',
  detect: (files) => detectDat(files, true),
  plan: (files) => Promise.resolve(planDat(files, 'MovieLens 1M', named(files, 'users.dat'))),
};

/** MovieLens 10M: the same without users, with half stars and `tags.dat`, UTF-8. */
export const movieLens10M: Format = {
  id: 'ml-10m',
  label: 'MovieLens 10M (.dat)',
  detect: (files) => detectDat(files, false),
  plan: (files) => Promise.resolve(planDat(files, 'MovieLens 10M', undefined)),
};

async function detectDat(files: readonly SourceFile[], withUsers: boolean): Promise<number> {
  const ratings = named(files, 'ratings.dat');
  if (!ratings || !named(files, 'movies.dat')) return 0;
  const lines = await headLines(ratings, 20);
  if (!lines.length || !lines.every((line) => ratingLine.test(line))) return 0;
  // The 10M edition has no users and writes some stars as 3.5; without either sign both would read it alike.
  const looksLike1M = named(files, 'users.dat') !== undefined || !lines.some((line) => line.includes('.'));
  return looksLike1M === withUsers ? 0.95 : 0.3;
}

function planDat(files: readonly SourceFile[], label: string, users: SourceFile | undefined): ReaderPlan {
  const ratings = needed(files, label, 'ratings.dat');
  const movies = needed(files, label, 'movies.dat');
  const tags = named(files, 'tags.dat');
  return {
    attributes: [genreAttribute, yearAttribute, ...(tags ? [tagsAttribute] : [])],
    files: [tags, movies, users, ratings].filter((file) => file !== undefined).map((file) => file.name),
    notes: users || label.includes('10M') ? [] : ['There is no users.dat, so users have no profile.'],
    async read(sink, work) {
      const counter = new TagCounter();
      if (tags) {
        await readTextLines(tags, sink, work, oldText, (text, line) => {
          const fields = fieldsOf(text, 4, sink, tags, line);
          if (fields) counter.add(fields[1]!, fields[2]!);
        });
      }
      await readTextLines(movies, sink, work, oldText, (text, line) => {
        const fields = fieldsOf(text, 3, sink, movies, line);
        if (!fields) return;
        const [id, title, genres] = fields as [string, string, string];
        if (id === '') return sink.bad({ file: movies.name, line }, 'missing-field', excerpt(text));
        const words = counter.top(id);
        const extra = words.length ? { tags: words } : {};
        sink.item(movie(id, title, splitGenres(genres), extra), { file: movies.name, line });
      });
      if (users) {
        await readTextLines(users, sink, work, oldText, (text, line) => {
          const fields = fieldsOf(text, 5, sink, users, line);
          if (!fields) return;
          const [id, gender, age, occupation, zip] = fields as [string, string, string, string, string];
          if (id === '') return sink.bad({ file: users.name, line }, 'missing-field', excerpt(text));
          const profile = {
            gender: gender === 'F' ? 'female' : gender === 'M' ? 'male' : gender,
            age: Object.hasOwn(ages, age) ? ages[age]! : age,
            occupation: occupations[Number(occupation)] ?? occupation,
            zip,
          };
          sink.user({ id, profile }, { file: users.name, line });
        });
      }
      const layout = {
        delimiter: '::',
        header: false,
        columns: 4,
        user: 0,
        item: 1,
        rating: 2,
        timestamp: 3,
      };
      await scanRatings(ratings, layout, sink, work);
    },
  };
}

/**
 * The fields of a line. A title may hold `::` itself, so surplus fields belong to the one before the last.
 * Undefined, and counted, when there are too few.
 */
function fieldsOf(
  text: string,
  count: number,
  sink: DatasetSink,
  file: SourceFile,
  line: number,
): string[] | undefined {
  const fields = text.split('::');
  if (fields.length < count || (count === 5 && fields.length > count)) {
    sink.bad({ file: file.name, line }, 'column-count', excerpt(text));
    return undefined;
  }
  if (fields.length === count) return fields;
  const last = count === 3 ? 1 : 2; // the free-text field: title, or tag
  const surplus = fields.length - count;
  return [
    ...fields.slice(0, last),
    fields.slice(last, last + surplus + 1).join('::'),
    ...fields.slice(last + surplus + 1),
  ];
}

import type { LongWork } from '../../shared/progress.ts';
import { InputError } from '../../shared/errors.ts';
import type { DatasetSink, Format, SourceFile } from '../reader.ts';
import type { AttributeDefinition, AttributeValue } from '../schema.ts';
import { excerpt } from '../sources/lines.ts';
import { headRecords, readJsonLines, textOf } from './json-lines.ts';
import { parseDate } from './timestamps.ts';

const attributes: readonly AttributeDefinition[] = [
  { name: 'categories', kind: 'categories', description: 'What the business is.' },
  { name: 'city', kind: 'category', description: 'City the business is in.' },
  { name: 'stars', kind: 'number', description: 'Average stars of the business, in halves from 1 to 5.' },
];

type Part = 'business' | 'review' | 'user';

/** Yelp Academic Dataset: `business.json` and `review.json`, with or without `yelp_academic_dataset_`. */
export const yelp: Format = {
  id: 'yelp',
  label: 'Yelp Academic Dataset',
  async detect(files) {
    const parts = await partsOf(files);
    if (!parts.review) return 0;
    return parts.business ? 0.97 : 0.6;
  },
  async plan(files) {
    const { business, review, user } = await partsOf(files);
    if (!review) {
      throw new InputError(
        'missing-file',
        'The Yelp dataset needs review.json, and none of the files is one.',
        'Name the folder with yelp_academic_dataset_review.json; a .tar must be unpacked first.',
        { place: { file: files[0]?.name ?? '' } },
      );
    }
    return {
      attributes: business ? attributes : [],
      files: [business, user, review].filter((file) => file !== undefined).map((file) => file.name),
      notes: business ? [] : ['There is no business.json: items have no names and no attributes.'],
      async read(sink, work) {
        if (business) await readBusinesses(business, sink, work);
        if (user) await readUsers(user, sink, work);
        await readReviews(review, sink, work);
      },
    };
  },
};

/** The files by what their first lines hold, since people rename them. */
async function partsOf(files: readonly SourceFile[]): Promise<Partial<Record<Part, SourceFile>>> {
  const parts: Partial<Record<Part, SourceFile>> = {};
  for (const file of files) {
    if (!/\.(json|jsonl|ndjson)$/.test(file.base)) continue;
    const [record] = await headRecords(file, 3, false);
    if (!record) continue;
    const has = (...keys: string[]): boolean => keys.every((key) => Object.hasOwn(record, key));
    if (has('review_id', 'user_id', 'business_id', 'stars')) parts.review ??= file;
    else if (has('business_id', 'name', 'stars')) parts.business ??= file;
    else if (has('user_id', 'yelping_since')) parts.user ??= file;
  }
  return parts;
}

async function readBusinesses(file: SourceFile, sink: DatasetSink, work: LongWork): Promise<void> {
  await readJsonLines(file, sink, work, (record, line, text) => {
    const place = { file: file.name, line };
    const id = textOf(record['business_id']);
    if (id === undefined) return sink.bad(place, 'missing-field', excerpt(text));
    const categories = categoriesOf(record['categories']);
    const city = textOf(record['city']);
    const stars = record['stars'];
    const values: Record<string, AttributeValue> = {};
    if (categories.length) values['categories'] = categories;
    if (city !== undefined) values['city'] = city;
    if (typeof stars === 'number' && Number.isFinite(stars)) values['stars'] = stars;
    sink.item({ id, title: textOf(record['name']) ?? id, attributes: values }, place);
  });
}

/** `"Pubs, Restaurants"` since 2018, `["Pubs", "Restaurants"]` before, `null` where there are none. */
function categoriesOf(value: unknown): string[] {
  const names =
    typeof value === 'string' ? value.split(',') : Array.isArray(value) ? (value as unknown[]) : [];
  return [...new Set(names.map(textOf).filter((name) => name !== undefined))];
}

async function readUsers(file: SourceFile, sink: DatasetSink, work: LongWork): Promise<void> {
  await readJsonLines(file, sink, work, (record, line, text) => {
    const place = { file: file.name, line };
    const id = textOf(record['user_id']);
    if (id === undefined) return sink.bad(place, 'missing-field', excerpt(text));
    const profile: Record<string, string | number> = {};
    const since = textOf(record['yelping_since']);
    if (since !== undefined) profile['yelping_since'] = since.slice(0, 10);
    for (const name of ['review_count', 'average_stars']) {
      const value = record[name];
      if (typeof value === 'number' && Number.isFinite(value)) profile[name] = value;
    }
    sink.user({ id, profile }, place);
  });
}

async function readReviews(file: SourceFile, sink: DatasetSink, work: LongWork): Promise<void> {
  sink.beginFile(file.name);
  await readJsonLines(file, sink, work, (record, line, text) => {
    const place = { file: file.name, line };
    const user = textOf(record['user_id']);
    const item = textOf(record['business_id']);
    if (user === undefined || item === undefined) return sink.bad(place, 'missing-field', excerpt(text));
    const stars = record['stars'];
    if (typeof stars !== 'number' || !Number.isFinite(stars))
      return sink.bad(place, 'not-a-number', excerpt(text));
    const time = typeof record['date'] === 'string' ? parseDate(record['date']) : NaN;
    if (!(time >= 0)) return sink.bad(place, 'bad-timestamp', excerpt(text));
    sink.interaction(sink.users.code(user), sink.items.code(item), stars, time, line);
  });
}

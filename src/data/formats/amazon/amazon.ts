import { InputError } from '../../../shared/errors.ts';
import type { LongWork } from '../../../shared/progress.ts';
import type { DatasetSink, Format, ReaderPlan, SourceFile } from '../../reader.ts';
import type { AttributeDefinition, AttributeValue, ItemRecord } from '../../schema.ts';
import { excerpt } from '../../sources/lines.ts';
import { readCsv } from '../csv-reader.ts';
import { parseNumber, scanRatings } from '../fields.ts';
import { readJsonLines, textOf, type JsonRecord } from '../json-lines.ts';
import { parseTimestamp } from '../timestamps.ts';
import { rolesOf, type Edition, type Role } from './roles.ts';
import { parseBrand, parseCategories, parsePrice, parseRank, parseTitle } from './values.ts';

const attributes: readonly AttributeDefinition[] = [
  { name: 'price', kind: 'number', description: 'Price in US dollars; the lower end of a range.' },
  { name: 'sales_rank', kind: 'number', description: 'Sales rank; 1 is the best seller.' },
  { name: 'brand', kind: 'category', description: 'Brand, or author of a book.' },
  { name: 'category', kind: 'categories', description: 'Categories of the shop that list the product.' },
];

/** Amazon review data, 2014: `reviews_*.json`, `meta_*.json` (also as Python literals), `ratings_*.csv`. */
export const amazon2014 = amazon('2014', 'Amazon reviews 2014 (McAuley)');
/** Amazon review data, 2018: `*.json`, `meta_*.json`, ratings-only `*.csv`. */
export const amazon2018 = amazon('2018', 'Amazon reviews 2018 (Ni et al.)');
/** Amazon Reviews 2023: `*.jsonl`, `meta_*.jsonl`, ratings-only `*.csv`; an item is a `parent_asin`. */
export const amazon2023 = amazon('2023', 'Amazon Reviews 2023 (Hou et al.)');

function amazon(edition: Edition, label: string): Format {
  return {
    id: `amazon-${edition}`,
    label,
    async detect(files) {
      const roles = await rolesOf(files);
      const own = roles.filter((role) => role.edition === edition);
      if (!roles.some((role) => role.kind !== 'meta')) return 0;
      if (!own.length) return roles.every((role) => role.edition === undefined) ? 0.3 : 0;
      return own.some((role) => role.kind !== 'meta') ? 0.95 : 0.6;
    },
    async plan(files) {
      return plan(edition, label, files, await rolesOf(files));
    },
  };
}

function plan(
  edition: Edition,
  label: string,
  files: readonly SourceFile[],
  roles: readonly Role[],
): ReaderPlan {
  const fits = (role: Role): boolean => role.edition === undefined || role.edition === edition;
  // Ratings of 2014 and 2018 differ only in the order of columns, which their ids show.
  const ratings = roles.filter(
    (role) => role.kind === 'ratings' && (role.edition === '2023') === (edition === '2023'),
  );
  const reviews = roles.filter((role) => role.kind === 'reviews' && fits(role));
  const meta = roles.filter((role) => role.kind === 'meta' && fits(role));
  const events = reviews.length ? reviews : ratings;
  if (!events.length) {
    throw new InputError(
      'missing-file',
      `${label} needs a file of reviews or of ratings, and none of the files is one.`,
      'Name the reviews file (or its folder) too, or choose another format with --format.',
      { place: { file: files[0]?.name ?? '' } },
    );
  }
  const notes: string[] = [];
  if (!meta.length) notes.push('There is no file of metadata: items have no titles and no attributes.');
  if (reviews.length && ratings.length)
    notes.push('The ratings-only files hold the same as the reviews and are left out.');
  return {
    attributes: meta.length ? attributes : [],
    files: [...meta, ...events].map((role) => role.file.name),
    notes,
    async read(sink, work) {
      for (const { file } of meta) await readMeta(edition, file, sink, work);
      for (const role of events) {
        if (role.kind === 'reviews') await readReviews(edition, role.file, sink, work);
        else await readRatings(role, sink, work);
      }
    },
  };
}

async function readMeta(
  edition: Edition,
  file: SourceFile,
  sink: DatasetSink,
  work: LongWork,
): Promise<void> {
  const itemOf = edition === '2014' ? item2014 : edition === '2018' ? item2018 : item2023;
  await readJsonLines(
    file,
    sink,
    work,
    (record, line, text) => {
      const item = itemOf(record);
      if (item) sink.item(item, { file: file.name, line });
      else sink.bad({ file: file.name, line }, 'missing-field', excerpt(text));
    },
    true,
  );
}

function item2014(record: JsonRecord): ItemRecord | undefined {
  return item(record['asin'], record['title'], {
    price: parsePrice(record['price']),
    sales_rank: parseRank(record['salesRank']),
    brand: parseBrand(record['brand']),
    category: parseCategories(record['categories']),
  });
}

function item2018(record: JsonRecord): ItemRecord | undefined {
  return item(record['asin'], record['title'], {
    price: parsePrice(record['price']),
    sales_rank: parseRank(record['rank']),
    brand: parseBrand(record['brand']),
    category: parseCategories(record['category']),
  });
}

function item2023(record: JsonRecord): ItemRecord | undefined {
  const details = detailsOf(record['details']);
  const categories = parseCategories(record['categories']);
  return item(record['parent_asin'], record['title'], {
    price: parsePrice(record['price']),
    sales_rank: parseRank(details['Best Sellers Rank']),
    brand: parseBrand(details['Brand']) ?? parseBrand(record['store']),
    category: categories.length ? categories : parseCategories([record['main_category']]),
  });
}

/** `details` is an object, or the text of one in the copy for the `datasets` library. */
function detailsOf(value: unknown): JsonRecord {
  let details = value;
  if (typeof value === 'string') {
    try {
      details = JSON.parse(value);
    } catch {
      return {};
    }
  }
  return typeof details === 'object' && details !== null ? (details as JsonRecord) : {};
}

function item(
  id: unknown,
  title: unknown,
  values: Readonly<Record<string, AttributeValue | undefined>>,
): ItemRecord | undefined {
  const known = textOf(id);
  if (known === undefined) return undefined;
  const present = Object.entries(values).filter(([, value]) => value !== undefined && String(value) !== '');
  return {
    id: known,
    title: parseTitle(title) ?? known,
    attributes: Object.fromEntries(present) as Record<string, AttributeValue>,
  };
}

async function readReviews(
  edition: Edition,
  file: SourceFile,
  sink: DatasetSink,
  work: LongWork,
): Promise<void> {
  const fields =
    edition === '2023'
      ? { user: 'user_id', item: 'parent_asin', rating: 'rating', time: 'timestamp' }
      : { user: 'reviewerID', item: 'asin', rating: 'overall', time: 'unixReviewTime' };
  sink.beginFile(file.name);
  await readJsonLines(
    file,
    sink,
    work,
    (record, line, text) => {
      const bad = (reason: Parameters<DatasetSink['bad']>[1]): void =>
        sink.bad({ file: file.name, line }, reason, excerpt(text));
      const user = textOf(record[fields.user]);
      const item = textOf(record[fields.item]);
      if (user === undefined || item === undefined) return bad('missing-field');
      const rating = numberOf(record[fields.rating]);
      if (Number.isNaN(rating)) return bad('not-a-number');
      const time = timeOf(record[fields.time], edition === '2023' ? 'ms' : 's');
      if (Number.isNaN(time)) return bad('bad-timestamp');
      sink.interaction(sink.users.code(user), sink.items.code(item), rating, time, line);
    },
    edition === '2014',
  );
}

function numberOf(value: unknown): number {
  if (typeof value === 'number') return Number.isFinite(value) ? value : NaN;
  return typeof value === 'string' ? parseNumber(value) : NaN;
}

function timeOf(value: unknown, unit: 's' | 'ms'): number {
  return typeof value === 'number' || typeof value === 'string' ? parseTimestamp(value, unit) : NaN;
}

async function readRatings(role: Role, sink: DatasetSink, work: LongWork): Promise<void> {
  const { file, userFirst = true, header = false, columns = 4 } = role;
  const [user, item] = userFirst ? [0, 1] : [1, 0];
  if (role.edition !== '2023') {
    return scanRatings(
      file,
      { delimiter: ',', header, columns, user, item, rating: 2, timestamp: 3 },
      sink,
      work,
    );
  }
  // Milliseconds, and a history of blanks-separated ids in the benchmark files: not for the scanner of numbers.
  sink.beginFile(file.name);
  await readCsv(file, ',', sink, work, (fields, line) => {
    if (line === 1 && header) return;
    const bad = (reason: Parameters<DatasetSink['bad']>[1]): void =>
      sink.bad({ file: file.name, line }, reason, excerpt(fields.join(',')));
    if (fields.length !== columns) return bad('column-count');
    const [userId, itemId, ratingText, timeText] = fields as [string, string, string, string];
    if (userId === '' || itemId === '') return bad('missing-field');
    const rating = parseNumber(ratingText);
    if (Number.isNaN(rating)) return bad('not-a-number');
    const time = parseTimestamp(timeText, 'ms');
    if (Number.isNaN(time)) return bad('bad-timestamp');
    sink.interaction(sink.users.code(userId), sink.items.code(itemId), rating, time, line);
  });
}

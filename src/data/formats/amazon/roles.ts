import type { SourceFile } from '../../reader.ts';
import { headLines } from '../../sources/lines.ts';
import { headRecords, type JsonRecord } from '../json-lines.ts';

export type Edition = '2014' | '2018' | '2023';

/** What a file of an Amazon dataset is. An edition is absent where its first lines fit several. */
export interface Role {
  readonly file: SourceFile;
  readonly kind: 'reviews' | 'meta' | 'ratings';
  readonly edition?: Edition;
  /** Of ratings: the order of the first two columns. */
  readonly userFirst?: boolean;
  /** Of ratings: whether the first line names the columns. */
  readonly header?: boolean;
  /** Of ratings: how many columns. */
  readonly columns?: number;
}

const sampleLines = 12;
const ratingsHeader = /^"?user_id"?,"?(parent_)?asin"?,"?rating"?,"?timestamp"?(,"?history"?)?$/;
const isUser = (text: string): boolean => /^A[A-Z0-9]{8,21}$/.test(text);
const isItem = (text: string): boolean => /^(B[A-Z0-9]{9}|\d{9}[\dX])$/.test(text);

/** What each file is, by its first lines; files that belong to no Amazon dataset are left out. */
export async function rolesOf(files: readonly SourceFile[]): Promise<Role[]> {
  const roles: Role[] = [];
  for (const file of files) {
    const role = await roleOf(file);
    if (role) roles.push(role);
  }
  return roles;
}

async function roleOf(file: SourceFile): Promise<Role | undefined> {
  if (/\.csv$/.test(file.base)) return ratingsRole(file);
  if (!/\.(json|jsonl|jsonlines|ndjson|txt)$/.test(file.base)) return undefined;
  const records = await headRecords(file, sampleLines, true);
  if (!records.length) return undefined;
  const has = (...keys: string[]): boolean =>
    records.some((record) => keys.some((key) => Object.hasOwn(record, key)));
  const all = (...keys: string[]): boolean => keys.every((key) => has(key));
  const role = (kind: Role['kind'], edition?: Edition): Role => ({
    file,
    kind,
    ...(edition ? { edition } : {}),
  });
  if (all('user_id', 'parent_asin', 'rating')) return role('reviews', '2023');
  if (has('parent_asin') && has('main_category', 'average_rating', 'store', 'details'))
    return role('meta', '2023');
  if (all('reviewerID', 'asin', 'overall')) {
    return role(
      'reviews',
      has('verified', 'vote', 'style', 'image') ? '2018' : has('helpful') ? '2014' : undefined,
    );
  }
  if (!has('asin')) return undefined;
  if (has('salesRank', 'imUrl', 'related') || nestedCategories(records)) return role('meta', '2014');
  if (has('category', 'rank', 'also_buy', 'also_view', 'main_cat', 'tech1', 'imageURL'))
    return role('meta', '2018');
  return has('title', 'price', 'brand') ? role('meta') : undefined;
}

function nestedCategories(records: readonly JsonRecord[]): boolean {
  return records.some(({ categories }) => Array.isArray(categories) && Array.isArray(categories[0]));
}

async function ratingsRole(file: SourceFile): Promise<Role | undefined> {
  const lines = await headLines(file, 40);
  const columns = lines[0]?.split(',').length ?? 0;
  if (lines[0] !== undefined && ratingsHeader.test(lines[0].trim())) {
    return { file, kind: 'ratings', edition: '2023', userFirst: true, header: true, columns };
  }
  const rows = lines.map((line) => line.split(','));
  if (!rows.length || !rows.every((row) => row.length === 4)) return undefined;
  const userFirst = rows.filter(([a, b]) => isUser(a!) && isItem(b!)).length;
  const itemFirst = rows.filter(([a, b]) => isItem(a!) && isUser(b!)).length;
  if (Math.max(userFirst, itemFirst) < rows.length * 0.8) return undefined;
  // "ratings only" of 2014 is user,item,rating,timestamp; of 2018 item,user,rating,timestamp.
  return userFirst >= itemFirst
    ? { file, kind: 'ratings', edition: '2014', userFirst: true, header: false, columns }
    : { file, kind: 'ratings', edition: '2018', userFirst: false, header: false, columns };
}

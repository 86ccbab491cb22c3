import { UsageError } from '../../../shared/errors.ts';
import type { AttributeKind } from '../../schema.ts';
import type { TimestampUnit } from '../timestamps.ts';
import type { Table } from './table.ts';

/** What `--map` may say, by key. `item.<attribute>` is open-ended and not listed. */
export const mapKeys = {
  user: 'column of user ids',
  item: 'column of item ids',
  rating: 'column of ratings; “none” for implicit feedback',
  timestamp: 'column of times, with :s, :ms, :us or :iso where the unit is not to be guessed; “none”',
  interactions: 'name of the file of interactions',
  items: 'name of the file of items; “none”',
  'item.id': 'column of ids in the file of items',
  'item.title': 'column of titles in the file of items, or beside the interactions; also “title”',
  delimiter: 'what divides columns: , ; | or tab',
  header: '“yes” or “no”: whether the first line names the columns',
} as const;

export interface AttributeColumn {
  readonly name: string;
  readonly column: number;
  readonly kind?: AttributeKind;
}

export interface InteractionMapping {
  readonly user: number;
  readonly item: number;
  readonly rating?: number;
  readonly timestamp?: number;
  /** Undefined: to be found from the values. */
  readonly unit?: TimestampUnit;
}

export interface ItemMapping {
  readonly id: number;
  readonly title?: number;
  /** Undefined: every other column. */
  readonly attributes?: readonly AttributeColumn[];
}

type Map = Readonly<Record<string, string>>;

const synonyms = {
  user: [
    'user',
    'userid',
    'uid',
    'u',
    'users',
    'customer',
    'customerid',
    'reviewer',
    'reviewerid',
    'visitorid',
    'memberid',
    'accountid',
    'personid',
    'sessionid',
    'session',
  ],
  item: [
    'item',
    'itemid',
    'iid',
    'i',
    'items',
    'productid',
    'product',
    'asin',
    'parentasin',
    'movieid',
    'movie',
    'businessid',
    'bookid',
    'isbn',
    'songid',
    'trackid',
    'artistid',
    'articleid',
    'newsid',
    'gameid',
    'animeid',
    'recipeid',
    'sku',
  ],
  rating: ['rating', 'ratings', 'stars', 'star', 'score', 'overall', 'rate', 'preference'],
  timestamp: [
    'timestamp',
    'time',
    'ts',
    'date',
    'datetime',
    'unixreviewtime',
    'eventtime',
    'createdat',
    'ratedat',
    'unixtime',
    'reviewdate',
    'when',
  ],
  title: [
    'title',
    'name',
    'itemname',
    'itemtitle',
    'movietitle',
    'productname',
    'producttitle',
    'booktitle',
    'titlename',
  ],
} as const;

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/** Columns by the names people give them; undefined where none fits. */
function guess(table: Table, role: keyof typeof synonyms): number | undefined {
  const names = table.columns.map(plain);
  for (const name of synonyms[role]) {
    const found = names.indexOf(name);
    if (found >= 0) return found;
  }
  return undefined;
}

/**
 * The mapping with `title` as `item.title`.
 * @throws UsageError for a key that means nothing: a mapping with a slip must not be half applied.
 */
export function withFullKeys(map: Map): Map {
  const { title, ...rest } = map;
  for (const key of Object.keys(rest)) {
    if (Object.hasOwn(mapKeys, key) || /^item\.[^.]+$/.test(key)) continue;
    throw new UsageError(
      'bad-mapping',
      `A mapping has no field “${key}”.`,
      `Fields are: ${Object.keys(mapKeys).join(', ')}, and item.NAME for an attribute, such as item.genre.`,
      { place: { flag: '--map' } },
    );
  }
  return title === undefined ? rest : { 'item.title': title, ...rest };
}

/** Index of a column given by its name or 1-based number. @throws UsageError when the table has no such column. */
function column(table: Table, key: string, given: string): number {
  const byName = table.columns.indexOf(given);
  if (byName >= 0) return byName;
  const number = Number(given);
  if (/^\d{1,4}$/.test(given) && number >= 1 && number <= table.columns.length) return number - 1;
  throw new UsageError(
    'bad-mapping',
    `${table.file.name} has no column “${given}” for ${key}.`,
    `Its columns are: ${table.columns.slice(0, 30).join(', ')}.`,
    { place: { flag: '--map', file: table.file.name } },
  );
}

/** Splits `:suffix` off the name of a column, unless a column bears the whole name. */
function withSuffix<T extends string>(
  table: Table,
  given: string,
  suffixes: readonly T[],
): { readonly name: string; readonly suffix?: T } {
  const at = given.lastIndexOf(':');
  const suffix = suffixes.find((candidate) => candidate === given.slice(at + 1));
  if (at <= 0 || !suffix || table.columns.includes(given)) return { name: given };
  return { name: given.slice(0, at), suffix };
}

/**
 * The columns of interactions in a table, by the mapping or by name; undefined when the table has none.
 * @throws UsageError when the mapping names a column that is not there.
 */
export function interactionMapping(table: Table, map: Map): InteractionMapping | undefined {
  const given = (key: 'user' | 'item' | 'rating'): number | undefined => {
    const name = map[key];
    if (name === 'none' && key === 'rating') return undefined;
    if (name !== undefined) return column(table, key, name);
    return guess(table, key) ?? byPosition(table, key);
  };
  const user = given('user');
  const item = given('item');
  if (user === undefined || item === undefined || user === item) return undefined;
  const rating = given('rating');
  const { timestamp, unit } = timeMapping(table, map);
  return {
    user,
    item,
    ...(rating === undefined ? {} : { rating }),
    ...(timestamp === undefined ? {} : { timestamp }),
    ...(unit === undefined ? {} : { unit }),
  };
}

function timeMapping(
  table: Table,
  map: Map,
): { timestamp?: number | undefined; unit?: TimestampUnit | undefined } {
  const name = map['timestamp'];
  if (name === 'none') return {};
  if (name === undefined) return { timestamp: guess(table, 'timestamp') ?? byPosition(table, 'timestamp') };
  const { name: bare, suffix } = withSuffix(table, name, ['s', 'ms', 'us', 'iso'] as const);
  return { timestamp: column(table, 'timestamp', bare), unit: suffix };
}

/** Without a header, three or four columns are taken as user, item, rating, timestamp: the usual order. */
function byPosition(table: Table, role: 'user' | 'item' | 'rating' | 'timestamp'): number | undefined {
  const count = table.columns.length;
  if (!table.delimited || table.delimited.header || count < 2 || count > 4) return undefined;
  const at = ['user', 'item', 'rating', 'timestamp'].indexOf(role);
  return at < count ? at : undefined;
}

/**
 * The columns of items in a table: its id is given, or bears the name of the item column of the interactions, or
 * a usual one. Undefined when there is none.
 */
export function itemMapping(table: Table, map: Map, itemColumn: string): ItemMapping | undefined {
  const idName = map['item.id'];
  const same = table.columns.map(plain).indexOf(plain(itemColumn));
  const id =
    idName === undefined
      ? same >= 0
        ? same
        : (guess(table, 'item') ?? idColumn(table))
      : column(table, 'item.id', idName);
  if (id === undefined) return undefined;
  const titleName = map['item.title'];
  const title = titleName === undefined ? guess(table, 'title') : column(table, 'item.title', titleName);
  const attributes = Object.entries(map)
    .filter(([key]) => key.startsWith('item.') && key !== 'item.id' && key !== 'item.title')
    .map(([key, value]): AttributeColumn => {
      const { name, suffix } = withSuffix(table, value, [
        'category',
        'categories',
        'number',
        'text',
      ] as const);
      const kind = suffix === undefined ? {} : { kind: suffix };
      return { name: key.slice('item.'.length), column: column(table, key, name), ...kind };
    });
  return {
    id,
    ...(title === undefined || title === id ? {} : { title }),
    ...(attributes.length ? { attributes } : {}),
  };
}

function idColumn(table: Table): number | undefined {
  const at = table.columns.map(plain).indexOf('id');
  return at >= 0 ? at : undefined;
}

import { InputError, UsageError } from '../../shared/errors.ts';
import type { LongWork } from '../../shared/progress.ts';
import type { DatasetSink, Format, ReaderPlan, SourceFile } from '../reader.ts';
import type { AttributeDefinition, AttributeValue } from '../schema.ts';
import { excerpt, headLines, readTextLines, tableLine } from '../sources/lines.ts';
import { emptyFile } from '../sources/text.ts';
import { parseNumber, scanRatings, wrongFormat } from './fields.ts';
import { attributeName } from './table/infer.ts';
import { detectUnit, parseTimestamp, unitNames, type TimestampUnit } from './timestamps.ts';

/** The types of RecBole's headers: one value or a sequence of them, discrete or continuous. */
const featureTypes = ['token', 'token_seq', 'float', 'float_seq'] as const;
type FeatureType = (typeof featureTypes)[number];

interface Field {
  readonly name: string;
  readonly type: FeatureType;
}

interface AtomicFile {
  readonly file: SourceFile;
  readonly fields: readonly Field[];
  /** First rows, for what the header does not say. */
  readonly sample: readonly (readonly string[])[];
}

/** What RecBole's datasets call things; the first that is there counts. */
const userNames = ['user_id', 'uid', 'session_id', 'userid'];
const itemNames = [
  'item_id',
  'iid',
  'itemid',
  'movie_id',
  'product_id',
  'business_id',
  'artist_id',
  'track_id',
];
const ratingNames = ['rating', 'stars', 'score', 'weight', 'label'];
const timeNames = ['timestamp', 'time', 'date'];
const titleNames = ['movie_title', 'title', 'name', 'item_name', 'movie_name', 'book_title', 'product_name'];
/** Names of MovieLens in RecBole's files, and what this program calls the same attribute everywhere. */
const aliases: Readonly<Record<string, string>> = { class: 'genre', genres: 'genre', release_year: 'year' };

/** RecBole atomic files: `.inter`, `.item`, `.user`, tab-separated, columns named `name:type`. */
export const recbole: Format = {
  id: 'recbole',
  label: 'RecBole atomic files (.inter, .item, .user)',
  async detect(files) {
    const inter = files.find((file) => file.base.endsWith('.inter'));
    if (!inter) return 0;
    const [header = ''] = await headLines(inter, 1);
    return header.split('\t').every((field) => /^[^:]+:(token|float)(_seq)?$/.test(field)) ? 0.98 : 0.3;
  },
  async plan(files, options) {
    const map = options.map ?? {};
    const stray = Object.keys(map).find(
      (key) => !['user', 'item', 'rating', 'timestamp', 'title'].includes(key),
    );
    if (stray !== undefined) {
      throw new UsageError(
        'bad-mapping',
        `A mapping of RecBole files has no field “${stray}”.`,
        'Fields are: user, item, rating, timestamp, title.',
        { place: { flag: '--map' } },
      );
    }
    return plan(
      await openAll(files, '.inter'),
      await openAll(files, '.item'),
      await openAll(files, '.user'),
      map,
    );
  },
};

/** Files with the ending, the parts of a benchmark split (`.train.inter`, `.valid.inter`, `.test.inter`) in order. */
async function openAll(files: readonly SourceFile[], ending: string): Promise<AtomicFile[]> {
  const parts = ['train', 'valid', 'test'];
  const place = ({ base }: SourceFile): number => parts.indexOf(base.split('.').at(-2) ?? '');
  const own = files.filter((file) => file.base.endsWith(ending));
  const found = await Promise.all(own.map(openAtomic));
  return found.sort((a, b) => place(a.file) - place(b.file));
}

/** @throws InputError when the header is not one of RecBole's. */
async function openAtomic(file: SourceFile): Promise<AtomicFile> {
  const [header, ...rows] = await headLines(file, 200);
  if (header === undefined) throw emptyFile(file.name);
  const fields = header.split('\t').map((text): Field => {
    const at = text.lastIndexOf(':');
    const type = featureTypes.find((candidate) => candidate === text.slice(at + 1));
    if (at <= 0 || !type) {
      throw wrongFormat(
        file,
        1,
        `a RecBole atomic file: “${excerpt(text).slice(0, 60)}” in its header is not name:type, the type one of ${featureTypes.join(', ')}`,
      );
    }
    return { name: text.slice(0, at), type };
  });
  return {
    file,
    fields,
    sample: rows.map((row) => row.split('\t')).filter((row) => row.length === fields.length),
  };
}

type Map = Readonly<Record<string, string>>;

/** Index of the field that plays a role, by the mapping or by name. @throws UsageError for a name that is not there. */
function roleIndex(atomic: AtomicFile, role: string, names: readonly string[], map: Map): number {
  const given = map[role];
  if (given === 'none') return -1;
  if (given !== undefined) {
    const at = atomic.fields.findIndex((field) => field.name === given);
    if (at >= 0) return at;
    throw new UsageError(
      'bad-mapping',
      `${atomic.file.name} has no field “${given}” for ${role}.`,
      `Its fields are: ${atomic.fields.map((field) => field.name).join(', ')}.`,
      { place: { flag: '--map', file: atomic.file.name } },
    );
  }
  for (const name of names) {
    const at = atomic.fields.findIndex((field) => field.name.toLowerCase() === name);
    if (at >= 0) return at;
  }
  return -1;
}

function plan(inter: AtomicFile[], items: AtomicFile[], users: AtomicFile[], map: Map): ReaderPlan {
  const first = inter[0];
  if (!first) {
    throw new InputError(
      'missing-file',
      'RecBole files need one that ends in .inter.',
      'Name the folder it is in.',
      {
        place: { file: items[0]?.file.name ?? users[0]?.file.name ?? '' },
      },
    );
  }
  const events = inter.map((atomic) => ({ atomic, ...eventColumns(atomic, map) }));
  const [itemFile] = items;
  const [userFile] = users;
  const notes: string[] = [];
  const { unit } = events[0]!;
  notes.push(
    unit === undefined
      ? 'There are no timestamps: the order of each user’s interactions is the order of the file.'
      : `Timestamps are ${unitNames[unit]}.`,
  );
  if (inter.length > 1) notes.push('The parts of a split are joined; the split itself is made anew.');
  if (!itemFile) notes.push('There is no .item file: items have no titles and no attributes.');
  const catalogue = itemFile ? itemReader(itemFile, map, notes) : undefined;
  return {
    attributes: catalogue?.attributes ?? [],
    files: [itemFile, userFile, ...inter]
      .filter((atomic) => atomic !== undefined)
      .map(({ file }) => file.name),
    notes,
    async read(sink, work) {
      if (itemFile && catalogue) await catalogue.read(sink, work);
      if (userFile) await readUsers(userFile, map, sink, work);
      for (const event of events) await readEvents(event, sink, work);
    },
  };
}

interface EventColumns {
  readonly user: number;
  readonly item: number;
  /** -1: none */
  readonly rating: number;
  readonly time: number;
  readonly unit: TimestampUnit | undefined;
}

function eventColumns(atomic: AtomicFile, map: Map): EventColumns {
  const user = roleIndex(atomic, 'user', userNames, map);
  const item = roleIndex(atomic, 'item', itemNames, map);
  if (user < 0 || item < 0) {
    throw new UsageError(
      'needs-mapping',
      `Which fields of ${atomic.file.name} are the user and the item is not clear.`,
      `Name them: --map user=FIELD --map item=FIELD (${atomic.fields.map((field) => field.name).join(', ')}).`,
      { place: { flag: '--map', file: atomic.file.name } },
    );
  }
  const time = roleIndex(atomic, 'timestamp', timeNames, map);
  const unit = time < 0 ? undefined : (detectUnit(atomic.sample.map((row) => row[time]!)) ?? 's');
  return { user, item, rating: roleIndex(atomic, 'rating', ratingNames, map), time, unit };
}

async function readEvents(
  { atomic, user, item, rating, time, unit }: EventColumns & { readonly atomic: AtomicFile },
  sink: DatasetSink,
  work: LongWork,
): Promise<void> {
  const { file, fields } = atomic;
  const columns = fields.length;
  const plainNumbers = [rating, time].every(
    (at) => at < 0 || atomic.sample.every((row) => /^\d{1,15}(\.\d{1,6})?$/.test(row[at]!)),
  );
  if (unit === 's' && plainNumbers && columns <= 60) {
    const layout = { delimiter: '\t', header: true, columns, user, item, timestamp: time };
    return scanRatings(file, rating < 0 ? layout : { ...layout, rating }, sink, work);
  }
  sink.beginFile(file.name);
  await readRows(atomic, sink, work, (cells, line, text) => {
    const bad = (reason: Parameters<DatasetSink['bad']>[1]): void =>
      sink.bad({ file: file.name, line }, reason, excerpt(text));
    const userId = cells[user]!;
    const itemId = cells[item]!;
    if (userId === '' || itemId === '') return bad('missing-field');
    const stars = rating < 0 ? NaN : parseNumber(cells[rating]!);
    if (rating >= 0 && !Number.isFinite(stars)) return bad('not-a-number');
    const seconds = unit === undefined ? 0 : parseTimestamp(cells[time]!, unit);
    if (Number.isNaN(seconds)) return bad('bad-timestamp');
    sink.interaction(sink.users.code(userId), sink.items.code(itemId), stars, seconds, line);
  });
}

async function readRows(
  { file, fields }: AtomicFile,
  sink: DatasetSink,
  work: LongWork,
  onRow: (cells: readonly string[], line: number, text: string) => void,
): Promise<void> {
  let header = true;
  await readTextLines(file, sink, work, tableLine, (text, line) => {
    if (header) {
      header = false;
      return;
    }
    const cells = text.split('\t');
    if (cells.length === fields.length) onRow(cells, line, text);
    else sink.bad({ file: file.name, line }, 'column-count', excerpt(text));
  });
}

interface ItemAttribute {
  readonly at: number;
  readonly definition: AttributeDefinition;
  value(cell: string): AttributeValue | undefined;
}

function itemReader(
  atomic: AtomicFile,
  map: Map,
  notes: string[],
): { attributes: AttributeDefinition[]; read(sink: DatasetSink, work: LongWork): Promise<void> } {
  const { file, fields } = atomic;
  const id = roleIndex(atomic, 'item', itemNames, {});
  const idAt = id >= 0 ? id : 0; // RecBole's converters put the id first
  const title = roleIndex(atomic, 'title', titleNames, map);
  if (title < 0) notes.push('The .item file has no title: items are shown under their ids.');
  const readers: ItemAttribute[] = [];
  for (const [at, field] of fields.entries()) {
    if (at === idAt || at === title) continue;
    const reader = itemAttribute(field, at, atomic);
    if (!reader)
      notes.push(
        `Field ${field.name}:${field.type} is left out: it is not an attribute that words describe.`,
      );
    else if (!readers.some(({ definition }) => definition.name === reader.definition.name))
      readers.push(reader);
  }
  return {
    attributes: readers.map(({ definition }) => definition),
    async read(sink, work) {
      await readRows(atomic, sink, work, (cells, line, text) => {
        const place = { file: file.name, line };
        const itemId = cells[idAt]!;
        if (itemId === '') return sink.bad(place, 'missing-field', excerpt(text));
        const attributes: Record<string, AttributeValue> = {};
        for (const { at, definition, value } of readers) {
          const found = value(cells[at]!.trim());
          if (found !== undefined) attributes[definition.name] = found;
        }
        const name = title < 0 ? '' : cells[title]!.trim();
        sink.item({ id: itemId, title: name === '' ? itemId : name, attributes }, place);
      });
    },
  };
}

/** How a field becomes an attribute; undefined for vectors and for names that no agent could say. */
function itemAttribute(field: Field, at: number, atomic: AtomicFile): ItemAttribute | undefined {
  const own = attributeName(field.name);
  const name = Object.hasOwn(aliases, own) ? aliases[own]! : own;
  if (name === '' || field.type === 'float_seq') return undefined;
  const cells = atomic.sample.map((row) => row[at]!.trim()).filter((cell) => cell !== '');
  const numeric = cells.length > 0 && cells.every((cell) => !Number.isNaN(parseNumber(cell)));
  // A year is a token to RecBole, but a number to everyone else.
  if (field.type === 'float' || (numeric && /year|price|rank|count|stars/.test(name))) {
    return { at, definition: { name, kind: 'number' }, value: (cell) => finite(parseNumber(cell)) };
  }
  if (field.type === 'token')
    return { at, definition: { name, kind: 'category' }, value: (cell) => cell || undefined };
  // Sequences are divided by blanks; converters of phrases write "'Toys & Games', 'Puzzles'" instead.
  const phrases = cells.filter((cell) => cell.includes(', ')).length >= 0.1 * Math.max(1, cells.length);
  return {
    at,
    definition: { name, kind: 'categories' },
    value(cell) {
      const parts = phrases
        ? cell.split(/,\s*/).map((part) => part.replace(/^(['"])(.*)\1$/, '$2'))
        : cell.split(' ');
      const words = [...new Set(parts.filter((part) => part !== ''))];
      return words.length ? words : undefined;
    },
  };
}

function finite(number: number): number | undefined {
  return Number.isFinite(number) ? number : undefined;
}

async function readUsers(atomic: AtomicFile, map: Map, sink: DatasetSink, work: LongWork): Promise<void> {
  const { file, fields } = atomic;
  const id = roleIndex(atomic, 'user', userNames, fields.some(({ name }) => name === map['user']) ? map : {});
  const idAt = id >= 0 ? id : 0;
  await readRows(atomic, sink, work, (cells, line, text) => {
    const place = { file: file.name, line };
    const userId = cells[idAt]!;
    if (userId === '') return sink.bad(place, 'missing-field', excerpt(text));
    const profile: Record<string, string | number> = {};
    for (const [at, field] of fields.entries()) {
      const cell = cells[at]!.trim();
      if (at === idAt || cell === '' || field.type === 'float_seq') continue;
      const number = parseNumber(cell);
      // Words of a sequence stay together: profiles are read, not searched. Zip codes keep their zeros.
      const asNumber = Number.isFinite(number) && (field.type === 'float' || String(number) === cell);
      profile[field.name] = asNumber ? number : cell;
    }
    sink.user({ id: userId, profile }, place);
  });
}

import { InputError, UsageError } from '../../../shared/errors.ts';
import type { LongWork } from '../../../shared/progress.ts';
import type { DatasetSink, Format, FormatOptions, ReaderPlan, SourceFile } from '../../reader.ts';
import type { AttributeValue } from '../../schema.ts';
import { excerpt } from '../../sources/lines.ts';
import { parseNumber, scanRatings } from '../fields.ts';
import { detectUnit, parseTimestamp, unitNames, type TimestampUnit } from '../timestamps.ts';
import { openDelimited } from './delimited.ts';
import { attributeReaders } from './infer.ts';
import { ItemColumns } from './item-columns.ts';
import { openJsonLines } from './json-table.ts';
import {
  interactionMapping,
  itemMapping,
  withFullKeys,
  type InteractionMapping,
  type ItemMapping,
} from './mapping.ts';
import { openParquet } from './parquet-table.ts';
import { cellId, cellText, isMissing, type Cell, type Table, type TableKind } from './table.ts';

const extensions: Readonly<Record<TableKind, RegExp>> = {
  csv: /\.csv$/,
  tsv: /\.(tsv|tab|txt)$/,
  jsonl: /\.(jsonl|ndjson|jsonlines|json)$/,
  parquet: /\.(parquet|pq)$/,
};

export const csvTable = tableFormat('csv', 'CSV table');
export const tsvTable = tableFormat('tsv', 'TSV table');
export const jsonlTable = tableFormat('jsonl', 'JSON lines');
export const parquetTable = tableFormat('parquet', 'Parquet');

/** Tables with any columns, found by name or given by a mapping: one of interactions, if need be one of items. */
function tableFormat(kind: TableKind, label: string): Format {
  return {
    id: kind,
    label,
    async detect(files) {
      const own = files.filter((file) => extensions[kind].test(file.base));
      if (!own.length) return 0;
      try {
        const tables = await openTables(own, kind, {});
        const found = tables.map((table) => ({ table, mapping: interactionMapping(table, {}) }));
        const best = found.find(({ mapping }) => mapping !== undefined);
        if (!best) return 0.1;
        // Without names of columns the order is a guess; with them, specific formats still come first.
        return best.table.delimited?.header === false ? 0.42 : 0.5;
      } catch (error) {
        if (error instanceof InputError) return 0;
        throw error;
      }
    },
    plan: (files, options) => plan(files, kind, label, options),
  };
}

/** Opens a file as a table of the kind. @throws InputError when it is none. */
export function openTable(
  file: SourceFile,
  kind: TableKind,
  map: Readonly<Record<string, string>>,
): Promise<Table> {
  if (kind === 'parquet') return openParquet(file);
  if (kind === 'jsonl') return openJsonLines(file);
  return openDelimited(file, {
    delimiter: delimiterOf(map['delimiter']) ?? (kind === 'tsv' ? '\t' : undefined),
    header: headerOf(map['header']),
  });
}

function openTables(
  files: readonly SourceFile[],
  kind: TableKind,
  map: Readonly<Record<string, string>>,
): Promise<Table[]> {
  return Promise.all(files.map((file) => openTable(file, kind, map)));
}

function delimiterOf(given: string | undefined): string | undefined {
  if (given === undefined) return undefined;
  if (given === 'tab' || given === '\\t') return '\t';
  if (given.length === 1 && given !== '"' && given !== '\n') return given;
  throw new UsageError('bad-mapping', `“${given}” cannot divide columns.`, 'Use one character, or tab.', {
    place: { flag: '--map' },
  });
}

function headerOf(given: string | undefined): boolean | undefined {
  if (given === undefined) return undefined;
  if (given === 'yes' || given === 'true') return true;
  if (given === 'no' || given === 'false') return false;
  throw new UsageError('bad-mapping', `“${given}” is not “yes” or “no”.`, 'Use header=yes or header=no.', {
    place: { flag: '--map' },
  });
}

interface Chosen {
  readonly interactions: Table;
  readonly columns: InteractionMapping;
  /** Of a table of their own, or the one of the interactions where its rows describe items too. */
  readonly items?: { readonly table: Table; readonly columns: ItemMapping };
}

async function choose(
  files: readonly SourceFile[],
  kind: TableKind,
  label: string,
  map: Readonly<Record<string, string>>,
): Promise<Chosen> {
  const named = [map['interactions'], map['items']].filter((name) => name !== undefined && name !== 'none');
  const wanted = files.filter(
    (file) =>
      extensions[kind].test(file.base) || files.length === 1 || named.some((name) => isNamed(file, name!)),
  );
  if (!wanted.length) {
    throw new InputError(
      'missing-file',
      `None of the files is named like a file of ${label}.`,
      'Name the file itself.',
      {
        place: { file: files[0]?.name ?? '' },
      },
    );
  }
  const tables = await openTables(wanted, kind, map);
  const candidates = map['interactions'] === undefined ? tables : [tableNamed(tables, map['interactions'])];
  let interactions: Table | undefined;
  let columns: InteractionMapping | undefined;
  let failure: unknown;
  for (const table of candidates) {
    try {
      columns = interactionMapping(table, map);
    } catch (error) {
      failure ??= error; // another file may have the column that the mapping names
    }
    if (!columns) continue;
    interactions = table;
    break;
  }
  if (!interactions || !columns) {
    if (failure !== undefined) throw failure;
    throw new UsageError(
      'needs-mapping',
      `The columns of users and items are not clear (${candidates[0]!.columns.slice(0, 20).join(', ')}).`,
      'Name them: --map user=COLUMN --map item=COLUMN, and rating and timestamp where there are any.',
      { place: { flag: '--map', file: candidates[0]!.file.name } },
    );
  }
  if (map['items'] === 'none') return { interactions, columns };
  const others =
    map['items'] === undefined
      ? tables.filter((table) => table !== interactions)
      : [tableNamed(tables, map['items'])];
  for (const table of others.filter((other) => other !== interactions)) {
    const itemColumns = itemMapping(table, map, interactions.columns[columns.item]!);
    if (itemColumns) return { interactions, columns, items: { table, columns: itemColumns } };
  }
  const own = ownItemMapping(interactions, map, columns);
  return { interactions, columns, ...(own ? { items: { table: interactions, columns: own } } : {}) };
}

/**
 * What the rows of the interactions say of their items: only what the mapping names, as other columns may say
 * something of the event. Undefined when it names nothing.
 */
function ownItemMapping(
  table: Table,
  map: Readonly<Record<string, string>>,
  columns: InteractionMapping,
): ItemMapping | undefined {
  const key = Object.keys(map).find((name) => name.startsWith('item.') || name === 'items');
  if (key === undefined) return undefined;
  if (key === 'items' || map['item.id'] !== undefined) {
    throw new UsageError(
      'bad-mapping',
      `“${key === 'items' ? key : 'item.id'}” is given, but there is no file of items.`,
      'Name that file too; columns of the interactions that describe items need only item.title and item.NAME.',
      { place: { flag: '--map' } },
    );
  }
  const mapped = itemMapping(table, map, table.columns[columns.item]!);
  const { attributes = [] } = mapped ?? {};
  const title = map['item.title'] === undefined ? undefined : mapped?.title;
  return { id: columns.item, attributes, ...(title === undefined ? {} : { title }) };
}

function isNamed(file: SourceFile, name: string): boolean {
  const base = name.toLowerCase().replace(/\.gz$/, '');
  return file.base === base || file.name === name;
}

function tableNamed(tables: readonly Table[], name: string): Table {
  const found = tables.find((table) => isNamed(table.file, name));
  if (found) return found;
  throw new UsageError('bad-mapping', `There is no file “${name}”.`, 'Give the name of one of the files.', {
    place: { flag: '--map' },
  });
}

async function plan(
  files: readonly SourceFile[],
  kind: TableKind,
  label: string,
  options: FormatOptions,
): Promise<ReaderPlan> {
  const map = withFullKeys(options.map ?? {});
  const { interactions, columns, items } = await choose(files, kind, label, map);
  const unit =
    columns.timestamp === undefined ? undefined : (columns.unit ?? unitOf(interactions, columns.timestamp));
  const readers = items
    ? attributeReaders(items.table, items.columns.attributes, [items.columns.id, items.columns.title ?? -1])
    : [];
  const own = items?.table === interactions;
  const called = (index: number | undefined): string =>
    index === undefined ? 'none' : interactions.columns[index]!;
  const notes = [
    `Columns: user = ${called(columns.user)}, item = ${called(columns.item)}, rating = ${called(columns.rating)}, timestamp = ${called(columns.timestamp)}.`,
    unit === undefined
      ? 'There are no timestamps: the order of each user’s interactions is the order of the file.'
      : `Timestamps are ${unitNames[unit]}.`,
    ...(items ? [] : ['There is no file of items: they have no titles and no attributes.']),
    ...(items ? [] : unusedColumns(interactions, columns)),
    ...(own ? [`Items are described by the rows of ${interactions.file.name} itself.`] : []),
    ...readers.map(({ definition }) => `Attribute ${definition.name}: ${definition.kind}.`),
  ];
  return {
    attributes: readers.map((reader) => reader.definition),
    files: [...(items && !own ? [items.table.file.name] : []), interactions.file.name],
    notes,
    async read(sink, work) {
      if (items && !own) await readItems(items.table, items.columns, readers, sink, work);
      const described = items && own ? new ItemColumns(interactions, items.columns, readers) : undefined;
      await readInteractions(interactions, columns, unit, sink, work, described);
      described?.pour(sink);
      notes.push(...(described?.conflicts() ?? []));
    },
  };
}

/** Says which columns of a lone table are left out, and how they are taken in if they describe items. */
function unusedColumns(table: Table, columns: InteractionMapping): string[] {
  if (table.delimited?.header === false) return [];
  const used = [columns.user, columns.item, columns.rating, columns.timestamp];
  const unused = table.columns.filter((_, index) => !used.includes(index));
  if (!unused.length) return [];
  const named = unused.slice(0, 8).join(', ') + (unused.length > 8 ? ', …' : '');
  return [`Not used: ${named}. What describes items can be mapped: item.title=COLUMN, item.NAME=COLUMN.`];
}

/** @throws UsageError when the values of the column are no times. */
function unitOf(table: Table, column: number): TimestampUnit {
  const cells = table.sample.map((row) => row[column]).filter((cell) => !isMissing(cell));
  if (cells.some((cell) => cell instanceof Date)) return 'iso';
  const unit = detectUnit(
    cells
      .map((cell) => (typeof cell === 'bigint' ? Number(cell) : cell))
      .filter((cell) => typeof cell === 'string' || typeof cell === 'number'),
  );
  if (unit) return unit;
  if (!cells.length) return 's';
  throw new UsageError(
    'bad-mapping',
    `The values of “${table.columns[column]!}” are no timestamps (${excerpt(cellText(cells[0])).slice(0, 40)}).`,
    'Map another column, or timestamp=none to keep the order of the file.',
    { place: { flag: '--map', file: table.file.name } },
  );
}

async function readItems(
  table: Table,
  columns: ItemMapping,
  readers: readonly ReturnType<typeof attributeReaders>[number][],
  sink: DatasetSink,
  work: LongWork,
): Promise<void> {
  const wanted = [
    columns.id,
    ...(columns.title === undefined ? [] : [columns.title]),
    ...readers.map((r) => r.column),
  ];
  await table.rows([...new Set(wanted)], sink, work, (cells, line) => {
    const place = { file: table.file.name, line };
    const id = cellId(cells[columns.id]);
    if (id === undefined) return sink.bad(place, 'missing-field', excerptOf(cells));
    const title = columns.title === undefined ? '' : cellText(cells[columns.title]).trim();
    const attributes: Record<string, AttributeValue> = {};
    for (const reader of readers) {
      const value = reader.value(cells[reader.column]);
      if (value !== undefined) attributes[reader.definition.name] = value;
    }
    sink.item({ id, title: title === '' ? id : title, attributes }, place);
  });
}

async function readInteractions(
  table: Table,
  columns: InteractionMapping,
  unit: TimestampUnit | undefined,
  sink: DatasetSink,
  work: LongWork,
  described?: ItemColumns,
): Promise<void> {
  if (!described && table.delimited && isPlain(table, columns, unit)) {
    const { delimiter, header } = table.delimited;
    const { user, item, rating, timestamp } = columns;
    const layout = { delimiter, header, columns: table.columns.length, user, item, timestamp: timestamp! };
    return scanRatings(table.file, rating === undefined ? layout : { ...layout, rating }, sink, work);
  }
  const { file } = table;
  sink.beginFile(file.name);
  const { user: userColumn, item: itemColumn, rating: ratingColumn, timestamp: timeColumn } = columns;
  const wanted = [userColumn, itemColumn, ratingColumn, timeColumn, ...(described?.columns ?? [])].filter(
    (index) => index !== undefined,
  );
  await table.rows([...new Set(wanted)], sink, work, (cells, line) => {
    const bad = (reason: Parameters<DatasetSink['bad']>[1]): void =>
      sink.bad({ file: file.name, line }, reason, excerptOf(cells));
    const user = cellId(cells[columns.user]);
    const item = cellId(cells[columns.item]);
    if (user === undefined || item === undefined) return bad('missing-field');
    let rating = NaN;
    if (columns.rating !== undefined) {
      const cell = cells[columns.rating];
      rating =
        typeof cell === 'string'
          ? parseNumber(cell)
          : typeof cell === 'bigint'
            ? Number(cell)
            : typeof cell === 'number'
              ? cell
              : NaN;
      if (!Number.isFinite(rating)) return bad('not-a-number');
    }
    let time = 0;
    if (columns.timestamp !== undefined && unit !== undefined) {
      time = secondsOfCell(cells[columns.timestamp], unit);
      if (Number.isNaN(time)) return bad('bad-timestamp');
    }
    const itemCode = sink.items.code(item);
    sink.interaction(sink.users.code(user), itemCode, rating, time, line);
    described?.row(itemCode, cells, line);
  });
}

function secondsOfCell(cell: Cell, unit: TimestampUnit): number {
  if (cell instanceof Date) return cell.getTime() >= 0 ? cell.getTime() / 1000 : NaN;
  if (typeof cell === 'bigint') return parseTimestamp(Number(cell), unit);
  return typeof cell === 'string' || typeof cell === 'number' ? parseTimestamp(cell, unit) : NaN;
}

/** Whether the byte-level scanner reads the table as the full reader does: plain ids, plain numbers, seconds. */
function isPlain(table: Table, columns: InteractionMapping, unit: TimestampUnit | undefined): boolean {
  if (unit !== 's' || columns.timestamp === undefined || table.columns.length > 60 || !table.sample.length)
    return false;
  const { rating, timestamp } = columns;
  const isNumber = (cell: string): boolean => /^\d{1,15}(\.\d{1,6})?$/.test(cell);
  return table.sample.every((row) =>
    row.every((cell, i) => {
      if (typeof cell !== 'string') return false;
      if (i === timestamp) return isNumber(cell) && parseTimestamp(cell, 's') >= 0;
      return i === rating ? isNumber(cell) : /^[\w.:-]+$/.test(cell);
    }),
  );
}

function excerptOf(cells: readonly Cell[]): string {
  return excerpt(cells.slice(0, 12).map(cellText).join(', '));
}

import { InputError } from '../shared/errors.ts';
import { ByteIdTable } from './id-table.ts';
import { RawColumns } from './raw-columns.ts';
import type { BadRowReason, DatasetSink, SourcePlace } from './reader.ts';
import type { AttributeDefinition, AttributeValue, ItemRecord, UserRecord } from './schema.ts';

/** Share of bad rows in a file above which an import stops. */
export const defaultTolerance = 0.01;
/** Bad rows beyond this many are counted but not listed. */
export const listedBadRows = 1000;
/** Before this many bad rows a file is read to its end, so that its share of them is known exactly. */
const earlyStop = 1000;
const longestTitle = 500;

export interface BadRow extends SourcePlace {
  readonly reason: BadRowReason;
  readonly excerpt: string;
}

interface FileCount {
  rows: number;
  bad: number;
  readonly reasons: Map<BadRowReason, number>;
  first: BadRow | undefined;
}

/**
 * Takes in what a reader pours, checks it, and keeps it: interactions in columns, records by code, bad rows
 * counted, the first of them listed.
 */
export class ImportSink implements DatasetSink {
  readonly users = new ByteIdTable();
  readonly items = new ByteIdTable();
  readonly interactions = new RawColumns();
  /** By item code; empty where the catalogue has no entry. */
  readonly itemRecords: (ItemRecord | undefined)[] = [];
  /** By user code. */
  readonly profiles: (UserRecord['profile'] | undefined)[] = [];
  readonly badRows: BadRow[] = [];
  /** How many item records came: 0 = the source has no catalogue. */
  catalogueSize = 0;
  private readonly attributes: ReadonlyMap<string, AttributeDefinition['kind']>;
  private readonly tolerance: number;
  private readonly files = new Map<string, FileCount>();
  private currentFile = '';
  private current = this.fileCount('');
  /** By item code: line (0 = none yet) and index in `fileNames` of its first interaction. */
  private firstLines = new Uint32Array(1 << 10);
  private firstFiles = new Uint16Array(1 << 10);
  private readonly fileNames: string[] = [];

  constructor(attributes: readonly AttributeDefinition[], tolerance: number) {
    this.attributes = new Map(attributes.map(({ name, kind }) => [name, kind]));
    this.tolerance = tolerance;
  }

  beginFile(file: string): void {
    this.current = this.fileCount(file);
    this.currentFile = file;
    if (this.fileNames.at(-1) !== file) this.fileNames.push(file);
  }

  interaction(user: number, item: number, rating: number, timestamp: number, line: number): void {
    if (!(timestamp >= 0 && timestamp < 1e12)) {
      this.bad({ file: this.currentFile, line }, 'bad-timestamp', String(timestamp));
      return;
    }
    if (rating - rating !== 0 && rating === rating) {
      this.bad({ file: this.currentFile, line }, 'not-a-number', String(rating));
      return;
    }
    this.current.rows++;
    if (item >= this.firstLines.length) this.growPlaces(item);
    if (this.firstLines[item] === 0) {
      this.firstLines[item] = line;
      this.firstFiles[item] = this.fileNames.length - 1;
    }
    this.interactions.add(user, item, rating, timestamp);
  }

  item(record: ItemRecord, place: SourcePlace): void {
    if (record.id === '') return this.bad(place, 'missing-field', record.title);
    const code = this.items.code(record.id);
    if (this.itemRecords[code]) return this.bad(place, 'duplicate-id', record.id);
    // An item that a row of interactions describes is no further row.
    if (place.file !== this.currentFile) this.fileCount(place.file).rows++;
    this.catalogueSize++;
    const title = cleanTitle(record.title);
    this.itemRecords[code] = {
      id: record.id,
      title: title === '' ? record.id : title,
      attributes: this.checked(record.attributes),
    };
  }

  user(record: UserRecord, place: SourcePlace): void {
    if (record.id === '') return this.bad(place, 'missing-field', '');
    const code = this.users.code(record.id);
    if (this.profiles[code]) return this.bad(place, 'duplicate-id', record.id);
    this.fileCount(place.file).rows++;
    this.profiles[code] = record.profile;
  }

  bad(place: SourcePlace, reason: BadRowReason, excerpt: string): void {
    const count = this.fileCount(place.file);
    const row: BadRow = { ...place, reason, excerpt };
    count.rows++;
    count.bad++;
    count.reasons.set(reason, (count.reasons.get(reason) ?? 0) + 1);
    count.first ??= row;
    if (this.badRows.length < listedBadRows) this.badRows.push(row);
    if (count.bad >= earlyStop && count.bad > this.tolerance * count.rows)
      throw this.tooMany(place.file, count);
  }

  /** Of all files, once everything is read. @throws InputError `too-many-bad-rows`, `no-interactions`. */
  finish(): { rows: number; badRows: number; reasons: Record<string, number> } {
    let rows = 0;
    let badRows = 0;
    const reasons: Record<string, number> = {};
    for (const [file, count] of this.files) {
      if (count.bad > this.tolerance * count.rows) throw this.tooMany(file, count);
      rows += count.rows;
      badRows += count.bad;
      for (const [reason, number] of count.reasons) reasons[reason] = (reasons[reason] ?? 0) + number;
    }
    if (this.interactions.rows === 0)
      throw new InputError(
        'no-interactions',
        'The source has no interactions.',
        'Check that these are the right files, and the format (--format) and mapping (--map).',
        { place: { file: this.fileNames[0] ?? this.currentFile } },
      );
    return { rows, badRows, reasons };
  }

  /** Where an item first stands in a file of interactions. */
  firstPlace(item: number): SourcePlace {
    return { file: this.fileNames[this.firstFiles[item]!] ?? '', line: this.firstLines[item]! };
  }

  /** Turns rows that were accepted into bad ones. @throws InputError `too-many-bad-rows`. */
  reject(place: SourcePlace, reason: BadRowReason, excerpt: string, rows: number): void {
    const count = this.fileCount(place.file);
    count.bad += rows;
    count.reasons.set(reason, (count.reasons.get(reason) ?? 0) + rows);
    const row: BadRow = { ...place, reason, excerpt };
    count.first ??= row;
    if (this.badRows.length < listedBadRows) this.badRows.push(row);
  }

  private checked(attributes: ItemRecord['attributes']): ItemRecord['attributes'] {
    const kept: Record<string, AttributeValue> = {};
    for (const [name, value] of Object.entries(attributes)) {
      const kind = this.attributes.get(name);
      const expected = kind === 'number' ? 'number' : kind === 'categories' ? 'object' : 'string';
      if (kind === undefined || typeof value !== expected)
        throw new RangeError(`A reader gave the attribute “${name}” that it did not announce as such.`);
      if (typeof value !== 'number' || Number.isFinite(value)) kept[name] = value;
    }
    return kept;
  }

  private growPlaces(item: number): void {
    const length = Math.max(item + 1, this.firstLines.length * 2);
    const lines = new Uint32Array(length);
    const files = new Uint16Array(length);
    lines.set(this.firstLines);
    files.set(this.firstFiles);
    this.firstLines = lines;
    this.firstFiles = files;
  }

  private fileCount(file: string): FileCount {
    if (file === this.currentFile && this.current) return this.current;
    let count = this.files.get(file);
    if (!count) {
      count = { rows: 0, bad: 0, reasons: new Map(), first: undefined };
      this.files.set(file, count);
    }
    return count;
  }

  private tooMany(file: string, count: FileCount): InputError {
    const reasons = [...count.reasons].map(([reason, number]) => `${number} ${reason}`).join(', ');
    const share = ((100 * count.bad) / count.rows).toFixed(1);
    const { line, excerpt } = count.first!;
    return new InputError(
      'too-many-bad-rows',
      `${count.bad} of ${count.rows} rows (${share} %) cannot be used: ${reasons}. The first: “${excerpt}”.`,
      `Check the format and mapping, or allow more with --tolerance (now ${100 * this.tolerance} %).`,
      { place: { file, line } },
    );
  }
}

/** One line, without control characters, at most 500 characters. */
function cleanTitle(title: string): string {
  const clean = title.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
  return clean.length > longestTitle ? `${clean.slice(0, longestTitle - 1)}…` : clean;
}

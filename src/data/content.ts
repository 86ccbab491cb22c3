import { createHash, type Hash } from 'node:crypto';
import { sectionBlocks, type SectionToWrite } from './column-file.ts';
import type { Dataset, DatasetColumns } from './dataset.ts';
import type { ImportReport, Provenance } from './manifest.ts';
import type { Preparation } from './preparation.ts';
import type { Records } from './records.ts';
import type { AttributeDefinition, AttributeValue, ItemRecord, UserRecord } from './schema.ts';

/** A prepared dataset before it is stored: what `prepare` and the importer make. */
export interface DatasetContent {
  readonly name: string;
  readonly simulated: boolean;
  readonly attributes: readonly AttributeDefinition[];
  /** Whole seconds below 2³² may be held in four bytes. */
  readonly columns: Omit<DatasetColumns, 'timestamps'> & { readonly timestamps: Float64Array | Uint32Array };
  /** How many of `items`, from the first, have interactions. */
  readonly itemCount: number;
  /** The whole catalogue by item code. */
  readonly items: Records<ItemRecord>;
  readonly users: Records<UserRecord>;
  readonly preparation: Preparation;
  readonly provenance: Provenance;
  readonly report?: ImportReport;
}

export function sectionsOf({ columns }: Pick<DatasetContent, 'columns'>): SectionToWrite[] {
  const { offsets, items, ratings, timestamps, trainEnd, validationEnd } = columns;
  return [
    { name: 'offsets', type: 'u32', values: offsets },
    { name: 'items', type: 'u32', values: items },
    ...(ratings ? [{ name: 'ratings', type: 'f32', values: ratings } as const] : []),
    { name: 'timestamps', type: 'f64', values: timestamps },
    { name: 'trainEnd', type: 'u32', values: trainEnd },
    { name: 'validationEnd', type: 'u32', values: validationEnd },
  ];
}

/** One line of JSON a record, in blocks of about 1 MiB. `starts` [count + 1] receives each line's byte offset. */
export function* recordBlocks(
  records: Records<ItemRecord> | Records<UserRecord>,
  starts: Uint32Array,
): Generator<Uint8Array> {
  let block: string[] = [];
  let size = 0;
  let position = 0;
  for (let code = 0; code < records.count; code++) {
    const line = `${JSON.stringify(records.at(code))}\n`;
    const bytes = Buffer.byteLength(line);
    starts[code] = position;
    position += bytes;
    if (position > 0xffffffff) throw new RangeError('The records of a dataset may take 4 GiB at most.');
    block.push(line);
    size += bytes;
    if (size >= 1 << 20) {
      yield Buffer.from(block.join(''), 'utf8');
      block = [];
      size = 0;
    }
  }
  starts[records.count] = position;
  if (block.length > 0) yield Buffer.from(block.join(''), 'utf8');
}

/**
 * The content hash takes in what a model can see: catalogue, users, interactions and split, in this order; not
 * the name, the date, nor how the source was packed.
 */
export function startContentHash(content: DatasetContent): Hash {
  const { attributes, items, users, itemCount, simulated } = content;
  const head = { attributes, catalogue: items.count, users: users.count, itemCount, simulated };
  return createHash('sha256').update(`${JSON.stringify(head)}\n`);
}

export function hashSection(hash: Hash, section: SectionToWrite): void {
  hash.update(`\n${section.name} ${section.type} ${section.values.length}\n`);
}

/** The hash that the dataset would have when stored. */
export function contentHash(content: DatasetContent): string {
  const hash = startContentHash(content);
  for (const records of [content.items, content.users])
    for (const block of recordBlocks(records, new Uint32Array(records.count + 1))) hash.update(block);
  for (const section of sectionsOf(content)) {
    hashSection(hash, section);
    for (const block of sectionBlocks(section)) hash.update(block);
  }
  return hash.digest('hex');
}

/** A dataset that was never stored. Throws RangeError when the content contradicts itself. */
export function datasetInMemory(content: DatasetContent): Dataset {
  const { timestamps } = content.columns;
  const columns: DatasetColumns = {
    ...content.columns,
    timestamps: timestamps instanceof Float64Array ? timestamps : Float64Array.from(timestamps),
  };
  const wrong = contradiction(content);
  if (wrong) throw new RangeError(`Not a dataset: ${wrong}.`);
  return new ColumnDataset(content, columns, contentHash(content));
}

/** What makes this content no dataset; undefined when nothing does. One pass over the columns. */
export function contradiction(
  content: Pick<DatasetContent, 'columns' | 'itemCount' | 'items' | 'users'>,
): string | undefined {
  const { offsets, items, ratings, timestamps, trainEnd, validationEnd } = content.columns;
  const users = content.users.count;
  const rows = items.length;
  if (offsets.length !== users + 1 || trainEnd.length !== users || validationEnd.length !== users)
    return 'the columns of users differ in length';
  if (timestamps.length !== rows || (ratings && ratings.length !== rows))
    return 'the columns of interactions differ in length';
  if (offsets[0] !== 0 || offsets[users] !== rows) return 'the offsets do not cover the interactions';
  if (content.itemCount > content.items.count) return 'the catalogue is smaller than the number of items';
  for (let user = 0; user < users; user++) {
    const end = offsets[user + 1]!;
    const ordered =
      offsets[user]! <= trainEnd[user]! &&
      trainEnd[user]! <= validationEnd[user]! &&
      validationEnd[user]! <= end;
    if (!ordered) return `the split of user ${user} is out of order`;
    for (let at = offsets[user]! + 1; at < end; at++)
      if (!(timestamps[at - 1]! <= timestamps[at]!)) return `the times of user ${user} are out of order`;
  }
  const limit = content.itemCount;
  const seen = new Uint8Array(limit);
  for (let at = 0; at < rows; at++) {
    if (items[at]! >= limit) return `interaction ${at} has no item`;
    seen[items[at]!] = 1;
  }
  const unseen = seen.indexOf(0);
  return unseen < 0 ? undefined : `item ${unseen} has no interactions`;
}

/** A dataset over columns and records, wherever they come from. */
export class ColumnDataset implements Dataset {
  readonly name: string;
  readonly hash: string;
  readonly simulated: boolean;
  readonly userCount: number;
  readonly itemCount: number;
  readonly catalogueCount: number;
  readonly interactionCount: number;
  readonly attributes: readonly AttributeDefinition[];
  readonly offsets: Uint32Array;
  readonly items: Uint32Array;
  readonly ratings: Float32Array | undefined;
  readonly timestamps: Float64Array;
  readonly trainEnd: Uint32Array;
  readonly validationEnd: Uint32Array;
  private readonly itemRecords: Records<ItemRecord>;
  private readonly userRecords: Records<UserRecord>;

  constructor(
    content: Pick<DatasetContent, 'name' | 'simulated' | 'attributes' | 'itemCount' | 'items' | 'users'>,
    columns: DatasetColumns,
    hash: string,
  ) {
    this.name = content.name;
    this.hash = hash;
    this.simulated = content.simulated;
    this.userCount = content.users.count;
    this.itemCount = content.itemCount;
    this.catalogueCount = content.items.count;
    this.interactionCount = columns.items.length;
    this.attributes = content.attributes;
    this.offsets = columns.offsets;
    this.items = columns.items;
    this.ratings = columns.ratings;
    this.timestamps = columns.timestamps;
    this.trainEnd = columns.trainEnd;
    this.validationEnd = columns.validationEnd;
    this.itemRecords = content.items;
    this.userRecords = content.users;
  }

  item(code: number): ItemRecord {
    return this.itemRecords.at(code);
  }

  user(code: number): UserRecord {
    return this.userRecords.at(code);
  }

  itemCode(id: string): number | undefined {
    return this.itemRecords.find(id);
  }

  userCode(id: string): number | undefined {
    return this.userRecords.find(id);
  }

  attribute(code: number, name: string): AttributeValue | undefined {
    const { attributes } = this.itemRecords.at(code);
    return Object.hasOwn(attributes, name) ? attributes[name] : undefined;
  }
}

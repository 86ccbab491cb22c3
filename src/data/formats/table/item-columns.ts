import type { DatasetSink } from '../../reader.ts';
import type { AttributeValue, ItemRecord } from '../../schema.ts';
import type { AttributeReader } from './infer.ts';
import type { ItemMapping } from './mapping.ts';
import { cellText, type Cell, type Table } from './table.ts';

interface Described {
  readonly line: number;
  /** By column: the first text that is not blank. */
  readonly texts: string[];
  /** By attribute reader. */
  readonly values: (AttributeValue | undefined)[];
}

/**
 * Items described by columns of the interactions themselves, as in an export with one table: of each column the
 * first value that is not blank counts, and items with another one further down are counted.
 * Memory is that of the catalogue.
 */
export class ItemColumns {
  /** Columns that are read, the title's first where there is one. */
  readonly columns: readonly number[];
  private readonly table: Table;
  private readonly titled: boolean;
  private readonly readers: readonly AttributeReader[];
  /** By item code. */
  private readonly items = new Map<number, Described>();
  /** By place in `columns`: codes of the items with a second value. */
  private readonly differing: readonly Set<number>[];

  constructor(table: Table, { title }: ItemMapping, readers: readonly AttributeReader[]) {
    this.table = table;
    this.titled = title !== undefined;
    this.readers = readers;
    this.columns = [...(title === undefined ? [] : [title]), ...readers.map(({ column }) => column)];
    this.differing = this.columns.map(() => new Set());
  }

  /** Takes in the row of an interaction with the item. */
  row(item: number, cells: readonly Cell[], line: number): void {
    let known = this.items.get(item);
    if (!known) {
      known = { line, texts: this.columns.map(() => ''), values: this.readers.map(() => undefined) };
      this.items.set(item, known);
    }
    for (let i = 0; i < this.columns.length; i++) {
      const cell = cells[this.columns[i]!];
      const text = cellText(cell).trim();
      const before = known.texts[i]!;
      if (text === before || text === '') continue;
      if (before !== '') {
        this.differing[i]!.add(item);
        continue;
      }
      known.texts[i] = text;
      const at = this.titled ? i - 1 : i;
      if (at >= 0) known.values[at] = this.readers[at]!.value(cell);
    }
  }

  /** Gives the sink every item seen; an item without a title bears its id. */
  pour(sink: DatasetSink): void {
    for (const [item, { line, texts, values }] of this.items) {
      const id = sink.items.text(item);
      const attributes: Record<string, AttributeValue> = {};
      this.readers.forEach(({ definition }, i) => {
        const value = values[i];
        if (value !== undefined) attributes[definition.name] = value;
      });
      const record: ItemRecord = { id, title: (this.titled && texts[0]) || id, attributes };
      sink.item(record, { file: this.table.file.name, line });
    }
  }

  /** A sentence for each column in which items have more than one value. */
  conflicts(): string[] {
    return this.columns.flatMap((column, i) => {
      const count = this.differing[i]!.size;
      if (count === 0) return [];
      const whose = count === 1 ? '1 item has' : `${count} items have`;
      return [`${whose} more than one value in “${this.table.columns[column]!}”: the first counts.`];
    });
  }
}

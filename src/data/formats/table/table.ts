import type { LongWork } from '../../../shared/progress.ts';
import type { DatasetSink, SourceFile } from '../../reader.ts';

/** A value of a table: text of a delimited file, any value of JSON, or what Parquet's types become. */
export type Cell = unknown;

/** A file seen as a table: named columns and rows that are streamed. */
export interface Table {
  readonly file: SourceFile;
  readonly columns: readonly string[];
  /** First rows, for detection of kinds and for the preview; cells in the order of `columns`. */
  readonly sample: readonly (readonly Cell[])[];
  /** How the columns are divided, of a delimited table. */
  readonly delimited?: { readonly delimiter: string; readonly header: boolean };
  /**
   * Streams all rows; `cells` are in the order of `columns` and valid only during the call, those that are not
   * `wanted` may be undefined. Rows that are no rows of this table go to `sink.bad`.
   */
  rows(
    wanted: readonly number[],
    sink: Pick<DatasetSink, 'bad'>,
    work: LongWork,
    onRow: (cells: readonly Cell[], line: number) => void,
  ): Promise<void>;
}

export type TableKind = 'csv' | 'tsv' | 'jsonl' | 'parquet';

/** How many first rows are looked at. */
export const sampleRows = 200;

/** A cell as one line of text, for previews and reports. */
export function cellText(cell: Cell): string {
  if (cell === undefined || cell === null) return '';
  if (typeof cell === 'string') return cell;
  if (cell instanceof Date) return Number.isNaN(cell.getTime()) ? '' : cell.toISOString();
  if (typeof cell === 'number' || typeof cell === 'bigint' || typeof cell === 'boolean') return String(cell);
  try {
    return (
      JSON.stringify(cell, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)) ?? ''
    );
  } catch {
    return ''; // a value that refers to itself cannot come from a file
  }
}

/** Text of an id; undefined for what is none (missing, blank, a list, an object). */
export function cellId(cell: Cell): string | undefined {
  if (typeof cell === 'bigint') return String(cell);
  if (typeof cell === 'number') return Number.isFinite(cell) ? String(cell) : undefined;
  if (typeof cell !== 'string') return undefined;
  const text = cell.trim();
  return text === '' ? undefined : text;
}

export function isMissing(cell: Cell): boolean {
  return cell === undefined || cell === null || (typeof cell === 'string' && cell.trim() === '');
}

import { InputError, throwIfCancelled } from '../../../shared/errors.ts';
import type { SourceFile } from '../../reader.ts';
import { emptyFile } from '../../sources/text.ts';
import type { ParquetShape } from './parquet-decode.ts';
import { askParquet } from './parquet-thread.ts';
import { sampleRows, type Cell, type Table } from './table.ts';

/** A row group is decoded as a whole; writers use a million rows or fewer. */
const largestGroup = 1 << 25;
/** Milliseconds a request may take, and those that each cell adds: some hundred times what is usual. */
const patienceForAny = 20_000;
const patienceForCell = 0.01;

/**
 * Opens a Parquet file on disk. It is read by row groups, so memory is that of one group's wanted columns.
 * @throws InputError when it is damaged, or inside an archive: Parquet needs random access.
 */
export async function openParquet(file: SourceFile, patience = patienceForAny): Promise<Table> {
  if (file.size === 0) throw emptyFile(file.name);
  const { path } = file;
  if (path === undefined) {
    throw new InputError(
      'needs-unpacking',
      'A Parquet file inside an archive cannot be read in place.',
      'Unpack it first.',
      { place: { file: file.name } },
    );
  }
  const { columns, groups } = await askParquet<ParquetShape>({ kind: 'describe', path }, file.name, patience);
  if (groups.some((rows) => rows > largestGroup)) {
    throw new InputError(
      'too-large',
      `The Parquet file has a row group of more than ${largestGroup} rows.`,
      'Write it with smaller row groups (a million rows is usual).',
      { place: { file: file.name } },
    );
  }
  const read = (wanted: readonly number[], start: number, end: number, signal?: AbortSignal) =>
    askParquet<ArrayLike<Cell>[]>(
      { kind: 'read', path, columns: wanted.map((index) => columns[index]!), start, end },
      file.name,
      patience + patienceForCell * (end - start) * wanted.length,
      signal,
    );
  const everything = columns.map((_, index) => index);
  const firstRows = Math.min(sampleRows, groups.find((rows) => rows > 0) ?? 0);
  const first = firstRows > 0 ? await read(everything, 0, firstRows) : [];
  return {
    file,
    columns,
    sample: Array.from({ length: firstRows }, (_, row) => everything.map((index) => first[index]![row])),
    // A row group that cannot be decoded is damage to the file, not a bad row: the sink has nothing to count.
    async rows(wanted, _sink, work, onRow) {
      const total = groups.reduce((sum, rows) => sum + rows, 0);
      const cells = new Array<Cell>(columns.length);
      let start = 0;
      for (const rows of groups) {
        throwIfCancelled(work.signal, 'The import');
        if (rows === 0) continue;
        const values = await read(wanted, start, start + rows, work.signal);
        for (let row = 0; row < rows; row++) {
          for (let i = 0; i < wanted.length; i++) cells[wanted[i]!] = values[i]![row];
          onRow(cells, start + row + 1);
        }
        start += rows;
        const done = Math.round((file.size * start) / total);
        work.onProgress?.({ message: `Reading ${file.name}`, done, total: file.size, unit: 'bytes' });
      }
    },
  };
}

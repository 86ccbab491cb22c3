import fs from 'node:fs/promises';
import {
  parquetMetadataAsync,
  parquetScan,
  parquetSchema,
  type AsyncBuffer,
  type FileMetaData,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { InputError, throwIfCancelled, ToolRecError } from '../../../shared/errors.ts';
import type { SourceFile } from '../../reader.ts';
import { asSourceError } from '../../sources/failures.ts';
import { emptyFile } from '../../sources/text.ts';
import { sampleRows, type Cell, type Table } from './table.ts';

/** Rows taken out of a row group at a time where the file has a page index. */
const window = 1 << 16;
/** A row group is decoded as a whole. */
const largestGroup = 1 << 25;
/** A footer beyond this is damage: those of tables with a thousand columns stay below. */
const longestFooter = 64 * 2 ** 20;

/**
 * Opens a Parquet file on disk. It is read by row groups, so memory is that of one group's wanted columns.
 * @throws InputError when it is damaged, or inside an archive: Parquet needs random access.
 */
export async function openParquet(file: SourceFile): Promise<Table> {
  if (file.size === 0) throw emptyFile(file.name);
  if (file.path === undefined) {
    throw new InputError(
      'needs-unpacking',
      'A Parquet file inside an archive cannot be read in place.',
      'Unpack it first.',
      { place: { file: file.name } },
    );
  }
  const { path } = file;
  const { metadata, columns } = await describe(file, path);
  const everything = columns.map((_, i) => i);
  const sample: Cell[][] = [];
  const first = Math.min(sampleRows, groupEnd(metadata, 0), Number(metadata.num_rows));
  await rowsBetween(file, path, metadata, columns, everything, 0, first, (cells) => sample.push([...cells]));
  return {
    file,
    columns,
    sample,
    // A row group that cannot be decoded is damage to the file, not a bad row: the sink has nothing to count.
    async rows(wanted, _sink, work, onRow) {
      const total = Number(metadata.num_rows);
      for (let start = 0; start < total;) {
        throwIfCancelled(work.signal, 'The import');
        const end = Math.min(total, groupEnd(metadata, start));
        await rowsBetween(file, path, metadata, columns, wanted, start, end, onRow);
        start = end;
        const done = Math.round((file.size * start) / total);
        work.onProgress?.({ message: `Reading ${file.name}`, done, total: file.size, unit: 'bytes' });
      }
    },
  };
}

/** Where the row group of a row ends, or the window if that is nearer and can be reached without the rest. */
function groupEnd(metadata: FileMetaData, row: number): number {
  let end = 0;
  for (const group of metadata.row_groups) {
    end += Number(group.num_rows);
    if (row >= end) continue;
    const indexed = group.columns.every((column) => column.offset_index_offset !== undefined);
    return indexed ? Math.min(end, row + window) : end;
  }
  return Number.MAX_SAFE_INTEGER;
}

async function describe(
  file: SourceFile,
  path: string,
): Promise<{ metadata: FileMetaData; columns: string[] }> {
  return guarded(file, path, async (buffer) => {
    const footer = new DataView(await buffer.slice(Math.max(0, buffer.byteLength - 8)));
    if (footer.byteLength < 8 || footer.getUint32(0, true) > Math.min(longestFooter, buffer.byteLength)) {
      throw new Error('the footer is missing');
    }
    const metadata = await parquetMetadataAsync(buffer);
    const columns = parquetSchema(metadata).children.map((child) => child.element.name);
    const rows = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
    if (rows !== Number(metadata.num_rows) || !Number.isSafeInteger(rows) || rows < 0) {
      throw new Error('the number of rows differs from that of its row groups');
    }
    if (metadata.row_groups.some((group) => Number(group.num_rows) > largestGroup)) {
      throw new InputError(
        'too-large',
        `The Parquet file has a row group of more than ${largestGroup} rows.`,
        'Write it with smaller row groups (a million rows is usual).',
        { place: { file: file.name } },
      );
    }
    return { metadata, columns };
  });
}

/** Rows `[start, end)`, which lie in one row group. */
async function rowsBetween(
  file: SourceFile,
  path: string,
  metadata: FileMetaData,
  columns: readonly string[],
  wanted: readonly number[],
  start: number,
  end: number,
  onRow: (cells: readonly Cell[], line: number) => void,
): Promise<void> {
  if (end <= start) return;
  const values = await guarded(file, path, async (buffer) => {
    const scan = await parquetScan({ file: buffer, metadata, compressors, rowStart: start, rowEnd: end });
    const read: ArrayLike<Cell>[] = [];
    for (const index of wanted) {
      const column = await scan.readColumn({ column: columns[index]!, rowStart: start, rowEnd: end });
      if (column.length !== end - start)
        throw new Error(`column ${columns[index]!} has ${column.length} values`);
      read.push(column);
    }
    return read;
  });
  const cells = new Array<Cell>(columns.length);
  for (let row = 0; row < end - start; row++) {
    for (let i = 0; i < wanted.length; i++) cells[wanted[i]!] = values[i]![row];
    onRow(cells, start + row + 1);
  }
}

/** Lends an open file; whatever the library throws at a damaged one becomes an InputError. */
async function guarded<T>(
  file: SourceFile,
  path: string,
  use: (buffer: AsyncBuffer) => Promise<T>,
): Promise<T> {
  const handle = await fs.open(path, 'r').catch((error: unknown) => {
    throw asSourceError(error, file.name);
  });
  try {
    const { size } = await handle.stat();
    return await use({
      byteLength: size,
      async slice(start, end = size) {
        if (start < 0 || end > size || end < start) throw new RangeError('a column lies outside of the file');
        const bytes = new Uint8Array(end - start);
        const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
        if (bytesRead < bytes.length) throw new RangeError('the file ends too early');
        return bytes.buffer;
      },
    });
  } catch (error) {
    if (error instanceof ToolRecError) throw error;
    throw new InputError(
      'damaged-parquet',
      `The Parquet file cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
      'Write or download it again. Encrypted files are not supported.',
      { place: { file: file.name }, cause: error },
    );
  } finally {
    await handle.close();
  }
}

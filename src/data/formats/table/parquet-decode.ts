import fs from 'node:fs/promises';
import {
  parquetMetadataAsync,
  parquetScan,
  parquetSchema,
  type AsyncBuffer,
  type FileMetaData,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { Cell } from './table.ts';

/**
 * Decodes Parquet with a library that trusts its input: damaged pages can make it loop for ever or ask for all
 * memory. It therefore runs in a thread of its own (parquet-worker.ts) that is ended when it takes too long.
 */

/** What a Parquet file says about itself. */
export interface ParquetShape {
  readonly columns: readonly string[];
  /** Rows of each row group, in order. */
  readonly groups: readonly number[];
}

export type ParquetRequest =
  | { readonly kind: 'describe'; readonly path: string }
  | {
      readonly kind: 'read';
      readonly path: string;
      readonly columns: readonly string[];
      /** Rows `[start, end)`, which lie in one row group. */
      readonly start: number;
      readonly end: number;
    };

/** A footer beyond this is damage: those of tables with a thousand columns stay below. */
const longestFooter = 64 * 2 ** 20;

/** @throws Error of any kind when the file is damaged. */
export async function describeParquet(path: string): Promise<ParquetShape> {
  return withFile(path, async (buffer) => {
    const metadata = await readMetadata(buffer);
    const columns = parquetSchema(metadata).children.map((child) => child.element.name);
    const groups = metadata.row_groups.map((group) => Number(group.num_rows));
    const total = groups.reduce((sum, rows) => sum + rows, 0);
    if (
      groups.some((rows) => !Number.isSafeInteger(rows) || rows < 0) ||
      total !== Number(metadata.num_rows)
    ) {
      throw new Error('the number of rows differs from that of its row groups');
    }
    return { columns, groups };
  });
}

/** The values of each column, `end - start` of them. @throws Error of any kind when the file is damaged. */
export async function readParquet(
  path: string,
  columns: readonly string[],
  start: number,
  end: number,
): Promise<ArrayLike<Cell>[]> {
  return withFile(path, async (buffer) => {
    const metadata = await readMetadata(buffer);
    const scan = await parquetScan({ file: buffer, metadata, compressors, rowStart: start, rowEnd: end });
    const read: ArrayLike<Cell>[] = [];
    for (const column of columns) {
      const values = await scan.readColumn({ column, rowStart: start, rowEnd: end });
      if (values.length !== end - start) throw new Error(`column ${column} has ${values.length} values`);
      read.push(values);
    }
    return read;
  });
}

async function readMetadata(buffer: AsyncBuffer): Promise<FileMetaData> {
  const footer = new DataView(await buffer.slice(Math.max(0, buffer.byteLength - 8), buffer.byteLength));
  if (footer.byteLength < 8 || footer.getUint32(0, true) > Math.min(longestFooter, buffer.byteLength)) {
    throw new Error('the footer is missing');
  }
  return parquetMetadataAsync(buffer);
}

async function withFile<T>(path: string, use: (buffer: AsyncBuffer) => Promise<T>): Promise<T> {
  const handle = await fs.open(path, 'r');
  try {
    const { size } = await handle.stat();
    return await use({
      byteLength: size,
      async slice(start, end = size) {
        if (!(start >= 0 && end <= size && end >= start))
          throw new Error('a column lies outside of the file');
        const bytes = new Uint8Array(end - start);
        const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
        if (bytesRead < bytes.length) throw new Error('the file ends too early');
        return bytes.buffer;
      },
    });
  } finally {
    await handle.close();
  }
}

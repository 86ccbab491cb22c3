import { InputError } from '../../../shared/errors.ts';
import type { SourceFile } from '../../reader.ts';
import { emptyFile } from '../../sources/text.ts';
import { headRecords, readJsonLines, type JsonRecord } from '../json-lines.ts';
import { sampleRows, type Table } from './table.ts';

/** Opens a file of JSON lines; its columns are the keys of the first objects. @throws InputError if it is none. */
export async function openJsonLines(file: SourceFile): Promise<Table> {
  if ((await file.head(1)).length === 0) throw emptyFile(file.name);
  const records = await headRecords(file, sampleRows, false);
  const columns = [...new Set(records.flatMap((record) => Object.keys(record)))];
  if (!columns.length) {
    throw new InputError(
      'wrong-format',
      'The first lines are not JSON objects.',
      'JSON lines have one object a line; jq -c ".[]" turns an array into lines.',
      { place: { file: file.name, line: 1 } },
    );
  }
  const cells = (record: JsonRecord): unknown[] =>
    columns.map((name) => (Object.hasOwn(record, name) ? record[name] : undefined));
  return {
    file,
    columns,
    sample: records.map(cells),
    rows: (_wanted, sink, work, onRow) =>
      readJsonLines(file, sink, work, (record, line) => onRow(cells(record), line)),
  };
}

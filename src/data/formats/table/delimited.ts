import { InputError } from '../../../shared/errors.ts';
import type { SourceFile } from '../../reader.ts';
import { excerpt, headLines } from '../../sources/lines.ts';
import { emptyFile } from '../../sources/text.ts';
import { readCsv } from '../csv-reader.ts';
import { joinCsvRecord, splitCsvRecord } from '../csv-record.ts';
import { sampleRows, type Table } from './table.ts';

const delimiters = [',', '\t', ';', '|'];

export interface DelimitedOptions {
  readonly delimiter?: string | undefined;
  readonly header?: boolean | undefined;
}

/**
 * Opens a delimited text file. What the options leave open is found from the first lines: the delimiter that
 * divides them most evenly, and a header where the first row holds no number and later rows do.
 * @throws InputError when the file is empty.
 */
export async function openDelimited(file: SourceFile, options: DelimitedOptions): Promise<Table> {
  const lines = await headLines(file, sampleRows + 1);
  if (!lines.length) throw emptyFile(file.name);
  const delimiter = options.delimiter ?? sniffDelimiter(lines);
  const records = lines
    .map((line) => splitCsvRecord(line, delimiter))
    .filter((record) => record !== undefined);
  const first = records[0];
  if (!first) {
    throw new InputError(
      'unclosed-quote',
      'A quoted field that starts in the first line is never closed.',
      'Close the quote, or double it if it is meant as part of the text.',
      { place: { file: file.name, line: 1 } },
    );
  }
  const header = options.header ?? looksLikeHeader(records);
  const columns = header ? uniqueNames(first.map((name) => name.trim())) : first.map((_, i) => String(i + 1));
  return {
    file,
    columns,
    sample: records.slice(header ? 1 : 0).filter((record) => record.length === columns.length),
    delimited: { delimiter, header },
    async rows(_wanted, sink, work, onRow) {
      let seenHeader = !header;
      await readCsv(file, delimiter, sink, work, (fields, line) => {
        if (!seenHeader) seenHeader = true;
        else if (fields.length === columns.length) onRow(fields, line);
        else sink.bad({ file: file.name, line }, 'column-count', excerpt(joinCsvRecord(fields, delimiter)));
      });
    },
  };
}

/** The delimiter that gives the most lines the same number (more than one) of fields. */
export function sniffDelimiter(lines: readonly string[]): string {
  let best = ',';
  let bestScore = 0;
  for (const delimiter of delimiters) {
    const counts = lines.slice(0, 50).map((line) => splitCsvRecord(line, delimiter)?.length ?? 0);
    const usual = counts[0]!;
    const same = counts.filter((count) => count === usual).length;
    const score = usual > 1 ? same / counts.length + usual / 1000 : 0;
    if (score > bestScore) [best, bestScore] = [delimiter, score];
  }
  return best;
}

function looksLikeHeader(records: readonly (readonly string[])[]): boolean {
  const [first, ...rest] = records;
  const isNumber = (text: string): boolean => /^\s*[-+]?\d+(\.\d+)?\s*$/.test(text);
  if (first!.some((cell) => isNumber(cell) || cell.trim() === '')) return false;
  // Names are different from each other; a row of data may be words only, so numbers below decide.
  if (new Set(first).size < first!.length) return false;
  return (
    rest.length === 0 ||
    rest.some((row) => row.some(isNumber)) ||
    first!.every((cell) => /^[\w .:-]+$/.test(cell))
  );
}

/** Names that stand twice get a number, so that every column can be mapped. */
function uniqueNames(names: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return names.map((name, i) => {
    const base = name === '' ? String(i + 1) : name;
    const count = (seen.get(base) ?? 0) + 1;
    seen.set(base, count);
    return count === 1 ? base : `${base}_${count}`;
  });
}

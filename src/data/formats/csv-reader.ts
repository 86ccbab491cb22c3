import { InputError } from '../../shared/errors.ts';
import type { LongWork } from '../../shared/progress.ts';
import type { DatasetSink, SourceFile } from '../reader.ts';
import { readTextLines, tableLine, type TextLineOptions } from '../sources/lines.ts';
import { splitCsvRecord } from './csv-record.ts';

/** A quoted field may run over this many lines; more means that its closing quote is missing. */
const longestRecord = 200;

/**
 * Reads the records of a delimited text file with a header or without. A record over several lines bears the
 * number of its first.
 * @throws InputError when a quoted field is never closed: rows after it would be lost without a word.
 */
export async function readCsv(
  file: SourceFile,
  delimiter: string,
  sink: Pick<DatasetSink, 'bad'>,
  work: LongWork,
  onRecord: (fields: string[], line: number) => void,
  options: TextLineOptions = tableLine,
): Promise<void> {
  let open: { text: string; line: number; lines: number } | undefined;
  const unclosed = (line: number): InputError =>
    new InputError(
      'unclosed-quote',
      'A quoted field that starts here is never closed.',
      'Close the quote, or double it if it is meant as part of the text.',
      { place: { file: file.name, line } },
    );
  await readTextLines(file, sink, work, { ...options, blankLines: true }, (text, line) => {
    if (!open && text.trim() === '') return;
    const record: string = open ? `${open.text}\n${text}` : text;
    const fields = splitCsvRecord(record, delimiter);
    if (fields) {
      const first = open?.line ?? line;
      open = undefined;
      onRecord(fields, first);
      return;
    }
    open = { text: record, line: open?.line ?? line, lines: (open?.lines ?? 0) + 1 };
    if (open.lines > longestRecord || record.length > options.limit) throw unclosed(open.line);
  });
  // TypeScript does not see that the callback assigns `open`.
  const left = open as { line: number } | undefined;
  if (left) throw unclosed(left.line);
}

import type { LongWork } from '../../shared/progress.ts';
import type { DatasetSink, SourceFile } from '../reader.ts';
import { excerpt, headLines, jsonLine, readTextLines } from '../sources/lines.ts';
import { wrongFormat } from './fields.ts';
import { parsePythonLiteral } from './python-literal.ts';

/** An object of a JSON line: nothing about its values is known. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** The object on a line, or undefined. `python` also takes the `repr` of a Python dictionary. */
export function parseRecord(text: string, python: boolean): JsonRecord | undefined {
  const value = parseValue(text, python);
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonRecord)
    : undefined;
}

function parseValue(text: string, python: boolean): unknown {
  try {
    return JSON.parse(text);
  } catch {
    if (!python) return undefined;
  }
  try {
    return parsePythonLiteral(text);
  } catch {
    return undefined;
  }
}

/**
 * Reads a file of one JSON object a line. Lines that are none go to `sink.bad`.
 * @throws InputError when the file is one JSON array, which cannot be streamed line by line.
 */
export async function readJsonLines(
  file: SourceFile,
  sink: Pick<DatasetSink, 'bad'>,
  work: LongWork,
  onRecord: (record: JsonRecord, line: number, text: string) => void,
  python = false,
): Promise<void> {
  let first = true;
  await readTextLines(file, sink, work, jsonLine, (text, line) => {
    if (first && text.trimStart().startsWith('[')) {
      throw wrongFormat(
        file,
        line,
        'a file of JSON lines (one object a line) but one array; jq -c ".[]" turns it into lines',
      );
    }
    first = false;
    const record = parseRecord(text, python);
    if (record) onRecord(record, line, text);
    else sink.bad({ file: file.name, line }, 'bad-json', excerpt(text));
  });
}

/** Objects of the first lines, for detection and preview; empty when they are not JSON lines. */
export async function headRecords(file: SourceFile, count: number, python: boolean): Promise<JsonRecord[]> {
  const bytes = Buffer.from(await file.head(1));
  if (bytes.length === 0) return [];
  const lines = await headLines(file, count, 128 * 1024);
  if (!lines[0]?.trimStart().startsWith('{')) return [];
  return lines.map((line) => parseRecord(line, python)).filter((record) => record !== undefined);
}

/** Text of an id or word: a string that is not blank, or a number. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  return text === '' ? undefined : text;
}

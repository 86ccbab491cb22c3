import { InputError } from '../../shared/errors.ts';
import type { LongWork } from '../../shared/progress.ts';
import { scanInteractions, type InteractionLayout } from '../delimited-scan.ts';
import type { DatasetSink, SourceFile } from '../reader.ts';
import { textBytes } from '../sources/text.ts';

/** The file with one of these names, or undefined; names in lower case. */
export function named(files: readonly SourceFile[], ...names: string[]): SourceFile | undefined {
  for (const name of names) {
    const found = files.find((file) => file.base === name);
    if (found) return found;
  }
  return undefined;
}

/** @throws InputError when a file that the format needs is not among the source's files. */
export function needed(files: readonly SourceFile[], format: string, ...names: string[]): SourceFile {
  const found = named(files, ...names);
  if (found) return found;
  const have = files.map((file) => file.base);
  throw new InputError(
    'missing-file',
    `${format} needs ${names[0]!}, which is not here (${listed(have)}).`,
    'Name the folder or archive that holds all files of the dataset, or choose another format with --format.',
    { place: { file: files[0]?.name ?? names[0]! } },
  );
}

function listed(names: readonly string[]): string {
  return names.length <= 5
    ? names.join(', ')
    : `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`;
}

/** @throws InputError with what the file was expected to be. */
export function wrongFormat(file: SourceFile, line: number, expected: string): InputError {
  return new InputError(
    'wrong-format',
    `The file is not ${expected}.`,
    'Check that it is the right file, or choose another format with --format.',
    { place: { file: file.name, line } },
  );
}

/** `scanInteractions` for a file that may be empty, in UTF-16 or marked with a byte-order mark. */
export async function scanRatings(
  file: SourceFile,
  layout: InteractionLayout,
  sink: DatasetSink,
  work: LongWork,
): Promise<void> {
  await scanInteractions({ ...file, open: (inner) => textBytes(file, inner) }, layout, sink, work);
}

/** A decimal number in ordinary spelling, NaN for anything else (`Number('')` is 0, `Number('0x1')` is 1). */
export function parseNumber(text: string): number {
  return /^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$/.test(text) ? Number(text) : NaN;
}

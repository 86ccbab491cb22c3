import { InputError, UsageError } from '../shared/errors.ts';
import type { Format, SourceFile } from './reader.ts';
import { formats, tableFormats } from './formats/registry.ts';
import { emptyFile } from './sources/text.ts';

export interface Detection {
  readonly format: Format;
  /** In (0, 1]. */
  readonly confidence: number;
}

/** Below this a format is offered but never chosen without being named. */
export const sureEnough = 0.4;

/** The formats that the files may be of, most likely first. Looks at names and first lines only. */
export async function detectFormat(files: readonly SourceFile[]): Promise<Detection[]> {
  const found: Detection[] = [];
  for (const format of formats) {
    const confidence = await format.detect(files);
    if (confidence > 0) found.push({ format, confidence });
  }
  return found.sort((a, b) => b.confidence - a.confidence);
}

/** @throws UsageError for an id that is not a format's. */
export function formatById(id: string): Format {
  const format = formats.find((candidate) => candidate.id === id);
  if (format) return format;
  throw new UsageError(
    'unknown-format',
    `There is no format "${id}".`,
    `Use one of: ${formats.map((known) => known.id).join(', ')}.`,
    { place: { flag: '--format' } },
  );
}

/**
 * The format to read files with: the one named by `id`, or the most likely one. Who maps columns (`mapped`) means a
 * table, however little its column names say.
 * @throws UsageError for an unknown id, InputError when no format is likely enough.
 */
export async function chooseFormat(
  files: readonly SourceFile[],
  id?: string,
  mapped = false,
): Promise<Format> {
  if (id !== undefined) return formatById(id);
  const found = await detectFormat(files);
  const table = mapped ? found.find(({ format }) => tableFormats.has(format.id)) : undefined;
  if (table) return table.format;
  const [best] = found;
  if (best && best.confidence >= sureEnough) return best.format;
  if (files.length > 0 && files.every(({ size }) => size === 0)) throw emptyFile(files[0]!.name);
  throw new InputError(
    'unknown-format',
    'The files are of no known format.',
    best
      ? `If they are ${best.format.label}, say so with --format ${best.format.id}; docs/datasets.md lists all.`
      : 'Name the format with --format and, for a table, its columns with --map; docs/datasets.md lists all.',
    { place: { file: files[0]?.name ?? '' } },
  );
}

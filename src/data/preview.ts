import { ToolRecError } from '../shared/errors.ts';
import { detectFormat, formatById, sureEnough } from './detect.ts';
import { openTable } from './formats/table/format.ts';
import { cellText, type TableKind } from './formats/table/table.ts';
import type { ErrorDetail } from '../shared/errors.ts';
import type { AttributeDefinition } from './schema.ts';
import type { SourceFile } from './reader.ts';
import { excerpt, headLines } from './sources/lines.ts';
import { openSources } from './sources/open-sources.ts';

/** First rows of one file, as text that is safe to show. */
export interface FilePreview {
  readonly name: string;
  readonly bytes: number;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What the import dialogue and `--map` need to know about a source before anything is read. */
export interface SourcePreview {
  readonly files: readonly FilePreview[];
  /** Most likely first. */
  readonly formats: readonly { readonly id: string; readonly label: string; readonly confidence: number }[];
  /** The format that would be used; undefined when none is likely enough. */
  readonly format: string | undefined;
  /** What the format would read and say; undefined with `problem`. */
  readonly plan:
    | {
        readonly attributes: readonly AttributeDefinition[];
        readonly files: readonly string[];
        readonly notes: readonly string[];
      }
    | undefined;
  /** Why the format cannot read the source as things are: what the mapping step asks the user to mend. */
  readonly problem: ErrorDetail | undefined;
}

const shownRows = 10;
const shownFiles = 50;

/**
 * Looks at a source without reading it: columns and first rows of its files, the formats they may be of, and
 * what the chosen one (or the likeliest) would do with the mapping.
 * @throws InputError when the source cannot be opened, UsageError for an unknown format.
 */
export async function previewSource(
  paths: readonly string[],
  format?: string,
  map: Readonly<Record<string, string>> = {},
): Promise<SourcePreview> {
  const files = await openSources(paths);
  const found = await detectFormat(files);
  const likely = found.find(({ confidence }) => confidence >= sureEnough)?.format;
  const chosen = format === undefined ? likely : formatById(format);
  let plan: SourcePreview['plan'];
  let problem: ErrorDetail | undefined;
  if (chosen) {
    try {
      const { attributes, files: used, notes } = await chosen.plan(files, { map });
      plan = { attributes, files: used, notes };
    } catch (error) {
      if (!(error instanceof ToolRecError)) throw error;
      problem = error.toDetail();
    }
  }
  const shown = plan ? files.filter((file) => plan.files.includes(file.name)) : files;
  return {
    files: await Promise.all(shown.slice(0, shownFiles).map((file) => previewFile(file, map))),
    formats: found.map(({ format: { id, label }, confidence }) => ({ id, label, confidence })),
    format: chosen?.id,
    plan,
    problem,
  };
}

async function previewFile(file: SourceFile, map: Readonly<Record<string, string>>): Promise<FilePreview> {
  const start = { name: file.name, bytes: file.size };
  try {
    const lines = await headLines(file, shownRows);
    if (lines.length && lines.every((line) => line.includes('::'))) {
      const rows = lines.map((line) => line.split('::').map(excerpt));
      return { ...start, columns: rows[0]!.map((_, i) => String(i + 1)), rows };
    }
    const table = await openTable(file, kindOf(file, lines), map);
    const rows = table.sample.slice(0, shownRows).map((row) => row.map((cell) => excerpt(cellText(cell))));
    return { ...start, columns: table.columns.map(excerpt), rows };
  } catch (error) {
    if (!(error instanceof ToolRecError)) throw error;
    return { ...start, columns: [], rows: [] };
  }
}

function kindOf(file: SourceFile, lines: readonly string[]): TableKind {
  if (/\.(parquet|pq)$/.test(file.base)) return 'parquet';
  if (lines[0]?.trimStart().startsWith('{') && !lines[0].trimStart().startsWith("{'")) return 'jsonl';
  return 'csv';
}

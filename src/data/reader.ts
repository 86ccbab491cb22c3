import type { LongWork } from '../shared/progress.ts';
import type { AttributeDefinition, ItemRecord, UserRecord } from './schema.ts';

/** Line and file of a record, for errors and the import report. `line` is 1-based. */
export interface SourcePlace {
  readonly file: string;
  readonly line: number;
}

/** Why a row was not used. Counted and listed in the import report; above the tolerance the import stops. */
export type BadRowReason =
  | 'column-count'
  | 'not-a-number'
  | 'bad-timestamp'
  | 'bad-encoding'
  | 'bad-json'
  | 'missing-field'
  | 'bad-value'
  | 'duplicate-id'
  | 'unknown-item'
  | 'line-too-long';

/** Gives dense codes to ids in order of first appearance. */
export interface IdTable {
  readonly size: number;
  /** Code of an id given as text. */
  code(id: string): number;
  /**
   * Code of an id given as UTF-8 bytes `buffer[start, end)`, without making a string for ids seen before.
   * -1 (and no code is given) when the bytes are not UTF-8.
   */
  codeOfBytes(buffer: Uint8Array, start: number, end: number): number;
  text(code: number): string;
}

/** What a reader pours a source into. Nothing is trusted: the sink checks and counts. */
export interface DatasetSink {
  readonly users: IdTable;
  readonly items: IdTable;
  /** `rating` is NaN where the source has none; `timestamp` in seconds since 1970 UTC. */
  interaction(user: number, item: number, rating: number, timestamp: number, line: number): void;
  /** An item of the catalogue; may come before or after its interactions. */
  item(record: ItemRecord, place: SourcePlace): void;
  user(record: UserRecord, place: SourcePlace): void;
  /** Counts a bad row. @throws InputError once bad rows exceed the tolerance of their file. */
  bad(place: SourcePlace, reason: BadRowReason, excerpt: string): void;
  /** Tells the sink which file interactions come from now, so that their lines can be named. */
  beginFile(file: string): void;
}

/** One file of a source: on disk, gzipped, or a member of a zip. Opened as often as needed. */
export interface SourceFile {
  /** Path as shown to a person, members as `archive.zip/inner/ratings.csv`. */
  readonly name: string;
  /** Base name in lower case, without `.gz`: what detection looks at. */
  readonly base: string;
  /** Size in bytes as stored: the compressed size for `.gz` and members of a zip. */
  readonly size: number;
  /** Path on disk of a file that is not compressed; formats that need random access (Parquet) use it. */
  readonly path?: string;
  /**
   * Streams decompressed bytes, in chunks of 64 KiB or more where it can. Reports its own progress in stored
   * bytes out of `size` (the importer adds the rows) and ends with CancelledError when the signal fires, with
   * InputError on truncated or damaged data and on a decompression bomb.
   */
  open(work: LongWork): AsyncIterable<Uint8Array>;
  /** First bytes, decompressed, for detection and preview. */
  head(bytes: number): Promise<Uint8Array>;
}

export interface ReaderPlan {
  readonly attributes: readonly AttributeDefinition[];
  /** Names of the files that will be read, in reading order. */
  readonly files: readonly string[];
  /** What was decided for the user and should be said: "Timestamps are in milliseconds." Sentences; `read` may add some. */
  readonly notes: readonly string[];
  /** Reads everything into the sink. */
  read(sink: DatasetSink, work: LongWork): Promise<void>;
}

/** A source format. `id` is what `--format` takes. */
export interface Format {
  readonly id: string;
  /** "MovieLens 1M (.dat)". */
  readonly label: string;
  /** Confidence in [0, 1] that these files are of this format; 0 = not at all. */
  detect(files: readonly SourceFile[]): Promise<number>;
  /** @throws InputError when needed files are missing, UsageError for a bad mapping. */
  plan(files: readonly SourceFile[], options: FormatOptions): Promise<ReaderPlan>;
}

export interface FormatOptions {
  /** Column mapping: field of the schema → column name or 1-based number (docs/datasets.md). */
  readonly map?: Readonly<Record<string, string>>;
}

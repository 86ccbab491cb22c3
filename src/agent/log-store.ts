import fs from 'node:fs/promises';
import path from 'node:path';
import { asStorageError, makeFolder } from '../shared/atomic-file.ts';
import { StorageError, ToolRecError, UsageError } from '../shared/errors.ts';
import { withoutSecrets } from '../shared/log.ts';
import { checkName } from '../shared/workspace.ts';
import { type SessionEvent, sessionEventSchema, type SessionStarted, startedSchema } from './events.ts';
import { foldAll, type SessionState } from './state.ts';

/** `event`: every event is on the disk before the session goes on; `close`: once, at the end; `never`: left to the system. */
export type SyncPolicy = 'event' | 'close' | 'never';

/** What was wrong with the end of a log: a crash in mid-write leaves half a line, which is set aside. */
export interface TornTail {
  /** 1-based line of the damage. */
  readonly line: number;
  readonly bytes: number;
}

export interface StoredLog {
  readonly id: string;
  readonly events: readonly SessionEvent[];
  readonly torn: TornTail | undefined;
}

export interface SessionSummary {
  readonly id: string;
  readonly started: SessionStarted | undefined;
  readonly state: SessionState | undefined;
  /** Why it cannot be read, when it cannot. */
  readonly problem: ToolRecError | undefined;
}

/** An open log that takes events one after another. */
export interface SessionLog {
  append(event: SessionEvent): Promise<void>;
  close(): Promise<void>;
}

const suffix = '.jsonl';
/** A log larger than this is not one of ours; it is refused before it fills memory. */
const largestLog = 512 * 1024 * 1024;

/** Sessions as `<directory>/<id>.jsonl`, one event a line, only ever appended to. */
export class SessionStore {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  file(id: string): string {
    return path.join(this.directory, `${checkName(id)}${suffix}`);
  }

  /**
   * Starts a log with the given events (a fork brings its shared rounds).
   * @throws UsageError `session-exists`; StorageError when it cannot be written.
   */
  async create(
    id: string,
    events: readonly SessionEvent[] = [],
    sync: SyncPolicy = 'event',
  ): Promise<SessionLog> {
    const file = this.file(id);
    try {
      await makeFolder(this.directory);
      const handle = await fs.open(file, 'ax');
      const log = new FileLog(handle, file, sync);
      if (events.length > 0) await log.appendAll(events);
      return log;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST')
        throw new UsageError(
          'session-exists',
          `There is a session “${id}” already.`,
          'Choose another name, or fork it.',
        );
      throw asStorageError(error, file);
    }
  }

  /**
   * Opens a log to go on. Half a line left by a crash is cut off, so that the next event starts on a line of its own.
   * @throws StorageError `damaged-log`, `not-found`.
   */
  async open(id: string, sync: SyncPolicy = 'event'): Promise<{ log: SessionLog; stored: StoredLog }> {
    const stored = await this.read(id);
    const file = this.file(id);
    try {
      if (stored.torn) {
        const size = (await fs.stat(file)).size;
        await fs.truncate(file, size - stored.torn.bytes);
      }
      const handle = await fs.open(file, 'a');
      return { log: new FileLog(handle, file, sync), stored };
    } catch (error) {
      throw asStorageError(error, file);
    }
  }

  /**
   * All events of a log. A damaged last line is reported; damage before it is an error, because what follows builds
   * on what is lost.
   * @throws StorageError `damaged-log`, `newer-log`, `log-too-large`, `not-found`.
   */
  async read(id: string): Promise<StoredLog> {
    const file = this.file(id);
    let bytes: Buffer;
    try {
      if ((await fs.stat(file)).size > largestLog)
        throw new StorageError('log-too-large', 'The session log is too large to be one.', 'Move it away.', {
          place: { file },
        });
      bytes = await fs.readFile(file);
    } catch (error) {
      throw asStorageError(error, file);
    }
    return { id, ...parseLog(bytes, file) };
  }

  /**
   * The start of a session without the rest of its log, for lists.
   * @throws StorageError `damaged-log`, `newer-log`, `not-found`.
   */
  async head(id: string): Promise<SessionStarted> {
    const file = this.file(id);
    let line: string;
    try {
      line = await firstLine(file);
    } catch (error) {
      throw asStorageError(error, file);
    }
    const event = readEvent(line);
    if (event?.type === 'started') return event;
    checkVersion(line, file);
    throw new StorageError(
      'damaged-log',
      'The session log does not begin with a session’s start.',
      'Restore the file from a backup, or delete the session.',
      { place: { file, line: 1 } },
    );
  }

  /** Ids of all sessions, oldest name first. */
  async ids(): Promise<string[]> {
    let names: string[];
    try {
      names = await fs.readdir(this.directory);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw asStorageError(error, this.directory);
    }
    return names
      .filter((name) => name.endsWith(suffix) && !name.startsWith('.'))
      .map((name) => name.slice(0, -suffix.length))
      .sort();
  }

  /** One summary a session; one that cannot be read says why and hides no other. */
  async list(): Promise<SessionSummary[]> {
    const summaries: SessionSummary[] = [];
    for (const id of await this.ids()) {
      try {
        const { events } = await this.read(id);
        const state = foldAll(events);
        summaries.push({ id, started: state.started, state, problem: undefined });
      } catch (error) {
        if (!(error instanceof ToolRecError)) throw error;
        summaries.push({ id, started: undefined, state: undefined, problem: error });
      }
    }
    return summaries;
  }

  /** @throws StorageError when it cannot be deleted. */
  async delete(id: string): Promise<void> {
    const file = this.file(id);
    await fs.rm(file).catch((error: unknown) => {
      throw asStorageError(error, file);
    });
  }
}

/** Parses the bytes of a log. Exported for tests and for logs that come from elsewhere. */
export function parseLog(bytes: Uint8Array, file: string): Omit<StoredLog, 'id'> {
  const events: SessionEvent[] = [];
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let start = 0;
  for (let line = 1; start < buffer.length; line++) {
    const newline = buffer.indexOf(10, start);
    const end = newline < 0 ? buffer.length : newline;
    const text = buffer.toString('utf8', start, end);
    const event = newline < 0 ? undefined : readEvent(text);
    const isLast = newline < 0 || newline === buffer.length - 1;
    if (event instanceof StorageError || event === undefined) {
      if (isLast && line > 1) return { events, torn: { line, bytes: buffer.length - start } };
      if (line === 1) checkVersion(text, file);
      throw new StorageError(
        'damaged-log',
        `Line ${line} of the session log cannot be read.`,
        'Restore the file from a backup, or delete the session.',
        { place: { file, line }, cause: event },
      );
    }
    events.push(event);
    start = end + 1;
  }
  if (events.length === 0)
    throw new StorageError('damaged-log', 'The session log is empty.', 'Delete the session.', {
      place: { file },
    });
  return { events, torn: undefined };
}

async function firstLine(file: string): Promise<string> {
  const handle = await fs.open(file, 'r');
  try {
    const parts: Buffer[] = [];
    for (let at = 0; at < largestLog;) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(1 << 16), 0, 1 << 16, at);
      const newline = buffer.subarray(0, bytesRead).indexOf(10);
      parts.push(buffer.subarray(0, newline < 0 ? bytesRead : newline));
      if (newline >= 0 || bytesRead === 0) break;
      at += bytesRead;
    }
    return Buffer.concat(parts).toString('utf8');
  } finally {
    await handle.close();
  }
}

function readEvent(text: string): SessionEvent | undefined {
  try {
    const parsed = sessionEventSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** @throws StorageError `newer-log` when a later version of the workbench wrote it. */
function checkVersion(line: string, file: string): void {
  try {
    const { version } = JSON.parse(line) as { version?: unknown };
    if (typeof version === 'number' && version > startedSchema.shape.version.value)
      throw new StorageError(
        'newer-log',
        `The session was written by a newer version (${version}).`,
        'Update ToolRec Workbench.',
        { place: { file } },
      );
  } catch (error) {
    if (error instanceof StorageError) throw error;
  }
}

class FileLog implements SessionLog {
  private readonly handle: fs.FileHandle;
  private readonly file: string;
  private readonly sync: SyncPolicy;
  private tail: Promise<void> = Promise.resolve();
  private failed: unknown;

  constructor(handle: fs.FileHandle, file: string, sync: SyncPolicy) {
    this.handle = handle;
    this.file = file;
    this.sync = sync;
  }

  append(event: SessionEvent): Promise<void> {
    return this.appendAll([event]);
  }

  /** Appends in the order of the calls. After a failed write the log takes nothing more: the order would break. */
  appendAll(events: readonly SessionEvent[]): Promise<void> {
    // A server may repeat the key that it was sent; a log is made to be shared.
    const text = withoutSecrets(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
    const write = this.tail.then(async () => {
      if (this.failed) throw asStorageError(this.failed, this.file);
      try {
        await this.handle.appendFile(text);
        if (this.sync === 'event') await this.handle.datasync();
      } catch (error) {
        this.failed = error;
        throw asStorageError(error, this.file);
      }
    });
    this.tail = write.catch(() => undefined);
    return write;
  }

  async close(): Promise<void> {
    await this.tail;
    try {
      if (this.sync === 'close') await this.handle.datasync();
    } finally {
      await this.handle.close();
    }
  }
}

import fs from 'node:fs/promises';
import { asStorageError } from '../shared/atomic-file.ts';

/**
 * Appends JSON lines so that each is on the disk before its promise resolves. Lines that come while a write is under way
 * share the next one.
 */
export class LineWriter {
  private readonly handle: fs.FileHandle;
  private readonly file: string;
  private waiting: string[] = [];
  private writing: Promise<void> | undefined;
  private failed: unknown;

  private constructor(handle: fs.FileHandle, file: string) {
    this.handle = handle;
    this.file = file;
  }

  /** Opens the file to go on; half a line left by a crash is cut off. @throws StorageError */
  static async open(file: string, tornBytes: number): Promise<LineWriter> {
    try {
      if (tornBytes > 0) await fs.truncate(file, (await fs.stat(file)).size - tornBytes);
      return new LineWriter(await fs.open(file, 'a'), file);
    } catch (error) {
      throw asStorageError(error, file);
    }
  }

  /** @throws StorageError when the disk takes no more; after that nothing is written. */
  append(value: object): Promise<void> {
    this.waiting.push(`${JSON.stringify(value)}\n`);
    // One write is under way at most; what waits then goes out together.
    this.writing ??= Promise.resolve().then(() => this.flush());
    const own = this.writing;
    return own;
  }

  async close(): Promise<void> {
    await this.writing?.catch(() => undefined);
    await this.handle.close();
  }

  private async flush(): Promise<void> {
    try {
      while (this.waiting.length > 0) {
        if (this.failed) throw this.failed;
        const lines = this.waiting;
        this.waiting = [];
        await this.handle.appendFile(lines.join(''));
        await this.handle.datasync();
      }
    } catch (error) {
      this.failed ??= asStorageError(error, this.file);
      this.waiting = [];
      throw this.failed;
    } finally {
      this.writing = undefined;
    }
  }
}

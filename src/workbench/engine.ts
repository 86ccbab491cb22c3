import path from 'node:path';
import type * as vscode from 'vscode';
import type * as z from 'zod';
import type { EngineClient } from '../service/client.ts';
import type { RequestDefinition } from '../service/protocol.ts';
import type { LongWork } from '../shared/progress.ts';
import { readSetting } from './settings.ts';
import type { WorkbenchLog } from './log.ts';

/**
 * The extension's one engine process. Its client is loaded, and the process started, by the first request; until
 * then this costs nothing.
 */
export class Engine implements vscode.Disposable {
  private readonly extension: vscode.Uri;
  private readonly log: WorkbenchLog;
  private client: Promise<EngineClient> | undefined;

  constructor(extension: vscode.Uri, log: WorkbenchLog) {
    this.extension = extension;
    this.log = log;
  }

  /** True once something has been asked of it. */
  get wasNeeded(): boolean {
    return this.client !== undefined;
  }

  async request<P extends z.ZodType, R extends z.ZodType>(
    definition: RequestDefinition<P, R>,
    params: z.input<P>,
    work?: LongWork,
  ): Promise<z.output<R>> {
    return (await this.connect()).request(definition, params, work);
  }

  /** Ends the process and starts a new one, with the settings of now. */
  async restart(): Promise<void> {
    const previous = await this.client;
    this.client = undefined;
    if (previous) {
      await previous.stop();
      previous.dispose();
    }
    await (await this.connect()).restart();
  }

  private connect(): Promise<EngineClient> {
    this.client ??= this.load();
    return this.client;
  }

  private async load(): Promise<EngineClient> {
    const [{ EngineClient }, memoryLimit] = await Promise.all([
      import('../service/client.ts'),
      readSetting('engine.memoryLimit'),
    ]);
    return new EngineClient({
      entry: path.join(this.extension.fsPath, 'dist', 'engine.mjs'),
      execArgv: [`--max-old-space-size=${memoryLimit}`],
      logger: this.log,
    });
  }

  dispose(): void {
    void this.client?.then((client) => client.dispose());
  }
}

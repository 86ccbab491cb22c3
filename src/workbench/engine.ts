import path from 'node:path';
import type * as vscode from 'vscode';
import type * as z from 'zod';
import type { EngineClient } from '../service/client.ts';
import type { NotificationDefinition, RequestDefinition } from '../service/protocol.ts';
import type { Disposable } from '../shared/disposable.ts';
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
  private loaded: EngineClient | undefined;
  private readonly attach = new Set<(client: EngineClient) => Disposable>();

  constructor(extension: vscode.Uri, log: WorkbenchLog) {
    this.extension = extension;
    this.log = log;
  }

  /** True once something has been asked of it. */
  get wasNeeded(): boolean {
    return this.client !== undefined;
  }

  async request<P extends z.ZodType, R extends z.core.$ZodType>(
    definition: RequestDefinition<P, R>,
    params: z.input<P>,
    work?: LongWork,
  ): Promise<z.output<R>> {
    return (await this.connect()).request(definition, params, work);
  }

  /** Listens to this engine and to those that follow it. */
  onNotification<P extends z.ZodType>(
    definition: NotificationDefinition<P>,
    listener: (params: z.output<P>) => void,
  ): Disposable {
    let attached: Disposable | undefined;
    const attach = (client: EngineClient) => (attached = client.onNotification(definition, listener));
    this.attach.add(attach);
    if (this.loaded) attach(this.loaded);
    return {
      dispose: () => {
        this.attach.delete(attach);
        attached?.dispose();
      },
    };
  }

  /** Ends the process and starts a new one, with the settings of now. */
  async restart(): Promise<void> {
    const previous = await this.client;
    this.client = undefined;
    this.loaded = undefined;
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
    const client = new EngineClient({
      entry: path.join(this.extension.fsPath, 'dist', 'engine.mjs'),
      execArgv: [`--max-old-space-size=${memoryLimit}`],
      logger: this.log,
    });
    this.loaded = client;
    for (const attach of this.attach) attach(client);
    return client;
  }

  dispose(): void {
    void this.client?.then((client) => client.dispose());
  }
}

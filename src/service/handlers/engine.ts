import type { HandlerRegistry } from '../registry.ts';
import { engineInfo } from '../requests/engine.ts';

export function registerEngineHandlers(registry: HandlerRegistry): void {
  registry.handle(engineInfo, () => ({
    pid: process.pid,
    node: process.version,
    residentMemory: process.memoryUsage.rss(),
    requests: [...registry.names],
  }));
}

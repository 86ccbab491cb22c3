import type { Disposable } from './disposable.ts';

/** Tells its listeners that something has changed; they ask what. */
export class ChangeSource implements Disposable {
  private readonly listeners = new Set<() => void>();

  readonly onDidChange = (listener: () => void): Disposable => {
    this.listeners.add(listener);
    return { dispose: () => void this.listeners.delete(listener) };
  };

  fire(): void {
    for (const listener of [...this.listeners]) listener();
  }

  dispose(): void {
    this.listeners.clear();
  }
}

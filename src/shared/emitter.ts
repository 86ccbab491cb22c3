import type { Disposable } from './disposable.ts';

export type Listen<T> = (listener: (value: T) => void) => Disposable;

/** Tells listeners of something, in the order in which they came. The shape of VS Code's own, where there is none. */
export class Emitter<T> implements Disposable {
  private readonly listeners = new Set<(value: T) => void>();

  readonly event: Listen<T> = (listener) => {
    const own = (value: T) => listener(value); // the same listener may come twice
    this.listeners.add(own);
    return { dispose: () => void this.listeners.delete(own) };
  };

  fire(value: T): void {
    for (const listener of [...this.listeners]) listener(value);
  }

  dispose(): void {
    this.listeners.clear();
  }
}

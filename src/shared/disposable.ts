/** Anything that holds a resource until told to let go. The same shape as `vscode.Disposable`. */
export interface Disposable {
  dispose(): void;
}

/** Owns disposables. One added after disposal is disposed at once, so a late arrival cannot leak. */
export class DisposableStore implements Disposable {
  private readonly items: Disposable[] = [];
  private disposed = false;

  add<T extends Disposable>(item: T): T {
    if (this.disposed) item.dispose();
    else this.items.push(item);
    return item;
  }

  /** Disposes in reverse order of addition. One that throws does not keep the others alive. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    const failures: unknown[] = [];
    for (const item of this.items.splice(0).reverse()) {
      try {
        item.dispose();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'Some resources could not be released.');
  }
}

import type { Disposable } from '../shared/disposable.ts';
import type { ResidentModels, TrainingQueue } from './model-runs.ts';

/** Trained models and training runs of this process; TensorFlow.js is loaded when the first is asked for. */
export class LazyModels implements Disposable {
  private runs: Promise<{ resident: ResidentModels; queue: TrainingQueue }> | undefined;

  async resident(): Promise<ResidentModels> {
    return (await this.load()).resident;
  }

  async queue(): Promise<TrainingQueue> {
    return (await this.load()).queue;
  }

  /** The queue, if there has been any training or retrieval yet. */
  async queueIfUsed(): Promise<TrainingQueue | undefined> {
    return (await this.runs)?.queue;
  }

  dispose(): void {
    void this.runs?.then(({ resident }) => resident.dispose());
  }

  private load() {
    return (this.runs ??= import('./model-runs.ts').then(({ ResidentModels, TrainingQueue }) => ({
      resident: new ResidentModels(),
      queue: new TrainingQueue(),
    })));
  }
}

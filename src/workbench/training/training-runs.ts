import type { Disposable } from '../../shared/disposable.ts';
import { ChangeSource } from '../../shared/change-source.ts';
import { CancelledError, ToolRecError, UsageError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { ReportProgress } from '../../shared/progress.ts';
import { Workspace } from '../../shared/workspace.ts';
import type { TrainingEvent } from '../../recommender/training-event.ts';
import type { EngineConnection } from '../../service/protocol.ts';
import type { ModelView } from '../../service/requests/model.ts';
import type { RunPlan } from './run-plan.ts';
import { afterEvents, afterProgress, keyOf, newRun, type LiveRun } from './run-state.ts';

/** What keeps the plans of runs over a reload: a `vscode.Memento` is one. */
export interface PlanMemory {
  get(key: string): unknown;
  update(key: string, value: unknown): Thenable<void>;
}

const memoryKey = 'toolrec.training.wanted';
/** Ends of the engine in a row, without a step in between, after which a run counts as failed. */
const patience = 3;
/** How often it is tried again while the engine before still holds the model. */
const maxWaits = 30;

interface Entry {
  run: LiveRun;
  readonly stop: AbortController;
}

/** What became of a run; undefined when it was called off before it began. */
export type RunOutcome = ModelView | undefined;

/**
 * Trainings that this window was asked for. Each is remembered until it has ended: when the engine dies it goes on
 * from the last checkpoint, and so it does in the next window when this one is closed or reloaded.
 */
export class TrainingRuns implements Disposable {
  private readonly engine: Pick<EngineConnection, 'request' | 'onNotification'>;
  private readonly memory: PlanMemory;
  private readonly log: Logger;
  /** Pause before a run goes on after the engine has died. */
  private readonly retryMs: number;
  private readonly changes = new ChangeSource();
  private readonly live = new Map<string, Entry>();
  private readonly listeners = new Set<(plan: RunPlan, events: readonly TrainingEvent[]) => void>();
  private listening = false;
  private disposed = false;

  /** A run began, moved on, or ended. */
  readonly onDidChange = this.changes.onDidChange;

  constructor(
    engine: Pick<EngineConnection, 'request' | 'onNotification'>,
    memory: PlanMemory,
    log: Logger,
    retryMs = 500,
  ) {
    this.engine = engine;
    this.memory = memory;
    this.log = log;
    this.retryMs = retryMs;
  }

  /** Runs under way in this window, in the order they were asked for. */
  get all(): readonly LiveRun[] {
    return [...this.live.values()].map(({ run }) => run);
  }

  get(place: { readonly folder: string; readonly id: string }): LiveRun | undefined {
    return this.live.get(keyOf(place))?.run;
  }

  /** Events of a run as they come. */
  onEvents(listener: (plan: RunPlan, events: readonly TrainingEvent[]) => void): Disposable {
    this.listeners.add(listener);
    return { dispose: () => void this.listeners.delete(listener) };
  }

  /**
   * Trains to the end, or until it is paused or stopped.
   * @param resume goes on with the model of that id
   * @throws ToolRecError what training throws
   */
  async train(
    plan: RunPlan,
    options: { readonly resume?: boolean; readonly onProgress?: ReportProgress } = {},
  ): Promise<RunOutcome> {
    const key = keyOf(plan);
    if (this.live.has(key))
      throw new UsageError(
        'already-training',
        `“${plan.id}” is being trained already.`,
        'Wait for it, or pause it.',
      );
    const message = this.live.size > 0 ? 'Waiting for another training to end' : 'Starting the engine';
    const entry: Entry = {
      run: newRun(plan, message, this.live.size > 0),
      stop: new AbortController(),
    };
    this.live.set(key, entry);
    this.changes.fire();
    await this.remember(plan);
    try {
      return await this.attempts(entry, options.resume ?? false, options.onProgress);
    } catch (error) {
      if (error instanceof CancelledError && entry.stop.signal.aborted) return undefined;
      throw error;
    } finally {
      this.live.delete(key);
      if (!this.disposed) {
        await this.forget(plan);
        this.changes.fire();
      }
    }
  }

  /** Ends a run so that it can go on later; false when none is under way here. */
  async pause(place: { readonly folder: string; readonly id: string }): Promise<boolean> {
    const entry = this.live.get(keyOf(place));
    if (!entry) return false;
    if (entry.run.phase === 'waiting') return this.stop(place);
    this.become(entry, { ...entry.run, phase: 'pausing' });
    const { pauseModel } = await import('../../service/requests/model.ts');
    await this.engine.request(pauseModel, { workspace: place.folder, id: place.id });
    return true;
  }

  /** Ends a run with a usable checkpoint; false when none is under way here. */
  stop(place: { readonly folder: string; readonly id: string }): boolean {
    const entry = this.live.get(keyOf(place));
    if (!entry) return false;
    this.become(entry, { ...entry.run, phase: 'stopping' });
    entry.stop.abort();
    return true;
  }

  /** Runs that were under way when the last window ended. */
  async wanted(): Promise<RunPlan[]> {
    const stored = this.memory.get(memoryKey);
    if (!Array.isArray(stored) || stored.length === 0) return []; // loads nothing
    const { parsePlans } = await import('./run-plan.ts');
    return parsePlans(stored);
  }

  /**
   * Goes on with a run of an earlier window. Waits while another process trains the model: the engine of that window,
   * which puts down where it stands, or another window of this folder.
   * @returns what became of it; undefined when there was nothing to go on with
   */
  async goOn(
    plan: RunPlan,
    options: {
      readonly onProgress?: ReportProgress;
      readonly onStart?: () => void;
      readonly pollMs?: number;
    } = {},
  ): Promise<RunOutcome> {
    const { trainingHolder } = await import('../../recommender/training-lock.ts');
    const workspace = new Workspace(plan.folder);
    while (!this.disposed) {
      if (await trainingHolder(workspace, plan.id)) {
        await new Promise((resolve) => setTimeout(resolve, options.pollMs ?? 500));
        continue;
      }
      const status = await statusOf(workspace, plan.id);
      if (status !== undefined && status !== 'training') break; // ended meanwhile, or paused by the person
      try {
        options.onStart?.();
        return await this.train(plan, { ...options, resume: status !== undefined });
      } catch (error) {
        if (!(error instanceof ToolRecError && error.code === 'already-training')) throw error;
      }
    }
    if (!this.disposed) await this.forget(plan);
    return undefined;
  }

  /** Forgets a run of an earlier window that is not to go on. */
  async forget(plan: RunPlan): Promise<void> {
    const key = keyOf(plan);
    await this.memory.update(
      memoryKey,
      (await this.wanted()).filter((each) => keyOf(each) !== key),
    );
  }

  private async remember(plan: RunPlan): Promise<void> {
    const others = (await this.wanted()).filter((each) => keyOf(each) !== keyOf(plan));
    const { text, ...rest } = plan; // a key is never written down
    await this.memory.update(memoryKey, [
      ...others,
      text ? { ...rest, text: { source: text.source } } : rest,
    ]);
  }

  private async attempts(entry: Entry, resume: boolean, onProgress?: ReportProgress): Promise<ModelView> {
    const { plan } = entry.run;
    const { trainModel } = await import('../../service/requests/model.ts');
    await this.listen();
    let fruitless = 0;
    let waits = 0;
    for (;;) {
      const before = entry.run.latest?.step;
      try {
        const { folder, id, ...rest } = plan;
        return await this.engine.request(
          trainModel,
          { ...rest, workspace: folder, id, resume },
          {
            signal: entry.stop.signal,
            onProgress: (progress) => {
              this.become(entry, afterProgress(entry.run, progress));
              onProgress?.(progress);
            },
          },
        );
      } catch (error) {
        const lost = error instanceof ToolRecError && engineEnds.has(error.code);
        // An engine that was ended on purpose still writes its checkpoint, and lets go of the model after that.
        const ending = error instanceof ToolRecError && error.code === 'already-training' && fruitless > 0;
        if (ending && waits++ < maxWaits && !entry.stop.signal.aborted) {
          await new Promise((resolve) => setTimeout(resolve, this.retryMs));
          continue;
        }
        if (!lost || this.disposed || entry.stop.signal.aborted) throw error;
        waits = 0;
        fruitless = entry.run.latest?.step === before ? fruitless + 1 : 1;
        if (fruitless >= patience) throw error;
        this.log.warn(`The training of ${plan.id} goes on from its last checkpoint. ${error.message}`);
        this.become(entry, { ...entry.run, phase: 'preparing', message: 'The engine is started again' });
        await new Promise((resolve) => setTimeout(resolve, this.retryMs));
        resume = (await statusOf(new Workspace(plan.folder), plan.id)) !== undefined;
      }
    }
  }

  private async listen(): Promise<void> {
    if (this.listening) return;
    this.listening = true;
    const { trainingNotification } = await import('../../service/requests/model.ts');
    this.engine.onNotification(trainingNotification, ({ workspace, id, events }) => {
      const entry = this.live.get(keyOf({ folder: workspace, id }));
      if (!entry) return;
      this.become(entry, afterEvents(entry.run, events));
      for (const listener of this.listeners) listener(entry.run.plan, events);
    });
  }

  private become(entry: Entry, run: LiveRun): void {
    entry.run = run;
    this.changes.fire();
  }

  dispose(): void {
    this.disposed = true;
    this.changes.dispose();
    this.listeners.clear();
  }
}

/** The engine is gone, and with it only the steps since the last checkpoint. */
const engineEnds: ReadonlySet<string> = new Set(['engine-crashed', 'engine-frozen', 'engine-disposed']);

/** undefined when there is no model of that id yet. */
async function statusOf(workspace: Workspace, id: string): Promise<string | undefined> {
  const { readManifest } = await import('../../recommender/checkpoint.ts');
  try {
    return (await readManifest(workspace.entry('models', id))).status;
  } catch (error) {
    if (error instanceof ToolRecError && error.code === 'no-model') return undefined;
    throw error;
  }
}

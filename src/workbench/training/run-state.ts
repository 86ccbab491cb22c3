import type { Progress } from '../../shared/progress.ts';
import type { TrainingEvent } from '../../recommender/training-event.ts';
import type { RunPlan } from './run-plan.ts';

/** A training run that is under way in this window. A value; the functions below make the next one. */
export interface LiveRun {
  readonly plan: RunPlan;
  readonly phase: 'waiting' | 'preparing' | 'training' | 'pausing' | 'stopping';
  /** What is being done, a short phrase. */
  readonly message: string;
  readonly done?: number;
  /** Steps of the whole run, if it uses all its epochs. */
  readonly total?: number;
  readonly latest?: Extract<TrainingEvent, { kind: 'step' }>;
}

/** Runs are told apart by folder and model. */
export function keyOf({ folder, id }: { readonly folder: string; readonly id: string }): string {
  return `${folder}\0${id}`;
}

export function newRun(plan: RunPlan, message: string, waits: boolean): LiveRun {
  return { plan, phase: waits ? 'waiting' : 'preparing', message };
}

/** Only training counts in steps; whatever comes before is preparation. One that waits is told so by the engine too. */
export function afterProgress(run: LiveRun, { message, done, total, unit }: Progress): LiveRun {
  const steps = unit === 'steps' && done !== undefined;
  const ending = run.phase === 'pausing' || run.phase === 'stopping';
  const same = run.phase === 'training' || (run.phase === 'waiting' && message === run.message);
  const phase = steps && !ending ? 'training' : ending || same ? run.phase : 'preparing';
  if (!steps) return { ...run, phase, message };
  return { ...run, phase, message, done, ...(total === undefined ? {} : { total }) };
}

export function afterEvents(run: LiveRun, events: readonly TrainingEvent[]): LiveRun {
  const latest = events.findLast((event) => event.kind === 'step');
  return latest ? { ...run, latest } : run;
}

/** Seconds of training that are left at most; undefined until a step is done. */
export function secondsLeft({ done, total, latest }: LiveRun): number | undefined {
  if (!latest || done === undefined || total === undefined || latest.step === 0) return undefined;
  return (latest.seconds / latest.step) * Math.max(0, total - done);
}

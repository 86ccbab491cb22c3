import {
  alreadyTraining,
  lockTraining,
  takeWish,
  trainingHolder,
  wishForTraining,
} from '../recommender/training-lock.ts';
import { ToolRecError, UsageError } from '../shared/errors.ts';
import type { Workspace } from '../shared/workspace.ts';

/**
 * Who runs an experiment now, whichever window or command line it is: the locks and wishes of trainings, under names
 * that no model has (a model's id never holds a colon's stand-in `..`).
 */
const nameOf = (id: string) => `experiment..${id}`;

/** @throws UsageError `already-running` */
export async function lockRun(workspace: Workspace, id: string): Promise<{ release(): Promise<void> }> {
  try {
    return await lockTraining(workspace, nameOf(id));
  } catch (error) {
    if (!(error instanceof ToolRecError) || error.code !== alreadyTraining(id).code) throw error;
    throw new UsageError(
      'already-running',
      `The experiment “${id}” is being run already.`,
      'Wait for it, or pause it where it runs.',
    );
  }
}

/** True while a living process runs the experiment. */
export async function isRunning(workspace: Workspace, id: string): Promise<boolean> {
  return (await trainingHolder(workspace, nameOf(id))) !== undefined;
}

/** Asks the process that runs it to pause (users in flight are finished) or to stop (they are left). */
export function wishForRun(workspace: Workspace, id: string, wish: 'pause' | 'stop'): Promise<void> {
  return wishForTraining(workspace, nameOf(id), wish);
}

export function takeRunWish(workspace: Workspace, id: string): Promise<'pause' | 'stop' | undefined> {
  return takeWish(workspace, nameOf(id));
}

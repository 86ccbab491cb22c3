import fs from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { asStorageError, writeFileAtomic } from '../shared/atomic-file.ts';
import { StorageError, ToolRecError } from '../shared/errors.ts';
import type { Workspace } from '../shared/workspace.ts';
import { experimentDirectory, recordsFile, spendingFile, stateFile } from './places.ts';
import { countingRecords, type ExperimentPlan, readPlan } from './plan-file.ts';
import { readRecords } from './records.ts';
import { isRunning } from './run-lock.ts';
import { RunProgress, type RunState, type RunStatus } from './run-progress.ts';
import { readSpending } from './spending.ts';

const stateSchema = z.object({
  status: z.enum(['running', 'finished', 'paused', 'cancelled', 'budget', 'stopped', 'interrupted']),
  error: z.object({ code: z.string(), message: z.string(), remedy: z.string() }).loose().nullable(),
});
type StoredState = z.output<typeof stateSchema>;

/** Keeps how a run ended, beside its records. */
export async function writeRunState(
  directory: string,
  state: { status: RunStatus; error: { code: string; message: string; remedy: string } | null },
): Promise<void> {
  await writeFileAtomic(path.join(directory, stateFile), `${JSON.stringify(state, null, 1)}\n`);
}

/** An experiment of the workspace, as far as it has come. */
export interface ExperimentStatus {
  readonly id: string;
  readonly directory: string;
  readonly plan: ExperimentPlan;
  readonly state: RunState;
  /** Why it stopped early, if for an error. */
  readonly error: StoredState['error'];
}

/** @throws StorageError `no-experiment`, `damaged-plan`, `damaged-records`. */
export async function experimentStatus(workspace: Workspace, id: string): Promise<ExperimentStatus> {
  const directory = experimentDirectory(workspace, id);
  const plan = await readPlan(directory);
  const { records } = await readRecords(path.join(directory, recordsFile));
  const spent = await readSpending(path.join(directory, spendingFile));
  const progress = new RunProgress(plan, countingRecords(plan, records), spent);
  const stored = await readState(directory);
  const running = await isRunning(workspace, id);
  // A process that died wrote no end.
  const status: RunStatus = running ? 'running' : stored.status === 'running' ? 'interrupted' : stored.status;
  const state = progress.snapshot(status);
  const whole = state.done === state.total && !running ? progress.snapshot('finished') : state;
  return { id, directory, plan, state: whole, error: stored.error };
}

async function readState(directory: string): Promise<StoredState> {
  try {
    return stateSchema.parse(JSON.parse(await fs.readFile(path.join(directory, stateFile), 'utf8')));
  } catch {
    return { status: 'interrupted', error: null };
  }
}

/** An experiment of the workspace, or why it cannot be read. */
export type ExperimentEntry =
  | ({ readonly problem?: undefined } & ExperimentStatus)
  | { readonly id: string; readonly problem: ToolRecError };

/** All experiments that have been begun, by name. */
export async function listExperiments(workspace: Workspace): Promise<ExperimentEntry[]> {
  const folder = workspace.directory('experiments');
  const found = await fs.readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw asStorageError(error, folder);
  });
  const entries: ExperimentEntry[] = [];
  for (const { name } of found.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))) {
    try {
      entries.push(await experimentStatus(workspace, name));
    } catch (error) {
      if (error instanceof StorageError && error.code === 'no-experiment') continue;
      if (!(error instanceof ToolRecError)) throw error;
      entries.push({ id: name, problem: error });
    }
  }
  return entries.sort((a, b) => (a.id < b.id ? -1 : 1));
}

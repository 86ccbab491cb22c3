import type { Workspace } from '../shared/workspace.ts';

/** Files of an experiment in `.toolrec/experiments/<id>/`. */
export const recordsFile = 'records.jsonl';
export const spendingFile = 'spending.jsonl';
export const planFile = 'plan.json';
export const stateFile = 'state.json';
export const sessionsFolder = 'sessions';

export function experimentDirectory(workspace: Workspace, id: string): string {
  return workspace.entry('experiments', id);
}

/** Full text of the prompts of an experiment. */
export const promptsFile = 'prompts.json';

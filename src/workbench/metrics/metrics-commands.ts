import * as vscode from 'vscode';
import { UsageError } from '../../shared/errors.ts';
import { askFilter } from '../quick-filter.ts';
import type { Workbench } from '../workbench.ts';

/** “ToolRec: Filter Metrics…”. */
export function filterMetrics({ metrics }: Workbench): Promise<void> {
  return askFilter(
    vscode.l10n.t('Filter Metrics'),
    vscode.l10n.t('A part of a name; empty shows everything'),
    metrics,
  );
}

/** Shows the held-out item of the active session, and its metrics. */
export async function revealHeldOut({ sessions }: Workbench): Promise<void> {
  const session = sessions.active;
  if (!session)
    throw new UsageError('no-session', 'No session is open.', 'Run “ToolRec: Open Session…” first.');
  session.revealed = true;
  await Promise.resolve();
}

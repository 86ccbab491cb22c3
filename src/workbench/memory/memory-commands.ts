import * as vscode from 'vscode';
import { UsageError } from '../../shared/errors.ts';
import { vscodeTexts } from '../language.ts';
import { askFilter } from '../quick-filter.ts';
import type { Workbench } from '../workbench.ts';
import type { ItemReference } from './memory-tree.ts';

/** A click on an item of memory: where it came from, as a page beside. */
export async function showItemTrail(workbench: Workbench, argument: unknown): Promise<void> {
  const reference = referenceOf(argument);
  if (!reference) return;
  const session = workbench.sessions.open.find(({ id }) => id === reference.session.id);
  if (!session)
    throw new UsageError('no-session', 'The session is not open any more.', 'Open it and try again.');
  const [{ itemTrail }, { trailMarkdown }] = await Promise.all([
    import('../../agent/trail.ts'),
    import('./trail-text.ts'),
  ]);
  const trail = itemTrail(session.state, reference.item);
  if (!trail)
    throw new UsageError('no-trail', 'The session no longer holds this item.', 'Look at its present rounds.');
  const heading = vscode.l10n.t('Where it came from');
  await workbench.reports.show(
    'Item Trail',
    `# ${heading}\n\n${trailMarkdown(trail, vscodeTexts)}\n\n${vscode.l10n.t('Session {0}', `\`${session.id}\``)}\n`,
  );
}

/** “ToolRec: Filter Memory…”: narrows the view while the person types. */
export function filterMemory({ memory }: Workbench): Promise<void> {
  return askFilter(
    vscode.l10n.t('Filter Memory'),
    vscode.l10n.t('A part of a title; empty shows everything'),
    memory,
  );
}

export async function copyTitle(argument: unknown): Promise<void> {
  if (typeof argument !== 'object' || argument === null) return;
  const { title, text } = argument as { title?: unknown; text?: unknown };
  const words = typeof title === 'string' ? title : typeof text === 'string' ? text : undefined;
  if (words !== undefined) await vscode.env.clipboard.writeText(words);
}

/** From a click's arguments, or from a row of the tree. */
function referenceOf(argument: unknown): ItemReference | undefined {
  if (typeof argument !== 'object' || argument === null) return undefined;
  const { session, item, id } = argument as { session?: unknown; item?: unknown; id?: unknown };
  const owner = session as { id?: unknown; folder?: unknown; reference?: unknown } | undefined;
  const place = (owner?.reference ?? owner) as { id?: unknown; folder?: unknown } | undefined;
  const what = item ?? id;
  if (typeof place?.id !== 'string' || typeof place.folder !== 'string' || typeof what !== 'string')
    return undefined;
  return { session: { folder: place.folder, id: place.id }, item: what };
}

import * as vscode from 'vscode';
import type { LineReference } from '../../../webview/protocol.ts';
import type { SessionStarted } from '../../agent/events.ts';
import { UsageError } from '../../shared/errors.ts';
import { openFolders } from '../folders.ts';
import type { SessionReference } from '../sessions/session-ids.ts';
import type { SessionEntry } from '../sessions/sessions.ts';
import type { Workbench } from '../workbench.ts';

type Known = SessionReference & { readonly changed: number; readonly started: SessionStarted };

/**
 * “ToolRec: Compare Sessions…”. From a row or the panel of a session with that one, else with the active one; asks for
 * what is not given. `second` may be given by programs and tests.
 */
export async function compareSessions(
  workbench: Workbench,
  argument: unknown,
  second?: unknown,
): Promise<void> {
  const all = await knownSessions(workbench);
  const given = find(all, argument) ?? find(all, workbench.sessions.active?.reference);
  const first = given ?? (await pickSession(all, vscode.l10n.t('Which session should stand on the left?')));
  if (!first) return;
  const other = find(all, second);
  const right: LineReference | undefined = other
    ? { folder: other.folder, id: other.id, line: null }
    : await pickOther(workbench, first, all);
  if (!right) return;
  await workbench.comparisons.open({
    first: { folder: first.folder, id: first.id, line: null },
    second: right,
  });
}

async function knownSessions({ sessions }: Workbench): Promise<Known[]> {
  const listed = await Promise.all(openFolders().map(({ uri }) => sessions.list(uri.fsPath)));
  const known = listed.flat().filter((entry): entry is SessionEntry & Known => entry.started !== undefined);
  if (known.length === 0)
    throw new UsageError(
      'no-sessions',
      'There is no session yet.',
      'Run “ToolRec: Start Session”, then compare.',
    );
  return known;
}

interface LinePick extends vscode.QuickPickItem {
  readonly line?: LineReference;
}

/** Sessions that are likely meant first: forks and parents, then the same user, then the same dataset. */
async function pickOther(
  workbench: Workbench,
  first: Known,
  all: readonly Known[],
): Promise<LineReference | undefined> {
  const related = all
    .filter(({ id, folder }) => id !== first.id || folder !== first.folder)
    .sort((a, b) => nearness(b, first) - nearness(a, first) || b.changed - a.changed);
  const rows: LinePick[] = related.map((entry) => ({
    ...pickOf(entry),
    line: { folder: entry.folder, id: entry.id, line: null },
  }));
  const earlier = await linesOf(workbench, first);
  if (earlier.length > 0)
    rows.unshift(
      { label: vscode.l10n.t('Earlier lines of this session'), kind: vscode.QuickPickItemKind.Separator },
      ...earlier,
      { label: vscode.l10n.t('Other sessions'), kind: vscode.QuickPickItemKind.Separator },
    );
  if (rows.every(({ line }) => !line))
    throw new UsageError(
      'one-session',
      'There is only one session, and it has no earlier lines.',
      'Fork it, or start another, and compare again.',
    );
  const picked = await vscode.window.showQuickPick(rows, {
    placeHolder: vscode.l10n.t('With which session should {0} be compared?', first.id),
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return picked?.line;
}

async function linesOf({ sessions }: Workbench, first: Known): Promise<LinePick[]> {
  const [{ earlierLines }, { SessionStore }, { Workspace }] = await Promise.all([
    import('../../agent/lines.ts'),
    import('../../agent/log-store.ts'),
    import('../../shared/workspace.ts'),
  ]);
  const open = sessions.open.find(
    ({ id, reference }) => id === first.id && reference.folder === first.folder,
  );
  const events =
    open?.events ??
    (await new SessionStore(new Workspace(first.folder).directory('sessions')).read(first.id)).events;
  return earlierLines(events).map((state, line) => ({
    label: `$(history) ${vscode.l10n.t('Earlier line {0}', line + 1)}`,
    description: vscode.l10n.t('{0} rounds', state.rounds.length),
    line: { folder: first.folder, id: first.id, line },
  }));
}

function nearness(entry: Known, to: Known): number {
  const family = entry.started.parent?.session === to.id || to.started.parent?.session === entry.id;
  const sameData = entry.started.dataset.hash === to.started.dataset.hash;
  const sameUser = sameData && entry.started.subject.user?.id === to.started.subject.user?.id;
  return (family ? 4 : 0) + (sameUser ? 2 : 0) + (sameData ? 1 : 0);
}

async function pickSession(all: readonly Known[], placeHolder: string): Promise<Known | undefined> {
  const rows = all.map((entry) => ({ ...pickOf(entry), entry }));
  return (await vscode.window.showQuickPick(rows, { placeHolder, matchOnDescription: true }))?.entry;
}

function pickOf({ id, started, changed }: Known): vscode.QuickPickItem {
  const { subject, dataset, policy } = started;
  const who = subject.user ? vscode.l10n.t('user {0}', subject.user.id) : vscode.l10n.t('written history');
  const when = new Date(changed).toLocaleString(vscode.env.language, {
    dateStyle: 'medium',
    timeStyle: 'short',
  });
  return { label: `${who} · ${dataset.name}`, description: `${policy.label} · ${when}`, detail: id };
}

function find(all: readonly Known[], argument: unknown): Known | undefined {
  if (typeof argument !== 'object' || argument === null) return undefined;
  const { id, folder } = argument as { id?: unknown; folder?: unknown };
  const path = folder instanceof vscode.Uri ? folder.fsPath : folder;
  return all.find((entry) => entry.id === id && (path === undefined || entry.folder === path));
}

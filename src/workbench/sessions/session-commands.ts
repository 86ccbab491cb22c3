import * as vscode from 'vscode';
import { UsageError } from '../../shared/errors.ts';
import type { DatasetReference } from '../dataset-tree.ts';
import { pickDataset, referenceOf } from '../dataset-commands.ts';
import { openFolders, requireTrust } from '../folders.ts';
import type { ModelNode } from '../models/model-tree.ts';
import { commands } from '../names.ts';
import type { Workbench } from '../workbench.ts';
import type { OpenSession } from './open-session.ts';
import type { SessionReference } from './session-ids.ts';
import type { SessionMove } from './session-panels.ts';
import type { SessionEntry } from './sessions.ts';
import { askSubject } from './start-dialogue.ts';

/** What a session can be started on: a dataset, or a trained model of one. */
interface Start extends DatasetReference {
  /** Id of the backbone that answers retrievals. */
  readonly retrieval?: string;
  /** Code of the user, where nobody needs to be asked. */
  readonly user?: number;
}

/** “ToolRec: Start Session”, from the palette, a dataset or a model. */
export async function startSession(workbench: Workbench, argument: unknown): Promise<void> {
  requireTrust();
  const start: Start | undefined =
    startOf(argument) ??
    (await onlyDataset(workbench)) ??
    (await pickDataset(workbench, vscode.l10n.t('On which dataset should the session be?')));
  if (!start) return;
  const worlds = await workbench.sessions.worlds();
  const place = { folder: start.folder.fsPath, dataset: start.name };
  const dataset = await worlds.dataset(place);
  const subject = start.user === undefined ? await askSubject(dataset) : { user: start.user };
  if (!subject) return;
  const asked = performance.now();
  const title =
    'user' in subject
      ? vscode.l10n.t('User {0} · {1}', dataset.user(subject.user).id, dataset.name)
      : vscode.l10n.t('Own history · {0}', dataset.name);
  const retrieval = start.retrieval === undefined ? {} : { retrieval: start.retrieval };
  await workbench.sessionPanels.start({ ...place, ...subject, ...retrieval }, title, asked);
}

/** The only dataset needs no question. */
async function onlyDataset({ datasets }: Workbench): Promise<Start | undefined> {
  const [only, ...others] = await datasets.all();
  return only?.entry.manifest && others.length === 0 ? { folder: only.folder, name: only.name } : undefined;
}

/** A row of the tree: a dataset, or a model, whose tools' backbone is used. */
function startOf(argument: unknown): Start | undefined {
  if (typeof argument !== 'object' || argument === null) return undefined;
  const { kind, folder, id, row } = argument as Partial<ModelNode>;
  if (kind === 'model' && folder && id !== undefined && row)
    return { folder, name: row.dataset, retrieval: row.tool?.backbone ?? id };
  const reference = referenceOf(argument);
  const { user } = argument as { user?: unknown };
  return reference && { ...reference, ...(typeof user === 'number' ? { user } : {}) };
}

/** “ToolRec: Open Session…”: the sessions of the open folders, the latest first. */
export async function openSession(workbench: Workbench, argument: unknown): Promise<void> {
  const known = sessionOf(argument);
  if (known) return workbench.sessionPanels.open(known);
  const chosen = await pickSession(workbench, vscode.l10n.t('Which session should be opened?'));
  if (chosen) await workbench.sessionPanels.open({ folder: chosen.folder, id: chosen.id }, chosen.title);
}

/** “ToolRec: Delete Session…”: asks, then deletes. */
export async function deleteSession(workbench: Workbench, argument: unknown): Promise<void> {
  requireTrust();
  const reference =
    sessionOf(argument) ?? (await pickSession(workbench, vscode.l10n.t('Which session should be deleted?')));
  if (!reference) return;
  const confirm = vscode.l10n.t('Delete');
  const answer = await vscode.window.showWarningMessage(
    vscode.l10n.t('Delete the session “{0}”?', reference.id),
    {
      modal: true,
      detail: vscode.l10n.t('Its log under .toolrec is deleted for good. Its forks stay.'),
    },
    confirm,
  );
  if (answer !== confirm) return;
  workbench.sessionPanels.close(reference);
  await workbench.sessions.delete(reference);
  workbench.log.info(`Deleted the session ${reference.id}.`);
}

export type SessionAction = 'step' | 'run' | 'stop' | 'back' | 'restart' | 'replay' | 'breakpoints';

/** The commands that act on the active session. */
export async function actOnSession(workbench: Workbench, action: SessionAction): Promise<void> {
  const session = activeSession(workbench);
  switch (action) {
    case 'breakpoints':
      return (await import('./breakpoints.ts')).chooseBreakpoints(session);
    case 'stop':
      session.stop();
      return;
    default:
      // A key that repeats while a round runs asks for nothing.
      if (session.activity) return;
      await session[action]();
  }
}

/** The commands that act at the round that has the focus. */
export function moveInSession(workbench: Workbench, move: SessionMove): void {
  workbench.sessionPanels.active?.perform(move);
}

/** The “⋯” of the panel. */
export async function showMore(workbench: Workbench, session: OpenSession): Promise<void> {
  const run = (label: string, icon: string, command: string, ...args: unknown[]) => ({
    label,
    iconPath: new vscode.ThemeIcon(icon),
    run: () => vscode.commands.executeCommand(command, ...args),
  });
  const items = [
    run(vscode.l10n.t('Breakpoints…'), 'debug-breakpoint', commands.sessionBreakpoints),
    run(vscode.l10n.t('Replay'), 'debug-rerun', commands.replaySession),
    run(vscode.l10n.t('Open Another Session…'), 'folder-opened', commands.openSession),
    run(vscode.l10n.t('New Session…'), 'add', commands.startSession),
    run(vscode.l10n.t('Export…'), 'markdown', commands.exportSession, session.reference),
    run(vscode.l10n.t('Compare With…'), 'diff', commands.compareSessions, session.reference),
    run(vscode.l10n.t('Add to Demonstrations'), 'list-ordered', commands.addDemonstration, session.reference),
    run(vscode.l10n.t('Edit Demonstrations'), 'list-unordered', commands.editDemonstrations),
    run(vscode.l10n.t('Compare Prompt Versions…'), 'git-compare', commands.comparePromptVersions),
    run(vscode.l10n.t('Delete Session…'), 'trash', commands.deleteSession, session.reference),
  ];
  const chosen = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('Session {0}', session.id),
  });
  await chosen?.run();
}

function activeSession({ sessionPanels, sessions }: Workbench): OpenSession {
  const session = sessionPanels.active?.session ?? sessions.active;
  if (session) return session;
  throw new UsageError(
    'no-session',
    'No session is open.',
    'Run “ToolRec: Start Session” or “ToolRec: Open Session…”.',
  );
}

export function sessionOf(argument: unknown): SessionReference | undefined {
  if (typeof argument !== 'object' || argument === null) return undefined;
  const { folder, id } = argument as Record<string, unknown>;
  return typeof folder === 'string' && typeof id === 'string' ? { folder, id } : undefined;
}

/** @throws UsageError `no-sessions` */
export async function pickSession(
  { sessions }: Workbench,
  placeHolder: string,
): Promise<(SessionReference & { readonly title: string }) | undefined> {
  const entries = (await Promise.all(openFolders().map(({ uri }) => sessions.list(uri.fsPath)))).flat();
  if (entries.length === 0)
    throw new UsageError('no-sessions', 'There is no session yet.', 'Run “ToolRec: Start Session”.');
  const picks = entries.sort((a, b) => b.changed - a.changed).map(entryItem);
  const chosen = await vscode.window.showQuickPick(picks, {
    placeHolder,
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return chosen && { folder: chosen.entry.folder, id: chosen.entry.id, title: chosen.label };
}

function entryItem(entry: SessionEntry) {
  const when = new Date(entry.changed).toLocaleString(vscode.env.language, {
    dateStyle: 'medium',
    timeStyle: 'short',
  });
  if (!entry.started)
    return {
      label: entry.id,
      description: vscode.l10n.t('cannot be read'),
      detail: entry.problem.message,
      iconPath: new vscode.ThemeIcon('warning'),
      entry,
    };
  const { subject, dataset, policy, parent } = entry.started;
  return {
    label: subject.user
      ? vscode.l10n.t('User {0} · {1}', subject.user.id, dataset.name)
      : vscode.l10n.t('Own history · {0}', dataset.name),
    description: when,
    detail: [
      policy.label,
      ...(parent ? [vscode.l10n.t('forked after round {0}', parent.round)] : []),
      entry.id,
    ].join(' · '),
    iconPath: new vscode.ThemeIcon(parent ? 'repo-forked' : 'comment-discussion'),
    entry,
  };
}

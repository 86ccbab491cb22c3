import path from 'node:path';
import * as vscode from 'vscode';
import { addDemonstration, newDemonstrations } from '../../agent/prompts/demonstration-edits.ts';
import { demonstrationFromSession } from '../../agent/prompts/demonstration-from-session.ts';
import { domainOf } from '../../agent/prompts/library.ts';
import type { PromptDomain } from '../../agent/prompts/kinds.ts';
import { requireInside } from '../../agent/prompts/origins.ts';
import { SessionStore } from '../../agent/log-store.ts';
import { foldAll } from '../../agent/state.ts';
import { pickFolder, requireTrust, workspaceOf } from '../folders.ts';
import { customEditors } from '../names.ts';
import { pickSession, sessionOf } from '../sessions/session-commands.ts';
import type { SessionReference } from '../sessions/session-ids.ts';
import type { Workbench } from '../workbench.ts';
import type { PromptFeatures } from './features.ts';
import { replaceAndSave } from './replace-text.ts';

const { t } = vscode.l10n;

/** “Edit Demonstrations”: the list editor of a file; of the shown dataset's domain where none is named. */
export async function editDemonstrations(features: PromptFeatures, argument: unknown): Promise<void> {
  let uri = argument instanceof vscode.Uri ? argument : undefined;
  if (!uri) {
    requireTrust();
    const folder = await pickFolder();
    if (!folder) return;
    const domain = await domainFor(features, folder);
    uri = vscode.Uri.file(await features.subjects.files(folder).copyForEdit(`demonstrations/${domain}.yaml`));
  }
  await vscode.commands.executeCommand('vscode.openWith', uri, customEditors.demonstrations);
}

async function domainFor(features: PromptFeatures, folder: vscode.Uri): Promise<PromptDomain> {
  const subject = await features.subjects.of(folder);
  return subject.dataset === undefined
    ? 'generic'
    : domainOf(await features.subjects.dataset(folder, subject.dataset));
}

/**
 * “Add Session to Demonstrations”: turns a finished session into an example of its domain's file.
 * @param argument `{ folder, id }` of a session, or `{ pick: true }` to have it picked; else the active one, else it is picked
 */
export async function addDemonstrationFromSession(
  workbench: Workbench,
  features: PromptFeatures,
  argument: unknown,
): Promise<void> {
  requireTrust();
  const ask = typeof argument === 'object' && argument !== null && 'pick' in argument;
  const chosen =
    sessionOf(argument) ??
    (ask ? undefined : workbench.sessions.active?.reference) ??
    (await pickSession(workbench, t('Which session should become an example?')));
  if (!chosen) return;
  const { uri, name } = await addSessionToDemonstrations(features, chosen);
  const show = t('Show');
  const answer = await vscode.window.showInformationMessage(
    t(
      'The session is now an example of {0}, its lists cut to the best items. Switch it on or off in the list.',
      name,
    ),
    show,
  );
  if (answer === show) await editDemonstrations(features, uri);
}

/**
 * Makes an example of a finished session, in its domain's file of the workspace.
 * @throws UsageError `session-not-finished`, `nothing-to-show`, `already-demonstration`, `outside-workspace`
 */
export async function addSessionToDemonstrations(
  features: PromptFeatures,
  reference: SessionReference,
): Promise<{ readonly uri: vscode.Uri; readonly name: string }> {
  requireTrust();
  const workspace = workspaceOf(vscode.Uri.file(reference.folder));
  const { events } = await new SessionStore(workspace.directory('sessions')).read(reference.id);
  const state = foldAll(events);
  const { demonstration, attributes } = demonstrationFromSession(state);
  const folder = vscode.Uri.file(reference.folder);
  const dataset = await features.subjects.dataset(folder, state.started.dataset.name);
  const domain = domainOf(dataset);
  const name = `demonstrations/${domain}.yaml`;
  const files = features.subjects.files(folder);
  const entry = await files.find(name).catch(() => undefined);
  const file = entry ? await files.copyForEdit(name) : path.join(files.folder, name);
  await requireInside(folder.fsPath, file);
  const uri = vscode.Uri.file(file);
  if (entry) {
    const document = await vscode.workspace.openTextDocument(uri);
    await replaceAndSave(document, addDemonstration(document.getText(), demonstration, attributes));
  } else {
    const text = newDemonstrations(domain, attributes.length > 0 ? attributes : ['none'], demonstration);
    await vscode.workspace.fs.writeFile(uri, Buffer.from(text));
  }
  return { uri, name };
}

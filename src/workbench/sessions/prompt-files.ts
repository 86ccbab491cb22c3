import fs from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import type { SessionPrompt } from '../../../webview/protocol.ts';
import { parseDemonstrations } from '../../agent/prompts/demonstrations.ts';
import { domainOf } from '../../agent/prompts/library.ts';
import { parseTemplate, promptSuffix } from '../../agent/prompts/template.ts';
import { promptFiles } from '../../experiments/prompt-context.ts';
import { promptLibrary } from '../../experiments/session-parts.ts';
import { writeFileAtomic } from '../../shared/atomic-file.ts';
import { UsageError } from '../../shared/errors.ts';
import { resourcePath } from '../../shared/resources.ts';
import { Workspace } from '../../shared/workspace.ts';
import { requireTrust } from '../folders.ts';
import type { OpenSession } from './open-session.ts';

type Which = 'prompt' | 'demonstrations';

/** The surrogate user's prompt and demonstrations, as the next round uses them. */
export async function readPrompt(session: OpenSession): Promise<SessionPrompt> {
  const { prompt, demonstrations } = await filesOf(session);
  return {
    name: prompt.name,
    text: prompt.text,
    own: prompt.own,
    demonstrations: demonstrations ? { text: demonstrations.text, own: demonstrations.own } : null,
  };
}

/**
 * Keeps a text as the workspace's own file, under `prompts/`.
 * @throws InputError when it cannot be read as what it is: nothing is written then.
 */
export async function savePrompt(session: OpenSession, which: Which, text: string): Promise<void> {
  requireTrust();
  const file = await ownFile(session, which);
  if (which === 'prompt') parseTemplate(text, file);
  else parseDemonstrations(text, file);
  // The copy remembers which shipped prompt it came from.
  const files = promptFiles(new Workspace(session.reference.folder));
  const name = files.nameOf(file);
  if (name !== undefined) await files.copyForEdit(name);
  await writeFileAtomic(file, text);
}

/** Opens the workspace's own file; what ships is copied there first, for it to be changed. */
export async function openPromptFile(session: OpenSession, which: Which): Promise<void> {
  const file = await ownFile(session, which);
  const found = await filesOf(session);
  const shown = which === 'prompt' ? found.prompt : found.demonstrations;
  if (!shown)
    throw new UsageError('no-demonstrations', 'There are no demonstrations.', 'Write some under “prompts/”.');
  if (!shown.own) await savePrompt(session, which, shown.text);
  await vscode.window.showTextDocument(vscode.Uri.file(file));
}

async function filesOf(session: OpenSession) {
  const { dataset } = session;
  if (!dataset) throw notReady();
  const workspace = new Workspace(session.reference.folder);
  const domain = domainOf(dataset);
  const folder = path.join(workspace.folder, 'prompts');
  const template = await promptLibrary(workspace).load('surrogate', domain);
  const inWorkspace = (file: string) => !path.relative(folder, file).startsWith('..');
  const candidates = [
    path.join(folder, 'demonstrations', `${domain}.yaml`),
    path.join(workspace.folder, 'demonstrations', `${domain}.yaml`),
    resourcePath('demonstrations', `${domain}.yaml`),
  ];
  let demonstrations: { text: string; own: boolean } | undefined;
  for (const [i, file] of candidates.entries()) {
    const text = await fs.readFile(file, 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    demonstrations = { text, own: i === 0 };
    break;
  }
  return {
    prompt: { name: template.name, text: template.text, own: inWorkspace(template.file) },
    demonstrations,
  };
}

async function ownFile(session: OpenSession, which: Which): Promise<string> {
  const { dataset } = session;
  if (!dataset) throw notReady();
  const workspace = new Workspace(session.reference.folder);
  const domain = domainOf(dataset);
  const folder = path.join(workspace.folder, 'prompts');
  if (which === 'demonstrations') return path.join(folder, 'demonstrations', `${domain}.yaml`);
  const { name } = await promptLibrary(workspace).load('surrogate', domain);
  return path.join(folder, `${name}${promptSuffix}`);
}

function notReady(): UsageError {
  return new UsageError('no-session', 'The dataset is not open yet.', 'Wait a moment and try again.');
}

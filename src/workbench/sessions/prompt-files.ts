import path from 'node:path';
import * as vscode from 'vscode';
import type { SessionPrompt } from '../../../webview/protocol.ts';
import { domainOf } from '../../agent/prompts/library.ts';
import { parseTemplate, promptSuffix, type PromptTemplate } from '../../agent/prompts/template.ts';
import { promptFiles } from '../../experiments/prompt-context.ts';
import { promptLibrary } from '../../experiments/session-parts.ts';
import { writeFileAtomic } from '../../shared/atomic-file.ts';
import { UsageError } from '../../shared/errors.ts';
import { Workspace } from '../../shared/workspace.ts';
import { requireTrust } from '../folders.ts';
import type { OpenSession } from './open-session.ts';

/** The surrogate user's prompt, as the next round uses it. */
export async function readPrompt(session: OpenSession): Promise<SessionPrompt> {
  const { name, text, file } = await templateOf(session);
  const own = path.join(session.reference.folder, 'prompts');
  return { name, text, own: !path.relative(own, file).startsWith('..') };
}

/**
 * Keeps a text as the workspace's own file, under `prompts/`.
 * @throws InputError when it cannot be read as what it is: nothing is written then.
 */
export async function savePrompt(session: OpenSession, text: string): Promise<void> {
  requireTrust();
  const { name } = await templateOf(session);
  const file = path.join(session.reference.folder, 'prompts', name + promptSuffix);
  parseTemplate(text, file);
  // The copy remembers which shipped prompt it came from.
  await filesOf(session).copyForEdit(name + promptSuffix);
  await writeFileAtomic(file, text);
}

/** Opens the workspace's own file; what ships is copied there first, for it to be changed. */
export async function openPromptFile(session: OpenSession): Promise<void> {
  requireTrust();
  const { name } = await templateOf(session);
  const file = await filesOf(session).copyForEdit(name + promptSuffix);
  await vscode.window.showTextDocument(vscode.Uri.file(file));
}

function filesOf({ reference }: OpenSession) {
  return promptFiles(new Workspace(reference.folder));
}

async function templateOf({ dataset, reference }: OpenSession): Promise<PromptTemplate> {
  if (dataset) return promptLibrary(new Workspace(reference.folder)).load('surrogate', domainOf(dataset));
  throw new UsageError('no-session', 'The dataset is not open yet.', 'Wait a moment and try again.');
}

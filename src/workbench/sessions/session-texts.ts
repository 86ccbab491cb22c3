import * as vscode from 'vscode';
import { lineOf } from '../../agent/branch.ts';
import type { ModelCall } from '../../agent/events.ts';
import { UsageError } from '../../shared/errors.ts';
import type { OpenSession } from './open-session.ts';
import type { ShownLine } from './session-view.ts';

/** Scheme of read-only documents that hold what was asked of a model and what it replied. */
export const sessionScheme = 'toolrec-session';

const texts = new Map<string, string>();
/** Documents that are open hold their text themselves; this many are kept for those that are opened again. */
const kept = 50;

let registered: vscode.Disposable | undefined;

/** Opens the exact prompt or the raw reply of a call, read-only, in an editor tab. */
export async function openCall(
  session: OpenSession,
  line: ShownLine,
  round: number,
  call: number,
  what: 'prompt' | 'reply',
): Promise<void> {
  const found = lineOf(session.state, line)[round - 1]?.calls[call];
  if (!found)
    throw new UsageError('unknown-call', 'The round has no such call.', 'Choose one that the panel shows.');
  const file = `round-${round}-${found.purpose}-${call + 1}-${what}.md`;
  const uri = vscode.Uri.from({ scheme: sessionScheme, path: `/${session.id}/${file}` });
  texts.delete(uri.toString());
  texts.set(uri.toString(), what === 'prompt' ? promptText(found) : replyText(found));
  for (const key of [...texts.keys()].slice(0, Math.max(0, texts.size - kept))) texts.delete(key);
  registered ??= vscode.workspace.registerTextDocumentContentProvider(sessionScheme, {
    provideTextDocumentContent: (asked) =>
      texts.get(asked.toString()) ?? vscode.l10n.t('Open this text from its session again.'),
  });
  const document = await vscode.workspace.openTextDocument(uri);
  await vscode.window.showTextDocument(document, { preview: true });
}

function promptText({ messages }: ModelCall): string {
  return messages
    .map(({ role, content, toolCalls }) =>
      [
        `<!-- ${role} -->`,
        content,
        ...(toolCalls ?? []).map((call) => `${call.name}(${call.arguments})`),
      ].join('\n'),
    )
    .join('\n\n');
}

function replyText({ reply, reasoning, toolCalls, finishReason, error }: ModelCall): string {
  return [
    ...(reasoning ? ['<!-- reasoning -->', reasoning, '', '<!-- reply -->'] : []),
    reply,
    ...(toolCalls ?? []).map((call) => `${call.name}(${call.arguments})`),
    ...(error ? ['', `<!-- ${error.code}: ${error.message} -->`] : []),
    ...(finishReason === 'stop' || error ? [] : ['', `<!-- ended: ${finishReason} -->`]),
  ].join('\n');
}

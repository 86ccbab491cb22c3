import * as vscode from 'vscode';
import { UsageError } from '../shared/errors.ts';
import { withoutSecrets } from '../shared/log.ts';
import type { OpenSession } from './sessions/open-session.ts';
import type { Workbench } from './workbench.ts';

type Format = 'md' | 'jsonl';
type Target = 'editor' | 'file';

interface Choice {
  readonly format: Format;
  readonly target: Target;
  /** No longer than a pull request takes. */
  readonly short?: boolean;
}

/** Most characters of a description or comment on the usual sites. */
const pullRequest = 65_536;

/** “ToolRec: Export Session…”: as Markdown that reads well in a pull request, or as its log, to an editor or a file. */
export async function exportSession(workbench: Workbench, argument: unknown, asked?: unknown): Promise<void> {
  const session = await sessionOf(workbench, argument);
  const choice = parseChoice(asked) ?? (await pickExport(session));
  if (!choice) return;
  const { content, language, extension } = await contentOf(session, choice);
  if (choice.target === 'editor') {
    const document = await vscode.workspace.openTextDocument({ content, language });
    await vscode.window.showTextDocument(document);
    return;
  }
  const uri = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.joinPath(vscode.Uri.file(session.reference.folder), `${session.id}${extension}`),
    filters: choice.format === 'md' ? { Markdown: ['md'] } : { 'JSON Lines': ['jsonl'] },
    title: vscode.l10n.t('Export Session'),
  });
  if (!uri) return;
  const { writeFileAtomic } = await import('../shared/atomic-file.ts');
  await writeFileAtomic(uri.fsPath, content);
  const open = vscode.l10n.t('Open');
  void vscode.window
    .showInformationMessage(vscode.l10n.t('Exported to {0}.', vscode.workspace.asRelativePath(uri)), open)
    .then((answer) => (answer === undefined ? undefined : vscode.window.showTextDocument(uri)));
}

async function contentOf(
  session: OpenSession,
  { format, short }: Choice,
): Promise<{ readonly content: string; readonly language: string; readonly extension: string }> {
  if (format === 'jsonl') {
    const content = session.events.map((event) => `${JSON.stringify(event)}\n`).join('');
    return { content: withoutSecrets(content), language: 'jsonl', extension: '.jsonl' };
  }
  const { sessionMarkdown } = await import('../agent/transcript.ts');
  // What is hidden on the screen is not in the export either.
  const content = sessionMarkdown(
    session.state,
    session.revealed ? session.metrics : undefined,
    short ? pullRequest : undefined,
  );
  return { content: withoutSecrets(content), language: 'markdown', extension: '.md' };
}

async function pickExport(session: OpenSession): Promise<Choice | undefined> {
  const whole = await contentOf(session, { format: 'md', target: 'editor' });
  const hidden = session.state.outcome && session.metrics && !session.revealed;
  const rows: (vscode.QuickPickItem & Choice)[] = [
    {
      label: `$(markdown) ${vscode.l10n.t('Markdown, in a new editor')}`,
      detail: hidden
        ? vscode.l10n.t('For a pull request. Without the held-out item, which is not revealed.')
        : vscode.l10n.t('For a pull request: the result first, candidates folded away.'),
      format: 'md',
      target: 'editor',
    },
    ...(whole.content.length <= pullRequest
      ? []
      : [
          {
            label: `$(markdown) ${vscode.l10n.t('Markdown, shortened, in a new editor')}`,
            detail: vscode.l10n.t(
              'The whole has {0} characters, more than most sites take in a pull request: fewer candidates and rounds.',
              whole.content.length.toLocaleString(vscode.env.language),
            ),
            format: 'md',
            target: 'editor',
            short: true,
          } as const,
        ]),
    {
      label: `$(markdown) ${vscode.l10n.t('Markdown, to a file…')}`,
      detail: '',
      format: 'md',
      target: 'file',
    },
    {
      label: `$(json) ${vscode.l10n.t('Log (JSON Lines), in a new editor')}`,
      detail: vscode.l10n.t('Every event, prompt and reply; the held-out item is not in it.'),
      format: 'jsonl',
      target: 'editor',
    },
    {
      label: `$(json) ${vscode.l10n.t('Log (JSON Lines), to a file…')}`,
      detail: '',
      format: 'jsonl',
      target: 'file',
    },
  ];
  return vscode.window.showQuickPick(rows, {
    placeHolder: vscode.l10n.t('How should the session be exported?'),
  });
}

/** Given by programs and tests. */
function parseChoice(asked: unknown): Choice | undefined {
  if (typeof asked !== 'object' || asked === null) return undefined;
  const { format, target } = asked as { format?: unknown; target?: unknown };
  return (format === 'md' || format === 'jsonl') && (target === 'editor' || target === 'file')
    ? { format, target }
    : undefined;
}

/** The session of a row or panel, else the active one. @throws UsageError `no-session` */
async function sessionOf({ sessions }: Workbench, argument: unknown): Promise<OpenSession> {
  const { folder, id } = (typeof argument === 'object' && argument !== null ? argument : {}) as {
    folder?: unknown;
    id?: unknown;
  };
  if (typeof id === 'string') {
    const path = folder instanceof vscode.Uri ? folder.fsPath : folder;
    const known = sessions.open.find((session) => session.id === id);
    if (known) return known;
    if (typeof path === 'string') return sessions.get({ folder: path, id });
  }
  if (sessions.active) return sessions.active;
  throw new UsageError(
    'no-session',
    'No session is open.',
    'Run “ToolRec: Open Session…” and export it then.',
  );
}

import * as vscode from 'vscode';
import { CancelledError, describePlace, ToolRecError } from '../shared/errors.ts';
import { commands } from './names.ts';
import type { WorkbenchLog } from './log.ts';

/**
 * Shows a failure as one notification: what happened, what to do, and buttons that lead to the place and the log.
 * What the person cancelled is not a failure. Returns when the notification is shown, not when it is answered.
 */
export function showFailure(error: unknown, log: WorkbenchLog): void {
  if (error instanceof CancelledError || error instanceof vscode.CancellationError) return;
  if (!(error instanceof ToolRecError)) {
    log.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    const text = error instanceof Error ? error.message : String(error);
    notify(vscode.l10n.t('ToolRec met an error it did not expect: {0}', text), []);
    return;
  }
  log.error(`${error.code}: ${error.describe()}`);
  if (error.cause instanceof Error) log.debug(error.cause.stack ?? error.cause.message);
  const where = error.place?.setting ? '' : describePlace(error.place);
  const message = where
    ? vscode.l10n.t('{0} ({1}) {2}', error.message, where, error.remedy)
    : `${error.message} ${error.remedy}`;
  notify(message.trim(), placeActions(error));
}

interface Action {
  readonly title: string;
  run(): Thenable<unknown>;
}

function notify(message: string, actions: readonly Action[]): void {
  const all: readonly Action[] = [
    ...actions,
    { title: vscode.l10n.t('Show Log'), run: () => vscode.commands.executeCommand(commands.showLog) },
  ];
  void vscode.window.showErrorMessage(message, ...all).then((chosen) => chosen?.run());
}

function placeActions(error: ToolRecError): Action[] {
  const { setting, file, line, column } = error.place ?? {};
  if (setting) return [openSetting(setting)];
  // Only a place inside a text file can be opened; a folder or an archive member cannot.
  if (
    !file ||
    line === undefined ||
    !/\.(csv|tsv|txt|json|jsonl|dat|data|item|inter|user|yaml|md)$/i.test(file)
  )
    return [];
  const position = new vscode.Position(Math.max(0, line - 1), Math.max(0, (column ?? 1) - 1));
  return [
    {
      title: vscode.l10n.t('Open File'),
      run: () =>
        vscode.window.showTextDocument(vscode.Uri.file(file), {
          selection: new vscode.Range(position, position),
        }),
    },
  ];
}

/** The button that shows one setting in the Settings editor. */
export function openSetting(id: string): Action {
  return {
    title: vscode.l10n.t('Open Setting'),
    run: () => vscode.commands.executeCommand('workbench.action.openSettings', `@id:${id}`),
  };
}

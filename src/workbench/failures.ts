import * as vscode from 'vscode';
import { CancelledError, describePlace, ToolRecError, UsageError } from '../shared/errors.ts';
import { commands, extensionId } from './names.ts';
import type { WorkbenchLog } from './log.ts';
import { commandTitlesIn, noticeText } from './untrusted-text.ts';

/**
 * Shows a failure as one notification: what happened, what to do, and buttons that do it or lead to the place, and to
 * the log. What the person cancelled is not a failure. Returns when the notification is shown, not when it is answered.
 * @param first buttons that the caller knows to help, before all others
 */
export function showFailure(error: unknown, log: WorkbenchLog, first: readonly Action[] = []): void {
  if (error instanceof CancelledError || error instanceof vscode.CancellationError) return;
  if (!(error instanceof ToolRecError)) {
    log.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    const text = error instanceof Error ? error.message : String(error);
    notify(vscode.l10n.t('ToolRec met an error it did not expect: {0}', text), [...first, showLog()]);
    return;
  }
  const usage = error instanceof UsageError;
  log[usage ? 'warn' : 'error'](`${error.code}: ${error.describe()}`);
  if (error.cause instanceof Error) log.debug(error.cause.stack ?? error.cause.message);
  const where = error.place?.setting ? '' : describePlace(error.place);
  const message = where
    ? vscode.l10n.t('{0} ({1}) {2}', error.message, where, error.remedy)
    : `${error.message} ${error.remedy}`;
  const actions = [
    ...first,
    ...(error.code === 'no-folder' ? [openFolder()] : []),
    ...remedyActions(error.remedy),
    ...placeActions(error),
  ];
  // Nothing broke where something was asked for that is not there yet: the log would say no more.
  if (usage) notify(message.trim(), actions, true);
  else notify(message.trim(), [...actions, showLog()]);
}

export interface Action {
  readonly title: string;
  run(): Thenable<unknown>;
}

function notify(message: string, actions: readonly Action[], mild = false): void {
  const text = noticeText(message);
  const all = actions.filter(({ title }, i) => actions.findIndex((other) => other.title === title) === i);
  const shown = mild
    ? vscode.window.showWarningMessage(text, ...all)
    : vscode.window.showErrorMessage(text, ...all);
  void shown.then((chosen) => chosen?.run());
}

function showLog(): Action {
  return { title: vscode.l10n.t('Show Log'), run: () => vscode.commands.executeCommand(commands.showLog) };
}

function openFolder(): Action {
  return {
    title: vscode.l10n.t('Open Folder'),
    run: () => vscode.commands.executeCommand('vscode.openFolder'),
  };
}

/** A button for each command that a remedy names: “Train” where it says “ToolRec: Train”. */
function remedyActions(remedy: string): Action[] {
  const named = commandTitlesIn(remedy);
  if (named.length === 0) return [];
  const { packageJSON } = vscode.extensions.getExtension(extensionId) ?? {};
  const known = (packageJSON as { contributes?: { commands?: readonly KnownCommand[] } } | undefined)
    ?.contributes?.commands;
  return named.flatMap((name) => {
    const found = known?.find(({ title }) => (typeof title === 'string' ? title : title.original) === name);
    if (!found) return [];
    const title = typeof found.title === 'string' ? found.title : found.title.value;
    return [{ title, run: () => vscode.commands.executeCommand(found.command) }];
  });
}

/** As VS Code keeps a command of package.json; in another language than English it knows both titles. */
interface KnownCommand {
  readonly command: string;
  readonly title: string | { readonly value: string; readonly original: string };
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

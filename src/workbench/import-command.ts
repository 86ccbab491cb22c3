import * as vscode from 'vscode';
import { datasetImport } from '../service/requests/dataset.ts';
import type { Stored } from '../service/requests/dataset.ts';
import { CancelledError, ToolRecError } from '../shared/errors.ts';
import { pickFolder, requireTrust } from './folders.ts';
import { ImportDialogue } from './import-dialogue.ts';
import type { ImportChoices } from './import-dialogue.ts';
import { runWithProgress } from './long-work.ts';
import { commands } from './names.ts';
import { readSetting } from './settings.ts';
import type { Workbench } from './workbench.ts';

/**
 * “ToolRec: Import Dataset…”: asks step by step, imports with progress, and after a failure offers the same dialogue
 * with everything as it was chosen.
 */
export async function importDataset(workbench: Workbench): Promise<void> {
  requireTrust();
  const folder = await pickFolder();
  if (!folder) return;
  const dialogue = new ImportDialogue(workbench.engine, folder, workbench.log);
  let choices = await dialogue.ask();
  while (choices) {
    try {
      const stored = await run(workbench, folder, choices);
      announce(workbench, folder, stored);
      return;
    } catch (error) {
      if (error instanceof CancelledError) return;
      if (!(error instanceof ToolRecError) || !(await wantsAnotherTry(error, workbench))) throw error;
      choices = await dialogue.ask();
    }
  }
}

async function run({ engine }: Workbench, folder: vscode.Uri, choices: ImportChoices): Promise<Stored> {
  const tolerance = await readSetting('import.badRowTolerance', folder);
  return runWithProgress(vscode.l10n.t('Importing “{0}”', choices.name), (work) =>
    engine.request(
      datasetImport,
      {
        workspace: folder.fsPath,
        paths: [...choices.paths],
        format: choices.format,
        name: choices.name,
        protocol: choices.protocol,
        tolerance: tolerance / 100,
        ...(choices.map && { map: choices.map }),
      },
      work,
    ),
  );
}

/** Asks whether to change the choices. Resolves to false when the person leaves it at the error, which is then shown. */
async function wantsAnotherTry(error: ToolRecError, { log }: Workbench): Promise<boolean> {
  log.error(`${error.code}: ${error.describe()}`);
  const change = vscode.l10n.t('Change and Try Again');
  const answer = await vscode.window.showErrorMessage(
    vscode.l10n.t('The import stopped.'),
    { modal: true, detail: error.describe() },
    change,
  );
  return answer === change;
}

function announce({ log, datasets, inspectors }: Workbench, folder: vscode.Uri, stored: Stored): void {
  const number = (value: number) => value.toLocaleString(vscode.env.language);
  const reference = { folder, name: stored.name };
  log.info(`Imported ${stored.name}: ${stored.interactions} interactions, ${stored.badRows} bad rows.`);
  for (const note of stored.notes) log.info(note);
  datasets.refresh();
  inspectors.reload(reference);
  const sentences = [
    vscode.l10n.t(
      '“{0}” has {1} users, {2} items and {3} interactions.',
      stored.name,
      number(stored.users),
      number(stored.items),
      number(stored.interactions),
    ),
    ...(stored.badRows > 0
      ? [vscode.l10n.t('{0} unreadable rows were left out.', number(stored.badRows))]
      : []),
    ...stored.notes,
  ];
  const show = vscode.l10n.t('Show Dataset');
  void vscode.window
    .showInformationMessage(sentences.join(' '), show)
    .then((chosen) => chosen && vscode.commands.executeCommand(commands.showDataset, reference));
}

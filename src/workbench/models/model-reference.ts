import * as vscode from 'vscode';
import type { UsageError } from '../../shared/errors.ts';
import type { ModelRow } from '../../../webview/protocol.ts';
import { vscodeTexts } from '../language.ts';
import type { Workbench } from '../workbench.ts';
import { modelDescription } from './model-text.ts';

/** Which model: its workspace folder and its id. What commands take. */
export interface ModelReference {
  readonly folder: vscode.Uri;
  readonly id: string;
}

/** The model that a command was run on: a tree row, a reference given by a program, or one in a link. */
export function modelReferenceOf(argument: unknown): ModelReference | undefined {
  if (typeof argument !== 'object' || argument === null) return undefined;
  const { folder, id } = argument as { folder?: unknown; id?: unknown };
  if (typeof id !== 'string') return undefined;
  if (folder instanceof vscode.Uri) return { folder, id };
  return typeof folder === 'string' ? { folder: vscode.Uri.file(folder), id } : undefined;
}

export interface PickModels {
  readonly placeHolder: string;
  readonly where: (row: ModelRow) => boolean;
  /** What to say where no model fits. */
  readonly none: UsageError;
}

/** Rows as items to pick. */
export function modelItems(rows: readonly ModelRow[]) {
  return rows.map((row) => ({
    label: row.id,
    description: modelDescription(row, false, vscodeTexts),
    detail: row.dataset,
    row,
  }));
}

/** The model of the argument, or the one that the person picks. @throws `none` where no model fits */
export async function chooseModel(
  workbench: Workbench,
  argument: unknown,
  { placeHolder, where, none }: PickModels,
): Promise<ModelReference | undefined> {
  const given = modelReferenceOf(argument);
  if (given) return given;
  const rows = (await workbench.models.all()).filter(where);
  if (rows.length === 0) throw none;
  const chosen =
    rows.length === 1
      ? rows[0]!
      : (await vscode.window.showQuickPick(modelItems(rows), { placeHolder, matchOnDescription: true }))?.row;
  return chosen && { folder: vscode.Uri.file(chosen.folder), id: chosen.id };
}

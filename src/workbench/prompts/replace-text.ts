import * as vscode from 'vscode';
import { UsageError } from '../../shared/errors.ts';

/** Puts a text in the place of a document's, as an edit, so that undo brings the old one back. @throws UsageError `not-editable` */
export async function replaceText(document: vscode.TextDocument, text: string): Promise<void> {
  if (document.getText() === text) return;
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, new vscode.Range(0, 0, document.lineCount, 0), text);
  if (!(await vscode.workspace.applyEdit(edit)))
    throw new UsageError('not-editable', 'The file cannot be changed.', 'See whether it is read-only.');
}

/** The same, and on the disk when it returns. @throws UsageError `not-editable` */
export async function replaceAndSave(document: vscode.TextDocument, text: string): Promise<void> {
  await replaceText(document, text);
  if (document.isDirty && !(await document.save()))
    throw new UsageError(
      'not-editable',
      'The file could not be saved.',
      'Save it in the editor, which says why.',
    );
}

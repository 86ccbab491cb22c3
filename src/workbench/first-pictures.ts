import { createRequire } from 'node:module';
import * as vscode from 'vscode';
import type { Language, Pictures } from '../../webview/protocol.ts';
import type { WorkbenchLog } from './log.ts';

export type DrawPicture = (pictures: Pictures, language: Language) => string;

let loaded: Pictures | undefined;

/**
 * Draws what a panel shows first, where it can be drawn. A page without one says what it does until its script has
 * come, so a picture that fails costs that much, and the log says why.
 */
export function firstPicture(
  extension: vscode.Uri,
  log: WorkbenchLog,
  draw: DrawPicture,
): string | undefined {
  try {
    loaded ??= (
      createRequire(import.meta.url)(vscode.Uri.joinPath(extension, 'dist', 'pictures.cjs').fsPath) as {
        readonly pictures: Pictures;
      }
    ).pictures;
    return draw(loaded, { locale: vscode.env.language, texts: vscode.l10n.bundle ?? {} });
  } catch (error) {
    log.warn(`A panel’s first picture could not be drawn: ${String(error)}`);
    return undefined;
  }
}

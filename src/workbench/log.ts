import * as vscode from 'vscode';
import { redact } from '../shared/log.ts';
import type { Logger } from '../shared/log.ts';

/** The output channel “ToolRec”. Its level is set by VS Code's own “Developer: Set Log Level”. */
export interface WorkbenchLog extends Logger, vscode.Disposable {
  show(): void;
}

/** Opens the channel. Every line is redacted before it is written. */
export function createLog(): WorkbenchLog {
  const channel = vscode.window.createOutputChannel('ToolRec', { log: true });
  return {
    debug: (message) => channel.debug(redact(message)),
    info: (message) => channel.info(redact(message)),
    warn: (message) => channel.warn(redact(message)),
    error: (message) => channel.error(redact(message)),
    show: () => channel.show(true),
    dispose: () => channel.dispose(),
  };
}

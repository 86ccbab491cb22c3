import * as vscode from 'vscode';
import type { LongWork } from '../shared/progress.ts';
import { vscodeTexts } from './language.ts';
import { progressLine } from './progress-text.ts';
import { noticeText } from './untrusted-text.ts';

/** Runs long work under a notification that says how far it is and can cancel it. */
export async function runWithProgress<T>(title: string, run: (work: LongWork) => Promise<T>): Promise<T> {
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: noticeText(title), cancellable: true },
    async (progress, token) => {
      const abort = new AbortController();
      const subscription = token.onCancellationRequested(() => abort.abort());
      try {
        return await run({
          signal: abort.signal,
          onProgress: (report) => progress.report({ message: noticeText(progressLine(report, vscodeTexts)) }),
        });
      } finally {
        subscription.dispose();
      }
    },
  );
}

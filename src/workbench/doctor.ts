import * as vscode from 'vscode';
import { doctorReport } from '../service/requests/doctor.ts';
import { doctorMarkdown } from './doctor-text.ts';
import { openFolders } from './folders.ts';
import { vscodeTexts } from './language.ts';
import { runWithProgress } from './long-work.ts';
import type { Workbench } from './workbench.ts';

/** “ToolRec: Doctor”: what this machine has, as a page that can be copied into a bug report. */
export async function runDoctor({ engine, reports }: Workbench): Promise<void> {
  const folder = openFolders()[0]?.uri.fsPath ?? process.cwd();
  const report = await runWithProgress(vscode.l10n.t('Looking at this machine'), (work) =>
    engine.request(doctorReport, { workspace: folder }, work),
  );
  await reports.show('Doctor', doctorMarkdown(report, vscodeTexts));
}

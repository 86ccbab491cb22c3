import * as vscode from 'vscode';
import { DisposableStore } from '../../shared/disposable.ts';
import { commands } from '../names.ts';
import type { TrainingRuns } from './training-runs.ts';
import type { LiveRun } from './run-state.ts';

const everyMs = 500;

/** The run that is under way, in the status bar; hidden while there is none. A click opens the training panel. */
export class TrainingStatus implements vscode.Disposable {
  private readonly runs: TrainingRuns;
  private readonly disposables = new DisposableStore();
  private item: vscode.StatusBarItem | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(runs: TrainingRuns) {
    this.runs = runs;
    this.disposables.add(
      runs.onDidChange(() => {
        this.timer ??= setTimeout(() => {
          this.timer = undefined;
          this.show();
        }, everyMs);
      }),
    );
  }

  private show(): void {
    const runs = this.runs.all;
    const run = runs.find(({ phase }) => phase === 'training') ?? runs[0];
    if (!run) {
      this.item?.hide();
      return;
    }
    this.item ??= this.create();
    const more = runs.length > 1 ? ` +${runs.length - 1}` : '';
    this.item.text = `$(sync~spin) ${run.plan.id}${progressOf(run)}${more}`;
    this.item.tooltip = tooltipOf(runs);
    this.item.accessibilityInformation = {
      label: vscode.l10n.t('Training {0}. {1}', run.plan.id, run.message),
      role: 'button',
    };
    this.item.command = {
      command: commands.showTraining,
      title: vscode.l10n.t('Show Training'),
      arguments: [{ folder: vscode.Uri.file(run.plan.folder), id: run.plan.id }],
    };
    this.item.show();
  }

  private create(): vscode.StatusBarItem {
    const item = vscode.window.createStatusBarItem('toolrec.training', vscode.StatusBarAlignment.Left, 0);
    item.name = vscode.l10n.t('ToolRec Training');
    this.disposables.add(item);
    return item;
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.disposables.dispose();
  }
}

function progressOf({ done, total }: LiveRun): string {
  if (done === undefined || !total) return '';
  return ` ${(done / total).toLocaleString(vscode.env.language, { style: 'percent' })}`;
}

function tooltipOf(runs: readonly LiveRun[]): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  text.isTrusted = {
    enabledCommands: [commands.pauseTraining, commands.stopTraining, commands.showTraining],
  };
  for (const run of runs) {
    text.appendMarkdown(`**`);
    text.appendText(run.plan.id);
    text.appendMarkdown(`**\n\n`);
    text.appendText(run.message);
    const argument = encodeURIComponent(JSON.stringify([{ folder: run.plan.folder, id: run.plan.id }]));
    const link = (label: string, command: string) => `[${label}](command:${command}?${argument})`;
    text.appendMarkdown(
      `\n\n${link(vscode.l10n.t('Pause'), commands.pauseTraining)} · ` +
        `${link(vscode.l10n.t('Stop'), commands.stopTraining)} · ` +
        `${link(vscode.l10n.t('Show Training'), commands.showTraining)}\n\n`,
    );
  }
  return text;
}

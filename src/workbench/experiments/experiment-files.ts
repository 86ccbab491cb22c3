import * as vscode from 'vscode';
import type { Finding } from '../../experiments/experiment-file.ts';
import { DisposableStore } from '../../shared/disposable.ts';
import { workspaceOf } from '../folders.ts';
import { commands, experimentFileSuffix } from '../names.ts';
import type { Workbench } from '../workbench.ts';

const selector: vscode.DocumentSelector = { pattern: `**/*${experimentFileSuffix}` };
const settleMs = 300;

/** The Run lens and the checks of experiment files, without any other extension. */
export class ExperimentFiles implements vscode.CodeLensProvider, vscode.Disposable {
  private readonly workbench: () => Workbench;
  private readonly problems = vscode.languages.createDiagnosticCollection('toolrec-experiment');
  private readonly disposables = new DisposableStore();
  private readonly timers = new Map<string, NodeJS.Timeout>();

  constructor(workbench: () => Workbench) {
    this.workbench = workbench;
    const { languages, workspace } = vscode;
    for (const disposable of [
      this.problems,
      languages.registerCodeLensProvider(selector, this),
      workspace.onDidOpenTextDocument((document) => this.checkSoon(document)),
      workspace.onDidChangeTextDocument(({ document }) => this.checkSoon(document)),
      workspace.onDidCloseTextDocument(({ uri }) => this.problems.delete(uri)),
    ])
      this.disposables.add(disposable);
    for (const document of workspace.textDocuments) this.checkSoon(document);
  }

  provideCodeLenses({ uri }: vscode.TextDocument): vscode.CodeLens[] {
    const top = new vscode.Range(0, 0, 0, 0);
    return [
      new vscode.CodeLens(top, {
        title: `$(play) ${vscode.l10n.t('Run Experiment')}`,
        command: commands.runExperiment,
        arguments: [uri],
      }),
    ];
  }

  private checkSoon(document: vscode.TextDocument): void {
    if (document.uri.scheme !== 'file' || !document.fileName.endsWith(experimentFileSuffix)) return;
    const key = document.uri.toString();
    clearTimeout(this.timers.get(key));
    this.timers.set(
      key,
      setTimeout(() => {
        this.timers.delete(key);
        if (!document.isClosed) void this.check(document);
      }, settleMs),
    );
  }

  private async check(document: vscode.TextDocument): Promise<void> {
    const version = document.version;
    const { checkExperiment } = await import('../../experiments/experiment-file.ts');
    const { experiment, findings } = checkExperiment(document.getText(), document.uri.fsPath);
    const folder = vscode.workspace.getWorkspaceFolder(document.uri)?.uri;
    let all: readonly Finding[] = findings;
    if (experiment && folder && findings.length === 0) {
      const { surveyExperiment } = await import('../../experiments/plan.ts');
      const { engine, log } = this.workbench();
      try {
        all = (
          await surveyExperiment(experiment, {
            workspace: workspaceOf(folder),
            engine: { request: (definition, params, work) => engine.request(definition, params, work) },
          })
        ).findings;
      } catch (error) {
        log.warn(
          `The experiment could not be checked: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }
    if (document.version === version && !document.isClosed)
      this.problems.set(
        document.uri,
        all.map((finding) => diagnosticOf(finding)),
      );
  }

  dispose(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.disposables.dispose();
  }
}

function diagnosticOf({ code, message, remedy, place, length }: Finding): vscode.Diagnostic {
  const start = new vscode.Position((place.line ?? 1) - 1, (place.column ?? 1) - 1);
  const found = new vscode.Diagnostic(
    new vscode.Range(start, start.translate(0, length)),
    `${message} ${remedy}`.trim(),
    vscode.DiagnosticSeverity.Error,
  );
  found.source = 'ToolRec';
  found.code = code;
  return found;
}

import * as vscode from 'vscode';
import type { Finding } from '../../experiments/experiment-file.ts';
import type { ModelView } from '../../service/requests/model.ts';
import { DisposableStore } from '../../shared/disposable.ts';
import { completionItems, hoverOf } from '../assist/items.ts';
import { workspaceOf } from '../folders.ts';
import { commands, experimentFileSuffix } from '../names.ts';
import type { Workbench } from '../workbench.ts';
import type { KnownNames } from './assist.ts';

const selector: vscode.DocumentSelector = { pattern: `**/*${experimentFileSuffix}` };
const settleMs = 300;

/** Completion, hover, checks and the Run lens of experiment files, without any other extension. */
export class ExperimentFiles
  implements vscode.CompletionItemProvider, vscode.HoverProvider, vscode.CodeLensProvider, vscode.Disposable
{
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
      languages.registerCompletionItemProvider(selector, this, ':', ' ', '-', '[', '{', ','),
      languages.registerHoverProvider(selector, this),
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

  async provideCompletionItems(
    document: vscode.TextDocument,
    position: vscode.Position,
  ): Promise<vscode.CompletionItem[]> {
    const { suggest } = await import('./assist.ts');
    const offset = document.offsetAt(position);
    return completionItems(document, suggest(document.getText(), offset, await this.names(document)));
  }

  async provideHover(
    document: vscode.TextDocument,
    position: vscode.Position,
  ): Promise<vscode.Hover | undefined> {
    const { explain } = await import('./assist.ts');
    const offset = document.offsetAt(position);
    return hoverOf(document, explain(document.getText(), offset, await this.names(document)));
  }

  /** What the folder has; a list that cannot be read is empty, and the checks say why. */
  private async names({ uri }: vscode.TextDocument): Promise<KnownNames> {
    const folder = vscode.workspace.getWorkspaceFolder(uri)?.uri;
    if (!folder) return { datasets: [], models: [] };
    const { engine, log } = this.workbench();
    const failed = (error: unknown) => {
      log.warn(`Names could not be listed: ${error instanceof Error ? error.message : String(error)}`);
      return [];
    };
    const [{ listDatasets }, { listModelsRequest }] = await Promise.all([
      import('../../data/library.ts'),
      import('../../service/requests/model.ts'),
    ]);
    const [datasets, models] = await Promise.all([
      listDatasets(workspaceOf(folder)).catch(failed),
      engine
        .request(listModelsRequest, { workspace: folder.fsPath })
        .then((answer) => answer.models)
        .catch(failed),
    ]);
    return {
      datasets: datasets.map(({ name, manifest, error }) => {
        const { users, items } = manifest?.counts ?? { users: 0, items: 0 };
        return { name, detail: error ? error.message : vscode.l10n.t('{0} users, {1} items', users, items) };
      }),
      models: models.flatMap((entry): ModelView[] => ('error' in entry ? [] : [entry])),
    };
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

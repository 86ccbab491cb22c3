import * as vscode from 'vscode';
import { readExperiment, experimentId } from '../../experiments/experiment-file.ts';
import { openExperiment } from '../../experiments/plan.ts';
import { refuseExisting, runExperiment, setAside } from '../../experiments/runner.ts';
import { CancelledError } from '../../shared/errors.ts';
import type { Workspace } from '../../shared/workspace.ts';
import { vscodeTexts } from '../language.ts';
import { progressLine } from '../progress-text.ts';
import type { Workbench } from '../workbench.ts';
import type { ExperimentRun } from './experiments.ts';

/** Snapshots of a fast run are shown this often, not a thousand times a second. */
const tellMs = 200;

/** Runs an experiment in this window: engine, keys and modules as the person has set them up. */
export async function runInWindow(
  workbench: Workbench,
  file: vscode.Uri,
  workspace: Workspace,
  run: ExperimentRun,
  mode: 'fresh' | 'resume' | 'again',
  tell: () => void,
): Promise<void> {
  const id = experimentId(file.fsPath);
  const experiment = await readExperiment(file.fsPath);
  if (mode === 'fresh') await refuseExisting(workspace, id);
  const hasModules = experiment.config.methods.some(({ module }) => module !== undefined);
  const modulesAllowed = hasModules && (await confirmModules(experiment.config.methods));
  const { engine, languageModels } = workbench;
  const signal = run.leave.signal;
  const opened = await openExperiment(experiment, id, {
    workspace,
    // The engine's client may be another after a restart: each request asks for the one of now.
    engine: { request: (definition, params, work) => engine.request(definition, params, work) },
    modulesAllowed,
    // A key is only given out for the very address it was entered for.
    languageModels: { apiKey: (baseUrl) => languageModels.keys.get(baseUrl) },
    signal,
    onProgress: (progress) => {
      run.message = progressLine(progress, vscodeTexts);
      tell();
    },
  });
  if (mode === 'again') await setAside(workspace, id);
  let told = 0;
  const outcome = await runExperiment(opened, {
    mode: mode === 'resume' ? 'resume' : 'fresh',
    signal,
    pause: run.pause.signal,
    onState: (state) => {
      run.state = state;
      if (state.status === 'running' && performance.now() - told < tellMs) return;
      told = performance.now();
      tell();
    },
  });
  await workbench.reportThread.ask({ kind: 'write', folder: workspace.folder, id });
  if (outcome.error) throw outcome.error;
}

async function confirmModules(
  methods: readonly { readonly module?: string | undefined }[],
): Promise<boolean> {
  const names = methods.flatMap(({ module }) => (module === undefined ? [] : [module]));
  const load = vscode.l10n.t('Load and Run');
  const answer = await vscode.window.showWarningMessage(
    vscode.l10n.t('This experiment runs programs of its own: {0}', names.join(', ')),
    {
      modal: true,
      detail: vscode.l10n.t('They can do whatever you can. Load them only if you trust who wrote them.'),
    },
    load,
  );
  if (answer !== load) throw new CancelledError('The experiment');
  return true;
}

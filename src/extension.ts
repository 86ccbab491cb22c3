import { activationClock } from './workbench/start-clock.ts';
import type * as vscode from 'vscode';
import { registerCommands } from './workbench/commands.ts';
import { Comparisons } from './workbench/compare/comparisons.ts';
import { DatasetTree } from './workbench/dataset-tree.ts';
import { Engine } from './workbench/engine.ts';
import { showFailure } from './workbench/failures.ts';
import { ReportThread } from './experiments/report/report-thread.ts';
import { ExperimentFiles } from './workbench/experiments/experiment-files.ts';
import { Experiments } from './workbench/experiments/experiments.ts';
import { DatasetInspectors } from './workbench/inspectors.ts';
import { LanguageModels } from './workbench/language-models.ts';
import { registerLanguageModelTools } from './workbench/lm-tools/register.ts';
import { createLog } from './workbench/log.ts';
import { MemoryTree } from './workbench/memory/memory-tree.ts';
import { ExperimentFigures } from './workbench/metrics/experiment-figures.ts';
import { MetricsTree } from './workbench/metrics/metrics-tree.ts';
import { ModelStore } from './workbench/models/model-store.ts';
import { ModelStatus } from './workbench/model-status.ts';
import { Prompts } from './workbench/prompts/prompts.ts';
import { Reports } from './workbench/reports.ts';
import { SessionPanels, type PanelTimings } from './workbench/sessions/session-panels.ts';
import { Sessions } from './workbench/sessions/sessions.ts';
import { SettingsCheck } from './workbench/settings-check.ts';
import { TrainingFiles } from './workbench/training-file/training-files.ts';
import { TrainingTasks } from './workbench/training-file/training-tasks.ts';
import { TrainingPanels } from './workbench/training/training-panels.ts';
import { TrainingRuns } from './workbench/training/training-runs.ts';
import { TrainingStatus } from './workbench/training/training-status.ts';
import type { Workbench } from './workbench/workbench.ts';

/** What `activate` returns: for tests and for other extensions. */
export interface ExtensionApi {
  /** Our own time: evaluation of this bundle and `activate`, in ms. */
  readonly activationMilliseconds: number;
  /** The processor time of the extension host in it, in ms: the same however busy the machine is. */
  readonly activationCpuMilliseconds: number;
  /** True once something was asked of the engine process; false right after activation. */
  engineWasNeeded(): boolean;
  /** How fast the open session panels were shown and drawn. */
  sessionTimings(): readonly PanelTimings[];
}

export function activate(context: vscode.ExtensionContext): ExtensionApi {
  activationClock.start();
  const log = createLog();
  const engine = new Engine(context.extensionUri, log);
  const trainer = new Engine(context.extensionUri, log);
  const training = new TrainingRuns(trainer, context.workspaceState, log);
  const models = new ModelStore(training);
  const datasets = new DatasetTree(log, models);
  const inspectors = new DatasetInspectors(context.extensionUri, engine, log);
  const reports = new Reports();
  const languageModels = new LanguageModels(context.secrets, context.globalState, log);
  const sessions = new Sessions(async () => {
    const { openSessionRuntime } = await import('./workbench/sessions/open-runtime.ts');
    return openSessionRuntime(engine, languageModels);
  });
  const sessionPanels: SessionPanels = new SessionPanels(() => workbench, context.workspaceState);
  const memory = new MemoryTree(sessions);
  const reportThread = new ReportThread();
  const experimentFigures = new ExperimentFigures(reportThread);
  const metrics = new MetricsTree(sessions, log, models, experimentFigures);
  const comparisons = new Comparisons({
    extension: context.extensionUri,
    sessions,
    log,
    openSession: (reference) => sessionPanels.open(reference),
  });
  const trainingPanels = new TrainingPanels({
    extension: context.extensionUri,
    engine,
    runs: training,
    models,
    memory: context.workspaceState,
    log,
  });
  const trainingFiles = new TrainingFiles(models);
  const prompts = new Prompts({
    extensionUri: context.extensionUri,
    log,
    datasets,
    sessions,
    languageModels,
    memory: context.workspaceState,
  });
  const experiments: Experiments = new Experiments(() => workbench);
  const workbench: Workbench = {
    extensionUri: context.extensionUri,
    storageUri: context.globalStorageUri,
    log,
    engine,
    datasets,
    inspectors,
    reports,
    prompts,
    languageModels,
    sessions,
    memory,
    metrics,
    comparisons,
    trainer,
    training,
    models,
    trainingPanels,
    trainingFiles,
    sessionPanels,
    experiments,
    reportThread,
  };
  context.subscriptions.push(
    log,
    training, // before its engine, whose end it would otherwise take for a crash
    trainer,
    engine,
    models,
    datasets,
    inspectors,
    reports,
    prompts,
    languageModels,
    new ModelStatus(languageModels, { onDidChange: datasets.onDidChangeTreeData }),
    sessions,
    memory,
    experimentFigures,
    metrics,
    comparisons,
    sessionPanels,
    sessionPanels.follow(),
    new SettingsCheck(log),
    trainingPanels,
    trainingFiles,
    experiments,
    reportThread,
    new ExperimentFiles(() => workbench),
    new TrainingTasks(workbench),
    new TrainingStatus(training),
    registerCommands(workbench),
    registerLanguageModelTools({
      sessions,
      languageModels,
      log,
      isShown: (session) => sessionPanels.shows(session),
    }),
  );
  void goOn(workbench);
  activationClock.stop();
  const { elapsed, cpu } = activationClock;
  log.info(`Activated in ${elapsed.toFixed(1)} ms (${cpu.toFixed(1)} ms of processor time).`);
  return {
    activationMilliseconds: elapsed,
    activationCpuMilliseconds: cpu,
    engineWasNeeded: () => engine.wasNeeded,
    sessionTimings: () => sessionPanels.timings,
  };
}

/** Goes on with trainings of the window before, once activation is over. */
async function goOn(workbench: Workbench): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 100));
  try {
    const { goOnWithTraining } = await import('./workbench/training/go-on.ts');
    await goOnWithTraining(workbench);
  } catch (error) {
    showFailure(error, workbench.log);
  }
}

activationClock.stop(); // evaluated; `activate` is called later

import * as vscode from 'vscode';
import { DisposableStore } from '../shared/disposable.ts';
import { showFailure } from './failures.ts';
import { commands, extensionId, walkthroughId } from './names.ts';
import type { CommandId } from './names.ts';
import type { Workbench } from './workbench.ts';

/** What a command does. The argument is the tree row it was run on, if any; programs may say more. */
type Handler = (workbench: Workbench, argument: unknown, more: unknown) => unknown;

/**
 * One handler for every command that package.json contributes (the type makes a missing one an error). Handlers of
 * any weight are loaded when first run.
 */
const handlers: Readonly<Record<CommandId, Handler>> = {
  [commands.createSample]: async (workbench) => (await import('./create-sample.ts')).createSample(workbench),
  [commands.openSample]: async (workbench) => (await import('./open-sample.ts')).openSample(workbench),
  [commands.importDataset]: async (workbench) =>
    (await import('./import-command.ts')).importDataset(workbench),
  [commands.showDataset]: async (workbench, argument) =>
    (await import('./dataset-commands.ts')).showDataset(workbench, argument),
  [commands.deleteDataset]: async (workbench, argument) =>
    (await import('./dataset-commands.ts')).deleteDataset(workbench, argument),
  [commands.copyDatasetName]: async (_, argument) =>
    (await import('./dataset-commands.ts')).copyDatasetName(argument),
  [commands.revealDataset]: async (_, argument) =>
    (await import('./dataset-commands.ts')).revealDataset(argument),
  [commands.refresh]: ({ datasets, models }) => {
    models.refresh();
    datasets.refresh();
  },
  [commands.showLog]: ({ log }) => log.show(),
  [commands.doctor]: async (workbench) => (await import('./doctor.ts')).runDoctor(workbench),
  [commands.openWalkthrough]: ({ datasets }) =>
    datasets.announceTo(() =>
      vscode.commands.executeCommand(
        'workbench.action.openWalkthrough',
        `${extensionId}#${walkthroughId}`,
        false,
      ),
    ),
  [commands.restartEngine]: async (workbench) =>
    (await import('./restart-engine.ts')).restartEngine(workbench),
  [commands.setUpGpu]: async (workbench) => (await import('./gpu/set-up-gpu.ts')).setUpGpu(workbench),
  [commands.selectLanguageModel]: async (workbench) =>
    (await import('./select-language-model.ts')).selectLanguageModel(workbench),
  [commands.testLanguageModel]: async (workbench) =>
    (await import('./test-language-model.ts')).testLanguageModel(workbench),
  [commands.forgetApiKey]: async (workbench) =>
    (await import('./test-language-model.ts')).forgetApiKey(workbench),
  [commands.showItemTrail]: async (workbench, argument) =>
    (await import('./memory/memory-commands.ts')).showItemTrail(workbench, argument),
  [commands.filterMemory]: async (workbench) =>
    (await import('./memory/memory-commands.ts')).filterMemory(workbench),
  [commands.clearMemoryFilter]: ({ memory }) => memory.setFilter(''),
  [commands.copyItemTitle]: async (_, argument) =>
    (await import('./memory/memory-commands.ts')).copyTitle(argument),
  [commands.filterMetrics]: async (workbench) =>
    (await import('./metrics/metrics-commands.ts')).filterMetrics(workbench),
  [commands.clearMetricsFilter]: ({ metrics }) => metrics.setFilter(''),
  [commands.revealHeldOut]: async (workbench) =>
    (await import('./metrics/metrics-commands.ts')).revealHeldOut(workbench),
  [commands.compareSessions]: async (workbench, argument, more) =>
    (await import('./compare/compare-command.ts')).compareSessions(workbench, argument, more),
  [commands.exportSession]: async (workbench, argument, more) =>
    (await import('./export-session.ts')).exportSession(workbench, argument, more),
  [commands.runExperiment]: async (workbench, argument) =>
    (await import('./experiments/experiment-commands.ts')).runExperimentCommand(workbench, argument),
  [commands.showExperiment]: async (workbench) =>
    (await import('./experiments/experiment-commands.ts')).showExperiment(workbench),
  [commands.newExperiment]: async (workbench) =>
    (await import('./experiments/experiment-commands.ts')).newExperiment(workbench),
  [commands.train]: async (workbench, argument) =>
    (await import('./training/training-commands.ts')).train(workbench, argument),
  [commands.showTraining]: async (workbench, argument) =>
    (await import('./training/training-commands.ts')).showTraining(workbench, argument),
  [commands.pauseTraining]: async (workbench, argument) =>
    (await import('./training/training-commands.ts')).pauseTraining(workbench, argument),
  [commands.resumeTraining]: async (workbench, argument) =>
    (await import('./training/training-commands.ts')).resumeTraining(workbench, argument),
  [commands.stopTraining]: async (workbench, argument) =>
    (await import('./training/training-commands.ts')).stopTraining(workbench, argument),
  [commands.evaluateModel]: async (workbench, argument) =>
    (await import('./models/model-commands.ts')).evaluateModel(workbench, argument),
  [commands.compareModels]: async (workbench, argument, selection) =>
    (await import('./models/compare-models.ts')).compareModels(workbench, argument, selection),
  [commands.deleteModel]: async (workbench, argument, selection) =>
    (await import('./models/model-commands.ts')).deleteModel(workbench, argument, selection),
  [commands.revealModel]: async (workbench, argument) =>
    (await import('./models/model-commands.ts')).revealModel(workbench, argument),
  [commands.filterModels]: async (workbench) =>
    (await import('./models/model-commands.ts')).filterModels(workbench),
  [commands.clearModelFilter]: ({ datasets }) => datasets.showOnly(''),
  [commands.runTrainingFile]: async (workbench, argument) =>
    (await import('./training-file/training-file-commands.ts')).runTrainingFile(workbench, argument),
  [commands.editPrompts]: async (workbench) =>
    (await import('./prompts/edit-prompts.ts')).editPrompts(await workbench.prompts.load()),
  [commands.previewPrompt]: async (workbench, argument) =>
    (await import('./prompts/prompt-commands.ts')).previewPrompt(await workbench.prompts.load(), argument),
  [commands.runSessionWithPrompt]: async (workbench, argument) =>
    (await import('./prompts/prompt-commands.ts')).runSessionWithPrompt(
      workbench,
      await workbench.prompts.load(),
      argument,
    ),
  [commands.quickCheckPrompt]: async (workbench, argument) =>
    (await import('./prompts/quick-check.ts')).quickCheckPrompt(
      workbench,
      await workbench.prompts.load(),
      argument,
    ),
  [commands.comparePromptVersions]: async (workbench) =>
    (await import('./prompts/compare-versions.ts')).comparePromptVersions(
      workbench,
      await workbench.prompts.load(),
    ),
  [commands.showPromptChanges]: async (workbench, argument) =>
    (await import('./prompts/edit-prompts.ts')).showPromptChanges(await workbench.prompts.load(), argument),
  [commands.resetPrompt]: async (workbench, argument) =>
    (await import('./prompts/edit-prompts.ts')).resetPrompt(await workbench.prompts.load(), argument),
  [commands.updatePrompt]: async (workbench, argument) =>
    (await import('./prompts/edit-prompts.ts')).updatePrompt(await workbench.prompts.load(), argument),
  [commands.editDemonstrations]: async (workbench, argument) =>
    (await import('./prompts/demonstration-commands.ts')).editDemonstrations(
      await workbench.prompts.load(),
      argument,
    ),
  [commands.addDemonstration]: async (workbench, argument) =>
    (await import('./prompts/demonstration-commands.ts')).addDemonstrationFromSession(
      workbench,
      await workbench.prompts.load(),
      argument,
    ),
  [commands.startSession]: async (workbench, argument) =>
    (await import('./sessions/session-commands.ts')).startSession(workbench, argument),
  [commands.openSession]: async (workbench, argument) =>
    (await import('./sessions/session-commands.ts')).openSession(workbench, argument),
  [commands.deleteSession]: async (workbench, argument) =>
    (await import('./sessions/session-commands.ts')).deleteSession(workbench, argument),
  [commands.stepSession]: async (workbench) =>
    (await import('./sessions/session-commands.ts')).actOnSession(workbench, 'step'),
  [commands.continueSession]: async (workbench) =>
    (await import('./sessions/session-commands.ts')).actOnSession(workbench, 'run'),
  [commands.stopSession]: async (workbench) =>
    (await import('./sessions/session-commands.ts')).actOnSession(workbench, 'stop'),
  [commands.stepBack]: async (workbench) =>
    (await import('./sessions/session-commands.ts')).actOnSession(workbench, 'back'),
  [commands.restartSession]: async (workbench) =>
    (await import('./sessions/session-commands.ts')).actOnSession(workbench, 'restart'),
  [commands.replaySession]: async (workbench) =>
    (await import('./sessions/session-commands.ts')).actOnSession(workbench, 'replay'),
  [commands.sessionBreakpoints]: async (workbench) =>
    (await import('./sessions/session-commands.ts')).actOnSession(workbench, 'breakpoints'),
  [commands.forkSession]: ({ sessionPanels }) => sessionPanels.active?.perform('fork'),
  [commands.nextRound]: ({ sessionPanels }) => sessionPanels.active?.perform('next'),
  [commands.previousRound]: ({ sessionPanels }) => sessionPanels.active?.perform('previous'),
  [commands.editRound]: ({ sessionPanels }) => sessionPanels.active?.perform('edit'),
  [commands.rerunRound]: ({ sessionPanels }) => sessionPanels.active?.perform('rerun'),
};

/** Registers every command. A failure of any of them becomes a notification, never an unhandled rejection. */
export function registerCommands(workbench: Workbench): vscode.Disposable {
  const registered = new DisposableStore();
  for (const [id, handler] of Object.entries(handlers)) {
    const run = async (argument: unknown, more: unknown) => {
      try {
        await handler(workbench, argument, more);
      } catch (error) {
        showFailure(error, workbench.log);
      }
    };
    registered.add(vscode.commands.registerCommand(id, run));
  }
  return registered;
}

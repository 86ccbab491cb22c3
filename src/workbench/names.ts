/**
 * Every name that package.json and the code must agree on, once. package.json's contributions are made from these
 * (manifest.ts, `npm run manifest`), so a name that is not here cannot be contributed or registered.
 */

/** Extension id as `vscode.extensions.getExtension` and walkthrough addresses know it. */
export const extensionId = 'toolrec.toolrec';

export const commands = {
  createSample: 'toolrec.createSample',
  openSample: 'toolrec.openSample',
  importDataset: 'toolrec.importDataset',
  showDataset: 'toolrec.showDataset',
  deleteDataset: 'toolrec.deleteDataset',
  copyDatasetName: 'toolrec.copyDatasetName',
  revealDataset: 'toolrec.revealDataset',
  refresh: 'toolrec.refresh',
  showLog: 'toolrec.showLog',
  doctor: 'toolrec.doctor',
  openWalkthrough: 'toolrec.openWalkthrough',
  restartEngine: 'toolrec.restartEngine',
  setUpGpu: 'toolrec.setUpGpu',
  selectLanguageModel: 'toolrec.selectLanguageModel',
  testLanguageModel: 'toolrec.testLanguageModel',
  forgetApiKey: 'toolrec.forgetApiKey',
  showItemTrail: 'toolrec.showItemTrail',
  filterMemory: 'toolrec.filterMemory',
  clearMemoryFilter: 'toolrec.clearMemoryFilter',
  copyItemTitle: 'toolrec.copyItemTitle',
  filterMetrics: 'toolrec.filterMetrics',
  clearMetricsFilter: 'toolrec.clearMetricsFilter',
  revealHeldOut: 'toolrec.revealHeldOut',
  compareSessions: 'toolrec.compareSessions',
  exportSession: 'toolrec.exportSession',
  train: 'toolrec.train',
  showTraining: 'toolrec.showTraining',
  pauseTraining: 'toolrec.pauseTraining',
  resumeTraining: 'toolrec.resumeTraining',
  stopTraining: 'toolrec.stopTraining',
  evaluateModel: 'toolrec.evaluateModel',
  compareModels: 'toolrec.compareModels',
  deleteModel: 'toolrec.deleteModel',
  revealModel: 'toolrec.revealModel',
  filterModels: 'toolrec.filterModels',
  clearModelFilter: 'toolrec.clearModelFilter',
  runTrainingFile: 'toolrec.runTrainingFile',
  editPrompts: 'toolrec.editPrompts',
  previewPrompt: 'toolrec.previewPrompt',
  runSessionWithPrompt: 'toolrec.runSessionWithPrompt',
  quickCheckPrompt: 'toolrec.quickCheckPrompt',
  comparePromptVersions: 'toolrec.comparePromptVersions',
  showPromptChanges: 'toolrec.showPromptChanges',
  resetPrompt: 'toolrec.resetPrompt',
  updatePrompt: 'toolrec.updatePrompt',
  editDemonstrations: 'toolrec.editDemonstrations',
  addDemonstration: 'toolrec.addDemonstration',
  startSession: 'toolrec.startSession',
  openSession: 'toolrec.openSession',
  deleteSession: 'toolrec.deleteSession',
  stepSession: 'toolrec.stepSession',
  continueSession: 'toolrec.continueSession',
  stopSession: 'toolrec.stopSession',
  stepBack: 'toolrec.stepBack',
  forkSession: 'toolrec.forkSession',
  restartSession: 'toolrec.restartSession',
  replaySession: 'toolrec.replaySession',
  sessionBreakpoints: 'toolrec.sessionBreakpoints',
  nextRound: 'toolrec.nextRound',
  previousRound: 'toolrec.previousRound',
  editRound: 'toolrec.editRound',
  rerunRound: 'toolrec.rerunRound',
  runExperiment: 'toolrec.runExperiment',
  showExperiment: 'toolrec.showExperiment',
  newExperiment: 'toolrec.newExperiment',
} as const;
export type CommandId = (typeof commands)[keyof typeof commands];

export const viewContainer = 'toolrec';

export const views = {
  datasets: 'toolrec.datasets',
  memory: 'toolrec.memory',
  metrics: 'toolrec.metrics',
} as const;
export type ViewId = (typeof views)[keyof typeof views];

/** `viewItem` of tree rows: what context menus are shown for. */
export const treeItems = {
  folder: 'toolrec.folder',
  dataset: 'toolrec.dataset',
  /** A dataset whose manifest cannot be read: it can be deleted, not shown. */
  damagedDataset: 'toolrec.damagedDataset',
  memoryGroup: 'toolrec.memoryGroup',
  memoryItem: 'toolrec.memoryItem',
  /** A suggestion outside the catalogue, or an ambiguous title. */
  memoryText: 'toolrec.memoryText',
  /** Followed by what a click does: `toolrec.metric.model`. */
  metric: 'toolrec.metric',
  /** Followed by what can be done with it: `toolrec.model usable`, `toolrec.model running`, `… resumable backbone`. */
  model: 'toolrec.model',
} as const;

/** Keys set with `setContext`, for `when` clauses. */
export const contextKeys = {
  /** True when a folder on disk is open. */
  hasFolder: 'toolrec.hasFolder',
  /** True when some workspace folder has a dataset. */
  hasDatasets: 'toolrec.hasDatasets',
  /** True while the view Memory, or Metrics, shows only what matches a text. */
  memoryFiltered: 'toolrec.memoryFiltered',
  metricsFiltered: 'toolrec.metricsFiltered',
  /** True when a session is open, so that it can be exported and compared. */
  hasSession: 'toolrec.hasSession',
  /** True when the active session has come to its end. */
  sessionEnded: 'toolrec.sessionEnded',
  /** True when some workspace folder has a model. */
  hasModels: 'toolrec.hasModels',
  /** True while the tree of datasets and models shows only what matches a text. */
  modelsFiltered: 'toolrec.modelsFiltered',
} as const;

/** Webview panels by `viewType`; each has a serializer, so it comes back after a reload. */
export const panels = {
  dataset: 'toolrec.dataset',
  compare: 'toolrec.compare',
  training: 'toolrec.training',
  experiment: 'toolrec.experiment',
  promptPreview: 'toolrec.promptPreview',
  session: 'toolrec.session',
} as const;

/** Custom editors by `viewType`; VS Code brings them back itself. */
export const customEditors = {
  demonstrations: 'toolrec.demonstrations',
} as const;

/** Tasks of this type run a saved training configuration. */
export const taskType = 'toolrec';

/** Experiment files. */
export const experimentFileSuffix = '.toolrec-experiment.yaml';

/** Saved training configurations. */
export const trainingFileSuffix = '.toolrec-train.yaml';
/** Tools for chat agents (`vscode.lm`). */
export const languageModelTools = {
  recommend: 'toolrec_recommend',
  explainSession: 'toolrec_explainSession',
} as const;

export const walkthroughId = 'toolrec.start';

/** Settings are `toolrec.<key>`; keys and schemas are in settings-schema.ts. */
export const configurationSection = 'toolrec';

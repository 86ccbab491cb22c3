/**
 * Every name that package.json and the code must agree on, once. package.json's contributions are made from these
 * (manifest.ts, `npm run manifest`), so a name that is not here cannot be contributed or registered.
 */

/** Extension id as `vscode.extensions.getExtension` and walkthrough addresses know it. */
export const extensionId = 'toolrec.toolrec';

export const commands = {
  createSample: 'toolrec.createSample',
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
  selectLanguageModel: 'toolrec.selectLanguageModel',
  testLanguageModel: 'toolrec.testLanguageModel',
  forgetApiKey: 'toolrec.forgetApiKey',
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
} as const;

/** Keys set with `setContext`, for `when` clauses. */
export const contextKeys = {
  /** True when a folder on disk is open. */
  hasFolder: 'toolrec.hasFolder',
  /** True when some workspace folder has a dataset. */
  hasDatasets: 'toolrec.hasDatasets',
} as const;

/** Webview panels by `viewType`; each has a serializer, so it comes back after a reload. */
export const panels = {
  dataset: 'toolrec.dataset',
} as const;

export const walkthroughId = 'toolrec.start';

/** Settings are `toolrec.<key>`; keys and schemas are in settings-schema.ts. */
export const configurationSection = 'toolrec';

import type * as vscode from 'vscode';
import type { ReportThread } from '../experiments/report/report-thread.ts';
import type { Comparisons } from './compare/comparisons.ts';
import type { DatasetTree } from './dataset-tree.ts';
import type { Engine } from './engine.ts';
import type { DatasetInspectors } from './inspectors.ts';
import type { LanguageModels } from './language-models.ts';
import type { Experiments } from './experiments/experiments.ts';
import type { WorkbenchLog } from './log.ts';
import type { MemoryTree } from './memory/memory-tree.ts';
import type { MetricsTree } from './metrics/metrics-tree.ts';
import type { ModelStore } from './models/model-store.ts';
import type { Prompts } from './prompts/prompts.ts';
import type { Reports } from './reports.ts';
import type { SessionPanels } from './sessions/session-panels.ts';
import type { Sessions } from './sessions/sessions.ts';
import type { TrainingPanels } from './training/training-panels.ts';
import type { TrainingFiles } from './training-file/training-files.ts';
import type { TrainingRuns } from './training/training-runs.ts';

/** What commands, trees and panels share. Made once by `activate`. */
export interface Workbench {
  readonly extensionUri: vscode.Uri;
  /** A folder of the extension’s own, which need not exist yet. */
  readonly storageUri: vscode.Uri;
  readonly log: WorkbenchLog;
  readonly engine: Engine;
  readonly datasets: DatasetTree;
  readonly inspectors: DatasetInspectors;
  readonly reports: Reports;
  readonly prompts: Prompts;
  readonly languageModels: LanguageModels;
  readonly memory: MemoryTree;
  readonly metrics: MetricsTree;
  readonly comparisons: Comparisons;
  readonly sessions: Sessions;
  /** Trainings run in an engine of their own, so that everything else is answered meanwhile. */
  readonly trainer: Engine;
  readonly training: TrainingRuns;
  readonly models: ModelStore;
  readonly trainingPanels: TrainingPanels;
  readonly trainingFiles: TrainingFiles;
  readonly sessionPanels: SessionPanels;
  readonly experiments: Experiments;
  /** Reports of experiments are computed there, so that this process never waits for them. */
  readonly reportThread: ReportThread;
}

import * as vscode from 'vscode';
import type { ModelView } from '../../service/requests/model.ts';
import type { Progress } from '../../shared/progress.ts';
import { showFailure } from '../failures.ts';
import { vscodeTexts } from '../language.ts';
import { listMetric } from '../models/model-rows.ts';
import { commands } from '../names.ts';
import { progressLine } from '../progress-text.ts';
import type { Workbench } from '../workbench.ts';
import type { RunPlan } from './run-plan.ts';
import type { RunOutcome } from './training-runs.ts';

export interface StartOptions {
  readonly resume?: boolean;
  /** Told with what became of it; what is thrown then is not shown. */
  readonly quiet?: boolean;
}

/**
 * Trains under a notification that can cancel it (with a usable checkpoint), and says what came of it.
 * @returns what became of it; undefined when it was called off or failed, which has been shown
 */
export async function startTraining(
  workbench: Workbench,
  plan: RunPlan,
  options: StartOptions = {},
): Promise<RunOutcome> {
  workbench.log.info(`Training ${plan.id} on ${plan.dataset}.`);
  try {
    const outcome = await withRunProgress(
      plan,
      (onProgress) => workbench.training.train(plan, { resume: options.resume ?? false, onProgress }),
      () => workbench.training.stop(plan),
    );
    if (outcome) announce(workbench, plan, outcome);
    return outcome;
  } catch (error) {
    if (options.quiet) throw error;
    showFailure(error, workbench.log);
    return undefined;
  } finally {
    workbench.models.refresh();
  }
}

/** A notification with how far it is in percent; its button stops the run. */
function withRunProgress<T>(
  plan: RunPlan,
  run: (onProgress: (progress: Progress) => void) => Promise<T>,
  stop: () => void,
): Thenable<T> {
  const title = vscode.l10n.t('Training {0}', plan.id);
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    async (report, token) => {
      const subscription = token.onCancellationRequested(stop);
      let shown = 0;
      let last = -Infinity;
      try {
        return await run((progress) => {
          // A notification need not be redrawn for each step of a fast run.
          const now = performance.now();
          if (progress.unit === 'steps' && now - last < 250) return;
          last = now;
          const { done, total, unit } = progress;
          const share = unit === 'steps' && done !== undefined && total ? (100 * done) / total : 0;
          const { message } = progress;
          report.report({
            message: unit === 'steps' ? message : progressLine(progress, vscodeTexts),
            increment: Math.max(0, share - shown),
          });
          shown = Math.max(shown, share);
        });
      } finally {
        subscription.dispose();
      }
    },
  );
}

function announce({ log }: Workbench, plan: RunPlan, model: ModelView): void {
  const metric = model.validation?.[listMetric];
  const figure =
    metric === undefined
      ? ''
      : vscode.l10n.t(
          'NDCG@10 {0} on validation, best epoch {1}.',
          metric.toLocaleString(vscode.env.language, { minimumFractionDigits: 3, maximumFractionDigits: 3 }),
          model.progress.bestEpoch,
        );
  const simulated = model.dataset.simulated && figure ? vscode.l10n.t('Simulated data.') : '';
  const what = {
    finished: vscode.l10n.t('“{0}” is trained.', plan.id),
    paused: vscode.l10n.t('The training of “{0}” is paused.', plan.id),
    stopped: vscode.l10n.t('The training of “{0}” was stopped; what it has learned is kept.', plan.id),
    training: '',
    failed: '',
  }[model.status];
  log.info(`${plan.id}: ${model.status}, epoch ${model.progress.epoch}.`);
  if (!what) return;
  const show = vscode.l10n.t('Show Training');
  const next = model.status === 'finished' ? vscode.l10n.t('Evaluate') : vscode.l10n.t('Resume');
  const reference = { folder: vscode.Uri.file(plan.folder), id: plan.id };
  void vscode.window
    .showInformationMessage([what, figure, simulated].filter(Boolean).join(' '), show, next)
    .then((chosen) => {
      if (chosen === show) return vscode.commands.executeCommand(commands.showTraining, reference);
      if (chosen !== next) return undefined;
      const command = model.status === 'finished' ? commands.evaluateModel : commands.resumeTraining;
      return vscode.commands.executeCommand(command, reference);
    });
}

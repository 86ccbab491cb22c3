import * as vscode from 'vscode';
import { showFailure } from '../failures.ts';
import { commands } from '../names.ts';
import { readSetting } from '../settings.ts';
import type { Workbench } from '../workbench.ts';
import type { RunPlan } from './run-plan.ts';

/**
 * Goes on with what was in training when the last window ended: from the step where its engine put it down, or, if
 * that engine was killed, from its last checkpoint.
 */
export async function goOnWithTraining(workbench: Workbench): Promise<void> {
  const plans = await workbench.training.wanted();
  if (plans.length === 0 || !vscode.workspace.isTrusted) return;
  for (const plan of plans) workbench.models.expect(plan, true);
  const setting = await readSetting('training.resumeAfterReload');
  if (setting === 'never' || (setting === 'ask' && !(await wantsToGoOn(plans)))) {
    for (const plan of plans) {
      await workbench.training.forget(plan);
      workbench.models.expect(plan, false);
    }
    return;
  }
  await Promise.all(plans.map((plan) => goOn(workbench, plan)));
}

async function wantsToGoOn(plans: readonly RunPlan[]): Promise<boolean> {
  const resume = vscode.l10n.t('Resume');
  const names = plans.map(({ id }) => id).join(', ');
  const answer = await vscode.window.showInformationMessage(
    vscode.l10n.t('{0} was in training when the window was closed.', names),
    resume,
  );
  return answer === resume;
}

async function goOn(workbench: Workbench, plan: RunPlan): Promise<void> {
  const { training, models, log } = workbench;
  try {
    await training.goOn(plan, {
      onStart: () => {
        log.info(`The training of ${plan.id} goes on after a reload.`);
        models.expect(plan, false);
        tell(plan);
      },
    });
  } catch (error) {
    showFailure(error, log);
  } finally {
    models.expect(plan, false);
    models.refresh();
  }
}

function tell(plan: RunPlan): void {
  const show = vscode.l10n.t('Show Training');
  const pause = vscode.l10n.t('Pause');
  const reference = { folder: vscode.Uri.file(plan.folder), id: plan.id };
  void vscode.window
    .showInformationMessage(
      vscode.l10n.t('The training of “{0}” goes on where it was.', plan.id),
      show,
      pause,
    )
    .then((chosen) => {
      if (chosen === show) return vscode.commands.executeCommand(commands.showTraining, reference);
      if (chosen === pause) return vscode.commands.executeCommand(commands.pauseTraining, reference);
      return undefined;
    });
}

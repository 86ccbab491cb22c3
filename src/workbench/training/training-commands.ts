import * as vscode from 'vscode';
import { UsageError } from '../../shared/errors.ts';
import { workspaceOf } from '../folders.ts';
import { requireTrust } from '../folders.ts';
import { referenceOf } from '../dataset-commands.ts';
import { canResume, isUnderWay } from '../models/model-rows.ts';
import { chooseModel, modelReferenceOf, type ModelReference } from '../models/model-reference.ts';
import type { Workbench } from '../workbench.ts';
import { startTraining } from './start-training.ts';
import { plansOf } from './train-choices.ts';
import type { RunPlan } from './run-plan.ts';

/** “ToolRec: Train”: asks, shows the training panel, trains. On a dataset or a model it starts from that one. */
export async function train(workbench: Workbench, argument: unknown): Promise<void> {
  requireTrust();
  const model = modelReferenceOf(argument);
  const row = model && (await workbench.models.row(placeOf(model)));
  const dataset = row ? { folder: model.folder, name: row.dataset } : referenceOf(argument);
  const { TrainDialogue } = await import('./train-dialogue.ts');
  const backbone = row?.tool?.backbone ?? row?.id;
  const answer = await new TrainDialogue(workbench, { dataset, backbone }).ask();
  if (!answer) return;
  const plans = plansOf(answer.choices);
  if (answer.action === 'save') {
    const { saveTrainingFile } = await import('../training-file/training-file-commands.ts');
    await saveTrainingFile(plans);
    return;
  }
  await startAll(workbench, plans);
}

/** Gives each plan a name of its own, starts them in order, and shows the panel. Does not wait for their end. */
export async function startAll(
  workbench: Workbench,
  plans: readonly (Omit<RunPlan, 'id'> & { readonly id?: string | undefined })[],
): Promise<void> {
  const named: RunPlan[] = [];
  for (const plan of plans) named.push(await withId(workbench, plan, named));
  for (const plan of named) void startTraining(workbench, plan);
  const first = named[0];
  if (first)
    await workbench.trainingPanels.open(
      vscode.Uri.file(first.folder),
      named.map(({ id }) => id),
    );
}

/** The plan under its own name, or one that nothing has yet. */
export async function withId(
  workbench: Workbench,
  plan: Omit<RunPlan, 'id'> & { readonly id?: string | undefined },
  others: readonly RunPlan[] = [],
): Promise<RunPlan> {
  if (plan.id !== undefined) return { ...plan, id: plan.id };
  const { freeModelId } = await import('../../recommender/model-id.ts');
  const { config, preset, dataset, tool } = plan;
  const model =
    typeof config['model'] === 'string'
      ? config['model']
      : preset?.includes('bert4rec')
        ? 'bert4rec'
        : 'sasrec';
  const free = await freeModelId(workspaceOf(vscode.Uri.file(plan.folder)), { model, dataset, tool });
  const taken = (id: string) =>
    others.some((other) => other.id === id) ||
    workbench.training.get({ folder: plan.folder, id }) !== undefined;
  let id = free;
  for (let number = 2; taken(id); number++) id = `${free}-${number}`;
  return { ...plan, id };
}

const placeOf = ({ folder, id }: ModelReference) => ({ folder: folder.fsPath, id });

async function runningModel(workbench: Workbench, argument: unknown): Promise<ModelReference | undefined> {
  return chooseModel(workbench, argument, {
    placeHolder: vscode.l10n.t('Which training?'),
    where: isUnderWay,
    none: new UsageError(
      'nothing-trains',
      'No model is being trained now.',
      'Start one with “ToolRec: Train”.',
    ),
  });
}

/** “ToolRec: Pause Training”. */
export async function pauseTraining(workbench: Workbench, argument: unknown): Promise<void> {
  const model = await runningModel(workbench, argument);
  if (!model || (await workbench.training.pause(placeOf(model)))) return;
  const { wishForTraining } = await import('../../recommender/training-lock.ts');
  await wishForTraining(workspaceOf(model.folder), model.id, 'pause');
}

/** “ToolRec: Stop Training”: what it has learned is kept. */
export async function stopTraining(workbench: Workbench, argument: unknown): Promise<void> {
  const model = await runningModel(workbench, argument);
  if (!model || workbench.training.stop(placeOf(model))) return;
  const { wishForTraining } = await import('../../recommender/training-lock.ts');
  await wishForTraining(workspaceOf(model.folder), model.id, 'stop');
}

/** “ToolRec: Resume Training”: goes on with exactly the steps that an uninterrupted training would have made. */
export async function resumeTraining(workbench: Workbench, argument: unknown): Promise<void> {
  requireTrust();
  const model = await chooseModel(workbench, argument, {
    placeHolder: vscode.l10n.t('Which training should go on?'),
    where: canResume,
    none: new UsageError(
      'nothing-to-resume',
      'No training was paused, stopped or interrupted.',
      'Start one with “ToolRec: Train”.',
    ),
  });
  if (!model) return;
  const row = await workbench.models.row(placeOf(model));
  if (!row) return;
  const { readSetting } = await import('../settings.ts');
  const [device, threads] = await Promise.all([
    readSetting('training.device', model.folder),
    readSetting('training.threads', model.folder),
  ]);
  const plan = { folder: row.folder, id: row.id, dataset: row.dataset, config: {}, device, threads };
  void startTraining(workbench, plan, { resume: true });
}

/** “ToolRec: Show Training”. */
export async function showTraining(workbench: Workbench, argument: unknown): Promise<void> {
  const model = modelReferenceOf(argument);
  const { pickFolder } = await import('../folders.ts');
  const folder = model?.folder ?? (await pickFolder());
  if (folder) await workbench.trainingPanels.open(folder, model ? [model.id] : []);
}

import * as vscode from 'vscode';
import { evaluateModel as evaluateRequest } from '../../service/requests/recommend.ts';
import { UsageError } from '../../shared/errors.ts';
import { requireTrust, workspaceOf } from '../folders.ts';
import { runWithProgress } from '../long-work.ts';
import { commands } from '../names.ts';
import type { Workbench } from '../workbench.ts';
import { chooseModel, modelReferenceOf, type ModelReference } from './model-reference.ts';
import { isUnderWay, isUsable } from './model-rows.ts';

/** What evaluations of the workbench compute. */
export const evaluationMetrics = ['recall@10', 'ndcg@10', 'recall@20', 'ndcg@20', 'mrr@20'];

const place = ({ folder, id }: ModelReference) => ({ folder: folder.fsPath, id });

/** “ToolRec: Evaluate Model”: ranks the held-out items of the test part among all items; kept with the model. */
export async function evaluateModel(workbench: Workbench, argument: unknown): Promise<void> {
  const model = await chooseModel(workbench, argument, {
    placeHolder: vscode.l10n.t('Which model should be evaluated?'),
    where: isUsable,
    none: noModels(),
  });
  const row = model && (await workbench.models.row(place(model)));
  if (!row) return;
  const result = await runWithProgress(vscode.l10n.t('Evaluating {0} on the test part', row.id), (work) =>
    workbench.engine.request(
      evaluateRequest,
      {
        workspace: row.folder,
        dataset: row.dataset,
        model: row.id,
        part: 'test',
        metrics: evaluationMetrics,
        maskSeen: true,
      },
      work,
    ),
  );
  workbench.models.refresh();
  const number = (name: string) =>
    result.metrics[name]!.toLocaleString(vscode.env.language, {
      minimumFractionDigits: 4,
      maximumFractionDigits: 4,
    });
  const simulated = result.simulated ? ` ${vscode.l10n.t('Simulated data.')}` : '';
  const compare = vscode.l10n.t('Compare…');
  void vscode.window
    .showInformationMessage(
      vscode.l10n.t(
        '{0} on the test part, {1} users: Recall@10 {2}, NDCG@10 {3}.',
        row.id,
        result.users.toLocaleString(vscode.env.language),
        number('recall@10'),
        number('ndcg@10'),
      ) + simulated,
      compare,
    )
    .then((chosen) => chosen && vscode.commands.executeCommand(commands.compareModels, model));
}

/** “ToolRec: Delete Model…”: asks, then deletes; a training of it is stopped first. */
export async function deleteModel(
  workbench: Workbench,
  argument: unknown,
  selection?: unknown,
): Promise<void> {
  requireTrust();
  const several = Array.isArray(selection) ? selection.flatMap((each) => modelReferenceOf(each) ?? []) : [];
  const single =
    several.length > 1
      ? undefined
      : await chooseModel(workbench, argument, {
          placeHolder: vscode.l10n.t('Which model should be deleted?'),
          where: () => true,
          none: noModels(),
        });
  const models = several.length > 1 ? several : single ? [single] : [];
  if (models.length === 0) return;
  const rows = await workbench.models.all();
  const ids = models.map(({ id }) => id);
  const tools = rows.filter(({ id, tool }) => tool && ids.includes(tool.backbone) && !ids.includes(id));
  const confirm = vscode.l10n.t('Delete');
  const detail = [
    vscode.l10n.t('Its checkpoints and its training log are deleted for good.'),
    ...(tools.length > 0
      ? [
          vscode.l10n.t(
            'These tools were made from it and cannot be used without it: {0}.',
            tools.map(({ id }) => id).join(', '),
          ),
        ]
      : []),
  ];
  const question =
    ids.length === 1
      ? vscode.l10n.t('Delete the model “{0}”?', ids[0]!)
      : vscode.l10n.t('Delete {0} models?', ids.length);
  const answer = await vscode.window.showWarningMessage(
    question,
    { modal: true, detail: [...(ids.length > 1 ? [ids.join(', ')] : []), ...detail].join('\n\n') },
    confirm,
  );
  if (answer !== confirm) return;
  const { deleteModel: deleteStored } = await import('../../recommender/model-list.ts');
  for (const model of models) {
    const row = rows.find(({ folder, id }) => folder === model.folder.fsPath && id === model.id);
    if (row && isUnderWay(row)) await endTraining(workbench, model);
    await deleteStored(workspaceOf(model.folder), model.id);
    workbench.log.info(`Deleted the model ${model.id}.`);
  }
  workbench.models.refresh();
}

/** Stops a training, wherever it runs, and waits until it has let go of the model. */
async function endTraining(workbench: Workbench, model: ModelReference): Promise<void> {
  const { trainingHolder, wishForTraining } = await import('../../recommender/training-lock.ts');
  const workspace = workspaceOf(model.folder);
  if (!workbench.training.stop(place(model))) await wishForTraining(workspace, model.id, 'stop');
  for (const deadline = Date.now() + 20_000; Date.now() < deadline;) {
    if (!workbench.training.get(place(model)) && !(await trainingHolder(workspace, model.id))) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new UsageError(
    'still-training',
    `The training of “${model.id}” has not ended yet.`,
    'Wait until it has, and delete the model then.',
  );
}

export async function revealModel(_: Workbench, argument: unknown): Promise<void> {
  const model = modelReferenceOf(argument);
  if (!model) return;
  const directory = workspaceOf(model.folder).entry('models', model.id);
  await vscode.commands.executeCommand('revealInExplorer', vscode.Uri.file(`${directory}/model.json`));
}

/** “ToolRec: Filter Datasets and Models…”: the tree follows what is typed. */
export async function filterModels({ datasets }: Workbench): Promise<void> {
  const before = datasets.shownOnly;
  const box = vscode.window.createInputBox();
  box.title = vscode.l10n.t('Filter Datasets and Models');
  box.placeholder = vscode.l10n.t('Words of a name, kind, loss, attribute or state');
  box.value = before;
  await new Promise<void>((resolve) => {
    let accepted = false;
    box.onDidChangeValue((text) => datasets.showOnly(text));
    box.onDidAccept(() => {
      accepted = true;
      box.hide();
    });
    box.onDidHide(() => {
      if (!accepted) datasets.showOnly(before);
      box.dispose();
      resolve();
    });
    box.show();
  });
}

export function noModels(): UsageError {
  return new UsageError('no-models', 'There is no trained model yet.', 'Train one with “ToolRec: Train”.');
}

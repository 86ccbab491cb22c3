import * as vscode from 'vscode';
import { evaluateModel as evaluateRequest } from '../../service/requests/recommend.ts';
import { UsageError } from '../../shared/errors.ts';
import { vscodeTexts } from '../language.ts';
import { runWithProgress } from '../long-work.ts';
import type { Workbench } from '../workbench.ts';
import { comparisonMarkdown } from './comparison-text.ts';
import { evaluationMetrics } from './model-commands.ts';
import { modelItems, modelReferenceOf } from './model-reference.ts';
import { isUsable } from './model-rows.ts';
import { compareEvaluations, type EvaluatedModel } from './paired-comparison.ts';
import type { ModelRow } from '../../../webview/protocol.ts';

/**
 * “ToolRec: Compare Models”: evaluates two models or more over the same users and opens a report with their settings,
 * figures and paired tests.
 */
export async function compareModels(
  workbench: Workbench,
  argument: unknown,
  selection?: unknown,
): Promise<void> {
  const rows = await chosen(workbench, argument, selection);
  if (!rows) return;
  const [first] = rows;
  if (rows.some((row) => row.dataset !== first!.dataset))
    throw new UsageError(
      'different-datasets',
      'These models were trained on different datasets, and no user is in both.',
      'Compare models of one dataset.',
    );
  const models = await runWithProgress(
    vscode.l10n.t('Comparing {0} models on the test part', rows.length),
    async (work) => {
      const evaluated: EvaluatedModel[] = [];
      for (const row of rows) {
        const { userIds, perUser, metrics, users } = await workbench.engine.request(
          evaluateRequest,
          {
            workspace: row.folder,
            dataset: row.dataset,
            model: row.id,
            part: 'test',
            metrics: evaluationMetrics,
            maskSeen: true,
          },
          { ...work, onProgress: (report) => work.onProgress?.({ ...report, message: row.id }) },
        );
        evaluated.push({ id: row.id, userIds, perUser, metrics, users });
      }
      return evaluated;
    },
  );
  workbench.models.refresh();
  const comparison = compareEvaluations(models);
  const name = vscode.l10n.t('Models of {0}', first!.dataset);
  await workbench.reports.show(name, comparisonMarkdown(rows, comparison, vscodeTexts));
}

/** The rows of the selection, or those that the person ticks. */
async function chosen(
  workbench: Workbench,
  argument: unknown,
  selection: unknown,
): Promise<readonly ModelRow[] | undefined> {
  const all = (await workbench.models.all()).filter(isUsable);
  const several = Array.isArray(argument) ? argument : Array.isArray(selection) ? selection : [argument];
  const references = several.flatMap((each: unknown) => modelReferenceOf(each) ?? []);
  const given = all.filter((row) =>
    references.some(({ folder, id }) => folder.fsPath === row.folder && id === row.id),
  );
  if (given.length >= 2) return given;
  const [one] = given;
  const others = all.filter((row) => !one || (row.dataset === one.dataset && row.folder === one.folder));
  if (others.length < 2)
    throw new UsageError(
      'nothing-to-compare',
      one ? `There is no other model of “${one.dataset}” yet.` : 'There are no two trained models yet.',
      'Train another one with “ToolRec: Train”.',
    );
  const items = modelItems(others).map((item) => ({ ...item, picked: item.row === one }));
  const picked = await vscode.window.showQuickPick(items, {
    canPickMany: true,
    placeHolder: vscode.l10n.t('Which models of one dataset should be compared? Two or more.'),
    matchOnDescription: true,
  });
  if (!picked) return undefined;
  if (picked.length < 2)
    throw new UsageError('one-model', 'A comparison needs two models or more.', 'Tick at least two.');
  return picked.map(({ row }) => row);
}

import * as vscode from 'vscode';
import { listModelsRequest } from '../../service/requests/model.ts';
import { floorModels } from '../../service/requests/recommend.ts';
import { UsageError } from '../../shared/errors.ts';
import type { Workbench } from '../workbench.ts';
import type { OpenSession } from './open-session.ts';

/** Asks which models answer retrievals from the next round on. */
export async function chooseRetrieval(session: OpenSession, { engine }: Workbench): Promise<void> {
  if (session.activity)
    throw new UsageError(
      'session-busy',
      'The session is at work.',
      'Stop it first, or wait for the round to end.',
    );
  const { folder } = session.reference;
  const { dataset } = session.state.started;
  const now = session.environment?.retriever.source?.model;
  const listed = async () => {
    const { models } = await engine.request(listModelsRequest, { workspace: folder });
    const trained = models.flatMap((model) => ('error' in model ? [] : [model]));
    const tools = (id: string) => trained.filter((model) => model.tool?.backbone === id);
    const backbones = trained.filter(
      (model) => !model.tool && model.dataset.hash === dataset.hash && model.progress.bestEpoch > 0,
    );
    return [
      ...backbones.map((model) => ({
        label: model.id,
        model: model.id,
        iconPath: new vscode.ThemeIcon('layers'),
        description: [
          model.title,
          tools(model.id).length > 0
            ? vscode.l10n.t(
                'tools: {0}',
                tools(model.id)
                  .map((tool) => tool.tool!.attribute)
                  .join(', '),
              )
            : vscode.l10n.t('no attribute tools'),
          ...(model.id === now ? [vscode.l10n.t('in use')] : []),
        ].join(' · '),
      })),
      { label: vscode.l10n.t('nothing trained'), kind: vscode.QuickPickItemKind.Separator, model: '' },
      ...floorModels.map((name) => ({
        label: name,
        model: name as string,
        iconPath: new vscode.ThemeIcon('dash'),
        description: [
          vscode.l10n.t('a plain model, reweighted by attribute statistics'),
          ...(name === now ? [vscode.l10n.t('in use')] : []),
        ].join(' · '),
      })),
    ];
  };
  const chosen = await vscode.window.showQuickPick(listed(), {
    title: vscode.l10n.t('Retrieval of the Session'),
    placeHolder: vscode.l10n.t('Which model should answer retrievals from the next round on?'),
    matchOnDescription: true,
  });
  if (chosen) await session.retrieveWith(chosen.model);
}

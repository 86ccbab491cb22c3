import * as vscode from 'vscode';
import { finishSignature } from '../../agent/grammar/action.ts';
import type { Breakpoint } from '../../agent/stop-rules.ts';
import type { OpenSession } from './open-session.ts';

interface Pick extends vscode.QuickPickItem {
  readonly point?: Breakpoint;
}

/** Asks where “Continue” should hold: before an action or an attribute, after a round, on an error. */
export async function chooseBreakpoints(session: OpenSession): Promise<void> {
  const set = new Set(session.breakpoints.map((point) => JSON.stringify(point)));
  const pick = (label: string, point: Breakpoint): Pick => ({
    label,
    point,
    picked: set.has(JSON.stringify(point)),
  });
  const separator = (label: string): Pick => ({ label, kind: vscode.QuickPickItemKind.Separator });
  const { tools, settings } = session.state.started;
  const attributes = session.environment?.retriever.attributes ?? [];
  const items: Pick[] = [
    separator(vscode.l10n.t('before an action')),
    ...[...tools, finishSignature.name].map((name) => pick(name, { on: 'action', name })),
    separator(vscode.l10n.t('before an attribute')),
    ...attributes.map((attribute) =>
      pick(attribute ?? vscode.l10n.t('None, the plain backbone'), { on: 'attribute', attribute }),
    ),
    separator(vscode.l10n.t('after')),
    pick(vscode.l10n.t('An Error'), { on: 'error' }),
    ...Array.from({ length: Math.min(settings.maxRounds, 50) }, (_, i) =>
      pick(vscode.l10n.t('Round {0}', i + 1), { on: 'round', round: i + 1 }),
    ),
  ];
  const chosen = await vscode.window.showQuickPick(items, {
    canPickMany: true,
    title: vscode.l10n.t('Breakpoints of the Session'),
    placeHolder: vscode.l10n.t('Where should “Continue” hold?'),
  });
  if (chosen) session.breakpoints = chosen.flatMap(({ point }) => (point ? [point] : []));
}

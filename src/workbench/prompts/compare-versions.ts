import * as vscode from 'vscode';
import {
  compareVersions,
  promptVersions,
  type PromptVersion,
  type VersionFigures,
} from '../../experiments/prompt-versions.ts';
import { UsageError } from '../../shared/errors.ts';
import { openFolders, pickFolder, workspaceOf } from '../folders.ts';
import { vscodeTexts } from '../language.ts';
import { runWithProgress } from '../long-work.ts';
import type { Workbench } from '../workbench.ts';
import type { PromptFeatures } from './features.ts';
import { cell, count, dollars, percent } from './report-text.ts';

const { t } = vscode.l10n;

/** “Compare Prompt Versions”: two recorded texts side by side, and how the runs that used them did. */
export async function comparePromptVersions(workbench: Workbench, features: PromptFeatures): Promise<void> {
  const folder = openFolders().length > 1 ? await pickFolder() : openFolders()[0]?.uri;
  if (!folder) throw new UsageError('no-folder', 'No folder is open.', 'Open a folder and try again.');
  const { versions, unreadable } = await runWithProgress(t('Reading recorded prompts'), async ({ signal }) =>
    promptVersions(workspaceOf(folder), signal),
  );
  if (unreadable > 0) features.parts.log.warn(`${unreadable} records of sessions could not be read.`);
  const names = [...new Set(versions.map(({ name }) => name))];
  const several = names.filter((name) => versions.filter((one) => one.name === name).length > 1);
  if (several.length === 0)
    throw new UsageError(
      'no-versions',
      'No prompt of this folder was used in two versions yet.',
      'Run sessions or quick checks with a language model, edit the prompt, and run them again.',
    );
  const name =
    several.length === 1
      ? several[0]!
      : await vscode.window.showQuickPick(several, { placeHolder: t('Which prompt?') });
  if (name === undefined) return;
  const all = versions.filter((one) => one.name === name);
  const newer = await pickVersion(all, t('The newer version'));
  const older =
    newer &&
    (await pickVersion(
      all.filter((one) => one.hash !== newer.hash),
      t('Compare it with'),
    ));
  if (!newer || !older) return;
  const ending = name === 'demonstrations' ? 'json' : 'toolrec.md';
  const uriOf = (one: PromptVersion) =>
    features.virtual(`${one.hash.slice(0, 8)}/${name}.${ending}`, one.text);
  await vscode.commands.executeCommand(
    'vscode.diff',
    uriOf(older),
    uriOf(newer),
    t('{0}: {1} ↔ {2}', name, older.hash.slice(0, 8), newer.hash.slice(0, 8)),
    { viewColumn: vscode.ViewColumn.One },
  );
  await workbench.reports.show(t('Versions of {0}', name), versionReport(name, older, newer), 'beside');
}

async function pickVersion(
  versions: readonly PromptVersion[],
  placeHolder: string,
): Promise<PromptVersion | undefined> {
  const picks = versions.map((version) => ({
    label: version.hash.slice(0, 8),
    description: t(
      'Used {0}×, last {1}',
      version.uses,
      new Date(version.last).toLocaleString(vscodeTexts.locale),
    ),
    version,
  }));
  return (await vscode.window.showQuickPick(picks, { placeHolder, ignoreFocusOut: true }))?.version;
}

function versionReport(name: string, older: PromptVersion, newer: PromptVersion): string {
  const { first, second, difference, interval, paired } = compareVersions(older, newer);
  const row = (label: string, of: (figures: VersionFigures) => string) =>
    `| ${label} | ${of(first)} | ${of(second)} |`;
  const fixed = (value: number | null) => (value === null ? '–' : value.toFixed(4));
  return [
    `# ${t('Versions of {0}', cell(name))}`,
    '',
    `| | ${older.hash.slice(0, 8)} | ${newer.hash.slice(0, 8)} |`,
    '|---|---:|---:|',
    `| ${t('Uses')} | ${older.uses} | ${newer.uses} |`,
    row(t('Comparable runs'), ({ runs }) => String(runs)),
    row(t('Hit rate'), ({ hitRate }) => percent(hitRate)),
    row(t('95 % interval (Wilson)'), ({ runs, interval: [low, high] }) =>
      runs === 0 ? '–' : `${percent(low)} – ${percent(high)}`,
    ),
    row('NDCG', ({ meanNdcg }) => fixed(meanNdcg)),
    row(t('Tokens a run'), ({ tokensPerRun }) => (tokensPerRun === null ? '–' : count(tokensPerRun))),
    row(t('Cost a run'), ({ costPerRun }) => (costPerRun === null ? '–' : dollars(costPerRun))),
    '',
    difference === null || interval === null
      ? t('No runs of both versions can be compared: they need the same dataset, policy, and length of list.')
      : t(
          'Difference of the hit rate: {0} points (95 % interval {1} to {2}). Of {3} users that both were run for, {4} were hit only by the older and {5} only by the newer.',
          (difference * 100).toFixed(1),
          (interval[0] * 100).toFixed(1),
          (interval[1] * 100).toFixed(1),
          paired.users,
          paired.onlyFirst,
          paired.onlySecond,
        ),
    '',
  ].join('\n');
}

import path from 'node:path';
import * as vscode from 'vscode';
import { addDemonstration, newDemonstrations } from '../../agent/prompts/demonstration-edits.ts';
import { demonstrationFromSession } from '../../agent/prompts/demonstration-from-session.ts';
import { domainOf } from '../../agent/prompts/library.ts';
import type { PromptDomain } from '../../agent/prompts/kinds.ts';
import { requireInside } from '../../agent/prompts/origins.ts';
import { LlmPolicy } from '../../agent/llm-policy.ts';
import { SessionStore } from '../../agent/log-store.ts';
import { llmRanker } from '../../agent/llm-ranker.ts';
import { parseTemplate } from '../../agent/prompts/template.ts';
import { foldAll } from '../../agent/state.ts';
import { standardTools } from '../../agent/tools/registry.ts';
import { type QuickCheck, quickCheck } from '../../experiments/prompt-check.ts';
import {
  compareVersions,
  keepCheck,
  promptVersions,
  type PromptVersion,
  type VersionFigures,
} from '../../experiments/prompt-versions.ts';
import { environmentOf, offlineParts, promptLibrary, weightsFor } from '../../experiments/session-parts.ts';
import { openRetrieval } from '../../experiments/session-retrieval.ts';
import { UsageError } from '../../shared/errors.ts';
import { openFolders, pickFolder, requireTrust, workspaceOf } from '../folders.ts';
import { runWithProgress } from '../long-work.ts';
import { commands, customEditors } from '../names.ts';
import type { Workbench } from '../workbench.ts';
import { choiceText } from '../model-choice.ts';
import { vscodeTexts } from '../language.ts';
import type { PromptFeatures } from './features.ts';
import { isPrompt } from './selectors.ts';

const { t } = vscode.l10n;

/** The prompt that a command is about: its argument or the active editor's. @throws UsageError `no-prompt-open` */
async function promptOf(argument: unknown): Promise<vscode.TextDocument> {
  const document =
    argument instanceof vscode.Uri
      ? await vscode.workspace.openTextDocument(argument)
      : vscode.window.activeTextEditor?.document;
  if (document && isPrompt(document)) return document;
  throw new UsageError('no-prompt-open', 'No prompt is open.', 'Open one with “ToolRec: Edit Prompts”.');
}

export async function previewPrompt(features: PromptFeatures, argument: unknown): Promise<void> {
  await features.preview(await promptOf(argument));
}

/** “Run Session with This Prompt”: on the dataset that the prompt is shown with. */
export async function runSessionWithPrompt(
  workbench: Workbench,
  features: PromptFeatures,
  argument: unknown,
): Promise<void> {
  requireTrust();
  const document = await promptOf(argument);
  await features.requireOwn(document);
  await document.save();
  const folder = features.subjects.folderOf(document.uri);
  const subject = folder && (await features.subjects.of(folder));
  if (!folder || subject?.dataset === undefined)
    throw new UsageError(
      'no-datasets',
      'There is no dataset yet.',
      'Run “ToolRec: Create Sample Dataset” or “ToolRec: Import Dataset…”.',
    );
  const dataset = await features.subjects.dataset(folder, subject.dataset);
  const used = await promptLibrary(workspaceOf(folder)).load('surrogate', domainOf(dataset));
  if (path.resolve(used.file) !== path.resolve(document.uri.fsPath))
    throw new UsageError(
      'prompt-not-used',
      `Sessions on “${dataset.name}” use the prompt “${used.name}”, not this one.`,
      `Edit ${used.name}.toolrec.md, or give this file that name.`,
      { place: { file: document.uri.fsPath } },
    );
  const choice = await workbench.languageModels.current();
  if (choice.kind === 'offline') {
    const [select, anyway] = [t('Select Language Model'), t('Run Offline')];
    const answer = await vscode.window.showInformationMessage(
      t('No language model is chosen. The offline policy does not read the prompt.'),
      select,
      anyway,
    );
    if (answer === select) await vscode.commands.executeCommand(commands.selectLanguageModel);
    if (answer !== anyway) return;
  }
  const user = (subject.user === undefined ? 0 : dataset.userCode(subject.user)) ?? 0;
  const title = t('User {0} · {1}', dataset.user(user).id, dataset.name);
  await workbench.sessionPanels.start({ folder: folder.fsPath, dataset: dataset.name, user }, title);
}

/** “Quick Check of Prompt”: the prompt as it stands in the editor over a few users. */
export async function quickCheckPrompt(
  workbench: Workbench,
  features: PromptFeatures,
  argument: unknown,
): Promise<void> {
  const document = await promptOf(argument);
  await features.requireOwn(document);
  const template = parseTemplate(document.getText(), document.uri.fsPath);
  if (template.kind !== 'surrogate')
    throw new UsageError(
      'not-a-surrogate',
      'A quick check runs whole sessions, so it needs a prompt of the kind “surrogate”.',
      'Open such a prompt.',
    );
  const folder = features.subjects.folderOf(document.uri);
  const subject = folder && (await features.subjects.of(folder));
  if (!folder || subject?.dataset === undefined)
    throw new UsageError(
      'no-datasets',
      'There is no dataset yet.',
      'Run “ToolRec: Create Sample Dataset” or “ToolRec: Import Dataset…”.',
    );
  const choice = await workbench.languageModels.current();
  const model = await workbench.languageModels.chatModelFor(choice);
  const with_ = choiceText(choice, vscodeTexts);
  const count = await vscode.window.showQuickPick(
    [10, 20, 50, 100].map((users) => ({
      label: t('{0} users', users),
      description: model
        ? t('with {0}', with_)
        : t('offline: the policy does not read the prompt; this is its baseline'),
      users,
    })),
    { placeHolder: t('Over how many users of “{0}”? Their validation items are held out.', subject.dataset) },
  );
  if (!count) return;
  const dataset = await features.subjects.dataset(folder, subject.dataset);
  const workspace = workspaceOf(folder);
  const started = Date.now();
  const { check, prompts, policy, retrieval } = await runWithProgress(
    t('Quick check over {0} users', count.users),
    async (work) => {
      const { retriever, label, source } = await openRetrieval(
        { request: (definition, params, its) => workbench.engine.request(definition, params, its) },
        { workspace: folder.fsPath, dataset, model: undefined, before: 'validation' },
        work,
      );
      const library = promptLibrary(workspace);
      const domain = domainOf(dataset);
      const demonstrations = (await library.demonstrations(domain))?.demonstrations ?? [];
      const parts = model
        ? {
            policy: new LlmPolicy({
              model,
              template,
              demonstrations,
              ...(choice.kind === 'offline' ? {} : { protocol: choice.protocol }),
            }),
            tools: standardTools(llmRanker(model, await library.load('rank', domain))),
          }
        : offlineParts(await weightsFor(workspace, dataset, source));
      const environment = environmentOf(dataset, retriever, label, parts);
      const result = await quickCheck({ dataset, environment, users: count.users, seed: 0, ...work });
      return {
        check: result,
        prompts: parts.policy.prompts,
        policy: parts.policy.label.label,
        retrieval: label,
      };
    },
  );
  if (prompts.length > 0)
    await keepCheck(workspace, check, {
      time: started,
      dataset: dataset.name,
      policy,
      prompts: [...prompts],
    });
  await workbench.reports.show(
    t('Quick Check of {0}', template.name),
    checkReport(template.name, check, {
      dataset: dataset.name,
      simulated: dataset.simulated,
      policy,
      retrieval,
      usesPrompt: model !== undefined,
    }),
  );
}

function percent(share: number | null): string {
  return share === null ? '–' : `${(share * 100).toFixed(1)} %`;
}

function money(cost: number, unpriced: number): string {
  return unpriced > 0 ? t('not known ({0} calls without a price)', unpriced) : `$${cost.toFixed(4)}`;
}

function cell(text: string): string {
  return text.replace(/[\\|`*_{}[\]<>#]/g, '\\$&').replace(/\s+/g, ' ');
}

function checkReport(
  name: string,
  check: QuickCheck,
  about: { dataset: string; simulated: boolean; policy: string; retrieval: string; usesPrompt: boolean },
): string {
  const failed = check.users.filter(({ failure }) => failure !== undefined);
  return [
    `# ${t('Quick check of {0}', cell(name))}`,
    '',
    `${cell(about.policy)} · ${cell(about.dataset)}${about.simulated ? ` · ${t('simulated data')}` : ''} · ${cell(about.retrieval)}`,
    '',
    ...(about.usesPrompt
      ? []
      : [
          `> ${t('The offline policy does not read the prompt: these figures are the baseline that it has to beat.')}`,
          '',
        ]),
    ...(check.cancelled
      ? [`> ${t('Stopped by you: the figures are of the users that were done.')}`, '']
      : []),
    `| | |`,
    `|---|---:|`,
    `| ${t('Users')} | ${check.users.length} |`,
    `| ${t('Hit rate@{0}, validation item', check.n)} | ${percent(check.hitRate)} |`,
    `| ${t('95 % interval (Wilson)')} | ${percent(check.interval[0])} – ${percent(check.interval[1])} |`,
    `| NDCG@${check.n} | ${check.meanNdcg.toFixed(4)} |`,
    `| ${t('Tokens')} | ${check.tokens.toLocaleString(vscodeTexts.locale)} |`,
    `| ${t('Cost')} | ${about.usesPrompt ? money(check.cost, check.unpriced) : '$0'} |`,
    ...(failed.length > 0 ? [`| ${t('Failed sessions, counted as misses')} | ${failed.length} |`] : []),
    '',
    `| ${t('User')} | ${t('Rank')} | ${t('Rounds')} | ${t('Tokens')} |`,
    '|---|---:|---:|---:|',
    ...check.users.map(
      ({ user, rank, rounds, tokens, failure }) =>
        `| ${cell(user)} | ${failure === undefined ? (rank ?? '–') : cell(failure)} | ${rounds} | ${tokens} |`,
    ),
    '',
    t('Every user has one held-out item, so few users say little: look at the interval before the rate.'),
    '',
  ].join('\n');
}

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
  );
  await workbench.reports.show(t('Versions of {0}', name), versionReport(name, older, newer));
}

async function pickVersion(
  versions: readonly PromptVersion[],
  placeHolder: string,
): Promise<PromptVersion | undefined> {
  const picks = versions.map((version) => ({
    label: version.hash.slice(0, 8),
    description: t(
      '{0} uses, last {1}',
      version.uses,
      new Date(version.last).toLocaleString(vscodeTexts.locale),
    ),
    version,
  }));
  return (await vscode.window.showQuickPick(picks, { placeHolder }))?.version;
}

function versionReport(name: string, older: PromptVersion, newer: PromptVersion): string {
  const { first, second, difference, interval, paired } = compareVersions(older, newer);
  const row = (label: string, of: (figures: VersionFigures) => string) =>
    `| ${label} | ${of(first)} | ${of(second)} |`;
  const number = (value: number | null, digits: number) => (value === null ? '–' : value.toFixed(digits));
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
    row('NDCG', ({ meanNdcg }) => number(meanNdcg, 4)),
    row(t('Tokens a run'), ({ tokensPerRun }) => number(tokensPerRun, 0)),
    row(t('Cost a run'), ({ costPerRun }) => (costPerRun === null ? '–' : `$${costPerRun.toFixed(4)}`)),
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

/** “Edit Demonstrations”: the list editor of a file; of the shown dataset's domain where none is named. */
export async function editDemonstrations(features: PromptFeatures, argument: unknown): Promise<void> {
  let uri = argument instanceof vscode.Uri ? argument : undefined;
  if (!uri) {
    requireTrust();
    const folder = await pickFolder();
    if (!folder) return;
    const domain = await domainFor(features, folder);
    uri = vscode.Uri.file(await features.subjects.files(folder).copyForEdit(`demonstrations/${domain}.yaml`));
  }
  await vscode.commands.executeCommand('vscode.openWith', uri, customEditors.demonstrations);
}

async function domainFor(features: PromptFeatures, folder: vscode.Uri): Promise<PromptDomain> {
  const subject = await features.subjects.of(folder);
  return subject.dataset === undefined
    ? 'generic'
    : domainOf(await features.subjects.dataset(folder, subject.dataset));
}

/**
 * “Add Session to Demonstrations”: turns a finished session into an example of its domain's file.
 * @param argument `{ folder: string | Uri, id: string }` of a session; else the active one, else the person picks
 */
export async function addDemonstrationFromSession(
  workbench: Workbench,
  features: PromptFeatures,
  argument: unknown,
): Promise<void> {
  requireTrust();
  const chosen =
    sessionOf(argument) ?? workbench.sessions.active?.reference ?? (await pickSession(workbench));
  if (!chosen) return;
  const workspace = workspaceOf(vscode.Uri.file(chosen.folder));
  const { events } = await new SessionStore(workspace.directory('sessions')).read(chosen.id);
  const state = foldAll(events);
  const { demonstration, attributes } = demonstrationFromSession(state);
  const folder = vscode.Uri.file(chosen.folder);
  const dataset = await features.subjects.dataset(folder, state.started.dataset.name);
  const domain = domainOf(dataset);
  const name = `demonstrations/${domain}.yaml`;
  const files = features.subjects.files(folder);
  const entry = await files.find(name).catch(() => undefined);
  const file = entry ? await files.copyForEdit(name) : path.join(files.folder, name);
  await requireInside(folder.fsPath, file);
  const uri = vscode.Uri.file(file);
  if (entry) {
    const document = await vscode.workspace.openTextDocument(uri);
    const edit = new vscode.WorkspaceEdit();
    edit.replace(
      uri,
      new vscode.Range(0, 0, document.lineCount, 0),
      addDemonstration(document.getText(), demonstration, attributes),
    );
    await vscode.workspace.applyEdit(edit);
    await document.save();
  } else {
    const text = newDemonstrations(domain, attributes.length > 0 ? attributes : ['none'], demonstration);
    await vscode.workspace.fs.writeFile(uri, Buffer.from(text));
  }
  const show = t('Show');
  const answer = await vscode.window.showInformationMessage(
    t(
      'The session is now an example of {0}, its lists cut to the best items. Switch it on or off in the list.',
      name,
    ),
    show,
  );
  if (answer === show) await editDemonstrations(features, uri);
}

function sessionOf(argument: unknown): { folder: string; id: string } | undefined {
  if (typeof argument !== 'object' || argument === null) return undefined;
  const { folder, id } = argument as Record<string, unknown>;
  const where = folder instanceof vscode.Uri ? folder.fsPath : folder;
  return typeof where === 'string' && typeof id === 'string' ? { folder: where, id } : undefined;
}

async function pickSession(workbench: Workbench): Promise<{ folder: string; id: string } | undefined> {
  const lists = await Promise.all(openFolders().map(({ uri }) => workbench.sessions.list(uri.fsPath)));
  const all = lists.flat().filter((entry) => entry.started);
  if (all.length === 0)
    throw new UsageError('no-sessions', 'There is no session yet.', 'Run a session to its end first.');
  const picks = all
    .sort((a, b) => b.changed - a.changed)
    .map((entry) => ({
      label: entry.id,
      description: [entry.started!.dataset.name, entry.started!.subject.user?.id, entry.started!.policy.label]
        .filter(Boolean)
        .join(' · '),
      entry,
    }));
  const picked = await vscode.window.showQuickPick(picks, {
    placeHolder: t('Which session should become an example?'),
    matchOnDescription: true,
  });
  return picked && { folder: picked.entry.folder, id: picked.entry.id };
}

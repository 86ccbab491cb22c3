import * as vscode from 'vscode';
import { setupOf } from '../../agent/session-start.ts';
import { LlmPolicy } from '../../agent/llm-policy.ts';
import { llmRanker } from '../../agent/llm-ranker.ts';
import { domainOf } from '../../agent/prompts/library.ts';
import { parseTemplate } from '../../agent/prompts/template.ts';
import { standardTools } from '../../agent/tools/registry.ts';
import { type QuickCheck, quickCheck } from '../../experiments/prompt-check.ts';
import { keepCheck } from '../../experiments/prompt-versions.ts';
import { environmentOf, offlineParts, promptLibrary, weightsFor } from '../../experiments/session-parts.ts';
import { openRetrieval } from '../../experiments/session-retrieval.ts';
import { UsageError } from '../../shared/errors.ts';
import { workspaceOf } from '../folders.ts';
import { vscodeTexts } from '../language.ts';
import { runWithProgress } from '../long-work.ts';
import { choiceText } from '../model-choice.ts';
import type { Workbench } from '../workbench.ts';
import type { PromptFeatures } from './features.ts';
import { promptOf } from './prompt-commands.ts';
import { cell, count, money, percent } from './report-text.ts';

const { t } = vscode.l10n;

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
  const { folder, dataset: name } = await features.subjects.ofPrompt(document.uri);
  const choice = await workbench.languageModels.current();
  const model = await workbench.languageModels.chatModelFor(choice);
  const with_ = choiceText(choice, vscodeTexts);
  const chosen = await vscode.window.showQuickPick(
    [10, 20, 50, 100].map((users) => ({
      label: t('{0} users', users),
      description: model
        ? t('with {0}', with_)
        : t('offline: the policy does not read the prompt; this is its baseline'),
      users,
    })),
    {
      placeHolder: t('Over how many users of “{0}”? Their validation items are held out.', name),
      ignoreFocusOut: true,
    },
  );
  if (!chosen) return;
  const dataset = await features.subjects.dataset(folder, name);
  const workspace = workspaceOf(folder);
  const started = Date.now();
  const { check, prompts, policy, retrieval } = await runWithProgress(
    t('Quick check over {0} users', chosen.users),
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
      const result = await quickCheck({ dataset, environment, users: chosen.users, seed: 0, ...work });
      return {
        check: result,
        prompts: setupOf(environment).prompts,
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
    'beside',
  );
}

function checkReport(
  name: string,
  check: QuickCheck,
  about: { dataset: string; simulated: boolean; policy: string; retrieval: string; usesPrompt: boolean },
): string {
  // What retrieves says so itself where it learnt from such data.
  const simulated =
    about.simulated && !about.retrieval.includes('simulated data') ? ` · ${t('simulated data')}` : '';
  const failed = check.users.filter(({ failure }) => failure !== undefined);
  return [
    `# ${t('Quick check of {0}', cell(name))}`,
    '',
    `${cell(about.policy)} · ${cell(about.dataset)}${simulated} · ${cell(about.retrieval)}`,
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
    `| ${t('Tokens')} | ${count(check.tokens)} |`,
    `| ${t('Cost')} | ${about.usesPrompt ? money(check.cost, check.unpriced) : '$0'} |`,
    ...(failed.length > 0 ? [`| ${t('Failed sessions, counted as misses')} | ${failed.length} |`] : []),
    '',
    `| ${t('User')} | ${t('Rank')} | ${t('Rounds')} | ${t('Tokens')} |`,
    '|---|---:|---:|---:|',
    ...check.users.map(
      ({ user, rank, rounds, tokens, failure }) =>
        `| ${cell(user)} | ${failure === undefined ? (rank ?? '–') : cell(failure)} | ${rounds} | ${count(tokens)} |`,
    ),
    '',
    t('Every user has one held-out item, so few users say little: look at the interval before the rate.'),
    '',
  ].join('\n');
}

import { attributeTable } from '../../agent/offline/attribute-table.ts';
import { distribution, recencyWeights } from '../../agent/offline/distribution.ts';
import { offlineRanker } from '../../agent/offline/ranker.ts';
import { llmRanker } from '../../agent/llm-ranker.ts';
import type { DecisionContext } from '../../agent/policy.ts';
import { standardTools } from '../../agent/tools/registry.ts';
import type { MethodDefinition } from './definition.ts';
import { FixedPolicy, rank, retrieve } from './fixed-policy.ts';
import { PlanPolicy } from './plan-policy.ts';
import { sessionMethod } from './session-method.ts';
import { languageMethod, offlineMethod, openSessionSetup } from './session-setup.ts';

/** The ablation `w/ Plan` (paper 4.3): all tool calls are planned before any is made. */
export const withPlan: MethodDefinition = {
  name: 'w/plan',
  title: 'w/ Plan',
  description: 'All tool calls planned at once, before any result is seen, then carried out (Figure 4).',
  group: 'ablation',
  settings: ['model', 'language_model', 'rounds', 'domain', 'demonstrations'],
  model: { kind: 'trained', name: 'SASRec', fits: (model) => model.model === 'sasrec', orFloor: true },
  usesLanguageModel: true,
  async open(entry, model, world) {
    const language = entry.language_model ?? 'offline';
    const setup = await openSessionSetup(entry, model!, world, language);
    const { retrieval } = setup;
    // One more round than steps: the last one finishes.
    const settings = { maxRounds: (entry.rounds ?? 8) + 1, noProgressRounds: 0, maxFailedRounds: 2 };
    if (!setup.model) {
      const weights = await setup.weights();
      const steps = (context: DecisionContext) => statisticalPlan(context, world.n, entry.rounds ?? 8);
      const parts = {
        policy: new FixedPolicy('w/ Plan', [], steps),
        tools: standardTools(offlineRanker(weights)),
      };
      return sessionMethod(
        { parts, retrieval, settings, method: offlineMethod(setup, weights, 'planned and ranked') },
        world,
      );
    }
    const plan = await setup.prompt('plan');
    const order = await setup.prompt('rank');
    const policy = new PlanPolicy(setup.model, plan, await setup.demonstrations());
    const parts = { policy, tools: standardTools(llmRanker(setup.model, order)) };
    return sessionMethod(
      { parts, retrieval, settings, method: languageMethod(setup, language, [plan, order]) },
      world,
    );
  },
};

/** Half of a history's taste counts the last ten items, as in the offline policy. */
const halfLife = 10;

/**
 * A plan from the history alone: the backbone, then the attribute tools in the order in which the history is
 * concentrated by them (lowest entropy relative to the number of values first), then a ranking.
 */
function statisticalPlan({ dataset, history, retriever }: DecisionContext, n: number, maxSteps: number) {
  const weights = recencyWeights(history.length, halfLife);
  const spread = (name: string): number => {
    const column = attributeTable(dataset).find((candidate) => candidate.name === name);
    if (!column || column.values.length < 2) return 1;
    let entropy = 0;
    for (const share of distribution(column, history, weights))
      if (share > 0) entropy -= share * Math.log2(share);
    return entropy / Math.log2(column.values.length);
  };
  const named = retriever.attributes.filter((attribute) => attribute !== null);
  const ordered = named.sort((a, b) => spread(a) - spread(b) || (a < b ? -1 : 1));
  const retrievals = [null, ...ordered].map((attribute) => retrieve(attribute, 50));
  return [...retrievals.slice(0, Math.max(1, maxSteps - 1)), rank(n)];
}

import type { Action } from '../../agent/grammar/action.ts';
import { llmRanker } from '../../agent/llm-ranker.ts';
import { offlineRanker } from '../../agent/offline/ranker.ts';
import type { DecisionContext } from '../../agent/policy.ts';
import type { PromptKind } from '../../agent/prompts/kinds.ts';
import { standardTools } from '../../agent/tools/registry.ts';
import type { MethodDefinition } from './definition.ts';
import { FixedPolicy, rank, retrieve } from './fixed-policy.ts';
import { sessionMethod } from './session-method.ts';
import { languageMethod, offlineMethod, openSessionSetup } from './session-setup.ts';

interface OneShot {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly group: 'baseline' | 'ablation';
  /** The prompt by which the candidates are ranked. */
  readonly prompt: PromptKind & ('rank' | 'chat-rec' | 'llm-rank');
  readonly candidates: number;
  /** What is retrieved before the one ranking. */
  retrievals(context: DecisionContext, candidates: number): readonly Action[];
  /** Re-runs of a ranking that named items outside the catalogue: part of the paper's memory, not of the baselines. */
  readonly toolReruns: number;
}

/** Methods in which a language model ranks candidates once. */
function oneShot(shape: OneShot): MethodDefinition {
  const { name, title, description, group } = shape;
  return {
    name,
    title,
    description,
    group,
    settings: ['model', 'language_model', 'candidates', 'domain'],
    model: { kind: 'trained', name: 'SASRec', fits: (model) => model.model === 'sasrec', orFloor: true },
    usesLanguageModel: true,
    async open(entry, model, world) {
      const language = entry.language_model ?? 'offline';
      const setup = await openSessionSetup(entry, model!, world, language);
      const candidates = entry.candidates ?? shape.candidates;
      const steps = (context: DecisionContext) => [...shape.retrievals(context, candidates), rank(world.n)];
      // The steps are fixed: no rule may end the session before they are done.
      const settings = {
        maxRounds: 20,
        noProgressRounds: 0,
        maxFailedRounds: 0,
        toolReruns: shape.toolReruns,
      };
      const { retrieval } = setup;
      if (!setup.model) {
        const weights = await setup.weights();
        const parts = {
          policy: new FixedPolicy(title, [], steps),
          tools: standardTools(offlineRanker(weights)),
        };
        return sessionMethod(
          { parts, retrieval, settings, method: offlineMethod(setup, weights, 'ranked once') },
          world,
        );
      }
      const template = await setup.prompt(shape.prompt);
      const prompts = [{ name: template.name, hash: template.hash, text: template.text }];
      const parts = {
        policy: new FixedPolicy(title, prompts, steps),
        tools: standardTools(llmRanker(setup.model, template)),
      };
      return sessionMethod(
        { parts, retrieval, settings, method: languageMethod(setup, language, prompts) },
        world,
      );
    },
  };
}

const fromBackbone = (_context: DecisionContext, candidates: number) => [retrieve(null, candidates)];

export const chatRec = oneShot({
  name: 'chat-rec',
  title: 'Chat-REC',
  description: 'A language model re-ranks the backbone’s candidates once, in the manner of a conversation.',
  group: 'baseline',
  prompt: 'chat-rec',
  candidates: 30,
  retrievals: fromBackbone,
  toolReruns: 0,
});

export const llmRank = oneShot({
  name: 'llm-rank',
  title: 'LLMRank',
  description: 'A language model ranks thirty of the backbone’s candidates once, zero-shot.',
  group: 'baseline',
  prompt: 'llm-rank',
  candidates: 30,
  retrievals: fromBackbone,
  toolReruns: 0,
});

export const withSingle = oneShot({
  name: 'w/single',
  title: 'w/ single',
  description: 'ToolRec’s rank tool once, over thirty candidates of the backbone (Figure 4).',
  group: 'ablation',
  prompt: 'rank',
  candidates: 30,
  retrievals: fromBackbone,
  toolReruns: 2,
});

export const withMulti = oneShot({
  name: 'w/multi',
  title: 'w/ multi',
  description: 'The rank tool once, over thirty candidates of the backbone and the attribute tools together.',
  group: 'ablation',
  prompt: 'rank',
  candidates: 30,
  // The same share of each tool; what several tools name is one candidate.
  retrievals: ({ retriever: { attributes } }, candidates) =>
    attributes.map((attribute) => retrieve(attribute, Math.ceil(candidates / attributes.length))),
  toolReruns: 2,
});

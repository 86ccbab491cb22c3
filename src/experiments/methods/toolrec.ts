import { offlineParts, llmParts, promptLibrary } from '../session-parts.ts';
import type { MethodDefinition } from './definition.ts';
import { sessionMethod } from './session-method.ts';
import { languageMethod, offlineMethod, openSessionSetup } from './session-setup.ts';

/** The paper's method over a backbone: a surrogate user with retrieval and rank tools. */
function toolrecOver(name: string, title: string, architecture: 'sasrec' | 'bert4rec'): MethodDefinition {
  const backbone = architecture === 'sasrec' ? 'SASRec' : 'BERT4Rec';
  return {
    name,
    title,
    description: `A surrogate user with attribute tools over ${backbone} (the paper’s method).`,
    group: 'ours',
    settings: ['model', 'language_model', 'rounds', 'domain', 'demonstrations'],
    model: {
      kind: 'trained',
      name: backbone,
      fits: (model) => model.model === architecture,
      orFloor: true,
    },
    usesLanguageModel: true,
    async open(entry, model, world) {
      const language = entry.language_model ?? 'offline';
      const setup = await openSessionSetup(entry, model!, world, language);
      const settings = { maxRounds: entry.rounds ?? 8 };
      if (!setup.model) {
        const weights = await setup.weights();
        const method = offlineMethod(setup, weights, 'decided and ranked');
        return sessionMethod(
          { parts: offlineParts(weights), retrieval: setup.retrieval, settings, method },
          world,
        );
      }
      const protocol = world.protocol(language);
      const parts = await llmParts({
        model: setup.model,
        dataset: world.dataset,
        library: promptLibrary(world.workspace),
        domain: setup.domain,
        protocol,
        demonstrations: entry.demonstrations ?? true,
      });
      const prompts = [...parts.policy.prompts, await setup.prompt('rank')];
      const method = languageMethod(setup, language, prompts);
      return sessionMethod(
        {
          parts,
          retrieval: setup.retrieval,
          settings,
          method: { ...method, provenance: { ...method.provenance, protocol } },
        },
        world,
      );
    },
  };
}

export const toolrec = toolrecOver('toolrec', 'ToolRec', 'sasrec');
export const toolrecB = toolrecOver('toolrec-b', 'ToolRec_B', 'bert4rec');

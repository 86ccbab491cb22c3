import type { MethodDefinition } from './definition.ts';
import { modelMethod } from './model-method.ts';

/** The retrieval tools alone (Figure 4): a tool's own full ranking, without a surrogate user. */
function toolAlone(mode: 'frozen' | 'full', description: string): MethodDefinition {
  return {
    name: `${mode}+a`,
    title: `${mode} + a`,
    description,
    group: 'ablation',
    settings: ['model'],
    model: { kind: 'tool', mode },
    usesLanguageModel: false,
    open: async (_entry, model, world) => {
      const { tool } = model!.view!;
      const detail = `${tool!.attribute} tool of ${tool!.backbone} (${model!.id})`;
      return { ...modelMethod(model!, detail, world), title: `${mode} + ${tool!.attribute}` };
    },
  };
}

export const frozenTool = toolAlone(
  'frozen',
  'An attribute tool by itself; the backbone stayed as it was (paper 3.3.2).',
);
export const fullTool = toolAlone('full', 'An attribute tool by itself; everything was trained with it.');

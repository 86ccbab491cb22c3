import * as z from 'zod';
import { attributeExamples, findAttribute, nearestAttribute } from './attributes.ts';
import { attributeArgument, countArgument, type Tool, type ToolSetting } from './tool.ts';

/** The retrieval tool (paper 3.3.2): the K best items outside the history by the model of an attribute, or the backbone. */
export const retrieveTool: Tool = {
  name: 'Retrieve',
  aliases: ['Retrieval', 'RetrieveItems', 'RetrieveTool', 'Fetch', 'Recommend'],
  args: z.object({ attribute: attributeArgument(), k: countArgument() }),
  rerunnable: false,

  describe(setting: ToolSetting): string {
    const { dataset, retriever } = setting;
    const lines = retriever.attributes
      .filter((name): name is string => name !== null)
      .map((name) => {
        const definition = dataset.attributes.find((a) => a.name === name);
        const about = [definition?.description, attributeExamples(dataset, name)].filter(Boolean).join('; ');
        return `${name}${about === '' ? '' : ` (${about})`}`;
      });
    const choice = [
      ...lines,
      ...(retriever.attributes.includes(null) ? ['None (no attribute in particular)'] : []),
    ];
    return (
      'Retrieve[attribute, K]: searches the whole catalogue with a recommender trained on what users chose next, ' +
      `and returns the K items that suit this user best with regard to one attribute. Attributes: ${choice.join('; ')}.`
    );
  },

  async run(args, context) {
    const { retriever } = context;
    const asked = args['attribute'] as string | null;
    const k = args['k'] as number;
    const known = retriever.attributes.filter((name): name is string => name !== null);
    const attribute = asked === null ? null : findAttribute(asked, known);
    if (attribute === undefined || !retriever.attributes.includes(attribute)) {
      const near = asked === null ? undefined : nearestAttribute(asked, known);
      const choice = retriever.attributes.map((name) => name ?? 'None').join(', ');
      return {
        kind: 'problem',
        code: 'unknown-attribute',
        message: `There is no retrieval tool for the attribute “${(asked ?? 'None').slice(0, 60)}”.`,
        hint: `${near === undefined ? '' : `Did you mean ${near}? `}Attributes that can be retrieved by: ${choice}.`,
      };
    }
    const found = await retriever.retrieve({ history: context.history }, attribute, k, context.signal);
    return { kind: 'items', items: found.map(({ item, score }) => ({ item, score })), k, attribute };
  },
};

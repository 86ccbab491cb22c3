import * as z from 'zod';
import { languageModelTools } from '../names.ts';

/**
 * The tools that chat agents of VS Code may call. package.json's contributions are made from these, and what an agent
 * passes is checked against the same schemas.
 */
export const recommendInput = z.strictObject({
  dataset: z
    .string()
    .max(200)
    .optional()
    .describe('Name of a dataset of the workspace, such as "ml-1m". Leave it out where there is only one.'),
  user: z.string().max(200).optional().describe('Id of a user of the dataset. Give either this or history.'),
  history: z
    .array(z.string().max(500))
    .min(1)
    .max(200)
    .optional()
    .describe('Titles or ids of items that someone liked, oldest first. Give either this or user.'),
  n: z.int().min(1).max(50).optional().describe('How many items to recommend; 10 when left out.'),
});
export type RecommendInput = z.infer<typeof recommendInput>;

export const explainInput = z.strictObject({
  session: z
    .string()
    .max(200)
    .optional()
    .describe('Id of a session, such as "s-20260101-101500-ab12"; the active one when left out.'),
  item: z
    .string()
    .max(500)
    .optional()
    .describe('Title or id of an item whose way through the session is wanted; all of it when left out.'),
});
export type ExplainInput = z.infer<typeof explainInput>;

export interface ToolContribution {
  readonly name: string;
  /** How a person names it after `#`. */
  readonly reference: string;
  readonly displayName: string;
  readonly userDescription: string;
  /** For the model. Not translated. */
  readonly modelDescription: string;
  readonly icon: string;
  readonly tags: readonly string[];
  readonly schema: z.ZodType;
}

export const toolContributions: readonly ToolContribution[] = [
  {
    name: languageModelTools.recommend,
    reference: 'toolrecRecommend',
    displayName: 'Recommend with ToolRec',
    userDescription: 'Recommend items of a dataset in this workspace for a user or a history.',
    modelDescription:
      'Recommends items (films, books, …) of a recommender-systems dataset in the open workspace, for one of its users ' +
      'or for a given history of titles. Runs a ToolRec surrogate-user session and returns the ranked list, for each ' +
      'item which retrieval found it, and the id of the session. Use it when someone asks what to watch, read or buy ' +
      'from such a dataset, or how ToolRec would rank items for a user. Only items of the dataset are returned. A ' +
      'dataset marked as simulated has made-up users.',
    icon: '$(list-ordered)',
    tags: ['toolrec', 'recommendation', 'dataset'],
    schema: recommendInput,
  },
  {
    name: languageModelTools.explainSession,
    reference: 'toolrecExplain',
    displayName: 'Explain a ToolRec Session',
    userDescription: 'What happened in a surrogate-user session, or how one item came into its list.',
    modelDescription:
      'Returns what happened in a ToolRec surrogate-user session as Markdown: its set-up, final list, and every round ' +
      'with thought, action and the items that were found; or, for one item, in which rounds which tool found it, at ' +
      'which ranks and scores, and what became of it. Use it to answer why an item was recommended or was not. The ' +
      'held-out item of an evaluation is not part of the answer.',
    icon: '$(git-commit)',
    tags: ['toolrec', 'explanation', 'session'],
    schema: explainInput,
  },
];

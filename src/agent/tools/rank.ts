import * as z from 'zod';
import type { Mention } from '../catalogue.ts';
import type { SessionStarted } from '../events.ts';
import { rankedCandidates } from '../memory.ts';
import { findAttribute } from './attributes.ts';
import { attributeArgument, countArgument, type Tool, type ToolContext } from './tool.ts';

/** Orders candidates by how well they suit the user with regard to an attribute. */
export interface Ranker {
  /** "ranked by a language model", "ranked by statistics, no language model". */
  readonly label: string;
  /** True when another run with the wrong items named may help: a language model. */
  readonly rerunnable: boolean;
  /** Every prompt it uses, in full, for the log. */
  readonly prompts?: SessionStarted['prompts'];
  rank(request: RankRequest, context: ToolContext): Promise<readonly Mention[]> | readonly Mention[];
}

export interface RankRequest {
  /** Item codes of all prior candidates, best first by fused evidence. */
  readonly candidates: readonly number[];
  /** Any attribute the surrogate user finds useful, known to the dataset or not; null = overall. */
  readonly attribute: string | null;
  readonly k: number;
}

/** The rank tool (paper 3.3.1): orders what memory holds by an attribute and keeps the first K, history excluded. */
export function rankTool(ranker: Ranker): Tool {
  return {
    name: 'Rank',
    aliases: ['Rerank', 'Ranking', 'RankItems', 'RankTool', 'Sort'],
    args: z.object({ attribute: attributeArgument(), k: countArgument() }),
    rerunnable: ranker.rerunnable,
    prompts: ranker.prompts ?? [],

    describe({ dataset }) {
      const names = dataset.attributes.map((a) => a.name).join(', ');
      return (
        'Rank[attribute, K]: puts all candidates found so far in the order in which this user would want them next ' +
        `with regard to one attribute, and keeps the first K. The attribute may be any that helps (${names || 'popularity'}, …), or None ` +
        'for the overall fit. Needs candidates: retrieve first.'
      );
    },

    async run(args, context) {
      const asked = args['attribute'] as string | null;
      const k = args['k'] as number;
      const candidates = rankedCandidates(context.sets).map((candidate) => candidate.item);
      if (candidates.length === 0)
        return {
          kind: 'problem',
          code: 'nothing-to-rank',
          message: 'There are no candidates yet.',
          hint: 'Use Retrieve[attribute, K] first.',
        };
      const names = context.dataset.attributes.map((a) => a.name);
      const attribute = asked === null ? null : (findAttribute(asked, names) ?? asked);
      const items = await ranker.rank({ candidates, attribute, k }, context);
      return { kind: 'items', items, k, attribute };
    },
  };
}

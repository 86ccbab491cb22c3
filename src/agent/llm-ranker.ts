import type { ChatModel } from '../llm/chat-model.ts';
import { isContextTooLong } from '../llm/errors.ts';
import { ask } from './ask.ts';
import type { Mention } from './catalogue.ts';
import { splitItems } from './grammar/items.ts';
import { renderPrompt } from './prompts/render.ts';
import type { PromptTemplate } from './prompts/template.ts';
import { rankValues } from './prompts/values.ts';
import type { Ranker, RankRequest } from './tools/rank.ts';
import type { ToolContext } from './tools/tool.ts';

/** Candidates shown to the model at most, the best by fused evidence. */
const shownCandidates = 50;

/** The rank tool of the paper (3.3.1): a language model orders the candidates by an attribute. */
export function llmRanker(model: ChatModel, template: PromptTemplate): Ranker {
  const request = (rank: RankRequest, context: ToolContext, share: number) => {
    const { settings } = context;
    const prompt = renderPrompt(
      template,
      rankValues(
        {
          dataset: context.dataset,
          history: context.history,
          profile: context.profile,
          n: settings.n,
          historyShown: Math.max(1, Math.round(settings.historyShown * share)),
        },
        rank.candidates.slice(0, Math.max(rank.k, Math.round(shownCandidates * share))),
        rank.attribute,
        rank.k,
        context.wrongItems,
      ),
    );
    return { messages: prompt.messages, ...prompt.options };
  };
  return {
    label: `ranked by ${model.label}`,
    rerunnable: true,
    prompts: [{ name: template.name, hash: template.hash, text: template.text }],
    async rank(rank, context) {
      try {
        return readRanking((await ask(model, 'rank', request(rank, context, 1), context)).text);
      } catch (error) {
        if (!isContextTooLong(error)) throw error;
        return readRanking((await ask(model, 'rank', request(rank, context, 0.4), context)).text);
      }
    },
  };
}

/** The items of a ranking: its numbered or bulleted lines; where there are none, whatever list it holds. */
export function readRanking(reply: string): Mention[] {
  const text = reply.slice(0, 100_000);
  const marked = text.split('\n').filter((line) => /^\s*(?:[-*•]\s+|\(?#?\d{1,3}[.):]\s*)\S/.test(line));
  const list = marked.length > 0 ? marked.join('\n') : text;
  return splitItems(list, 0, list.length).map((item) => ({ text: item.text }));
}

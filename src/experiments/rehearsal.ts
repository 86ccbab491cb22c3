import type { ChatModel, ChatOptions, ChatReply, ChatRequest } from '../llm/chat-model.ts';
import { estimateMessages, estimateTokens } from '../llm/tokens.ts';
import { throwIfCancelled } from '../shared/errors.ts';

/** What the prompts of a session ask for. */
type Kind = 'plan' | 'surrogate' | 'ranking';

/**
 * Answers prompts as a model would that takes every step and makes no mistake, without any model: to estimate what an
 * experiment costs, and to try a harness. It reads only what the prompts say.
 */
export function rehearse(request: ChatRequest, attributes: readonly string[], rounds: number): string {
  const text = request.messages.map(({ content }) => content).join('\n');
  const kind = kindOf(text);
  if (kind === 'ranking') return ranking(text);
  const steps = [
    ...[null, ...attributes].map((name) => (k: number) => `Retrieve[${name ?? 'None'}, ${k}]`),
    () => 'Rank[None, 10]',
  ];
  if (kind === 'plan')
    return `Thought: every side of the taste, then one order.\nPlan:\n${steps.map((step) => step(30)).join('\n')}`;
  const round = Number([...text.matchAll(/\bround (\d+)/gi)].at(-1)?.[1] ?? 1);
  // Asked for other numbers each time: a session without anything new would end by itself.
  const action =
    round >= rounds
      ? `Finish[${shownItems(text).slice(0, 10).join('; ')}]`
      : steps[(round - 1) % steps.length]!(29 + round);
  const thought =
    'The candidates so far lean to one side of the history; the next tool looks at another side of it, so that both are covered.';
  return `Thought: ${thought}\nAction: ${action}`;
}

function kindOf(text: string): Kind {
  if (/^Plan:\s*$/m.test(text)) return 'plan';
  return /Finish\[/.test(text) ? 'surrogate' : 'ranking';
}

function ranking(text: string): string {
  const wanted = Number(/(?:first|recommend) (\d+)/i.exec(text)?.[1] ?? 10);
  return shownItems(text.slice(Math.max(0, text.search(/candidates|proposes/i))))
    .slice(0, wanted)
    .map((item, i) => `${i + 1}. ${item}`)
    .join('\n');
}

/** Items as prompts list them, `id: "title"`, each once, the last ones shown first in line. */
function shownItems(text: string): string[] {
  const found = [...text.matchAll(/^(?:- |\d+\. )([^\s:]{1,60}: "[^"\n]{1,200}")/gm)].map(
    (match) => match[1]!,
  );
  return [...new Set(found)].filter((_, i, all) => all.length <= 60 || i >= all.length - 60);
}

/** The rehearsal as a chat model that counts what it is asked. */
export class RehearsalModel implements ChatModel {
  readonly label = 'a rehearsal, no language model';
  readonly model = 'rehearsal';
  readonly contextTokens = undefined;
  calls = 0;
  prompt = 0;
  completion = 0;
  private readonly attributes: readonly string[];
  private readonly rounds: number;

  /** `rounds`: in which it finishes at the latest. */
  constructor(attributes: readonly string[], rounds: number) {
    this.attributes = attributes;
    this.rounds = rounds;
  }

  async chat(request: ChatRequest, options: ChatOptions = {}): Promise<ChatReply> {
    throwIfCancelled(options.signal, 'The rehearsal');
    const text = rehearse(request, this.attributes, this.rounds);
    const usage = {
      prompt: estimateMessages(request.messages),
      completion: estimateTokens(text),
      estimated: true,
    };
    this.calls++;
    this.prompt += usage.prompt;
    this.completion += usage.completion;
    return {
      text,
      toolCalls: [],
      finishReason: 'stop',
      usage,
      model: this.model,
      durationMs: 0,
      retries: [],
    };
  }
}

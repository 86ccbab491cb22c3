import { createHash } from 'node:crypto';
import type { ChatMessage, ChatModel, ChatRequest } from '../llm/chat-model.ts';
import { isContextTooLong } from '../llm/errors.ts';
import { estimateMessages } from '../llm/tokens.ts';
import { ask } from './ask.ts';
import type { SessionStarted } from './events.ts';
import type { ParsedReply } from './grammar/parse.ts';
import type { Decision, DecisionContext, Policy } from './policy.ts';
import type { Demonstration } from './prompts/demonstrations.ts';
import { renderPrompt } from './prompts/render.ts';
import type { PromptTemplate } from './prompts/template.ts';
import { type ProtocolName, surrogateValues } from './prompts/values.ts';
import { roundViews } from './prompts/views.ts';
import { nativeRounds, protocolRequest, readReply, repairMessages } from './protocols.ts';

export interface LlmPolicyOptions {
  readonly model: ChatModel;
  /** A template of kind `surrogate`. */
  readonly template: PromptTemplate;
  readonly demonstrations?: readonly Demonstration[];
  readonly protocol?: ProtocolName;
}

/** How much of history, memory and examples goes into a prompt. */
interface Size {
  readonly share: number;
  readonly demonstrations: boolean;
}
const full: Size = { share: 1, demonstrations: true };
const small: Size = { share: 0.4, demonstrations: false };
/** Tokens kept free for the reply when the model's context is known. */
const replyReserve = 800;

/** The surrogate user of the paper: a language model that thinks and chooses the action (3.2). */
export class LlmPolicy implements Policy {
  readonly label;
  readonly prompts: SessionStarted['prompts'];
  private readonly model: ChatModel;
  private readonly template: PromptTemplate;
  private readonly demonstrations: readonly Demonstration[];
  private readonly protocol: ProtocolName;

  constructor({ model, template, demonstrations = [], protocol = 'react' }: LlmPolicyOptions) {
    this.model = model;
    this.template = template;
    this.demonstrations = demonstrations;
    this.protocol = protocol;
    this.label = { kind: 'llm' as const, label: model.label, model: model.model, protocol };
    const examples = JSON.stringify(demonstrations, null, 1);
    this.prompts = [
      { name: template.name, hash: template.hash, text: template.text },
      { name: 'demonstrations', hash: createHash('sha256').update(examples).digest('hex'), text: examples },
    ];
  }

  async decide(context: DecisionContext): Promise<Decision> {
    const grammar = {
      signatures: context.tools.signatures,
      attributes: context.dataset.attributes.map((attribute) => attribute.name),
    };
    const { request, reply } = await this.askFitting(context);
    const first = readReply(this.protocol, reply, grammar);
    if (first.parsed) return decided(first);
    const again = await ask(
      this.model,
      'repair',
      { ...request, messages: [...request.messages, ...repairMessages(reply, first.problem!)] },
      context,
    );
    const second = readReply(this.protocol, again, grammar);
    return second.parsed ? decided(second, first.thought) : decided(second, first.thought, first);
  }

  /** Asks with the full prompt; when the model's context is too short for it, once more with a smaller one. */
  private async askFitting(context: DecisionContext) {
    const request = this.request(context, full);
    const { contextTokens } = this.model;
    const fits =
      contextTokens === undefined ||
      estimateMessages(request.messages) + (request.maxTokens ?? replyReserve) <= contextTokens;
    if (fits) {
      try {
        return { request, reply: await ask(this.model, 'policy', request, context) };
      } catch (error) {
        if (!isContextTooLong(error)) throw error;
      }
    }
    const smaller = this.request(context, small);
    return { request: smaller, reply: await ask(this.model, 'policy', smaller, context) };
  }

  private request(context: DecisionContext, size: Size): ChatRequest {
    const { state, tools, dataset, retriever } = context;
    const { settings, subject } = state.started;
    const memoryTokens = Math.round(settings.memoryTokens * size.share);
    const setting = { dataset, retriever };
    const prompt = renderPrompt(
      this.template,
      surrogateValues({
        subject: {
          dataset,
          history: context.history,
          profile: subject.profile,
          n: settings.n,
          historyShown: Math.max(1, Math.round(settings.historyShown * size.share)),
        },
        setting,
        tools,
        demonstrations: size.demonstrations ? this.demonstrations : [],
        state,
        sets: context.sets,
        round: context.round,
        protocol: this.protocol,
        givenThought: context.givenThought,
        memoryTokens,
      }),
    );
    let messages: readonly ChatMessage[] = prompt.messages;
    if (this.protocol === 'tools' && state.rounds.length > 0) {
      const views = roundViews(state, tools, memoryTokens);
      const last = messages.at(-1)!;
      messages = [...messages, ...nativeRounds(state.rounds, views, tools)];
      // The closing words of the prompt belong after the rounds.
      if (last.role === 'user')
        messages = [...messages, { role: 'user', content: closingLine(context.round, settings.maxRounds) }];
    }
    return protocolRequest(this.protocol, { messages, ...prompt.options }, tools.definitions(setting));
  }
}

function closingLine(round: number, maxRounds: number): string {
  return round >= maxRounds
    ? `This is round ${round} of ${maxRounds}, the last one: finish.`
    : `This is round ${round} of ${maxRounds}.`;
}

function decided(read: ParsedReply, otherThought = '', failed?: ParsedReply): Decision {
  const problem = failed ? (read.problem ?? failed.problem) : undefined;
  return {
    thought: read.thought === '' ? otherThought : read.thought,
    action: read.parsed?.action ?? null,
    repairs: read.repairs,
    ...(problem ? { problem: { code: problem.code, message: problem.message, hint: problem.hint } } : {}),
  };
}

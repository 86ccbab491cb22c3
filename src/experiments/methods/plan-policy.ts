import { ask } from '../../agent/ask.ts';
import type { PolicyLabel, SessionStarted } from '../../agent/events.ts';
import type { Action } from '../../agent/grammar/action.ts';
import { type ParsedReply, parseReply } from '../../agent/grammar/parse.ts';
import type { Decision, DecisionContext, Policy } from '../../agent/policy.ts';
import type { Demonstration } from '../../agent/prompts/demonstrations.ts';
import { renderPrompt } from '../../agent/prompts/render.ts';
import type { PromptTemplate } from '../../agent/prompts/template.ts';
import { subjectValues, toolValues } from '../../agent/prompts/values.ts';
import type { ChatModel } from '../../llm/chat-model.ts';
import { finishWith } from './fixed-policy.ts';

/**
 * The ablation `w/ Plan` (paper 4.3): the language model writes all tool calls at once, before it has seen what any of
 * them returns; then they are carried out. The plan is read again from the log each round, so that a session that was
 * interrupted goes on with the plan it had.
 */
export class PlanPolicy implements Policy {
  readonly label: PolicyLabel;
  readonly prompts: SessionStarted['prompts'];
  private readonly model: ChatModel;
  private readonly template: PromptTemplate;
  private readonly demonstrations: readonly Demonstration[];

  constructor(model: ChatModel, template: PromptTemplate, demonstrations: readonly Demonstration[]) {
    this.model = model;
    this.template = template;
    this.demonstrations = demonstrations;
    this.label = { kind: 'llm', label: `plan by ${model.label}`, model: model.model };
    this.prompts = [{ name: template.name, hash: template.hash, text: template.text }];
  }

  async decide(context: DecisionContext): Promise<Decision> {
    const { rounds, started } = context.state;
    const planned = rounds.findIndex((round) => round.calls.some((call) => call.purpose === 'plan'));
    if (planned < 0) {
      const read = this.read(context, await this.askForPlan(context));
      return {
        thought: read.thought,
        action: read.parsed?.action ?? null,
        repairs: read.repairs,
        ...(read.problem ? { problem: problemOf(read) } : {}),
      };
    }
    const reply = rounds[planned]!.calls.findLast((call) => call.purpose === 'plan')!.reply;
    const steps = stepsOf(this.read(context, reply)).slice(0, started.settings.maxRounds - 1);
    const at = context.round - 1 - planned;
    const step = steps[at];
    if (step && step.name !== 'Finish')
      return { thought: `Step ${at + 1} of the plan.`, action: step, repairs: [] };
    return { thought: 'The plan is carried out.', action: finishWith(context), repairs: [] };
  }

  private async askForPlan(context: DecisionContext): Promise<string> {
    const { dataset, retriever, tools, state } = context;
    const { settings, subject } = state.started;
    const prompt = renderPrompt(this.template, {
      ...subjectValues({
        dataset,
        history: context.history,
        profile: subject.profile,
        n: settings.n,
        historyShown: settings.historyShown,
      }),
      ...toolValues(tools, { dataset, retriever }, this.demonstrations),
      max_rounds: settings.maxRounds - 1,
    });
    const request = { messages: prompt.messages, ...prompt.options };
    return (await ask(this.model, 'plan', request, context)).text;
  }

  private read(context: DecisionContext, reply: string): ParsedReply {
    return parseReply(reply, {
      signatures: context.tools.signatures,
      attributes: context.dataset.attributes.map((attribute) => attribute.name),
    });
  }
}

function stepsOf(read: ParsedReply): Action[] {
  return [read.parsed, ...read.further].flatMap((parsed) => (parsed ? [parsed.action] : []));
}

function problemOf({ problem }: ParsedReply): { code: string; message: string; hint: string } {
  return { code: problem!.code, message: problem!.message, hint: 'Write the steps one a line.' };
}

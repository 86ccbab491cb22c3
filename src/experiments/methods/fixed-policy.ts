import type { PolicyLabel, SessionStarted } from '../../agent/events.ts';
import type { Action } from '../../agent/grammar/action.ts';
import type { Decision, DecisionContext, Policy } from '../../agent/policy.ts';

/**
 * A surrogate user that cannot choose: the same tool calls for everyone, then Finish with what the last ranking kept.
 * It makes one-shot baselines and ablations into sessions, so that they have the same memory check, the same accounts
 * and the same transcripts as ToolRec.
 */
export class FixedPolicy implements Policy {
  readonly label: PolicyLabel;
  readonly prompts: SessionStarted['prompts'];
  private readonly steps: (context: DecisionContext) => readonly Action[];

  constructor(
    name: string,
    prompts: SessionStarted['prompts'],
    steps: (context: DecisionContext) => readonly Action[],
  ) {
    this.label = { kind: 'scripted', label: `${name}: the same steps for everyone` };
    this.prompts = prompts;
    this.steps = steps;
  }

  decide(context: DecisionContext): Decision {
    const steps = this.steps(context);
    const step = steps[context.round - 1];
    if (step) return { thought: `Step ${context.round} of ${steps.length + 1}.`, action: step, repairs: [] };
    return { thought: 'The steps are done.', action: finishWith(context), repairs: [] };
  }
}

/** Finish with the last set, if it is a ranking; else without items, which leaves the order to memory. */
export function finishWith({ sets, state }: DecisionContext): Action {
  const last = sets.at(-1);
  const items = last?.tool === 'Rank' ? last.items.slice(0, state.started.settings.n) : [];
  return { name: 'Finish', args: { items: items.map((item) => item.id) } };
}

export function retrieve(attribute: string | null, k: number): Action {
  return { name: 'Retrieve', args: { attribute, k } };
}

export function rank(k: number): Action {
  return { name: 'Rank', args: { attribute: null, k } };
}

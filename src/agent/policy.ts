import type { Dataset } from '../data/dataset.ts';
import type { Retriever } from '../data/retriever.ts';
import type { RetryNotice } from '../llm/chat-model.ts';
import type { Random } from '../shared/random.ts';
import type { Catalogue } from './catalogue.ts';
import type { ModelCall, PolicyLabel, RecordedProblem, SessionStarted } from './events.ts';
import type { Action } from './grammar/action.ts';
import type { MemorySet } from './memory.ts';
import type { SessionState } from './state.ts';
import type { ToolRegistry } from './tools/registry.ts';

/** What a policy may look at: the context c_t of paper 3.2, and the means to understand it. */
export interface DecisionContext {
  readonly state: SessionState;
  readonly dataset: Dataset;
  readonly catalogue: Catalogue;
  readonly retriever: Retriever;
  readonly tools: ToolRegistry;
  /** Item codes, oldest first. */
  readonly history: readonly number[];
  readonly historySet: ReadonlySet<number>;
  readonly sets: readonly MemorySet[];
  /** The round to decide, 1-based. */
  readonly round: number;
  /** A thought that a person wrote; the policy chooses the action for it. */
  readonly givenThought: string | undefined;
  /** Seeded by session and round. */
  readonly random: Random;
  readonly signal: AbortSignal | undefined;
  record(call: ModelCall): void;
  /** Text of the model as it arrives. */
  onDelta(text: string): void;
  /** The model is about to be asked again after a failure that may pass; what it had written is void. */
  onRetry(notice: RetryNotice): void;
}

export interface Decision {
  readonly thought: string;
  /** null when no action could be read, after the policy's own bounded retry. */
  readonly action: Action | null;
  readonly repairs: readonly { code: string; message: string; start: number; end: number }[];
  readonly problem?: RecordedProblem;
}

/** π(g_t, A_t | c_t) of paper 3.2: a thought and an action from the context so far. */
export interface Policy {
  readonly label: PolicyLabel;
  /** Every prompt it uses, in full, for the log. */
  readonly prompts: SessionStarted['prompts'];
  /** @throws ModelError when its model fails; CancelledError when stopped. */
  decide(context: DecisionContext): Promise<Decision> | Decision;
}

import type { Dataset } from '../data/dataset.ts';
import type { Retriever } from '../data/retriever.ts';
import type { RetryNotice } from '../llm/chat-model.ts';
import type { ToolRecError } from '../shared/errors.ts';
import type { Catalogue } from './catalogue.ts';
import type { SessionEvent, SessionResult, SessionSettings, StopReason } from './events.ts';
import type { Action } from './grammar/action.ts';
import type { Policy } from './policy.ts';
import type { Round, SessionState } from './state.ts';
import type { Breakpoint } from './stop-rules.ts';
import type { ToolRegistry } from './tools/registry.ts';

/** Everything outside a session that it works with. Time comes from here too, so that runs can be repeated. */
export interface SessionEnvironment {
  readonly dataset: Dataset;
  readonly catalogue: Catalogue;
  readonly retriever: Retriever;
  /** Where retrieval comes from, for a person. */
  readonly retrieval: string;
  readonly tools: ToolRegistry;
  readonly policy: Policy;
  /** Milliseconds since 1970 UTC; also used for durations. */
  readonly clock: () => number;
  /** Keeps an event before anyone sees its effect; none for sessions that live in memory only. */
  readonly append?: ((event: SessionEvent) => Promise<void> | void) | undefined;
}

export interface SessionStart {
  readonly id: string;
  /** Item codes, oldest first. */
  readonly history: readonly number[];
  /** Code of the dataset's user; absent when the history was written by hand. */
  readonly user?: number;
  /** The part of the split that the user's history comes before; for the log. */
  readonly before?: 'validation' | 'test' | 'end';
  readonly settings?: Partial<SessionSettings>;
}

export type StepOutcome =
  /** The round is complete. */
  | { readonly status: 'observed'; readonly round: Round }
  /** A breakpoint holds before the action runs. */
  | { readonly status: 'held'; readonly round: Round; readonly breakpoint: Breakpoint }
  | { readonly status: 'finished'; readonly reason: StopReason; readonly result: SessionResult }
  /** The person stopped it in the middle. */
  | { readonly status: 'interrupted' }
  /** A model or the engine failed; another step tries the round again. */
  | { readonly status: 'failed'; readonly error: ToolRecError };

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  readonly breakpoints?: readonly Breakpoint[];
  /** What to do when a model or the engine fails: hold (the default), or end with what memory has. */
  readonly onFailure?: 'hold' | 'finish';
}

export interface SessionListener {
  onEvent?(event: SessionEvent, state: SessionState): void;
  /** Text of a model as it arrives. */
  onDelta?(text: string): void;
  /** A model is asked again after a failure that may pass; the text so far is void. */
  onRetry?(notice: RetryNotice): void;
}

/** A person's change to a round; see `editedSchema`. An observation is given as the items it should hold. */
export interface RoundEdit {
  readonly round: number;
  readonly thought?: string;
  readonly action?: Action;
  readonly observation?: readonly string[];
}

import type { ProtocolName } from '../agent/prompts/values.ts';
import type { Dataset } from '../data/dataset.ts';
import type { ChatModel } from '../llm/chat-model.ts';
import type { EngineConnection } from '../service/protocol.ts';
import type { LongWork } from '../shared/progress.ts';
import type { Workspace } from '../shared/workspace.ts';
import type { ExperimentRecord } from './records.ts';

/** A sampled user and what a method may know of them: never the held-out items. */
export interface MethodUser {
  readonly code: number;
  /** As the dataset's source names them. */
  readonly id: string;
  /** Item codes before the held-out part, oldest first. */
  readonly history: Uint32Array;
}

/** What a method is given for one user. */
export interface MethodTask {
  readonly user: MethodUser;
  /** Length of the list (N). */
  readonly n: number;
  /** 0-based number of the sample. */
  readonly repeat: number;
  /** The experiment's seed; differs from repeat to repeat. */
  readonly seed: number;
  readonly signal: AbortSignal | undefined;
  /** Name for a session, should the method keep one; the same whenever the experiment is run. */
  readonly session: string;
  /** Keeps a session's log (JSON lines); does nothing when the experiment keeps none. */
  keepSession(lines: string): Promise<void>;
}

/** What a method gives back for one user. Whatever a method leaves out is 0, none or null in the record. */
export interface MethodAnswer extends Partial<
  Pick<
    ExperimentRecord,
    'failure' | 'rounds' | 'stop' | 'completed' | 'outside' | 'calls' | 'tokens' | 'cost'
  >
> {
  /** Item codes, best first. Checked by the runner: N distinct catalogue items, none of the history unless allowed. */
  readonly items: readonly number[];
  /** True when `keepSession` was called. */
  readonly hasSession?: boolean;
  /** Calls of a model that were repeated. */
  readonly retries?: number;
}

/** A method ready to answer. */
export interface Method {
  /** Name in tables, where that of its definition says too little: `frozen + genre`. */
  readonly title?: string | undefined;
  /** What answers, for a person: models, prompts, "offline policy, no language model". */
  readonly detail: string;
  /**
   * Why the numbers are not those of the method as published: a stand-in without a language model, for one. Shown with
   * the name in every table and figure.
   */
  readonly standIn?: string | undefined;
  /** Name of the language model that decides or ranks. */
  readonly languageModel?: string | undefined;
  /** Every prompt it uses, in full, to be kept with the experiment. */
  readonly prompts?: readonly { readonly name: string; readonly hash: string; readonly text: string }[];
  /** Users at the same time; the runner's default when absent. */
  readonly concurrency?: number | undefined;
  /** Trainable parameters and FLOPs of one prediction (Figure 6). */
  readonly size?:
    { readonly trainable: number; readonly parameters: number; readonly flops: number } | undefined;
  /** Everything else that can change the answer: hashes of models, prompts, weights. Goes into the fingerprint. */
  readonly provenance: Readonly<Record<string, string>>;
  /** @throws ToolRecError; a CancelledError only when the signal has fired. */
  recommend(task: MethodTask): Promise<MethodAnswer>;
}

/** What a method is made in. */
export interface MethodWorld extends LongWork {
  readonly workspace: Workspace;
  readonly dataset: Dataset;
  /** The part of the split that is predicted. */
  readonly part: 'validation' | 'test';
  readonly engine: Pick<EngineConnection, 'request'>;
  readonly n: number;
  readonly seed: number;
  readonly maskHistory: boolean;
  /** Tries of a round that a model failed, before the user counts as failed. */
  readonly attempts: number;
  /** A model by its name in the file; undefined for the offline stand-in. */
  languageModel(name: string): Promise<ChatModel | undefined>;
  /** How that model writes its actions. */
  protocol(name: string): ProtocolName;
  /** SHA-256 of a trained model's parameters. */
  modelHash(id: string): Promise<string>;
  /** Folder of the experiment file: what paths in it are relative to. */
  readonly folder: string;
  /** True when the person has allowed modules named in the file to be loaded. */
  readonly modulesAllowed: boolean;
  /** Milliseconds since 1970 UTC, for sessions. */
  readonly clock: () => number;
}

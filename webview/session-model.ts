import type { DemonstrationsActions, OpenEntry } from './demonstrations-model.ts';
import { firstRounds } from './protocol.ts';
import type {
  ItemTrail,
  SessionCard,
  SessionExamples,
  SessionHead,
  SessionPanelState,
  SessionPrompt,
  SessionRound,
} from './protocol.ts';

export type Part = 'thought' | 'action' | 'observation';

/** A cell that is a small editor now. */
export interface Editing {
  readonly round: number;
  readonly part: Part;
  readonly text: string;
  readonly problem?: string;
  readonly busy?: boolean;
}

/** What the session page shows: the host's state, and what is open on the page. */
export interface SessionModel {
  state: SessionPanelState | undefined;
  rounds: SessionRound[];
  writing: string;
  editing: Editing | undefined;
  /** Rounds in view or close to it; of a long session the others are outlines. */
  readonly near: Set<number>;
  /** So many rounds are drawn: the first picture holds those that can be in view. */
  most: number;
  /** Rounds whose table shows all its rows; 0 is the result. */
  readonly unfolded: Set<number>;
  /** The item whose trail is open, and in which round's table; 0 is the result. */
  trail:
    | { readonly round: number; readonly item: number; readonly trail?: ItemTrail; readonly problem?: string }
    | undefined;
  /** The whole history, once asked for. */
  history: readonly SessionCard[] | undefined;
  prompt: PromptEditor | undefined;
  /** The demonstrations while they are in view; null where there are none, undefined until the host has told. */
  examples: SessionExamples | null | undefined;
  /** What is open in their list, and what can be done with it. */
  example: OpenEntry;
  examplesActions: DemonstrationsActions | undefined;
}

/** A page on which nothing is open. @param most rounds that its first picture holds */
export function emptyModel(most: number): SessionModel {
  return {
    state: undefined,
    rounds: [],
    writing: '',
    editing: undefined,
    near: new Set(firstRounds),
    most,
    unfolded: new Set(),
    trail: undefined,
    history: undefined,
    prompt: undefined,
    examples: undefined,
    example: {},
    examplesActions: undefined,
  };
}

export interface PromptEditor {
  readonly shown: SessionPrompt;
  readonly which: 'prompt' | 'demonstrations';
  readonly text: string;
  readonly problem?: string;
}

/** What a person can do on the page. */
export interface SessionActions {
  step(): void;
  run(): void;
  stop(): void;
  back(): void;
  restart(): void;
  replay(): void;
  reveal(on: boolean): void;
  fork(round: number): void;
  rerun(round: number): void;
  show(key: string): void;
  showOlder(): void;
  openCall(round: number, call: number, what: 'prompt' | 'reply'): void;
  openPrompt(): void;
  addExample(): void;
  breakpoints(): void;
  breakAfter(round: number): void;
  chooseModel(): void;
  chooseRetrieval(): void;
  tryAgain(): void;
  dismiss(): void;
  newSession(): void;
  more(): void;
  showLog(): void;
  edit(round: number, part: Part): void;
  write(text: string): void;
  commit(): void;
  putBack(): void;
  unfold(round: number): void;
  openTrail(round: number, item: number): void;
  showHistory(): void;
  togglePrompt(): void;
  choosePrompt(which: 'prompt' | 'demonstrations'): void;
  writePrompt(text: string): void;
  savePrompt(): void;
}

export type { SessionHead, SessionRound };

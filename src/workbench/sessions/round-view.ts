import type { SessionCall, SessionItemRow, SessionRound } from '../../../webview/protocol.ts';
import type { CandidateSet, ModelCall } from '../../agent/events.ts';
import { finishItems, finishSignature, formatAction } from '../../agent/grammar/action.ts';
import { toolMark } from '../../agent/memory.ts';
import { sameSetup, type Round } from '../../agent/state.ts';
import type { SessionSetup } from '../../agent/events.ts';
import type { Dataset } from '../../data/dataset.ts';

/** The attributes that tables of items show: a number (a year) and what tells most beside it; no free text. */
export function shownAttributes(dataset: Dataset | undefined): string[] {
  const named = (kind: string) =>
    (dataset?.attributes ?? []).filter((attribute) => attribute.kind === kind).map(({ name }) => name);
  return [
    ...named('number').slice(0, 1),
    ...named('categories').slice(0, 1),
    ...named('category').slice(0, 1),
  ];
}

/** Texts of an item's shown attributes, one a column. */
export function valuesOf(dataset: Dataset | undefined, item: number, columns: readonly string[]): string[] {
  if (!dataset || item >= dataset.catalogueCount) return columns.map(() => '');
  return columns.map((name) => {
    const value = dataset.attribute(item, name);
    if (value === undefined) return '';
    return typeof value === 'object' ? value.slice(0, 4).join(' · ') : String(value);
  });
}

/** The tool of a set in a word: its attribute, “None” for the plain backbone, or the tool itself. */
export function foundByOf(set: Pick<CandidateSet, 'tool' | 'attribute'>): string {
  return set.attribute === undefined ? set.tool : (set.attribute ?? 'None');
}

/** What the rows of a round need to know of the rounds before it. */
export interface Found {
  /** Rank (1-based) in the latest set that held the item. */
  readonly ranks: ReadonlyMap<number, number>;
  /** Retrieval and search tools that have found it, in order. */
  readonly tools: ReadonlyMap<number, readonly string[]>;
}

export const nothingFound: Found = { ranks: new Map(), tools: new Map() };

/** The same after more rounds. A ranking finds nothing new: it moves. */
export function foundAfter(before: Found, ...rounds: readonly Round[]): Found {
  const sets = rounds.flatMap(({ observation }) => (observation?.set?.items.length ? [observation.set] : []));
  if (sets.length === 0) return before;
  const ranks = new Map(before.ranks);
  const tools = new Map(before.tools);
  for (const set of sets) {
    const mark = foundByOf(set);
    set.items.forEach(({ item }, i) => {
      ranks.set(item, i + 1);
      const known = tools.get(item) ?? [];
      if (set.tool !== 'Rank' && !known.includes(mark)) tools.set(item, [...known, mark]);
    });
  }
  return { ranks, tools };
}

export interface RoundContext {
  readonly dataset: Dataset | undefined;
  readonly columns: readonly string[];
  /** Before the round. */
  readonly before: Found;
  /** Item codes to mark; empty until revealed. */
  readonly heldOut: ReadonlySet<number>;
  readonly stale: SessionRound['stale'];
}

/** Whether a round has left the line, or was decided with something else than the next will be. */
export class Staleness {
  private readonly next: SessionSetup | undefined;
  private readonly known = new Map<SessionSetup, boolean>(); // most rounds share one

  /** @param next what the next round will work with; undefined while it is not known */
  constructor(next: SessionSetup | undefined) {
    this.next = next;
  }

  of({ setup }: Pick<Round, 'setup'>, left = false): SessionRound['stale'] {
    if (left) return 'left';
    if (!this.next) return 'no';
    let is = this.known.get(setup);
    if (is === undefined) this.known.set(setup, (is = !sameSetup(this.next, setup)));
    return is ? 'setup' : 'no';
  }
}

export function roundView(round: Round, context: RoundContext): SessionRound {
  const { calls, observation } = round;
  const after = foundAfter(context.before, round);
  const set = observation?.set;
  const priced = calls.filter((call) => call.cost !== undefined);
  return {
    number: round.number,
    thought: round.thought,
    action: actionText(round),
    undecided: round.action === undefined,
    finishes: round.action?.name === finishSignature.name ? finishItems(round.action).length : null,
    edited: [...round.edited],
    repairs: round.repairs.map(({ message }) => message),
    problem: round.problem ? { message: round.problem.message, hint: round.problem.hint } : null,
    observation: observation
      ? {
          status: observation.status,
          text: observation.problem?.message ?? observation.text,
          hint: observation.problem?.hint ?? '',
          mark: set ? toolMark(set) : null,
          items: (set?.items ?? []).map((candidate, i): SessionItemRow => {
            const earlier = context.before.ranks.get(candidate.item);
            return {
              item: candidate.item,
              title: candidate.title,
              values: valuesOf(context.dataset, candidate.item, context.columns),
              score: candidate.score ?? null,
              moved: earlier === undefined ? null : earlier - (i + 1),
              foundBy: [...(after.tools.get(candidate.item) ?? [])],
              heldOut: context.heldOut.has(candidate.item),
            };
          }),
          seen: set?.removed.history.map(({ title }) => title) ?? [],
          duplicates: set?.removed.duplicates.map(({ title }) => title) ?? [],
          outside: set?.removed.outside ?? [],
          ambiguous: set?.removed.ambiguous ?? [],
          reruns: set?.reruns ?? 0,
        }
      : null,
    milliseconds: round.durationMs,
    tokens: calls.reduce((sum, call) => sum + call.usage.prompt + call.usage.completion, 0),
    tokensEstimated: calls.some((call) => call.usage.estimated),
    cost: priced.length > 0 ? priced.reduce((sum, call) => sum + call.cost!, 0) : null,
    calls: calls.map(callView),
    stale: context.stale,
    outline: false,
  };
}

/** A round as a long session shows it far from the view. */
export function roundOutline(round: Round, stale: SessionRound['stale']): SessionRound {
  const bare = { ...round, calls: [], repairs: [], observation: undefined };
  const view = roundView(bare, {
    dataset: undefined,
    columns: [],
    before: nothingFound,
    heldOut: new Set(),
    stale,
  });
  const { observation } = round;
  return {
    ...view,
    observation: observation
      ? {
          status: observation.status,
          text: '',
          hint: '',
          mark: null,
          items: [],
          seen: [],
          duplicates: [],
          outside: [],
          ambiguous: [],
          reruns: 0,
        }
      : null,
    outline: true,
  };
}

/** Canonical text of a round's action; null when there is none. */
export function actionText({ action }: Pick<Round, 'action'>): string | null {
  if (!action) return null;
  return action.name === finishSignature.name ? formatAction(action, finishSignature) : formatAction(action);
}

function callView(call: ModelCall): SessionCall {
  return {
    purpose: call.purpose,
    model: call.model,
    tokens: call.usage.prompt + call.usage.completion,
    milliseconds: call.durationMs,
    retries: call.retries,
    error: call.error?.message ?? null,
  };
}

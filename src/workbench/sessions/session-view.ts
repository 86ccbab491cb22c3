import type {
  ItemTrail,
  SessionBranch,
  SessionCard,
  SessionHead,
  SessionRound,
} from '../../../webview/protocol.ts';
import { wholeRounds } from '../../../webview/protocol.ts';
import { lineOf } from '../../agent/branch.ts';
import type { SessionSetup } from '../../agent/events.ts';
import { setupOf } from '../../agent/session-start.ts';
import { toolMark } from '../../agent/memory.ts';
import { attributeTable } from '../../agent/offline/attribute-table.ts';
import { distribution } from '../../agent/offline/distribution.ts';
import type { Round } from '../../agent/state.ts';
import type { Breakpoint } from '../../agent/stop-rules.ts';
import { type Dataset, partOf } from '../../data/dataset.ts';
import { describeAttribute } from './attribute-text.ts';
import type { OpenSession } from './open-session.ts';
import {
  type Found,
  foundAfter,
  nothingFound,
  roundOutline,
  roundView,
  shownAttributes,
  Staleness,
  valuesOf,
} from './round-view.ts';

/** A session of the same family as another: its root is the same. */
export interface FamilyMember {
  readonly id: string;
  readonly parent: { readonly session: string; readonly round: number } | null;
  readonly rounds: number;
  readonly ended: boolean;
}

/** Which rounds of a session are shown: those on its line, or of a line that was left. */
export interface ShownLine {
  /** Index into `state.undone`. */
  readonly undone?: number;
}

const tasteValues = 5;
const yearBins = 12;
const shownHistory = 10;
/** So many lines that were left can be chosen at first, and so many more each time that older ones are asked for. */
export const shownLeft = 20;

/** Everything of a session that its panel shows but the rounds. */
export function headView(
  session: OpenSession,
  shown: ShownLine,
  family: readonly FamilyMember[],
  leftLines = shownLeft,
): SessionHead {
  const { state, dataset, environment, activity, preparation } = session;
  const { started, outcome, totals } = state;
  const current = dataset?.hash === started.dataset.hash ? dataset : undefined;
  const columns = shownAttributes(current);
  const next = environment ? setupOf(environment) : state.setup;
  const heldOut = heldOutItems(session);
  const last = state.rounds.at(-1);
  const waiting = last && !last.observation && last.action !== undefined;
  return {
    id: session.id,
    dataset: started.dataset.name,
    simulated: started.dataset.simulated,
    user: started.subject.user?.id ?? null,
    policy: next.policy.label,
    offline: next.policy.kind !== 'llm',
    retrieval: next.retrieval,
    floor: next.retrievalSource?.kind !== 'trained',
    maxRounds: started.settings.maxRounds,
    n: started.settings.n,
    roundCount: state.rounds.length,
    profile: Object.entries(started.subject.profile).map(([name, value]) => ({ name, text: String(value) })),
    columns: columns.map(describeAttribute),
    history: {
      length: started.subject.history.length,
      cards: historyCards(session, shownHistory),
    },
    taste: current ? tasteOf(current, started.subject.history) : null,
    years: current ? yearsOf(current, started.subject.history) : null,
    preparation:
      preparation.kind === 'failed' ? { kind: 'failed', failure: failureOf(preparation.error) } : preparation,
    activity: activity
      ? {
          kind: activity.kind,
          since: activity.since,
          round:
            waiting || last?.action === undefined
              ? Math.max(1, state.rounds.length)
              : state.rounds.length + 1,
          phase: waiting ? 'act' : 'decide',
          retries: activity.retries.map(({ attempt, waitMs, error }) => ({
            attempt,
            milliseconds: waitMs,
            message: error.message,
          })),
        }
      : null,
    problem: session.problem ? failureOf(session.problem) : null,
    failure: state.failure ? { round: state.failure.round, failure: failureOf(state.failure.error) } : null,
    interrupted: state.interrupted
      ? { round: state.interrupted.round, partial: state.interrupted.partial }
      : null,
    held: session.held ? breakpointText(session.held) : null,
    replayed: session.replayed?.map((entry) => ({ ...entry })) ?? null,
    breakpoints: session.breakpoints.map(breakpointText),
    revealed: session.revealed,
    heldOut: current ? [...heldOut].map((item) => current.item(item).title) : [],
    canReveal: canReveal(session),
    result: outcome
      ? {
          reason: outcome.reason.message,
          items: resultRows(session, columns, heldOut),
          completed: outcome.result.completed,
          metrics: session.revealed ? metricsView(session) : null,
        }
      : null,
    totals: {
      tokens: totals.tokens,
      cost: totals.cost,
      unpriced: totals.unpriced,
      calls: totals.calls,
      milliseconds: totals.durationMs,
    },
    branches: branchesOf(session, family, leftLines),
    olderLines: Math.max(0, state.undone.length - leftLines),
    branch: shown.undone === undefined ? 'line' : `left:${shown.undone}`,
    staleRounds: environment ? staleRounds(state.rounds, next) : 0,
    hasPrompt: next.prompts.length > 0,
  };
}

function staleRounds(rounds: readonly Round[], next: SessionSetup): number {
  const staleness = new Staleness(next);
  return rounds.filter((round) => staleness.of(round) === 'setup').length;
}

function failureOf(error: { message: string; remedy: string }) {
  return { message: error.message, remedy: error.remedy };
}

/** Codes of the items that the session should find, once the person has revealed them. */
function heldOutItems(session: OpenSession): ReadonlySet<number> {
  return session.revealed ? new Set(targetsOf(session)) : new Set();
}

function targetsOf({ dataset, state }: OpenSession): readonly number[] {
  const { subject, dataset: source } = state.started;
  if (!subject.user || !dataset || dataset.hash !== source.hash || subject.before === 'end') return [];
  return [...partOf(dataset, subject.user.code, subject.before ?? 'test')];
}

function canReveal(session: OpenSession): boolean {
  return targetsOf(session).length > 0;
}

function metricsView(session: OpenSession) {
  const { metrics } = session;
  if (!metrics) return null;
  const { rank, ...values } = metrics;
  return {
    rank,
    values: Object.entries(values).map(([name, value]) => ({ name, value: value ?? 0 })),
  };
}

function resultRows(session: OpenSession, columns: readonly string[], heldOut: ReadonlySet<number>) {
  const { state, dataset } = session;
  const found = foundAfter(nothingFound, ...state.rounds);
  return state.outcome!.result.items.map((entry, i) => {
    const earlier = found.ranks.get(entry.item);
    return {
      item: entry.item,
      title: entry.title,
      values: valuesOf(dataset, entry.item, columns),
      score: null,
      moved: earlier === undefined ? null : earlier - (i + 1),
      foundBy: [...(found.tools.get(entry.item) ?? [])],
      heldOut: heldOut.has(entry.item),
      source: entry.source,
    };
  });
}

/** The latest items of the history as cards, latest first. */
export function historyCards(session: OpenSession, count: number): SessionCard[] {
  const { dataset, state } = session;
  const { subject, dataset: source } = state.started;
  if (!dataset || dataset.hash !== source.hash)
    return [...subject.recent]
      .reverse()
      .slice(0, count)
      .map(({ item, title }) => ({ item, title, values: [], rating: null }));
  const columns = shownAttributes(dataset);
  const first = subject.user ? dataset.offsets[subject.user.code]! : 0;
  const { history } = subject;
  return history
    .map((item, i) => ({ item, i }))
    .slice(-count)
    .reverse()
    .map(({ item, i }) => {
      const at = first + i;
      const rating =
        subject.user && dataset.items[at] === item ? (dataset.ratings?.[at] ?? Number.NaN) : Number.NaN;
      return {
        item,
        title: dataset.item(item).title,
        values: valuesOf(dataset, item, columns),
        rating: Number.isNaN(rating) ? null : rating,
      };
    });
}

/** Shares of the most frequent values of the attribute that tells most of a taste: a set of categories. */
function tasteOf(dataset: Dataset, history: readonly number[]): SessionHead['taste'] {
  const definition =
    dataset.attributes.find(({ kind }) => kind === 'categories') ??
    dataset.attributes.find(({ kind }) => kind === 'category');
  const column = definition && attributeTable(dataset).find(({ name }) => name === definition.name);
  if (!column) return null;
  const shares = distribution(column, history);
  const values = [...shares]
    .map((share, i) => ({ value: column.values[i]!, share }))
    .filter(({ share }) => share > 0)
    .sort((a, b) => b.share - a.share || (a.value < b.value ? -1 : 1))
    .slice(0, tasteValues);
  return values.length > 0 ? { name: describeAttribute(column.name), values } : null;
}

/** Distribution of the first number attribute over the history, in bins over the catalogue's range. */
function yearsOf(dataset: Dataset, history: readonly number[]): SessionHead['years'] {
  const definition = dataset.attributes.find(({ kind }) => kind === 'number');
  if (!definition) return null;
  const own = history
    .map((item) => dataset.attribute(item, definition.name))
    .filter((value): value is number => typeof value === 'number');
  if (own.length === 0) return null;
  const from = Math.min(...own);
  const to = Math.max(...own);
  const counts = new Array<number>(yearBins).fill(0);
  for (const value of own)
    counts[Math.min(yearBins - 1, Math.floor(((value - from) / Math.max(1e-9, to - from)) * yearBins))]!++;
  return { name: describeAttribute(definition.name), from, to, counts };
}

/**
 * The session's line, the latest lines that were left, and the sessions that were forked from it or that it was forked
 * from.
 */
export function branchesOf(
  session: OpenSession,
  family: readonly FamilyMember[],
  leftLines: number,
): SessionBranch[] {
  const { state, id } = session;
  const own: SessionBranch = {
    key: 'line',
    kind: 'line',
    name: id,
    parent: -1,
    from: 0,
    rounds: state.rounds.length,
    ended: state.outcome !== undefined,
  };
  const others = family.filter((member) => member.id !== id);
  const ids = [id, ...others.map((member) => member.id)];
  const parentOf = (parent: FamilyMember['parent']) => (parent ? ids.indexOf(parent.session) : -1);
  const branches: SessionBranch[] = [
    { ...own, parent: parentOf(state.started.parent), from: state.started.parent?.round ?? 0 },
    ...others.map((member) => ({
      key: `session:${member.id}`,
      kind: 'session' as const,
      name: member.id,
      parent: parentOf(member.parent),
      from: member.parent?.round ?? 0,
      rounds: member.rounds,
      ended: member.ended,
    })),
  ];
  const latest = state.undone.slice(-leftLines);
  const left = latest.map((gone, at): SessionBranch => {
    const i = state.undone.length - latest.length + at;
    const line = lineOf(state, { undone: i });
    return {
      key: `left:${i}`,
      kind: 'left',
      name: String(gone[0]!.number),
      parent: 0,
      from: sharedRounds(line, state.rounds),
      rounds: line.length,
      ended: false,
    };
  });
  return [...branches, ...left];
}

function sharedRounds(a: readonly Round[], b: readonly Round[]): number {
  let shared = 0;
  while (shared < a.length && shared < b.length && a[shared] === b[shared]) shared++;
  return shared;
}

interface MadeRound {
  readonly round: Round;
  /** What its views were made from, beside the round. */
  readonly before: Found | undefined;
  readonly key: string;
  readonly view: SessionRound;
}

/**
 * Rounds as the panel shows them. Keeps what it has made and what the page has: a round's view is made again only when
 * the round, what came before it, or how it is shown has changed, so that a step of a long session costs one round.
 */
export class RoundViews {
  private whole: MadeRound[] = [];
  private outlines: MadeRound[] = [];
  /** What had been found before each round of `line`, as far as it was needed. */
  private readonly found: (Found | undefined)[] = [nothingFound];
  private line: readonly Round[] = [];
  private sent: SessionRound[] = [];

  /** The page knows nothing, or nothing any more. */
  forget(): void {
    this.sent = [];
  }

  /**
   * How many rounds there are, and the views that the page has not. All are whole in a short session, in a long one
   * those near the view and the last.
   */
  changes(
    session: OpenSession,
    shown: ShownLine,
    near: ReadonlySet<number>,
  ): { count: number; rounds: SessionRound[] } {
    const { state, dataset, environment } = session;
    const current = dataset?.hash === state.started.dataset.hash ? dataset : undefined;
    const columns = shownAttributes(current);
    const line = shown.undone === undefined ? state.rounds : lineOf(state, shown);
    const shared = shown.undone === undefined ? line.length : sharedRounds(line, state.rounds);
    this.follow(line);
    const heldOut = heldOutItems(session);
    const staleness = new Staleness(environment && setupOf(environment));
    const settings = `${columns.join()}|${[...heldOut].join()}`;
    const changed: SessionRound[] = [];
    const views = line.map((round, i) => {
      const stale = staleness.of(round, i >= shared);
      const make = (): SessionRound => {
        const before = this.foundBefore(i);
        const make = () => roundView(round, { dataset: current, columns, before, heldOut, stale });
        return kept(this.whole, i, round, before, `${settings}|${stale}`, make);
      };
      const wanted = line.length <= wholeRounds || near.has(i + 1) || i === line.length - 1;
      // What the page has whole stays so while it is right.
      const has = this.sent[i]?.outline === false && this.whole[i]?.round === round;
      const view =
        wanted || has
          ? make()
          : kept(this.outlines, i, round, undefined, stale, () => roundOutline(round, stale));
      if (view !== this.sent[i]) changed.push(view);
      return view;
    });
    this.sent = views;
    return { count: line.length, rounds: changed };
  }

  private follow(line: readonly Round[]): void {
    const same = sharedRounds(line, this.line);
    this.found.length = Math.min(this.found.length, same + 1); // before round `same + 1` nothing has changed
    this.whole.length = Math.min(this.whole.length, line.length);
    this.outlines.length = Math.min(this.outlines.length, line.length);
    this.line = line;
  }

  private foundBefore(index: number): Found {
    let from = index;
    while (!this.found[from]) from--; // before the first round nothing was found, which is known
    return (this.found[index] ??= foundAfter(this.found[from]!, ...this.line.slice(from, index)));
  }
}

/** The view that was made of the same, else a new one. */
function kept(
  made: MadeRound[],
  index: number,
  round: Round,
  before: Found | undefined,
  key: string,
  make: () => SessionRound,
): SessionRound {
  const known = made[index];
  if (known?.round === round && known.before === before && known.key === key) return known.view;
  const view = make();
  made[index] = { round, before, key, view };
  return view;
}

/** Where an item came from and what moved it, round by round. */
export function trailOf(session: OpenSession, shown: ShownLine, item: number): ItemTrail {
  const { state, dataset } = session;
  const line = shown.undone === undefined ? state.rounds : lineOf(state, shown);
  const steps: ItemTrail['steps'] = [];
  let title = '';
  let id = '';
  for (const round of line) {
    const set = round.observation?.set;
    const at = set?.items.findIndex((candidate) => candidate.item === item) ?? -1;
    if (!set || at < 0) continue;
    ({ title, id } = set.items[at]!);
    const earlier = steps.at(-1);
    steps.push({
      round: round.number,
      mark: toolMark(set),
      rank: at + 1,
      of: set.items.length,
      score: set.items[at]!.score ?? null,
      moved: earlier ? earlier.rank - (at + 1) : null,
    });
  }
  const final = state.outcome?.result.items.findIndex((entry) => entry.item === item) ?? -1;
  const current = dataset?.hash === state.started.dataset.hash ? dataset : undefined;
  const record = current && item < current.catalogueCount ? current.item(item) : undefined;
  return {
    item,
    title: record?.title ?? title,
    id: record?.id ?? id,
    attributes: Object.entries(record?.attributes ?? {}).map(([name, value]) => ({
      name: describeAttribute(name),
      text: (typeof value === 'object' ? value.join(' · ') : String(value)).slice(0, 300),
    })),
    steps,
    result:
      shown.undone === undefined && final >= 0
        ? { rank: final + 1, source: state.outcome!.result.items[final]!.source }
        : null,
    heldOut: heldOutItems(session).has(item),
  };
}

/** `Rank[…]`, `genre`, `round 3`, `an error`: as VS Code’s lists and the panel write a breakpoint. */
export function breakpointText(point: Breakpoint): string {
  switch (point.on) {
    case 'action':
      return `${point.name}[…]`;
    case 'attribute':
      return `…[${point.attribute ?? 'None'}]`;
    case 'round':
      return `round ${point.round}`;
    case 'error':
      return 'error';
  }
}

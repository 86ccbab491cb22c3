import type { CompareFull, ComparedCell, ComparedItem, ComparedRound } from '../../../webview/protocol.ts';
import { diffSessions, type RoundDifference } from '../../agent/diff.ts';
import type { Round, SessionState } from '../../agent/state.ts';
import { describeAction, describeEffort } from '../../agent/transcript.ts';
import type { Texts } from '../texts.ts';
import { wordDiff } from './word-diff.ts';

/** One side of a comparison. */
export interface ComparedSide {
  readonly state: SessionState;
  /** Words for an earlier line of the session; empty for the line that it is on. */
  readonly line: string;
}

/** Two sessions or lines of one, aligned by round, with what differs marked on both sides. */
export function compareSessions(
  first: ComparedSide,
  second: ComparedSide,
  texts: Texts,
  onlyChanged: boolean,
): CompareFull {
  const difference = diffSessions(first.state, second.state);
  return {
    kind: 'full',
    first: sideOf(first, texts),
    second: sideOf(second, texts),
    facts: factsOf(first.state, second.state, texts),
    rounds: difference.rounds.map((entry) =>
      roundOf(entry, first.state.rounds[entry.round - 1], second.state.rounds[entry.round - 1], texts),
    ),
    result: resultOf(first.state, second.state, difference.result, texts),
    onlyChanged,
  };
}

function sideOf({ state, line }: ComparedSide, texts: Texts): CompareFull['first'] {
  const { started, outcome } = state;
  const who = started.subject.user
    ? texts.t('user {0}', started.subject.user.id)
    : texts.t('a history written by hand');
  return {
    session: started.session,
    title: `${who} · ${started.dataset.name}`,
    line,
    ended: outcome ? outcome.reason.message : texts.t('It has not ended.'),
  };
}

function factsOf(a: SessionState, b: SessionState, texts: Texts): CompareFull['facts'] {
  const prompts = ({ started }: SessionState) =>
    started.prompts.map(({ name, hash }) => `${name} ${hash.slice(0, 8)}`).join(', ') || '–';
  const settings = ({ started }: SessionState) =>
    Object.entries(started.settings)
      .map(([name, value]) => `${name} ${String(value)}`)
      .join(', ');
  const history = ({ started }: SessionState) =>
    texts.t(
      '{0} items, the last: {1}',
      started.subject.history.length,
      started.subject.recent.at(-1)?.title ?? '–',
    );
  const number = (value: number) => value.toLocaleString(texts.locale);
  const rows: readonly (readonly [name: string, of: (state: SessionState) => string])[] = [
    [texts.t('Policy'), ({ started }) => started.policy.label],
    [texts.t('Protocol'), ({ started }) => started.policy.protocol ?? '–'],
    [texts.t('Retrieval'), ({ started }) => started.retrieval],
    [texts.t('Prompts'), prompts],
    [texts.t('History'), history],
    [texts.t('Settings'), settings],
    [texts.t('Rounds'), ({ rounds }) => number(rounds.length)],
    [texts.t('Tokens'), ({ totals }) => number(totals.tokens)],
    [texts.t('Cost'), ({ totals }) => costText(totals, texts)],
  ];
  return rows.flatMap(([name, of]) => {
    const [first, second] = [of(a), of(b)];
    if (first === '–' && second === '–') return []; // the offline policy has neither prompts nor protocol
    return [{ name, first, second, same: first === second }];
  });
}

function costText({ calls, cost, unpriced }: SessionState['totals'], texts: Texts): string {
  if (calls === 0) return texts.t('none');
  if (unpriced === calls) return texts.t('not known');
  const known = `$${cost.toFixed(4)}`;
  return unpriced > 0 ? texts.t('{0}, {1} calls without a price', known, unpriced) : known;
}

function roundOf(
  difference: RoundDifference,
  first: Round | undefined,
  second: Round | undefined,
  texts: Texts,
): ComparedRound {
  const thoughts = wordDiff(first?.thought ?? '', second?.thought ?? '');
  return {
    round: difference.round,
    same: difference.same,
    differences: differencesOf(difference, texts),
    first: first ? cellOf(first, second, thoughts[0], texts) : null,
    second: second ? cellOf(second, first, thoughts[1], texts) : null,
  };
}

function differencesOf(entry: RoundDifference, texts: Texts): string[] {
  if (entry.missing)
    return [entry.missing === 'first' ? texts.t('only on the right') : texts.t('only on the left')];
  const { onlyFirst, onlySecond } = entry;
  const items = onlyFirst.length + onlySecond.length > 0;
  return [
    ...(entry.thought ? [texts.t('another thought')] : []),
    ...(entry.action ? [texts.t('another action')] : []),
    ...(items ? [texts.t('items: {0} only left, {1} only right', onlyFirst.length, onlySecond.length)] : []),
    ...(entry.reordered ? [texts.t('the same items in another order')] : []),
    ...(!entry.same && !entry.thought && !entry.action && !items && !entry.reordered
      ? [texts.t('another observation')]
      : []),
  ];
}

function cellOf(
  round: Round,
  other: Round | undefined,
  thought: ComparedCell['thought'],
  texts: Texts,
): ComparedCell {
  const { observation } = round;
  const set = observation?.status === 'ok' ? observation.set : undefined;
  const others = other?.observation?.set?.items.map(({ id }) => id);
  return {
    thought: other ? thought : [{ text: round.thought, changed: false }],
    action: describeAction(round),
    edited: [...round.edited],
    effort: describeEffort(round),
    text: set ? '' : (observation?.text ?? waiting(round, texts)),
    items: (set?.items ?? []).map((item, i) => ({
      id: item.id,
      title: item.title,
      score: item.score ?? null,
      note: '',
      ...markOf(item.id, i, others),
    })),
  };
}

function waiting({ action }: Round, texts: Texts): string {
  return action?.name === 'Finish' ? texts.t('This ends the session.') : texts.t('The action has not run.');
}

function markOf(
  id: string,
  at: number,
  others: readonly string[] | undefined,
): Pick<ComparedItem, 'mark' | 'by'> {
  if (!others) return { mark: 'same', by: 0 }; // nothing to compare with: the round as a whole is marked
  const there = others.indexOf(id);
  if (there < 0) return { mark: 'here', by: 0 };
  return there === at ? { mark: 'same', by: 0 } : { mark: 'moved', by: at - there };
}

function resultOf(
  a: SessionState,
  b: SessionState,
  difference: ReturnType<typeof diffSessions>['result'],
  texts: Texts,
): CompareFull['result'] {
  if (!a.outcome && !b.outcome) return null;
  const [first, second] = [a, b].map((state) => state.outcome?.result.items);
  const list = (own: typeof first, other: typeof first): ComparedItem[] => {
    const others = other?.map(({ id }) => id);
    return (own ?? []).map((item, i) => ({
      id: item.id,
      title: item.title,
      score: null,
      note: item.source,
      ...markOf(item.id, i, others),
    }));
  };
  const { onlyFirst, onlySecond, moved } = difference;
  const differences = !first
    ? [texts.t('only on the right')]
    : !second
      ? [texts.t('only on the left')]
      : [
          ...(onlyFirst.length + onlySecond.length > 0
            ? [texts.t('items: {0} only left, {1} only right', onlyFirst.length, onlySecond.length)]
            : []),
          ...(moved.length > 0 ? [texts.t('{0} at another rank', moved.length)] : []),
        ];
  return { same: difference.same, differences, first: list(first, second), second: list(second, first) };
}

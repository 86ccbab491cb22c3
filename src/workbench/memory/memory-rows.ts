import type { CandidateSet, MatchKind } from '../../agent/events.ts';
import { rankedCandidates, toolMark } from '../../agent/memory.ts';
import { candidateSets, type SessionState } from '../../agent/state.ts';
import type { Texts } from '../texts.ts';

/** An item of the catalogue in some list; a click on it shows its trail. */
export interface ItemRow {
  readonly kind: 'item';
  /** Unique in the tree, the same as long as the row means the same. */
  readonly key: string;
  readonly id: string;
  readonly title: string;
  /** 1-based; undefined where the list has no order that says anything. */
  readonly rank: number | undefined;
  readonly description: string;
}

/** A text that is not an item: a suggestion outside the catalogue, an ambiguous title. */
export interface TextRow {
  readonly kind: 'text';
  readonly key: string;
  readonly text: string;
  readonly description: string;
}

export interface GroupRow {
  readonly kind: 'group';
  readonly key: string;
  /** Codicon. */
  readonly icon: string;
  readonly label: string;
  readonly description: string;
  /** Plain text, one paragraph an entry. */
  readonly tooltip: readonly string[];
  readonly expanded: boolean;
  readonly children: readonly (ItemRow | TextRow | GroupRow)[];
}

export type MemoryRow = ItemRow | TextRow | GroupRow;

/**
 * A session's memory (paper 3.4) as the rows of a tree: what each tool brought, under its mark; all candidates of the
 * catalogue in the order of their evidence; what was dropped, what the catalogue lacks, and the history. A filter
 * keeps items whose title holds it, and the groups that have any.
 */
export function memoryRows(state: SessionState, texts: Texts, filter = ''): GroupRow[] {
  const groups = [
    result(state, texts),
    candidates(state, texts),
    ...candidateSets(state).map((set) => marked(set, texts)),
    outside(state, texts),
    removed(state, texts),
    history(state, texts),
  ].filter((group) => group !== undefined);
  return filter.trim() === '' ? groups : groups.flatMap((group) => matching(group, filter));
}

/** How many items memory holds, and how many suggestions lie outside the catalogue. */
export function memoryCounts(state: SessionState): { readonly items: number; readonly outside: number } {
  const sets = candidateSets(state);
  return {
    items: new Set(sets.flatMap(({ items }) => items.map(({ item }) => item))).size,
    outside: outsideOf(state).size,
  };
}

function result({ outcome }: SessionState, texts: Texts): GroupRow | undefined {
  if (!outcome) return undefined;
  return {
    kind: 'group',
    key: 'result',
    icon: 'checklist',
    label: texts.t('Final list'),
    description: count(outcome.result.items.length, texts),
    tooltip: [outcome.reason.message],
    expanded: true,
    children: outcome.result.items.map((item, i) => ({
      kind: 'item',
      key: `result/${item.id}`,
      id: item.id,
      title: item.title,
      rank: i + 1,
      description: sourceText(item.source, texts),
    })),
  };
}

function candidates(state: SessionState, texts: Texts): GroupRow | undefined {
  const ranked = rankedCandidates(candidateSets(state));
  if (ranked.length === 0) return undefined;
  return {
    kind: 'group',
    key: 'candidates',
    icon: 'library',
    label: texts.t('Catalogue'),
    description: count(ranked.length, texts),
    tooltip: [
      texts.t('Every item of the catalogue that a tool brought, once, the best evidence first.'),
      texts.t('Evidence is reciprocal-rank fusion over all tool results.'),
    ],
    expanded: false,
    children: ranked.map((item, i) => ({
      kind: 'item',
      key: `candidates/${item.id}`,
      id: item.id,
      title: item.title,
      rank: i + 1,
      description: [...new Set(item.provenance.map((step) => attributeText(step.attribute, texts)))].join(
        ' · ',
      ),
    })),
  };
}

function marked(set: CandidateSet & { readonly round: number }, texts: Texts): GroupRow {
  const key = `round/${set.round}`;
  const what = set.text ?? (set.attribute === undefined ? '' : attributeText(set.attribute, texts));
  const dropped = set.removed.history.length + set.removed.duplicates.length;
  return {
    kind: 'group',
    key,
    icon: toolIcons[set.tool] ?? 'tools',
    label: [set.tool, ...(what === '' ? [] : [what]), String(set.k)].join(' · '),
    description: texts.t('round {0}', set.round),
    tooltip: [
      toolMark(set),
      texts.t('{0} items of the catalogue.', set.items.length),
      ...(dropped > 0 ? [texts.t('{0} dropped: seen before or named twice.', dropped)] : []),
      ...(set.removed.outside.length > 0
        ? [texts.t('{0} named that the catalogue lacks.', set.removed.outside.length)]
        : []),
      ...(set.reruns > 0 ? [texts.t('The tool ran again {0} times because of them.', set.reruns)] : []),
    ],
    expanded: false,
    children: set.items.map((item, i) => ({
      kind: 'item',
      key: `${key}/${item.id}`,
      id: item.id,
      title: item.title,
      rank: i + 1,
      description: [
        ...(item.score === undefined ? [] : [item.score.toPrecision(4)]),
        ...(matchText(item.match, texts) === '' ? [] : [matchText(item.match, texts)]),
      ].join(' · '),
    })),
  };
}

/** Suggestions that the catalogue lacks, each with the marks of the tools that named it. */
function outsideOf(state: SessionState): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const set of candidateSets(state))
    for (const text of set.removed.outside) found.set(text, [...(found.get(text) ?? []), toolMark(set)]);
  for (const text of state.outcome?.result.removed.outside ?? [])
    found.set(text, [...(found.get(text) ?? []), 'Finish']);
  return found;
}

function outside(state: SessionState, texts: Texts): GroupRow | undefined {
  const found = outsideOf(state);
  if (found.size === 0) return undefined;
  return {
    kind: 'group',
    key: 'outside',
    icon: 'lightbulb',
    label: texts.t('Outside the catalogue'),
    description: String(found.size),
    tooltip: [
      texts.t(
        'What the language model proposed that the catalogue lacks: suggestions to a person, never part of the list (paper, section 4.4.1).',
      ),
    ],
    expanded: true,
    children: [...found].map(([text, marks]) => ({
      kind: 'text',
      key: `outside/${text}`,
      text,
      description: [...new Set(marks)].join(' · '),
    })),
  };
}

function removed(state: SessionState, texts: Texts): GroupRow | undefined {
  const all = [
    ...candidateSets(state).map((set) => ({ removed: set.removed, from: texts.t('round {0}', set.round) })),
    ...(state.outcome ? [{ removed: state.outcome.result.removed, from: 'Finish' }] : []),
  ];
  const part = (key: 'history' | 'duplicates', label: string): GroupRow | undefined => {
    const items = all.flatMap((entry, i) =>
      entry.removed[key].map((item, j): ItemRow => ({
        kind: 'item',
        key: `removed/${key}/${i}/${j}/${item.id}`,
        id: item.id,
        title: item.title,
        rank: undefined,
        description: entry.from,
      })),
    );
    return group(`removed/${key}`, label, items);
  };
  const ambiguous = all.flatMap((entry, i) =>
    entry.removed.ambiguous.map(({ text, candidates: meant }, j): TextRow => ({
      kind: 'text',
      key: `removed/ambiguous/${i}/${j}`,
      text,
      description: texts.t('could be {0} items', meant.length),
    })),
  );
  const parts = [
    part('history', texts.t('Seen before')),
    part('duplicates', texts.t('Named twice')),
    group('removed/ambiguous', texts.t('Ambiguous'), ambiguous),
  ].filter((entry) => entry !== undefined);
  if (parts.length === 0) return undefined;
  return {
    kind: 'group',
    key: 'removed',
    icon: 'circle-slash',
    label: texts.t('Removed'),
    description: parts.map((entry) => `${entry.label} ${entry.children.length}`).join(' · '),
    tooltip: [texts.t('What tools named and memory’s check took out.')],
    expanded: false,
    children: parts,
  };
}

function group(key: string, label: string, children: readonly (ItemRow | TextRow)[]): GroupRow | undefined {
  if (children.length === 0) return undefined;
  const description = String(children.length);
  return { kind: 'group', key, icon: 'blank', label, description, tooltip: [], expanded: false, children };
}

function history({ started }: SessionState, texts: Texts): GroupRow {
  const { history: whole, recent } = started.subject;
  return {
    kind: 'group',
    key: 'history',
    icon: 'history',
    label: texts.t('History'),
    description:
      recent.length < whole.length
        ? texts.t('{0} items, the last {1}', whole.length, recent.length)
        : count(whole.length, texts),
    tooltip: [texts.t('The items that the surrogate user is shown, the latest first.')],
    expanded: false,
    children: [...recent].reverse().map((item, i) => ({
      kind: 'item',
      key: `history/${i}/${item.id}`,
      id: item.id,
      title: item.title,
      rank: undefined,
      description: '',
    })),
  };
}

function matching(row: GroupRow, filter: string): GroupRow[] {
  const wanted = filter.trim().toLocaleLowerCase();
  const children = row.children.flatMap((child): MemoryRow[] => {
    if (child.kind === 'group') return matching(child, filter);
    const text = child.kind === 'item' ? child.title : child.text;
    return text.toLocaleLowerCase().includes(wanted) ? [child] : [];
  });
  return children.length > 0 ? [{ ...row, expanded: true, children }] : [];
}

const toolIcons: Readonly<Record<string, string>> = {
  Retrieve: 'cloud-download',
  Rank: 'list-ordered',
  Search: 'search',
  Lookup: 'info',
};

function attributeText(attribute: string | null | undefined, texts: Texts): string {
  return attribute ?? texts.t('no attribute');
}

function matchText(match: MatchKind, texts: Texts): string {
  switch (match) {
    case 'code':
    case 'id':
    case 'title':
      return '';
    case 'normalised':
      return texts.t('title written differently');
    case 'fuzzy':
      return texts.t('title misspelt');
  }
}

function sourceText(source: string, texts: Texts): string {
  switch (source) {
    case 'finish':
      return texts.t('named by the surrogate user');
    case 'memory':
      return texts.t('from memory');
    case 'backbone':
      return texts.t('from the plain model');
    case 'popularity':
      return texts.t('by popularity');
    default:
      return texts.t('from the catalogue');
  }
}

function count(items: number, texts: Texts): string {
  return items === 1 ? texts.t('1 item') : texts.t('{0} items', items.toLocaleString(texts.locale));
}

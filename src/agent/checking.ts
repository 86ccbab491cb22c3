import type { Dataset } from '../data/dataset.ts';
import { type Catalogue, type Mention, type Resolution, resolveMentions } from './catalogue.ts';
import type { Candidate, Removed } from './events.ts';

export interface CheckedItems {
  /** Distinct catalogue items outside the history, in the order given. */
  readonly items: readonly Candidate[];
  readonly removed: Removed;
}

export const nothingRemoved: Removed = { history: [], duplicates: [], outside: [], ambiguous: [] };

/** No log needs more of a kind; a model that names a thousand items outside the catalogue is told of the first ones. */
const maxNoted = 100;

/** The memory's check (paper 3.4): every item is real, outside the history, and there once; the rest is accounted for. */
export function checkItems(
  mentions: readonly Mention[],
  context: {
    readonly dataset: Dataset;
    readonly catalogue: Catalogue;
    readonly history: ReadonlySet<number>;
    /** Items that the surrogate user was shown: of several that a text may mean, the only one shown is meant. */
    readonly shown?: ReadonlySet<number>;
  },
): CheckedItems {
  const { dataset, history } = context;
  const items: Candidate[] = [];
  const taken = new Set<number>();
  const seen: Removed['history'] = [];
  const duplicates: Removed['duplicates'] = [];
  const outside = new Set<string>();
  const ambiguous: Removed['ambiguous'] = [];
  for (const { text, score, resolution: found } of resolveMentions(mentions, context.catalogue, dataset)) {
    const resolution = found.kind === 'ambiguous' ? onlyShown(found, context.shown) : found;
    if (resolution.kind === 'none') {
      const suggestion = text.replace(/\s+/g, ' ').trim().slice(0, 200);
      if (suggestion !== '' && outside.size < maxNoted) outside.add(suggestion);
      continue;
    }
    if (resolution.kind === 'ambiguous') {
      if (ambiguous.length < maxNoted)
        ambiguous.push({
          text: text.slice(0, 200),
          candidates: resolution.candidates.slice(0, 10).map((code) => dataset.item(code).title),
        });
      continue;
    }
    const { id, title } = dataset.item(resolution.item);
    if (history.has(resolution.item)) {
      if (seen.length < maxNoted) seen.push({ id, title });
    } else if (taken.has(resolution.item)) {
      if (duplicates.length < maxNoted) duplicates.push({ id, title });
    } else {
      taken.add(resolution.item);
      items.push({
        item: resolution.item,
        id,
        title,
        ...(score !== undefined && Number.isFinite(score) ? { score } : {}),
        match: resolution.match,
      });
    }
  }
  return { items, removed: { history: seen, duplicates, outside: [...outside], ambiguous } };
}

function onlyShown(
  found: Resolution & { kind: 'ambiguous' },
  shown: ReadonlySet<number> | undefined,
): Resolution {
  const fitting = found.candidates.filter((candidate) => shown?.has(candidate));
  return fitting.length === 1 ? { kind: 'match', item: fitting[0]!, match: 'title' } : found;
}

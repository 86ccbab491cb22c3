import { CatalogueLookup, type Lookup, type LookupStep } from '../data/catalogue-lookup.ts';
import type { Dataset } from '../data/dataset.ts';
import { normaliseTitle } from '../data/title-keys.ts';
import type { MatchKind } from './events.ts';

/** What a text of a model or a person names in the catalogue. */
export type Resolution =
  | { readonly kind: 'match'; readonly item: number; readonly match: MatchKind }
  | { readonly kind: 'ambiguous'; readonly candidates: readonly number[] }
  | { readonly kind: 'none' };

/** Look-up of items by id or title; never guesses between two. */
export interface Catalogue {
  resolve(text: string): Resolution;
  /** As `resolve` without the fuzzy step: for trying whether pieces belong together. */
  resolveExact(text: string): Resolution;
}

const catalogues = new WeakMap<Dataset, Catalogue>();

/** The catalogue of a dataset: id, title, normalised title, unambiguous misspelling. One for each dataset. */
export function catalogueOf(dataset: Dataset): Catalogue {
  let catalogue = catalogues.get(dataset);
  if (!catalogue) {
    const lookup = new CatalogueLookup(dataset);
    catalogue = {
      resolve: (text) => asResolution(lookup.find(text)),
      resolveExact: (text) => asResolution(lookup.find(text, { fuzzy: false })),
    };
    catalogues.set(dataset, catalogue);
  }
  return catalogue;
}

const matchKinds: Readonly<Record<LookupStep, MatchKind>> = {
  id: 'id',
  title: 'title',
  normalised: 'normalised',
  fuzzy: 'fuzzy',
};

function asResolution(found: Lookup): Resolution {
  if (found.status === 'found') return { kind: 'match', item: found.item, match: matchKinds[found.by] };
  if (found.status === 'ambiguous') return { kind: 'ambiguous', candidates: found.candidates };
  return { kind: 'none' };
}

/** What a tool or model named: an item code (trusted tools) or a text to be checked. */
export interface Mention {
  readonly item?: number;
  readonly text?: string;
  readonly score?: number;
}

/** Longest title in pieces: “Good, the Bad and the Ugly, The (1966)” has three. */
const maxPieces = 5;

export interface ResolvedMention {
  readonly text: string;
  readonly score: number | undefined;
  readonly resolution: Resolution;
}

/**
 * Resolves mentions in order. Neighbouring texts that are one title only together (a list split at the commas inside
 * titles) are joined first.
 */
export function resolveMentions(
  mentions: readonly Mention[],
  catalogue: Catalogue,
  dataset: Dataset,
): ResolvedMention[] {
  const out: ResolvedMention[] = [];
  for (let i = 0; i < mentions.length; i++) {
    const mention = mentions[i]!;
    if (mention.item !== undefined) {
      const known =
        Number.isInteger(mention.item) && mention.item >= 0 && mention.item < dataset.catalogueCount;
      out.push({
        text: mention.text ?? String(mention.item),
        score: mention.score,
        resolution: known ? { kind: 'match', item: mention.item, match: 'code' } : { kind: 'none' },
      });
      continue;
    }
    const text = mention.text ?? '';
    const joined = joinPieces(mentions, i, catalogue, dataset);
    if (joined) {
      out.push({ text: joined.text, score: mention.score, resolution: joined.resolution });
      i += joined.pieces - 1;
      continue;
    }
    out.push({ text, score: mention.score, resolution: resolveOne(text, catalogue, dataset) });
  }
  return out;
}

function joinPieces(
  mentions: readonly Mention[],
  at: number,
  catalogue: Catalogue,
  dataset: Dataset,
): { text: string; pieces: number; resolution: Resolution } | undefined {
  for (let pieces = Math.min(maxPieces, mentions.length - at); pieces > 1; pieces--) {
    const texts = mentions.slice(at, at + pieces).map((m) => m.text);
    if (texts.some((t) => t === undefined || t === '')) continue;
    const text = texts.join(', ');
    if (text.length > 300) continue;
    const resolution = firstMatch(leadingForms(text), (form) => catalogue.resolveExact(form));
    // The look-up also knows what stands in brackets: the pieces must be the title itself, whole.
    if (resolution.kind === 'match' && wholeTitle(text, dataset.item(resolution.item).title))
      return { text, pieces, resolution };
  }
  return undefined;
}

function wholeTitle(text: string, title: string): boolean {
  const withoutYear = (form: string) => form.replace(/\s*[([]\d{4}[)\]]\s*$/, '');
  const withoutBrackets = (form: string) => form.replace(/\([^()]*\)|\[[^[\]]*\]/g, ' ');
  const names = [withoutYear(title), withoutBrackets(title)].map(normaliseTitle);
  return leadingForms(text).some((form) => names.includes(normaliseTitle(withoutYear(form))));
}

function resolveOne(text: string, catalogue: Catalogue, dataset: Dataset): Resolution {
  const forms = variants(text);
  const exact = firstMatch(forms, (form) => catalogue.resolveExact(form));
  if (exact.kind === 'match') return exact;
  if (exact.kind === 'ambiguous') {
    // Prompts show `id: "title"`: of several items of one title the id says which.
    const id = leadingId.exec(forms[0]!)?.[1];
    const item = id === undefined ? undefined : dataset.itemCode(id);
    if (item !== undefined && exact.candidates.includes(item)) return { kind: 'match', item, match: 'id' };
    return exact;
  }
  // A misspelt title is looked for as a whole first; a text without letters is no title.
  const wordy = forms.filter((form) => /\p{L}{2}/u.test(form)).slice(0, 4);
  return firstMatch(wordy, (form) => catalogue.resolve(form));
}

const leadingId = /^[[(#]?\s*(?:id\s*[:=]?\s*)?([\w-]{1,64})\s*[\])]?\s*[:|.]/i;

/** The first form that names one item; else the first ambiguity; else none. */
function firstMatch(forms: readonly string[], resolve: (form: string) => Resolution): Resolution {
  let ambiguous: Resolution | undefined;
  for (const form of forms) {
    const resolution = resolve(form);
    if (resolution.kind === 'match') return resolution;
    if (resolution.kind === 'ambiguous') ambiguous ??= resolution;
  }
  return ambiguous ?? { kind: 'none' };
}

/**
 * The forms in which a title may hide in what a model wrote, as it stands first: without a leading id
 * (`1214: Alien`), a trailing score or remark (`Alien (1979) – 0.93`), an id in brackets (`Alien (id 1214)`).
 * An id alone after a title that resolves to nothing is not used: a made-up title must not pass by its number.
 */
function variants(text: string): string[] {
  const forms = leadingForms(text);
  const add = adder(forms);
  const bareId = /^(?:#|(?:item|movie|book|business)?\s*id\s*[:#]?|item)\s*([\w-]{1,64})$/i.exec(forms[0]!);
  if (bareId) add(bareId[1]!);
  for (const form of [...forms]) {
    add(form.replace(/\s*[([](?:id|item|movie|book)?\s*[:#]?\s*\w{1,40}[)\]]\s*$/i, ''));
    add(form.replace(/\s*(?:[-–—:|]|\(?score\b[:=]?)\s*[-+]?\d*\.?\d+%?\)?\s*$/i, ''));
    add(form.replace(/(\((?:1[89]|20)\d\d\)).*$/, '$1'));
  }
  return forms;
}

/** The text itself and without what may stand before a title; nothing is taken off its end. */
function leadingForms(text: string): string[] {
  const base = text.replace(/\s+/g, ' ').trim().slice(0, 300);
  const forms = [base];
  const add = adder(forms);
  add(base);
  for (const form of [...forms]) {
    const withoutId = /^[[(#]?\s*(?:id\s*[:=]?\s*)?[\w-]{1,40}\s*[\])]?\s*[:|.–—-]\s*(.+)$/i.exec(form)?.[1];
    if (withoutId !== undefined && /^[[(#]?\s*(?:id\b|[\w-]*\d)/i.test(form)) add(withoutId);
    const spaced = /^(?:#\d{1,9}|\[\w{1,40}\])\s+(.+)$/.exec(form)?.[1];
    if (spaced !== undefined) add(spaced);
  }
  return forms;
}

function adder(forms: string[]): (form: string) => void {
  return (form) => {
    const trimmed = form.replace(/^["“”'*_\s]+|["“”'*_\s]+$/g, '').trim();
    if (trimmed !== '' && !forms.includes(trimmed)) forms.push(trimmed);
  };
}

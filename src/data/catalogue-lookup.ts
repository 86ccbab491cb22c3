import { distance } from 'fastest-levenshtein';
import type { Dataset } from './dataset.ts';
import { numbersIn, titleKeys, withoutArticle, type TitleKeys } from './title-keys.ts';
import { TrigramIndex } from './trigram-index.ts';

/**
 * Least similarity at which a title counts as another's misspelling: 1 - edits / length of the longer key. One
 * edit needs seven letters, two need fourteen.
 */
export const fuzzyThreshold = 0.85;
/** Titles at least this similar are named as near when nothing is found. */
const nearThreshold = 0.6;
const nearLimit = 5;

export type LookupStep = 'id' | 'title' | 'normalised' | 'fuzzy';

export type Lookup =
  | { readonly status: 'found'; readonly by: LookupStep; readonly item: number; readonly similarity: number }
  /** More than one item fits: none is chosen. */
  | { readonly status: 'ambiguous'; readonly by: LookupStep; readonly candidates: readonly number[] }
  /** Nothing fits; `near` are the most similar titles, best first, for a person or model to choose from. */
  | {
      readonly status: 'unknown';
      readonly near: readonly { readonly item: number; readonly similarity: number }[];
    };

/**
 * Finds items of a catalogue by what people and models call them. In order: id, exact title, normalised title
 * (also without its article), and last a title that is at least `fuzzyThreshold` similar with the same numbers.
 * A year in brackets tells remakes apart; a year more than one off means another work. It never guesses: if two
 * items fit equally, both are returned and none is chosen.
 *
 * Indexes are built when first needed; a look-up in 100,000 titles then takes microseconds, a fuzzy one a few
 * milliseconds.
 */
export class CatalogueLookup {
  private readonly catalogue: Pick<Dataset, 'catalogueCount' | 'item' | 'itemCode'>;
  private titles: TitleMaps | undefined;
  private trigrams: TrigramIndex | undefined;

  constructor(catalogue: Pick<Dataset, 'catalogueCount' | 'item' | 'itemCode'>) {
    this.catalogue = catalogue;
  }

  /** `text` may be an id, or a title with or without its year. With `fuzzy: false` misspellings are not looked for. */
  find(text: string, { fuzzy = true }: { readonly fuzzy?: boolean } = {}): Lookup {
    const trimmed = text.trim();
    if (trimmed === '') return { status: 'unknown', near: [] };
    const maps = (this.titles ??= this.buildTitles());
    const id = this.catalogue.itemCode(trimmed);
    if (id !== undefined) {
      // “1984” may be an id and the title of another item.
      const titled = (maps.exact.get(trimmed) ?? []).filter((item) => item !== id);
      if (titled.length > 0) return { status: 'ambiguous', by: 'id', candidates: [id, ...titled] };
      return { status: 'found', by: 'id', item: id, similarity: 1 };
    }
    const query = titleKeys(trimmed);
    return (
      this.decide('title', maps.exact.get(trimmed), query.year) ??
      this.byKeys(query, maps.byKey, (key) => key) ??
      this.byKeys(query, maps.byKeyWithoutArticle, withoutArticle) ??
      (fuzzy ? this.fuzzy(query, maps) : { status: 'unknown', near: [] })
    );
  }

  /** Year of an item: its attribute `year` or `release_year`, or what its title ends with. */
  yearOf(item: number): number | undefined {
    const { attributes, title } = this.catalogue.item(item);
    const year = attributes['year'] ?? attributes['release_year'];
    return typeof year === 'number' ? year : titleKeys(title).year;
  }

  private byKeys(
    query: TitleKeys,
    map: ReadonlyMap<string, readonly number[]>,
    form: (key: string) => string,
  ): Lookup | undefined {
    for (const key of query.keys) {
      const found = this.decide('normalised', map.get(form(key)), query.year);
      if (found) return found;
    }
    return undefined;
  }

  /** Which of the items is meant: the year decides. Undefined when none fits. */
  private decide(
    by: LookupStep,
    items: readonly number[] | undefined,
    year: number | undefined,
    similarity = 1,
  ): Lookup | undefined {
    if (!items || items.length === 0) return undefined;
    let fitting = items;
    if (year !== undefined) {
      const years = items.map((item) => this.yearOf(item));
      fitting = items.filter((_, i) => years[i] === year);
      // Sources date by festival or by release: one year off is the same work, an undated one may be.
      if (fitting.length === 0) fitting = items.filter((_, i) => Math.abs((years[i] ?? year) - year) <= 1);
      if (fitting.length === 0) return undefined;
    }
    return fitting.length === 1
      ? { status: 'found', by, item: fitting[0]!, similarity }
      : { status: 'ambiguous', by, candidates: fitting };
  }

  private fuzzy(query: TitleKeys, maps: TitleMaps): Lookup {
    const fits = this.similar(query, maps, fuzzyThreshold, true);
    const highest = Math.max(0, ...fits.values());
    const decided = this.decide('fuzzy', [...fits.keys()], query.year, highest);
    if (decided) return decided;
    const near = [...this.similar(query, maps, nearThreshold, false)]
      .map(([item, similarity]) => ({ item, similarity }))
      .sort((a, b) => b.similarity - a.similarity || a.item - b.item);
    return { status: 'unknown', near: near.slice(0, nearLimit) };
  }

  /** Items with a key at least this similar to one of the query's, and how similar. */
  private similar(
    query: TitleKeys,
    maps: TitleMaps,
    threshold: number,
    sameNumbers: boolean,
  ): Map<number, number> {
    this.trigrams ??= new TrigramIndex(maps.keys.map(({ key }) => key));
    const found = new Map<number, number>();
    for (const key of query.keys) {
      const numbers = numbersIn(key);
      for (const at of this.trigrams.similar(key, threshold)) {
        const entry = maps.keys[at]!;
        const similarity = 1 - distance(key, entry.key) / Math.max(key.length, entry.key.length);
        if (similarity < threshold || similarity <= (found.get(entry.item) ?? 0)) continue;
        if (!sameNumbers || numbersIn(entry.key) === numbers) found.set(entry.item, similarity);
      }
    }
    return found;
  }

  private buildTitles(): TitleMaps {
    const exact = new Map<string, number[]>();
    const byKey = new Map<string, number[]>();
    const byKeyWithoutArticle = new Map<string, number[]>();
    const keys: TitleMaps['keys'] = [];
    for (let item = 0; item < this.catalogue.catalogueCount; item++) {
      const { title } = this.catalogue.item(item);
      push(exact, title, item);
      for (const key of titleKeys(title).keys) {
        keys.push({ key, item });
        push(byKey, key, item);
        push(byKeyWithoutArticle, withoutArticle(key), item);
      }
    }
    return { exact, byKey, byKeyWithoutArticle, keys };
  }
}

interface TitleMaps {
  readonly exact: ReadonlyMap<string, readonly number[]>;
  readonly byKey: ReadonlyMap<string, readonly number[]>;
  readonly byKeyWithoutArticle: ReadonlyMap<string, readonly number[]>;
  readonly keys: { readonly key: string; readonly item: number }[];
}

function push(map: Map<string, number[]>, key: string, item: number): void {
  const list = map.get(key);
  if (!list) map.set(key, [item]);
  else if (list.at(-1) !== item) list.push(item);
}

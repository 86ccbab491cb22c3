import type { Dataset } from '../../data/dataset.ts';
import type { AttributeValue } from '../../data/schema.ts';
import type { Cell, ItemPage } from '../requests/dataset-views.ts';

/** A catalogue to page through and search, most popular first. */
export class Catalogue {
  readonly dataset: Dataset;
  /** [catalogueCount] interactions of each item. */
  private readonly interactions: Uint32Array;
  /** [catalogueCount] item codes, most popular first, ties by code. */
  private readonly order: Uint32Array;
  /** Title and id of each item, folded; made at the first search. */
  private folded: string[] | undefined;

  constructor(dataset: Dataset) {
    this.dataset = dataset;
    this.interactions = new Uint32Array(dataset.catalogueCount);
    for (const item of dataset.items) this.interactions[item]!++;
    this.order = Uint32Array.from({ length: dataset.catalogueCount }, (_, code) => code).sort(
      (a, b) => this.interactions[b]! - this.interactions[a]! || a - b,
    );
  }

  /** Items `[offset, offset + limit)` of those whose title or id contains the query. */
  page(query: string, offset: number, limit: number): ItemPage {
    const wanted = fold(query.trim());
    const found = wanted === '' ? this.order : this.order.filter((code) => this.text(code).includes(wanted));
    const rows = Array.from(found.subarray(offset, offset + limit), (code) => {
      const { id, title } = this.dataset.item(code);
      return {
        code,
        id,
        title,
        attributes: attributeCells(this.dataset, code),
        interactions: this.interactions[code]!,
      };
    });
    return { total: found.length, rows };
  }

  private text(code: number): string {
    this.folded ??= Array.from({ length: this.dataset.catalogueCount }, (_, i) => {
      const { id, title } = this.dataset.item(i);
      return fold(`${title}\n${id}`);
    });
    return this.folded[code]!;
  }
}

/** Every attribute of an item as text, in the dataset's order; `–` where it has none. */
export function attributeCells(dataset: Dataset, code: number): Cell[] {
  return dataset.attributes.map(({ name }) => ({ name, text: valueText(dataset.attribute(code, name)) }));
}

function valueText(value: AttributeValue | undefined): string {
  if (value === undefined) return '–';
  return typeof value === 'object' ? value.join(', ') || '–' : String(value);
}

/** Lower case without accents: what a search compares. */
function fold(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

import { bucketedAttribute } from '../../data/buckets.ts';
import type { Dataset } from '../../data/dataset.ts';
import type { AttributeDefinition } from '../../data/schema.ts';

/** How many equal-frequency buckets a numeric attribute is cut into. */
const bucketCount = 10;

/**
 * One attribute of the whole catalogue as value indices, so that distributions need no look-up of records. An item
 * has several values (genres), one, or none (unknown). Numbers become quantile buckets of the catalogue.
 */
export interface AttributeColumn {
  readonly name: string;
  /** Name of each value: "Drama", "1990–1994". */
  readonly values: readonly string[];
  /** [catalogueCount + 1]; those of item i are `codes[offsets[i]…offsets[i + 1])`. */
  readonly offsets: Uint32Array;
  readonly codes: Uint32Array;
}

const tables = new WeakMap<Dataset, readonly AttributeColumn[]>();

/** All attributes of a dataset but free text, made once a dataset. */
export function attributeTable(dataset: Dataset): readonly AttributeColumn[] {
  let table = tables.get(dataset);
  if (!table) {
    table = dataset.attributes.filter((a) => a.kind !== 'text').map((a) => column(dataset, a));
    tables.set(dataset, table);
  }
  return table;
}

function column(dataset: Dataset, { name, kind }: AttributeDefinition): AttributeColumn {
  const offsets = new Uint32Array(dataset.catalogueCount + 1);
  const codes: number[] = [];
  if (kind === 'number') {
    const { buckets, codes: bucketOfItem } = bucketedAttribute(dataset, name, bucketCount);
    for (let item = 0; item < dataset.catalogueCount; item++) {
      if (bucketOfItem[item]! >= 0) codes.push(bucketOfItem[item]!);
      offsets[item + 1] = codes.length;
    }
    return { name, values: buckets.labels, offsets, codes: Uint32Array.from(codes) };
  }
  const values: string[] = [];
  const index = new Map<string, number>();
  for (let item = 0; item < dataset.catalogueCount; item++) {
    const value = dataset.attribute(item, name);
    if (value !== undefined)
      for (const part of typeof value === 'object' ? value : [String(value)]) {
        let code = index.get(part);
        if (code === undefined) {
          index.set(part, (code = values.length));
          values.push(part);
        }
        codes.push(code);
      }
    offsets[item + 1] = codes.length;
  }
  return { name, values, offsets, codes: Uint32Array.from(codes) };
}

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
  const edges = kind === 'number' ? quantileEdges(dataset, name) : [];
  const values: string[] =
    kind === 'number' ? edges.slice(0, -1).map((low, i) => range(low, edges[i + 1]!)) : [];
  const index = new Map<string, number>();
  const offsets = new Uint32Array(dataset.catalogueCount + 1);
  const codes: number[] = [];
  for (let item = 0; item < dataset.catalogueCount; item++) {
    const value = dataset.attribute(item, name);
    if (kind === 'number') {
      if (typeof value === 'number' && Number.isFinite(value)) codes.push(bucketOf(edges, value));
    } else if (value !== undefined) {
      for (const part of typeof value === 'object' ? value : [String(value)]) {
        let code = index.get(part);
        if (code === undefined) {
          index.set(part, (code = values.length));
          values.push(part);
        }
        codes.push(code);
      }
    }
    offsets[item + 1] = codes.length;
  }
  return { name, values, offsets, codes: Uint32Array.from(codes) };
}

/** Borders of buckets with about the same number of items each; fewer where values repeat. */
export function quantileEdges(dataset: Dataset, name: string): number[] {
  const numbers: number[] = [];
  for (let item = 0; item < dataset.catalogueCount; item++) {
    const value = dataset.attribute(item, name);
    if (typeof value === 'number' && Number.isFinite(value)) numbers.push(value);
  }
  if (numbers.length === 0) return [];
  numbers.sort((a, b) => a - b);
  const edges = new Set<number>();
  for (let i = 0; i < bucketCount; i++) edges.add(numbers[Math.floor((i * numbers.length) / bucketCount)]!);
  edges.add(numbers.at(-1)!);
  const sorted = [...edges].sort((a, b) => a - b);
  return sorted.length === 1 ? [sorted[0]!, sorted[0]!] : sorted;
}

/** Index i with edges[i] ≤ value < edges[i + 1]; the last bucket is closed. */
function bucketOf(edges: readonly number[], value: number): number {
  let bucket = 0;
  while (bucket + 2 < edges.length && value >= edges[bucket + 1]!) bucket++;
  return bucket;
}

function range(low: number, high: number): string {
  return low === high ? String(low) : `${low}–${high}`;
}

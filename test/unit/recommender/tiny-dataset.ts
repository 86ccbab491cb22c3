import { datasetInMemory } from '../../../src/data/content.ts';
import type { Dataset } from '../../../src/data/dataset.ts';
import { preparationSchema } from '../../../src/data/preparation.ts';
import { recordsInMemory } from '../../../src/data/records.ts';

/** A dataset from sequences of item codes, leave-one-out; users of fewer than three items have only training. */
export function tinyDataset(sequences: readonly (readonly number[])[], catalogueCount?: number): Dataset {
  const items = Uint32Array.from(sequences.flat());
  const itemCount = items.length ? Math.max(...items) + 1 : 0;
  const offsets = Uint32Array.from([0, ...sequences.map((s, i) => sum(sequences.slice(0, i)) + s.length)]);
  const ends = offsets.slice(1);
  const heldOut = sequences.map((sequence) => (sequence.length < 3 ? 0 : 1));
  return datasetInMemory({
    name: 'tiny',
    simulated: true,
    attributes: [],
    columns: {
      offsets,
      items,
      timestamps: Float64Array.from(items, (_, i) => i),
      trainEnd: ends.map((end, user) => end - 2 * heldOut[user]!),
      validationEnd: ends.map((end, user) => end - heldOut[user]!),
    },
    itemCount,
    items: recordsInMemory(
      Array.from({ length: catalogueCount ?? itemCount }, (_, i) => ({
        id: `i${i}`,
        title: `Item ${i}`,
        attributes: {},
      })),
    ),
    users: recordsInMemory(sequences.map((_, i) => ({ id: `u${i}`, profile: {} }))),
    preparation: preparationSchema.parse({}),
    provenance: { format: 'generated', files: [] },
  });
}

function sum(sequences: readonly (readonly number[])[]): number {
  return sequences.reduce((total, sequence) => total + sequence.length, 0);
}

import type { DatasetContent } from '../../../src/data/content.ts';
import { preparationSchema } from '../../../src/data/preparation.ts';
import { recordsInMemory } from '../../../src/data/records.ts';

/** Three users, four items of which the last has no interactions; leave-one-out. */
export function smallContent(over: Partial<DatasetContent> = {}): DatasetContent {
  return {
    name: 'small',
    simulated: true,
    attributes: [
      { name: 'genre', kind: 'categories' },
      { name: 'year', kind: 'number' },
    ],
    columns: {
      offsets: Uint32Array.of(0, 3, 5, 6),
      items: Uint32Array.of(0, 1, 2, 1, 0, 2),
      ratings: Float32Array.of(5, 4, NaN, 3.5, 1, 2),
      timestamps: Float64Array.of(10, 11, 11, 5, 2 ** 33, 0.5),
      trainEnd: Uint32Array.of(1, 4, 6),
      validationEnd: Uint32Array.of(2, 4, 6),
    },
    itemCount: 3,
    items: recordsInMemory([
      { id: 'a', title: 'Amélie', attributes: { genre: ['Comedy', 'Romance'], year: 2001 } },
      { id: '17', title: 'Heat', attributes: { genre: ['Crime'], year: 1995 } },
      { id: 'c', title: 'Brazil', attributes: {} },
      { id: 'd', title: 'Unseen', attributes: { genre: [] } },
    ]),
    users: recordsInMemory([
      { id: 'u1', profile: { age: 25, occupation: 'lawyer' } },
      { id: '2', profile: {} },
      { id: 'ü', profile: { gender: 'F' } },
    ]),
    preparation: preparationSchema.parse({}),
    provenance: { format: 'generated', files: [] },
    ...over,
  };
}

import type { Dataset } from '../../../src/data/dataset.ts';
import { Random } from '../../../src/shared/random.ts';

/**
 * Users walk round a circle of items, one or two steps at a time: what comes next can be learnt from the last item.
 * Leave-one-out split.
 */
export function cycleDataset(userCount = 24, itemCount = 12, seed = 1): Dataset {
  const random = new Random(seed);
  const walks = Array.from({ length: userCount }, () => {
    let item = random.int(itemCount);
    return Array.from({ length: 4 + random.int(5) }, () => (item = (item + 1 + random.int(2)) % itemCount));
  });
  const offsets = new Uint32Array(userCount + 1);
  walks.forEach((walk, user) => (offsets[user + 1] = offsets[user]! + walk.length));
  const items = Uint32Array.from(walks.flat());
  return {
    name: 'cycle',
    hash: `cycle-${seed}`,
    simulated: true,
    userCount,
    itemCount,
    catalogueCount: itemCount,
    interactionCount: items.length,
    attributes: [
      { name: 'colour', kind: 'category' },
      { name: 'year', kind: 'number' },
    ],
    offsets,
    items,
    timestamps: Float64Array.from(items, (_, i) => i),
    trainEnd: offsets.slice(1).map((end) => end - 2),
    validationEnd: offsets.slice(1).map((end) => end - 1),
    item: (code) => ({ id: `i${code}`, title: `Item ${code}`, attributes: attributesOf(code) }),
    user: (code) => ({ id: `u${code}`, profile: {} }),
    itemCode: (id) =>
      /^i\d+$/.test(id) && Number(id.slice(1)) < itemCount ? Number(id.slice(1)) : undefined,
    userCode: (id) =>
      /^u\d+$/.test(id) && Number(id.slice(1)) < userCount ? Number(id.slice(1)) : undefined,
    attribute: (code, name) => attributesOf(code)[name as 'colour' | 'year'],
  };
}

function attributesOf(code: number): { colour: string; year: number } {
  return { colour: code % 2 ? 'red' : 'blue', year: 1990 + code };
}

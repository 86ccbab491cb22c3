import { itemDegrees, rowsOf, type Sequences } from './sequences.ts';

export interface Core {
  /** [users] 1 where the user stays. Users without rows do not. */
  readonly users: Uint8Array;
  /** [items] */
  readonly items: Uint8Array;
}

/**
 * The k-core: the largest part in which every user has at least `minimum.users` rows and every item at least
 * `minimum.items`. It is unique. Peels off one user or item at a time and counts down its neighbours, so each
 * row is looked at no more than twice: O(rows), however many rounds repeated filtering would need.
 */
export function kCore(
  sequences: Sequences,
  itemCount: number,
  minimum: { readonly users: number; readonly items: number },
): Core {
  const { offsets, items } = sequences;
  const userCount = offsets.length - 1;
  const userDegrees = new Uint32Array(userCount);
  for (let user = 0; user < userCount; user++) userDegrees[user] = offsets[user + 1]! - offsets[user]!;
  const degrees = itemDegrees(sequences, itemCount);
  const usersStay = new Uint8Array(userCount).fill(1);
  const itemsStay = new Uint8Array(itemCount).fill(1);

  // What was taken out and whose neighbours are still to be counted down: users, and items from `userCount` on.
  const taken = new Uint32Array(userCount + itemCount);
  let pending = 0;
  const leastUser = Math.max(1, minimum.users);
  const leastItem = Math.max(1, minimum.items);
  for (let user = 0; user < userCount; user++)
    if (userDegrees[user]! < leastUser) {
      usersStay[user] = 0;
      taken[pending++] = user;
    }
  for (let item = 0; item < itemCount; item++)
    if (degrees[item]! < leastItem) {
      itemsStay[item] = 0;
      taken[pending++] = userCount + item;
    }
  let byItem: ItemColumns | undefined;
  while (pending > 0) {
    const node = taken[--pending]!;
    if (node < userCount) {
      for (let at = offsets[node]!; at < offsets[node + 1]!; at++) {
        const item = items[at]!;
        if (itemsStay[item] === 1 && --degrees[item]! < leastItem) {
          itemsStay[item] = 0;
          taken[pending++] = userCount + item;
        }
      }
    } else {
      const item = node - userCount;
      if (degrees[item] === 0) continue;
      byItem ??= usersByItem(sequences, itemCount);
      for (let at = byItem.offsets[item]!; at < byItem.offsets[item + 1]!; at++) {
        const user = byItem.users[at]!;
        if (usersStay[user] === 1 && --userDegrees[user]! < leastUser) {
          usersStay[user] = 0;
          taken[pending++] = user;
        }
      }
    }
  }
  return { users: usersStay, items: itemsStay };
}

interface ItemColumns {
  /** [items + 1] */
  readonly offsets: Uint32Array;
  /** [rows] users of each item */
  readonly users: Uint32Array;
}

function usersByItem(sequences: Sequences, itemCount: number): ItemColumns {
  const offsets = new Uint32Array(itemCount + 1);
  const degrees = itemDegrees(sequences, itemCount);
  for (let item = 0; item < itemCount; item++) offsets[item + 1] = offsets[item]! + degrees[item]!;
  const next = offsets.slice(0, itemCount);
  const users = new Uint32Array(rowsOf(sequences));
  for (let user = 0; user + 1 < sequences.offsets.length; user++)
    for (let at = sequences.offsets[user]!; at < sequences.offsets[user + 1]!; at++)
      users[next[sequences.items[at]!]!++] = user;
  return { offsets, users };
}

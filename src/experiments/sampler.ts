import { type Dataset, historyBefore, partOf } from '../data/dataset.ts';
import { Random } from '../shared/random.ts';

/** Users who can be predicted: those with a held-out item and something before it. */
export function eligibleUsers(dataset: Dataset, part: 'validation' | 'test'): number[] {
  const users: number[] = [];
  for (let user = 0; user < dataset.userCount; user++)
    if (partOf(dataset, user, part).length > 0 && historyBefore(dataset, user, part).length > 0)
      users.push(user);
  return users;
}

/**
 * The samples of an experiment: `repeats` draws of `size` users each, without replacement within a draw and
 * independently between draws, as in the paper (4.1: 200 random users, three times). The same seed draws the same
 * users on every machine, whatever the methods. [repeats][size], each in increasing order.
 */
export function drawSamples(
  eligible: readonly number[],
  sample: 'all' | { readonly users: number; readonly repeats: number; readonly seed: number },
): number[][] {
  if (sample === 'all') return [[...eligible]];
  return Array.from({ length: sample.repeats }, (_, repeat) => {
    const drawn = new Random(`sample ${sample.seed}/${repeat}`).shuffle([...eligible]).slice(0, sample.users);
    return drawn.sort((a, b) => a - b);
  });
}

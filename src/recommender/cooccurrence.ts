import * as z from 'zod';
import type { Dataset } from '../data/dataset.ts';
import { breather } from '../shared/breather.ts';
import type { LongWork } from '../shared/progress.ts';
import { trainingCounts } from './popularity.ts';
import type { Recommender } from './recommender.ts';

/** Defaults were chosen on the validation part of ML-1M (`reference` protocol); see docs/architecture.md. */
export const cooccurrenceSettingsSchema = z.strictObject({
  /** How many positions after an item still count as its company. */
  window: z.int().min(1).max(1000).default(6),
  /** How much of an item's popularity is divided out of its scores: 0 = raw counts, 0.5 = cosine, 1 = lift. */
  popularityPenalty: z.number().min(0).max(1).default(0.25),
  /** Weight of company `d` positions away is 1 / d^distancePower. */
  distancePower: z.number().min(0).max(4).default(0.5),
  /** Weight of the history's last item is 1, of the one before `historyDecay`, then its square, and so on. */
  historyDecay: z.number().min(0).max(1).default(0.7),
  /** Neighbours kept for each item. */
  neighbours: z.int().min(1).max(10_000).default(500),
});
export type CooccurrenceSettings = z.output<typeof cooccurrenceSettingsSchema>;

/** For each item its strongest followers: those of item `i` are the entries `starts[i] … starts[i + 1] - 1`. */
interface NeighbourTable {
  /** [itemCount + 1] */
  readonly starts: Uint32Array;
  /** [entries] item codes */
  readonly items: Uint32Array;
  /** [entries] weights > 0 */
  readonly weights: Float32Array;
}

/**
 * Item-to-item co-occurrence: an item is offered for what tends to come soon after the items of the history.
 *
 *   c(i, j) = Σ over users, positions p < q ≤ p + window with i at p, j at q: 1 / (q - p)^distancePower
 *   w(i, j) = c(i, j) / (n_i^(1 - penalty) · n_j^penalty),  n = interactions in the training part
 *   score(j | history) = Σ over history items, a-th from the end: historyDecay^a · w(i_a, j)
 *
 * Items without any such evidence come after all others, by popularity. Time and memory grow linearly with
 * interactions × window and items × neighbours.
 */
export async function fitCooccurrence(
  dataset: Dataset,
  given: Partial<CooccurrenceSettings> = {},
  work: LongWork = {},
): Promise<Recommender> {
  const settings = cooccurrenceSettingsSchema.parse(given);
  const { itemCount } = dataset;
  const counts = trainingCounts(dataset);
  const table = await countNeighbours(dataset, counts, settings, work);
  // Below every sum of positive weights, ordered by popularity: in [-1, 0).
  const total = counts.reduce((sum, count) => sum + count, 0) + 1;
  const prior = Float32Array.from(counts, (count) => count / total - 1);
  const decays = decayTable(settings.historyDecay);

  return {
    itemCount,
    batchSize: 64,
    scoreBatch(histories, scores) {
      histories.forEach((history, row) => {
        const out = scores.subarray(row * itemCount, (row + 1) * itemCount);
        out.set(prior);
        const oldest = Math.max(0, history.length - decays.length);
        for (let at = history.length - 1; at >= oldest; at--) {
          const item = history[at]!;
          if (item >= itemCount) continue;
          const decay = decays[history.length - 1 - at]!;
          for (let entry = table.starts[item]!; entry < table.starts[item + 1]!; entry++) {
            const neighbour = table.items[entry]!;
            out[neighbour] = Math.max(0, out[neighbour]!) + decay * table.weights[entry]!;
          }
        }
      });
    },
  };
}

/** decay^a for a = 0, 1, … as long as it matters (above 1e-4), at most 1,000 places. */
function decayTable(decay: number): Float64Array {
  const places = decay >= 1 ? 1000 : decay <= 0 ? 1 : Math.ceil(Math.log(1e-4) / Math.log(decay));
  return Float64Array.from({ length: Math.min(1000, Math.max(1, places)) }, (_, a) => decay ** a);
}

async function countNeighbours(
  dataset: Dataset,
  counts: Uint32Array,
  { window, popularityPenalty, distancePower, neighbours }: CooccurrenceSettings,
  { signal, onProgress }: LongWork,
): Promise<NeighbourTable> {
  const { itemCount } = dataset;
  const byItem = positionsByItem(dataset, counts);
  const weightAt = Float64Array.from({ length: window + 1 }, (_, d) => (d === 0 ? 0 : d ** -distancePower));
  const sums = new Float64Array(itemCount);
  const touched = new Uint32Array(itemCount);
  const starts = new Uint32Array(itemCount + 1);
  const items: Uint32Array[] = [];
  const weights: Float32Array[] = [];
  const breathe = breather({ signal });

  for (let item = 0; item < itemCount; item++) {
    let touchedCount = 0;
    for (let k = byItem.starts[item]!; k < byItem.starts[item + 1]!; k++) {
      const position = byItem.positions[k]!;
      const last = Math.min(position + window, byItem.ends[k]! - 1);
      for (let q = position + 1; q <= last; q++) {
        const follower = dataset.items[q]!;
        if (follower === item) continue;
        if (sums[follower] === 0) touched[touchedCount++] = follower;
        sums[follower]! += weightAt[q - position]!;
      }
    }
    const own = counts[item]! ** (1 - popularityPenalty);
    const found = touched.subarray(0, touchedCount);
    for (const follower of found) sums[follower]! /= own * counts[follower]! ** popularityPenalty;
    const kept = strongest(found, sums, neighbours);
    items.push(kept);
    weights.push(Float32Array.from(kept, (follower) => sums[follower]!));
    starts[item + 1] = starts[item]! + kept.length;
    for (const follower of found) sums[follower] = 0;
    await breathe();
    if (item % 256 === 0)
      onProgress?.({ message: 'Counting co-occurrence', done: item, total: itemCount, unit: 'items' });
  }
  onProgress?.({ message: 'Counting co-occurrence', done: itemCount, total: itemCount, unit: 'items' });
  return {
    starts,
    items: joined(Uint32Array, items, starts),
    weights: joined(Float32Array, weights, starts),
  };
}

/** The up to `count` candidates of greatest weight, ties to the lower code; sorted by code. */
function strongest(candidates: Uint32Array, weights: Float64Array, count: number): Uint32Array {
  if (candidates.length <= count) return candidates.slice().sort();
  return candidates
    .slice()
    .sort((a, b) => weights[b]! - weights[a]! || a - b)
    .subarray(0, count)
    .sort();
}

/** Where each item stands in the training part, and where that user's training part ends. */
function positionsByItem(
  dataset: Dataset,
  counts: Uint32Array,
): { starts: Uint32Array; positions: Uint32Array; ends: Uint32Array } {
  const starts = new Uint32Array(dataset.itemCount + 1);
  counts.forEach((count, item) => (starts[item + 1] = starts[item]! + count));
  const next = starts.slice(0, -1);
  const positions = new Uint32Array(starts.at(-1)!);
  const ends = new Uint32Array(positions.length);
  for (let user = 0; user < dataset.userCount; user++) {
    const end = dataset.trainEnd[user]!;
    for (let position = dataset.offsets[user]!; position < end; position++) {
      const at = next[dataset.items[position]!]!++;
      positions[at] = position;
      ends[at] = end;
    }
  }
  return { starts, positions, ends };
}

function joined<T extends Uint32Array | Float32Array>(
  type: new (length: number) => T,
  parts: readonly T[],
  starts: Uint32Array,
): T {
  const out = new type(starts.at(-1)!);
  parts.forEach((part, i) => out.set(part, starts[i]!));
  return out;
}

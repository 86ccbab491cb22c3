/**
 * What the lists of all users say together, apart from whether they hit: how much of the catalogue is ever shown, and how
 * popular it is. Popularity is the number of interactions in the training part.
 *
 * - `coverage@N`: share of the items that are in at least one user's first N.
 * - `arp@N`: average recommendation popularity: the mean popularity of the first N, averaged over users.
 * - `poplift@N`: (arp − profile) / profile, where profile is the mean popularity of the users' own histories: 0 means as
 *   popular as what they chose themselves (Abdollahpouri et al., RMSE 2019).
 */
import { partOf, type Dataset } from '../data/dataset.ts';
import { type Metric, parseMetric } from './metrics.ts';
import { topN } from './top-n.ts';

export const listMetricKinds = ['coverage', 'arp', 'poplift'] as const;
export type ListMetricKind = (typeof listMetricKinds)[number];

export interface ListMetric {
  readonly name: string;
  readonly kind: ListMetricKind;
  readonly n: number;
}

/** A metric of ranks or of lists. @throws UsageError `unknown-metric` */
export function parseAnyMetric(text: string): Metric | ListMetric {
  const match = /^([a-z]+)@([1-9]\d{0,5})$/.exec(text.trim().toLowerCase());
  const kind = listMetricKinds.find((each) => each === match?.[1]);
  return kind === undefined ? parseMetric(text) : { name: match![0], kind, n: Number(match![2]) };
}

export function isListMetric(metric: Metric | ListMetric): metric is ListMetric {
  return (listMetricKinds as readonly string[]).includes(metric.kind);
}

/** Collects the lists of one evaluation. */
export class ListMetrics {
  private readonly wanted: readonly ListMetric[];
  private readonly longest: number;
  private readonly itemCount: number;
  private readonly popularity: Float64Array;
  private readonly seen = new Map<number, Uint8Array>();
  private readonly sums = new Map<number, number>();
  private profileSum = 0;
  private profiles = 0;
  private users = 0;

  /** @param itemCount items that the model can recommend */
  constructor(wanted: readonly ListMetric[], dataset: Dataset, itemCount: number) {
    this.wanted = wanted;
    this.itemCount = itemCount;
    this.longest = Math.max(0, ...wanted.map(({ n }) => n));
    this.popularity = new Float64Array(dataset.catalogueCount);
    if (wanted.length === 0) return;
    for (let user = 0; user < dataset.userCount; user++)
      for (const item of partOf(dataset, user, 'train')) this.popularity[item]!++;
    for (const { n } of wanted) {
      this.seen.set(n, new Uint8Array(itemCount));
      this.sums.set(n, 0);
    }
  }

  /** @param scores of all items for one user, −∞ where an item must not be shown */
  add(scores: Float32Array, history: Uint32Array): void {
    if (this.wanted.length === 0) return;
    const list = topN(scores, this.longest, new Set());
    const meanOf = (items: ArrayLike<number>) => {
      let sum = 0;
      for (let i = 0; i < items.length; i++) sum += this.popularity[items[i]!]!;
      return items.length === 0 ? 0 : sum / items.length;
    };
    this.users++;
    for (const [n, seen] of this.seen) {
      const first = list.slice(0, n);
      for (const item of first) seen[item] = 1;
      this.sums.set(n, this.sums.get(n)! + meanOf(first));
    }
    if (history.length === 0) return;
    this.profileSum += meanOf(history);
    this.profiles++;
  }

  /** By the metric's name; NaN of nothing. */
  values(): Record<string, number> {
    return Object.fromEntries(this.wanted.map(({ name, kind, n }) => [name, this.valueOf(kind, n)]));
  }

  private valueOf(kind: ListMetricKind, n: number): number {
    const arp = this.sums.get(n)! / this.users;
    if (kind === 'arp') return arp;
    if (kind === 'poplift') return arp / (this.profileSum / this.profiles) - 1;
    return this.seen.get(n)!.reduce((sum, each) => sum + each, 0) / this.itemCount;
  }
}

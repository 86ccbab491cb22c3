import type { Candidate } from '../events.ts';
import type { Action } from '../grammar/action.ts';
import type { Decision, DecisionContext, Policy } from '../policy.ts';
import {
  chanceDivergence,
  distribution,
  effectiveSize,
  jensenShannon,
  recencyWeights,
  widestGap,
} from './distribution.ts';
import { evidenceOf } from './evidence.ts';
import { fuse, tasteOf } from './fusion.ts';
import type { OfflineWeights } from './weights.ts';

export interface OfflineOptions {
  readonly weights: OfflineWeights;
  /** K of each retrieval. */
  readonly k?: number;
  /** Divergence beyond chance, in bits, from which an attribute counts as off. */
  readonly threshold?: number;
}

/** How far the candidates are from the history by one attribute. */
interface Gap {
  readonly attribute: string;
  /** Jensen-Shannon divergence beyond what chance makes of samples of these sizes, bits. */
  readonly divergence: number;
  readonly detail: string;
}

/**
 * A surrogate user without a language model, so that everything works with no key and no network. It begins with the
 * backbone and the neighbours of the latest items, measures by which attribute the best candidates differ most from the
 * recency-weighted history, retrieves by that one, and so on; when nothing is off any more, or every tool has been asked,
 * it ranks by fused evidence and finishes. Deterministic; its thoughts state the numbers it acted on.
 */
export class OfflinePolicy implements Policy {
  readonly label;
  readonly prompts = [];
  private readonly weights: OfflineWeights;
  private readonly k: number;
  private readonly threshold: number;

  constructor({ weights, k = 50, threshold = 0.02 }: OfflineOptions) {
    this.weights = weights;
    this.k = k;
    this.threshold = threshold;
    this.label = {
      kind: 'offline' as const,
      label: `offline policy, no language model (${weights.fitted ? 'fitted' : 'default'} weights)`,
    };
  }

  decide(context: DecisionContext): Decision {
    const { thought, action } = this.choose(context);
    return { thought, action, repairs: [] };
  }

  private choose(context: DecisionContext): { thought: string; action: Action } {
    const { state, sets, retriever, tools } = context;
    const { n, maxRounds } = state.started.settings;
    const roundsLeft = maxRounds - context.round + 1;
    const retrievals = sets.filter((set) => set.tool === 'Retrieve');
    const asked = new Set(
      state.rounds.flatMap((round) =>
        round.action?.name === 'Retrieve' ? [(round.action.args['attribute'] as string | null) ?? null] : [],
      ),
    );

    const first = retriever.attributes.includes(null) ? null : (retriever.attributes[0] ?? null);
    if (retrievals.length === 0 && !asked.has(first) && tools.find('Retrieve'))
      return {
        thought:
          `Nothing has been retrieved yet. I start with ${first === null ? 'the plain backbone' : `the ${first} model`} ` +
          `for the ${context.history.length} items of the history.`,
        action: { name: 'Retrieve', args: { attribute: first, k: this.k } },
      };

    const lastRank = sets.findLast((set) => set.tool === 'Rank');
    const ranked = lastRank !== undefined && lastRank === sets.at(-1);
    const askedNeighbours = state.rounds.some((round) => round.action?.name === 'Neighbours');
    const hasNeighbours = retriever.neighbours !== undefined && tools.find('Neighbours') !== undefined;
    if (hasNeighbours && !askedNeighbours && !ranked && roundsLeft > 2 && this.listens('Neighbours'))
      return {
        thought:
          'The backbone has spoken. What others chose soon after the latest items of this history is evidence of another kind.',
        action: { name: 'Neighbours', args: { item: null, k: this.k } },
      };

    const scored = fuse(context.dataset, context.history, evidenceOf(sets, retriever), this.weights);
    const top = scored.slice(0, Math.max(n, 10)).map((entry) => entry.item);
    const gaps = this.measure(context, top);
    const numbers = gaps.map((gap) => `${gap.attribute} ${gap.divergence.toFixed(3)}`).join(', ');
    const measured =
      gaps.length === 0
        ? 'The dataset has no attributes to compare.'
        : `Divergence of the best ${top.length} candidates from the history beyond chance, in bits: ${numbers}.`;

    const open = gaps.filter(
      (gap) => retriever.attributes.includes(gap.attribute) && !asked.has(gap.attribute),
    );
    const worst = open[0];
    if (worst && worst.divergence > this.threshold && !ranked && roundsLeft > 2)
      return {
        thought: `${measured} Most off is ${worst.attribute}: ${worst.detail}. I retrieve by it.`,
        action: { name: 'Retrieve', args: { attribute: worst.attribute, k: this.k } },
      };

    const heard = gaps.filter((gap) => asked.has(gap.attribute) && gap.divergence > this.threshold);
    const stillOff =
      heard.length === 0
        ? ''
        : `The ${heard.map((gap) => gap.attribute).join(' and ')} ${heard.length === 1 ? 'tool has' : 'tools have'} been asked already. `;
    const why = !worst
      ? 'Every attribute tool has been asked.'
      : worst.divergence <= this.threshold
        ? `${stillOff}Nothing ${stillOff === '' ? '' : 'else '}is off by more than ${this.threshold}.`
        : 'The rounds run out.';
    const lists = evidenceOf(sets, retriever).length;
    if (!ranked && roundsLeft > 1 && scored.length > 0 && tools.find('Rank'))
      return {
        thought: `${measured} ${why} I rank the ${scored.length} candidates by the fused evidence of ${lists} ${lists === 1 ? 'list' : 'lists'}.`,
        action: { name: 'Rank', args: { attribute: null, k: n } },
      };

    const final = ranked ? lastRank.items : scored.slice(0, n).map(({ item }) => this.named(context, item));
    return {
      thought: `${measured} ${ranked ? 'The ranking stands; more rounds would change nothing.' : why} I finish with the best ${Math.min(n, final.length)}.`,
      action: { name: 'Finish', args: { items: final.slice(0, n).map((item) => mention(context, item)) } },
    };
  }

  /** A tool whose list was found to be worth nothing is not asked. */
  private listens(source: string): boolean {
    return (this.weights.lists[source] ?? 0) > 0;
  }

  /** All attributes, the one that is most off first; ties by name. */
  private measure(context: DecisionContext, candidates: readonly number[]): Gap[] {
    const { dataset, history } = context;
    const recent = effectiveSize(recencyWeights(history.length, this.weights.halfLife));
    return tasteOf(dataset, history, this.weights.halfLife)
      .map(({ column, shares }): Gap => {
        const found = distribution(column, candidates);
        const chance = chanceDivergence(shares, found, recent, candidates.length);
        const widest = widestGap(column, shares, found);
        const percent = (share: number) => `${Math.round(share * 100)}%`;
        return {
          attribute: column.name,
          divergence: Math.max(0, jensenShannon(shares, found) - chance),
          detail: widest
            ? `${widest.value} is ${percent(widest.history)} of the history and ${percent(widest.candidates)} of the candidates`
            : 'no values',
        };
      })
      .sort((a, b) => b.divergence - a.divergence || (a.attribute < b.attribute ? -1 : 1));
  }

  private named(context: DecisionContext, item: number): Pick<Candidate, 'item' | 'id' | 'title'> {
    const { id, title } = context.dataset.item(item);
    return { item, id, title };
  }
}

/** The title where it names the item and nothing else, the id otherwise. */
function mention(context: DecisionContext, candidate: Pick<Candidate, 'item' | 'id' | 'title'>): string {
  const resolution = context.catalogue.resolveExact(candidate.title);
  return resolution.kind === 'match' && resolution.item === candidate.item ? candidate.title : candidate.id;
}

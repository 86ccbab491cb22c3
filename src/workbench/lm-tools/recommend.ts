import { catalogueOf } from '../../agent/catalogue.ts';
import { itemTrail, type ItemTrail } from '../../agent/trail.ts';
import type { Dataset } from '../../data/dataset.ts';
import type { AttributeValue } from '../../data/schema.ts';
import { UsageError } from '../../shared/errors.ts';
import type { OpenSession } from '../sessions/open-session.ts';
import type { RecommendInput } from './definitions.ts';

/** Whom to recommend for: a user by code, or item codes, oldest first. */
export type Subject = { readonly user: number } | { readonly history: readonly number[] };

/** @throws UsageError with sentences that help a model to ask better. */
export function subjectOf(dataset: Dataset, input: RecommendInput): Subject {
  if ((input.user === undefined) === (input.history === undefined))
    throw new UsageError('user-or-history', 'Give either a user or a history.', 'Ask for one of the two.');
  if (input.user !== undefined) {
    const user = dataset.userCode(input.user);
    if (user === undefined)
      throw new UsageError(
        'unknown-user',
        `The dataset ${dataset.name} has no user “${input.user.slice(0, 60)}”.`,
        `Its ${dataset.userCount} users are named like “${dataset.user(0).id}”.`,
      );
    return { user };
  }
  const catalogue = catalogueOf(dataset);
  return {
    history: input.history!.map((text) => {
      const found = catalogue.resolve(text);
      if (found.kind === 'match') return found.item;
      const named = `“${text.slice(0, 80)}”`;
      if (found.kind === 'none')
        throw new UsageError(
          'unknown-item',
          `The catalogue of ${dataset.name} has no item ${named}.`,
          'Give the title as the catalogue writes it, or an id.',
        );
      const candidates = found.candidates.slice(0, 5).map((item) => {
        const { id, title } = dataset.item(item);
        return `${title} (id ${id})`;
      });
      throw new UsageError(
        'ambiguous-item',
        `${named} could be ${candidates.join('; ')}.`,
        'Give the id of the one that is meant.',
      );
    }),
  };
}

/** The final list of a session for a model to read: JSON, since titles are not to be trusted as text. */
export function recommendation(
  session: Pick<OpenSession, 'id' | 'state'> & { readonly dataset: Dataset | undefined },
): object {
  const { state } = session;
  const { started, outcome } = state;
  return {
    session: session.id,
    dataset: started.dataset.name,
    ...(started.dataset.simulated && { note: 'The users of this dataset are simulated.' }),
    user: started.subject.user?.id ?? null,
    historyLength: started.subject.history.length,
    decidedBy: state.setup.policy.label,
    retrieval: state.setup.retrieval,
    rounds: state.rounds.length,
    items: (outcome?.result.items ?? []).map((item, i) => ({
      rank: i + 1,
      title: item.title,
      id: item.id,
      ...attributesOf(session.dataset, item.id),
      from: item.source,
      foundBy: [...new Set(itemTrail(state, item.id)?.steps.map(({ mark }) => mark) ?? [])],
    })),
  };
}

/** What the catalogue says of an item, short: an agent needs it to say why the item may suit someone. */
function attributesOf(dataset: Dataset | undefined, id: string): object {
  const code = dataset?.itemCode(id);
  if (!dataset || code === undefined) return {};
  const attributes = Object.entries(dataset.item(code).attributes)
    .slice(0, 6)
    .map(([name, value]): [string, AttributeValue] => {
      if (typeof value === 'string') return [name, value.slice(0, 120)];
      return [name, typeof value === 'object' ? value.slice(0, 6).map((entry) => entry.slice(0, 60)) : value];
    });
  return { attributes: Object.fromEntries(attributes) };
}

/** A trail as text of so many characters: of one that is longer the latest steps, and a sentence that says so. */
export function boundedTrail(trail: ItemTrail, longest: number, write: (trail: ItemTrail) => string): string {
  const { length } = trail.steps;
  for (let kept = length; ; kept >>= 1) {
    const text = write({ ...trail, steps: trail.steps.slice(length - kept) });
    const whole =
      kept === length ? text : `${text}\n\nOnly the latest ${kept} of ${length} steps are listed.`;
    if (whole.length <= longest || kept === 0) return whole;
  }
}

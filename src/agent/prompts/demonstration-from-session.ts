import { UsageError } from '../../shared/errors.ts';
import type { SessionState } from '../state.ts';
import { standardSignatures } from '../tools/registry.ts';
import { type Demonstration, demonstrationOf } from './demonstrations.ts';

/** Titles of a list that an example keeps. */
export const keptItems = 5;

export interface SessionDemonstration {
  readonly demonstration: Demonstration;
  /** Attributes that its actions retrieve by. */
  readonly attributes: readonly string[];
}

/**
 * A worked example out of a finished session, with long lists trimmed and rounds that showed nothing left out.
 * @throws UsageError `session-not-finished`, `nothing-to-show`
 */
export function demonstrationFromSession(state: SessionState, keep = keptItems): SessionDemonstration {
  const { started, outcome, rounds } = state;
  if (!outcome)
    throw new UsageError(
      'session-not-finished',
      'The session has not come to its end.',
      'Continue it first: an example ends with a final list.',
    );
  const demonstration = demonstrationOf(
    {
      id: started.session,
      history: started.subject.recent.map(({ title }) => title),
      rounds: rounds.map((round) => ({
        thought: round.thought.trim() === '' ? 'I go on.' : round.thought,
        action: round.action,
        observation: round.observation?.set?.items.map(({ title }) => title) ?? [],
      })),
      result: outcome.result.items.map(({ title }) => title),
    },
    standardSignatures(),
    keep,
  );
  if (demonstration.rounds.length < 2)
    throw new UsageError(
      'nothing-to-show',
      'No tool of the session returned anything, so there is nothing to show.',
      'Choose a session in which items were retrieved.',
    );
  const attributes = rounds.flatMap(({ action }) => {
    const attribute = action?.name === 'Retrieve' ? action.args['attribute'] : undefined;
    return typeof attribute === 'string' ? [attribute] : [];
  });
  return { demonstration, attributes: [...new Set(attributes)] };
}

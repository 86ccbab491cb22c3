import { ToolRecError } from '../shared/errors.ts';
import { checkItems, nothingRemoved } from './checking.ts';
import { completeResult } from './completion.ts';
import type { SessionResult } from './events.ts';
import { rankedCandidates } from './memory.ts';
import type { SessionEnvironment } from './session-types.ts';
import { candidateSets, type SessionState } from './state.ts';

/**
 * The full list with which a session ends. It never fails: where the engine cannot answer, popularity fills in, and
 * the sources of the items say so.
 */
export async function endingOf(
  { dataset, catalogue, retriever }: SessionEnvironment,
  {
    state,
    named,
    history,
    historySet,
  }: {
    readonly state: SessionState;
    /** What Finish named; nothing when a rule ended the session. */
    readonly named: readonly string[];
    readonly history: readonly number[];
    readonly historySet: ReadonlySet<number>;
  },
  signal: AbortSignal,
): Promise<SessionResult> {
  const { n } = state.started.settings;
  const memory = rankedCandidates(candidateSets(state)).map((candidate) => candidate.item);
  const finish =
    named.length === 0
      ? { items: [], removed: nothingRemoved }
      : checkItems(
          named.map((text) => ({ text })),
          { dataset, catalogue, history: historySet, shown: new Set(memory) },
        );
  const known = new Set([...finish.items.map((candidate) => candidate.item), ...memory]);
  const ask = known.size < n && retriever.attributes.includes(null);
  const backbone = ask
    ? await retriever.retrieve({ history }, null, n + known.size, signal).then(
        (found) => found.map((entry) => entry.item),
        (error: unknown) => {
          if (error instanceof ToolRecError) return [];
          throw error;
        },
      )
    : [];
  return completeResult({ n, dataset, history: historySet, finish, named: named.length, memory, backbone });
}

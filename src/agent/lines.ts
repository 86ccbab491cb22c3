import type { SessionEvent } from './events.ts';
import { fold, type SessionState } from './state.ts';

/**
 * The lines that a session was on before it was stepped back or rewritten, oldest first: the whole state as it stood
 * just before each. `lines[i]` is the line whose last rounds are `state.undone[i]`.
 */
export function earlierLines(events: Iterable<SessionEvent>): SessionState[] {
  const lines: SessionState[] = [];
  let state: SessionState | undefined;
  for (const event of events) {
    const next = fold(state, event);
    if (state && next.undone.length > state.undone.length) lines.push(state);
    state = next;
  }
  return lines;
}

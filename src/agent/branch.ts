import { UsageError } from '../shared/errors.ts';
import type { SessionEvent, SessionSetup } from './events.ts';
import { sameSetup, type Round, type SessionState } from './state.ts';

/** Where a fork leaves its parent: after `round` (0 = from the start) of the line, or of a line left before. */
export interface BranchPoint {
  readonly round: number;
  /** Index into `state.undone`; absent for the present line. */
  readonly undone?: number;
}

/**
 * The log of a fork: the parent's start under a new id and name of the parent, then the shared rounds. It stands on
 * its own, so that deleting the parent does not damage it.
 * @throws UsageError `unknown-round`.
 */
export function branch(state: SessionState, id: string, point: BranchPoint, time: number): SessionEvent[] {
  const rounds = lineOf(state, point);
  if (!Number.isInteger(point.round) || point.round < 0 || point.round > rounds.length)
    throw new UsageError(
      'unknown-round',
      `There is no round ${point.round} to fork from.`,
      `Choose a round from 0 to ${rounds.length}.`,
    );
  const events: SessionEvent[] = [
    {
      ...state.started,
      seq: 0,
      time,
      session: id,
      parent: { session: state.started.session, round: point.round },
    },
  ];
  let setup: SessionSetup = state.started;
  for (const round of rounds.slice(0, point.round)) {
    if (!sameSetup(setup, round.setup))
      events.push({ ...round.setup, seq: events.length, time: round.time, type: 'configured' });
    setup = round.setup;
    events.push(...eventsOf(round, events.length));
  }
  return events;
}

/**
 * The rounds of the present line, or of one that was left, with what stood before them then.
 * @throws UsageError `unknown-branch`.
 */
export function lineOf(state: SessionState, point: Pick<BranchPoint, 'undone'>): readonly Round[] {
  if (point.undone === undefined) return state.rounds;
  const left = state.undone[point.undone];
  if (!left || left.length === 0)
    throw new UsageError(
      'unknown-branch',
      `There is no earlier line ${point.undone}.`,
      'Choose one that exists.',
    );
  // What stood before it is on the present line, or left later with a cut further back.
  let shared = left[0]!.number - 1;
  let line = [...left];
  for (const later of state.undone.slice(point.undone + 1)) {
    const from = later[0]!.number - 1;
    if (from >= shared) continue;
    line = [...later.slice(0, shared - from), ...line];
    shared = from;
  }
  return [...state.rounds.slice(0, shared), ...line];
}

/** The events that make a round, each call with the phase that made it. */
function eventsOf(round: Round, seq: number): SessionEvent[] {
  const deciding = round.calls.filter((call) => call.purpose !== 'rank');
  const acting = round.calls.filter((call) => call.purpose === 'rank');
  const edited = round.edited.filter((part) => part !== 'observation');
  const decided: SessionEvent = {
    seq,
    time: round.time,
    type: 'decided',
    round: round.number,
    thought: round.thought,
    action: (round.action ?? null) as Extract<SessionEvent, { type: 'decided' }>['action'],
    repairs: [...round.repairs],
    ...(round.problem ? { problem: round.problem } : {}),
    calls: deciding,
    durationMs: round.durationMs,
    ...(edited.length > 0 ? { edited } : {}),
  };
  if (round.action === undefined) {
    // A person rewrote the thought and the policy has yet to choose.
    return [
      decided,
      { seq: seq + 1, time: round.time, type: 'edited', round: round.number, thought: round.thought },
    ];
  }
  if (!round.observation) return [decided];
  return [
    decided,
    {
      seq: seq + 1,
      time: round.time,
      type: 'observed',
      round: round.number,
      observation: round.observation,
      calls: acting,
      durationMs: 0,
      ...(round.edited.includes('observation') ? { edited: true } : {}),
    },
  ];
}

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { SessionEvent } from '../../src/agent/events.ts';
import { foldAll } from '../../src/agent/state.ts';

/**
 * A session of many rounds: those of a real one over and over, each with its observation of tens of items. The log
 * that is made folds like any other. Gives its id.
 * @param real log of a session that was run
 */
export function writeLongSession(real: string, rounds: number): string {
  const events = readFileSync(real, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as SessionEvent);
  const [started, ...rest] = events;
  if (started?.type !== 'started') throw new Error(`${real} does not begin a session.`);
  const pairs = rest.flatMap((event, i) => {
    const next = rest[i + 1];
    return event.type === 'decided' && next?.type === 'observed' ? [[event, next] as const] : [];
  });
  if (pairs.length === 0) throw new Error(`${real} has no complete round.`);
  const id = `long-${rounds}`;
  const log: SessionEvent[] = [
    { ...started, session: id, settings: { ...started.settings, maxRounds: 500, noProgressRounds: 0 } },
  ];
  for (let round = 1; round <= rounds; round++) {
    const [decided, observed] = pairs[(round - 1) % pairs.length]!;
    log.push({ ...decided, seq: log.length, round });
    log.push({ ...observed, seq: log.length, round });
  }
  foldAll(log); // throws where it does not fit
  writeFileSync(
    path.join(path.dirname(real), `${id}.jsonl`),
    log.map((event) => `${JSON.stringify(event)}\n`).join(''),
  );
  return id;
}

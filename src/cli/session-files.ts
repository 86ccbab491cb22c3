import fs from 'node:fs/promises';
import path from 'node:path';
import { diffSessions } from '../agent/diff.ts';
import { SessionStore } from '../agent/log-store.ts';
import { foldAll, type SessionState } from '../agent/state.ts';
import { describeAction, sessionMarkdown } from '../agent/transcript.ts';
import { asStorageError, writeFileAtomic } from '../shared/atomic-file.ts';
import type { Run } from './cli.ts';
import { summaryOf } from './session-summary.ts';
import { SessionView } from './session-view.ts';
import { plainText, table } from './terminal.ts';

export async function listSessions(run: Run): Promise<undefined> {
  const summaries = await new SessionStore(run.workspace.directory('sessions')).list();
  const sessions = summaries.map(({ id, state, problem }) =>
    state
      ? {
          id,
          dataset: state.started.dataset.name,
          user: state.started.subject.user?.id ?? null,
          policy: state.started.policy.label,
          rounds: state.rounds.length,
          ended: state.outcome?.reason.rule ?? null,
          parent: state.started.parent,
        }
      : { id, error: problem!.toDetail() },
  );
  await run.result({ sessions }, (style) => {
    if (sessions.length === 0) return ['No sessions yet. “toolrec session run” makes one.'];
    return table(
      sessions.map((session) =>
        'error' in session
          ? [style.bold(session.id), style.bad(session.error.code)]
          : [
              style.bold(session.id),
              plainText(session.dataset),
              plainText(session.user ?? '–'),
              plainText(session.policy),
              `${session.rounds} ${session.rounds === 1 ? 'round' : 'rounds'}`,
              session.ended ?? 'open',
              session.parent ? style.dim(`from ${session.parent.session}@${session.parent.round}`) : '',
            ],
      ),
    );
  });
  return undefined;
}

export async function showSession(run: Run, id: string): Promise<undefined> {
  const state = await loaded(run, id);
  await run.result(summaryOf(state), (style) => new SessionView(style).whole(state));
  return undefined;
}

export async function diffStored(run: Run, first: string, second: string): Promise<undefined> {
  const a = await loaded(run, first);
  const b = await loaded(run, second);
  const difference = diffSessions(a, b);
  await run.result({ first, second, ...difference }, (style) => {
    const lines: string[] = [];
    for (const entry of difference.rounds) {
      const left = a.rounds[entry.round - 1];
      const right = b.rounds[entry.round - 1];
      if (entry.same) {
        lines.push(style.dim(`${String(entry.round).padStart(2)}  = ${plainText(describeAction(left!))}`));
        continue;
      }
      lines.push(
        `${style.bold(String(entry.round).padStart(2))}  ${style.bad('−')} ${left ? plainText(describeAction(left)) : '(no round)'}`,
        `    ${style.good('+')} ${right ? plainText(describeAction(right)) : '(no round)'}`,
      );
      if (entry.thought && !entry.missing) lines.push(style.dim('      the thoughts differ'));
      if (entry.onlyFirst.length + entry.onlySecond.length > 0)
        lines.push(
          style.dim(
            `      items: ${entry.onlyFirst.length} only in the first, ${entry.onlySecond.length} only in the second`,
          ),
        );
      else if (entry.reordered) lines.push(style.dim('      the same items in another order'));
    }
    const { result } = difference;
    lines.push(
      result.same
        ? 'The final lists are the same.'
        : `Final lists: ${result.onlyFirst.length} only in the first, ${result.onlySecond.length} only in the second, ${result.moved.length} moved.`,
    );
    return lines;
  });
  return undefined;
}

export async function exportSession(
  run: Run,
  id: string,
  options: { readonly format?: unknown; readonly out?: unknown },
  cwd: string,
): Promise<undefined> {
  const store = new SessionStore(run.workspace.directory('sessions'));
  const { events, torn } = await store.read(id);
  const format = options.format as 'jsonl' | 'md';
  const content =
    format === 'md' ? sessionMarkdown(foldAll(events)) : await wholeLines(store.file(id), torn?.bytes ?? 0);
  const out = options.out as string | undefined;
  if (out === undefined) await run.result({ format, content }, () => content.trimEnd());
  else {
    const file = path.resolve(cwd, out);
    await writeFileAtomic(file, content);
    await run.result({ format, file }, () => `Written to ${file}.`);
  }
  return undefined;
}

/** The log as it stands, byte for byte, without half a line that a crash left at its end. */
async function wholeLines(file: string, torn: number): Promise<string> {
  const bytes = await fs.readFile(file).catch((error: unknown) => {
    throw asStorageError(error, file);
  });
  return bytes.subarray(0, bytes.length - torn).toString('utf8');
}

async function loaded(run: Run, id: string): Promise<SessionState> {
  const store = new SessionStore(run.workspace.directory('sessions'));
  const { events, torn } = await store.read(id);
  if (torn)
    run.log.warn(`Line ${torn.line} of the log is incomplete (${torn.bytes} bytes) and was left out.`);
  return foldAll(events);
}

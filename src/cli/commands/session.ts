import path from 'node:path';
import * as z from 'zod';
import { diffSessions } from '../../agent/diff.ts';
import { SessionStore } from '../../agent/log-store.ts';
import { foldAll, type SessionState } from '../../agent/state.ts';
import { describeAction, sessionMarkdown } from '../../agent/transcript.ts';
import { writeFileAtomic } from '../../shared/atomic-file.ts';
import { examples, type Cli, type Run } from '../cli.ts';
import type { ToolRecCommand } from '../command.ts';
import { registerRun } from '../session-run.ts';
import { summaryOf } from '../session-summary.ts';
import { SessionView } from '../session-view.ts';
import { plainText, table } from '../terminal.ts';

export function register(program: ToolRecCommand, cli: Cli): void {
  const group = program
    .command('session')
    .summary('run, show, compare and export surrogate-user sessions')
    .description(
      'A surrogate user finds items for a user in rounds of thought, action and observation (paper 3.2).',
    );
  registerRun(group, cli);
  registerList(group, cli);
  registerShow(group, cli);
  registerDiff(group, cli);
  registerExport(group, cli);
}

function registerList(group: ToolRecCommand, cli: Cli): void {
  group
    .command('list')
    .summary('sessions of the workspace')
    .description('Lists the sessions of the workspace with how they ended.')
    .addHelpText(
      'after',
      examples(['toolrec session list --json | jq -r ".sessions[].id"', 'ids, for a script']),
    )
    .action(
      cli.action(z.strictObject({}), async (run) => {
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
                    `${session.rounds} rounds`,
                    session.ended ?? 'open',
                    session.parent ? style.dim(`from ${session.parent.session}@${session.parent.round}`) : '',
                  ],
            ),
          );
        });
        return undefined;
      }),
    );
}

function registerShow(group: ToolRecCommand, cli: Cli): void {
  group
    .command('show')
    .argument('<session>', 'id of the session')
    .summary('a stored session, round by round')
    .description('Shows a stored session; the dataset need not be there.')
    .addHelpText('after', examples(['toolrec session show s-20260501-101500-ab12 --json', 'with every item']))
    .action(
      cli.action<z.ZodObject, [string]>(z.strictObject({}), async (run, _options, id) => {
        const state = await loaded(run, id);
        await run.result(summaryOf(state), (style) => new SessionView(style).whole(state));
        return undefined;
      }),
    );
}

function registerDiff(group: ToolRecCommand, cli: Cli): void {
  group
    .command('diff')
    .argument('<first>', 'id of a session')
    .argument('<second>', 'id of another')
    .summary('two sessions compared round by round')
    .description('Compares two sessions: thoughts, actions, what the tools returned, and the final lists.')
    .addHelpText(
      'after',
      examples(['toolrec session diff s-20260501-101500-ab12 s-20260501-102000-cd34', 'what changed']),
    )
    .action(
      cli.action<z.ZodObject, [string, string]>(z.strictObject({}), async (run, _options, first, second) => {
        const a = await loaded(run, first);
        const b = await loaded(run, second);
        const difference = diffSessions(a, b);
        await run.result({ first, second, ...difference }, (style) => {
          const lines: string[] = [];
          for (const entry of difference.rounds) {
            const left = a.rounds[entry.round - 1];
            const right = b.rounds[entry.round - 1];
            if (entry.same) {
              lines.push(
                style.dim(`${String(entry.round).padStart(2)}  = ${plainText(describeAction(left!))}`),
              );
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
      }),
    );
}

function registerExport(group: ToolRecCommand, cli: Cli): void {
  group
    .command('export')
    .argument('<session>', 'id of the session')
    .summary('a session as JSON lines or Markdown')
    .description('Writes a session to stdout or a file: jsonl is the log itself, md a transcript for people.')
    .option('-f, --format <format>', 'jsonl or md (default: md)')
    .option('-o, --out <file>', 'file to write (default: stdout)')
    .addHelpText(
      'after',
      examples(['toolrec session export s-20260501-101500-ab12 -o session.md', 'for a pull request']),
    )
    .action(
      cli.action<z.ZodObject, [string]>(
        z.strictObject({ format: z.enum(['jsonl', 'md']).default('md'), out: z.string().optional() }),
        async (run, options, id) => {
          const store = new SessionStore(run.workspace.directory('sessions'));
          const { events } = await store.read(id);
          const format = options['format'] as 'jsonl' | 'md';
          const content =
            format === 'md'
              ? sessionMarkdown(foldAll(events))
              : events.map((event) => `${JSON.stringify(event)}\n`).join('');
          const out = options['out'] as string | undefined;
          if (out === undefined) await run.result({ format, content }, () => content.trimEnd());
          else {
            const file = path.resolve(cli.environment.cwd, out);
            await writeFileAtomic(file, content);
            await run.result({ format, file }, () => `Written to ${file}.`);
          }
          return undefined;
        },
      ),
    );
}

async function loaded(run: Run, id: string): Promise<SessionState> {
  const store = new SessionStore(run.workspace.directory('sessions'));
  const { events, torn } = await store.read(id);
  if (torn)
    run.log.warn(`Line ${torn.line} of the log is incomplete (${torn.bytes} bytes) and was left out.`);
  return foldAll(events);
}

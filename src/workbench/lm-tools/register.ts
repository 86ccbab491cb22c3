import * as vscode from 'vscode';
import type { z } from 'zod';
import { DisposableStore } from '../../shared/disposable.ts';
import { CancelledError, ToolRecError, UsageError } from '../../shared/errors.ts';
import { withoutSecrets } from '../../shared/log.ts';
import { openFolders, requireTrust } from '../folders.ts';
import { vscodeTexts } from '../language.ts';
import type { LanguageModels } from '../language-models.ts';
import type { WorkbenchLog } from '../log.ts';
import { choiceSentence, choiceText } from '../model-choice.ts';
import { languageModelTools } from '../names.ts';
import type { OpenSession } from '../sessions/open-session.ts';
import type { SessionReference } from '../sessions/session-ids.ts';
import type { NewSession, Sessions } from '../sessions/sessions.ts';
import { labelText } from '../untrusted-text.ts';
import type { ExplainInput, RecommendInput } from './definitions.ts';

interface Parts {
  readonly sessions: Sessions;
  readonly languageModels: LanguageModels;
  readonly log: WorkbenchLog;
  /** True while a panel shows the session. */
  readonly isShown: (session: OpenSession) => boolean;
}

/** Longest answer where the agent does not say how much it can take, in characters. */
const longestAnswer = 60_000;
/** Fewer than an English text has, since titles and numbers take more tokens. */
const charactersPerToken = 3;

/** Registers what chat agents of VS Code may call. What the tools need is loaded at their first call. */
export function registerLanguageModelTools(parts: Parts): vscode.Disposable {
  const registered = new DisposableStore();
  registered.add(vscode.lm.registerTool(languageModelTools.recommend, new RecommendTool(parts)));
  registered.add(vscode.lm.registerTool(languageModelTools.explainSession, new ExplainTool(parts)));
  return registered;
}

class RecommendTool implements vscode.LanguageModelTool<RecommendInput> {
  private readonly parts: Parts;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  async prepareInvocation({
    input,
  }: vscode.LanguageModelToolInvocationPrepareOptions<RecommendInput>): Promise<vscode.PreparedToolInvocation> {
    const choice = await this.parts.languageModels.current();
    const whom = whomText(input);
    const prepared = { invocationMessage: vscode.l10n.t('Recommending for {0}', whom) };
    // Offline nothing leaves the machine and nothing is spent; the session is kept, and can be deleted.
    if (choice.kind === 'offline') return prepared;
    return {
      ...prepared,
      confirmationMessages: {
        title: vscode.l10n.t('Run a ToolRec session for {0}?', whom),
        message: `${vscode.l10n.t('It asks {0} several times.', choiceText(choice, vscodeTexts))} ${choiceSentence(choice, vscodeTexts)}`,
      },
    };
  }

  invoke(
    { input }: vscode.LanguageModelToolInvocationOptions<RecommendInput>,
    token: vscode.CancellationToken,
  ): Promise<vscode.LanguageModelToolResult> {
    return answer(this.parts.log, async () => {
      requireTrust();
      const [{ recommendInput }, { recommendation, subjectOf }] = await Promise.all([
        import('./definitions.ts'),
        import('./recommend.ts'),
      ]);
      const wanted = checked(recommendInput, input);
      const { sessions } = this.parts;
      const place = await datasetPlace(wanted.dataset);
      const subject = subjectOf(await (await sessions.worlds()).dataset(place), wanted);
      const settings = wanted.n === undefined ? {} : { settings: { n: wanted.n } };
      return run(this.parts, { ...place, ...subject, ...settings }, token, (session) =>
        JSON.stringify(recommendation(session), null, 1),
      );
    });
  }
}

class ExplainTool implements vscode.LanguageModelTool<ExplainInput> {
  private readonly parts: Parts;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  prepareInvocation(): vscode.PreparedToolInvocation {
    // It only reads what is in the workspace: nothing to confirm.
    return { invocationMessage: vscode.l10n.t('Reading a ToolRec session') };
  }

  invoke({
    input,
    tokenizationOptions,
  }: vscode.LanguageModelToolInvocationOptions<ExplainInput>): Promise<vscode.LanguageModelToolResult> {
    const room = (tokenizationOptions?.tokenBudget ?? Number.POSITIVE_INFINITY) * charactersPerToken;
    const longest = Math.min(longestAnswer, room);
    return answer(this.parts.log, async () => {
      const { explainInput } = await import('./definitions.ts');
      const { session: id, item } = checked(explainInput, input);
      const session = await this.session(id);
      if (item === undefined) {
        const { sessionMarkdown } = await import('../../agent/transcript.ts');
        return sessionMarkdown(session.state, undefined, longest);
      }
      const [{ itemTrail, findItem }, { trailMarkdown }, { boundedTrail }] = await Promise.all([
        import('../../agent/trail.ts'),
        import('../memory/trail-text.ts'),
        import('./recommend.ts'),
      ]);
      const found = findItem(session.state, item);
      const trail = found === undefined ? undefined : itemTrail(session.state, found);
      if (!trail)
        throw new UsageError(
          'no-trail',
          `Session ${session.id} holds no item “${item.slice(0, 80)}”: no tool found it, and it is not in the list.`,
          'Ask for the whole session to see what it holds.',
        );
      return boundedTrail(trail, longest, (part) => trailMarkdown(part, vscodeTexts));
    });
  }

  private async session(id: string | undefined): Promise<Pick<OpenSession, 'id' | 'state'>> {
    const { sessions } = this.parts;
    if (id === undefined) {
      if (sessions.active) return sessions.active;
      const [latest] = (await listed(sessions)).sort((a, b) => b.changed - a.changed);
      if (!latest)
        throw new UsageError('no-sessions', 'There is no session yet.', 'Run one, then ask again.');
      return this.session(latest.id);
    }
    const open = sessions.open.find((session) => session.id === id);
    if (open) return open;
    const known = (await listed(sessions)).find((entry) => entry.id === id);
    if (!known)
      throw new UsageError(
        'unknown-session',
        `There is no session “${id.slice(0, 80)}”.`,
        'Leave the id out for the active one.',
      );
    return read(known);
  }
}

/** Reads a session without opening it: nothing is prepared for it to go on. */
async function read({ folder, id }: SessionReference): Promise<Pick<OpenSession, 'id' | 'state'>> {
  const [{ SessionStore }, { foldAll }, { Workspace }] = await Promise.all([
    import('../../agent/log-store.ts'),
    import('../../agent/state.ts'),
    import('../../shared/workspace.ts'),
  ]);
  const { events } = await new SessionStore(new Workspace(folder).directory('sessions')).read(id);
  return { id, state: foldAll(events) };
}

async function listed(sessions: Sessions) {
  const all = await Promise.all(openFolders().map(({ uri }) => sessions.list(uri.fsPath)));
  return all.flat().filter(({ started }) => started !== undefined);
}

/** Runs a new session to its end and tells of it; the token stops it in the middle. What no panel shows is closed. */
async function run(
  { sessions, isShown }: Parts,
  start: NewSession,
  token: vscode.CancellationToken,
  tell: (session: OpenSession) => string,
): Promise<string> {
  const abort = new AbortController();
  let session: OpenSession | undefined;
  const listening = token.onCancellationRequested(() => {
    abort.abort();
    session?.stop();
  });
  try {
    if (token.isCancellationRequested) throw new CancelledError('The session');
    session = await sessions.create(start, { signal: abort.signal });
    if (token.isCancellationRequested) throw new CancelledError('The session');
    await session.run();
    if (token.isCancellationRequested) throw new CancelledError('The session');
    if (session.problem) throw session.problem;
    const { failure, outcome } = session.state;
    if (failure) throw new UsageError(failure.error.code, failure.error.message, failure.error.remedy);
    if (!outcome)
      throw new UsageError(
        'not-ended',
        `Session ${session.id} did not end.`,
        'Open it in ToolRec and go on there.',
      );
    return tell(session);
  } finally {
    listening.dispose();
    if (session && session !== sessions.active && !isShown(session)) await sessions.close(session);
  }
}

/** `user 42 of ml-1m`, `a history of 3 items`: what an agent passes has not been checked yet. */
function whomText(input: Partial<Record<keyof RecommendInput, unknown>>): string {
  const short = (text: string) => labelText(text, 60);
  const whom =
    typeof input.user === 'string'
      ? vscode.l10n.t('user {0}', short(input.user))
      : Array.isArray(input.history) && input.history.length === 1
        ? vscode.l10n.t('someone who liked “{0}”', short(String(input.history[0])))
        : vscode.l10n.t('a history of {0} items', Array.isArray(input.history) ? input.history.length : 0);
  return typeof input.dataset === 'string' ? vscode.l10n.t('{0} of {1}', whom, short(input.dataset)) : whom;
}

/** The folder and name of a dataset; the only one where none is named. */
async function datasetPlace(
  name: string | undefined,
): Promise<{ readonly folder: string; readonly dataset: string }> {
  const [{ listDatasets }, { Workspace }] = await Promise.all([
    import('../../data/library.ts'),
    import('../../shared/workspace.ts'),
  ]);
  const places = await Promise.all(
    openFolders().map(async ({ uri }) =>
      (await listDatasets(new Workspace(uri.fsPath)))
        .filter(({ manifest }) => manifest !== undefined)
        .map((entry) => ({ folder: uri.fsPath, dataset: entry.name })),
    ),
  );
  const all = places.flat();
  const found = name === undefined ? all : all.filter(({ dataset }) => dataset === name);
  if (found.length === 1) return found[0]!;
  const names = [...new Set(all.map(({ dataset }) => dataset))].join(', ');
  if (all.length === 0)
    throw new UsageError(
      'no-datasets',
      'The workspace has no dataset.',
      'The person can make one with “ToolRec: Create Sample Dataset” or “ToolRec: Import Dataset…”.',
    );
  if (found.length === 0)
    throw new UsageError(
      'unknown-dataset',
      `There is no dataset “${name!.slice(0, 80)}”.`,
      `There are: ${names}.`,
    );
  throw new UsageError('which-dataset', 'There are several datasets.', `Name one of: ${names}.`);
}

function checked<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const parsed = schema.safeParse(input ?? {});
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UsageError(
    'bad-input',
    `The input does not fit: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim(),
    'Look at the tool’s schema.',
  );
}

/** A tool's answer; a failure becomes a sentence that a model can act on, and a line of the log. */
async function answer(
  log: WorkbenchLog,
  work: () => Promise<string>,
): Promise<vscode.LanguageModelToolResult> {
  try {
    return new vscode.LanguageModelToolResult([
      new vscode.LanguageModelTextPart(withoutSecrets(await work())),
    ]);
  } catch (error) {
    if (error instanceof CancelledError) throw new vscode.CancellationError();
    if (!(error instanceof ToolRecError)) throw error;
    log.warn(`${error.code}: ${error.describe()}`);
    throw new Error(`${error.code}: ${error.describe()}`, { cause: error });
  }
}

import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { branch } from '../agent/branch.ts';
import { catalogueOf } from '../agent/catalogue.ts';
import { requireRoom } from '../agent/completion.ts';
import type { SessionEvent } from '../agent/events.ts';
import { type SessionLog, SessionStore } from '../agent/log-store.ts';
import { offlineRanker } from '../agent/offline/ranker.ts';
import { defaultWeights } from '../agent/offline/weights.ts';
import { replay } from '../agent/replay.ts';
import { Session, type SessionEnvironment, type SessionStart } from '../agent/session.ts';
import { setupOf } from '../agent/session-start.ts';
import { foldAll, type SessionState } from '../agent/state.ts';
import { standardTools } from '../agent/tools/registry.ts';
import type { Dataset } from '../data/dataset.ts';
import { openNamedDataset } from '../data/library.ts';
import {
  environmentOf,
  fitOfflineWeights,
  llmParts,
  metricsOf,
  offlineParts,
  promptLibrary,
  weightsFor,
} from '../experiments/session-parts.ts';
import { openRetrieval } from '../experiments/session-retrieval.ts';
import { userHistory } from '../experiments/user-history.ts';
import { JournalCassette } from '../llm/journal-cassette.ts';
import type { ChatModel } from '../llm/chat-model.ts';
import { OpenAiChatModel } from '../llm/openai-chat.ts';
import { CancelledError, UsageError } from '../shared/errors.ts';
import { keyFor, withheld } from './api-key.ts';
import type { Cli, CliEnvironment, Run } from './cli.ts';
import type { RunOptions } from './commands/session.ts';
import { exitCodes } from './exit-codes.ts';
import { summaryOf } from './session-summary.ts';
import { SessionView } from './session-view.ts';
import { plainText, styleFor } from './terminal.ts';

/** Runs a session and prints the rounds as they come. */
export async function runSession(run: Run, options: RunOptions, cli: Cli): Promise<undefined> {
  const store = new SessionStore(run.workspace.directory('sessions'));
  const fork = options.fork === undefined ? undefined : await openFork(store, options);
  const dataset = await openNamedDataset(
    run.workspace,
    options.dataset ?? fork?.state.started.dataset.name ?? 'sample',
  );
  const { environment, isOffline } = await environmentFor(run, options, dataset, fork, cli.environment);

  const id = newId();
  const view = new SessionView(
    styleFor(cli.environment.stdout, cli.environment.env),
    cli.environment.stdout.columns,
  );
  let log: SessionLog | undefined;
  const append = async (event: SessionEvent) => {
    log ??= await store.create(id);
    await log.append(event);
  };
  const living = { ...environment, append };
  const session = fork
    ? await forkSession(living, fork, id, settingsOf(options), append)
    : await Session.start(living, { id, ...subjectOf(dataset, options), settings: settingsOf(options) });
  let printed: Promise<void> = run.print([
    ...view.head(session.state.started),
    ...session.state.rounds.flatMap((round) => [...view.decision(round), ...view.observation(round)]),
  ]);
  let written = 0;
  const tellWritten = () => {
    const round = session.state.rounds.filter(({ observation }) => observation).length + 1;
    if (!isOffline && !session.state.outcome)
      run.work.onProgress?.({ message: `Round ${round}: the model has written ${written} characters` });
  };
  session.listen({
    onEvent: (event, state) => {
      written = 0;
      printed = printed.then(() => run.print(view.live(event, state))).then(tellWritten);
    },
    onDelta: (text) => {
      written += text.length;
      tellWritten();
    },
    onRetry: (notice) =>
      run.log.warn(`${notice.error.message} Trying again in ${Math.round(notice.waitMs / 100) / 10} s.`),
  });

  try {
    await printed;
    tellWritten();
    const outcome = await session.run({ signal: run.work.signal });
    await printed;
    if (outcome.status === 'failed') {
      run.log.info(`The session is kept; go on with --fork ${id}.`);
      throw outcome.error;
    }
    if (outcome.status === 'interrupted') {
      run.log.info(`The session is kept; go on with --fork ${id}.`);
      throw new CancelledError('The session');
    }
  } finally {
    await log?.close();
  }
  const { state } = session;
  const { user, before } = state.started.subject;
  const metrics = user ? metricsOf(dataset, user.code, state.outcome!.result, before) : undefined;
  await run.result(
    { ...summaryOf(state), metrics: metrics ?? null, offline: isOffline, file: store.file(id) },
    () => [...view.result(state, metrics), `Kept as ${id}.`],
  );
  return undefined;
}

async function environmentFor(
  run: Run,
  options: RunOptions,
  dataset: Dataset,
  fork: Fork | undefined,
  world: CliEnvironment,
): Promise<{ environment: SessionEnvironment; isOffline: boolean }> {
  const { retriever, label, source, chosen } = await openRetrieval(
    run.engine,
    {
      workspace: run.workspace.folder,
      dataset,
      model: retrievalModel(options) ?? fork?.state.started.retrievalSource?.model,
      before: fork ? fork.state.started.subject.before : options.before,
      neighbours: options.policy === 'offline',
    },
    run.work,
  );
  if (chosen === 'nothing-trained')
    run.log.warn(
      `Nothing is trained on “${dataset.name}”, so ${source.model} stands in for the retrieval tools. ` +
        `“toolrec train ${dataset.name}” trains a backbone.`,
    );
  if (options.policy === 'llm') {
    const parts = await llmParts({
      model: await chatModel(run, options, world),
      dataset,
      library: promptLibrary(run.workspace),
      domain: options.domain,
      protocol: options.protocol,
      demonstrations: options.demonstrations,
    });
    return { environment: environmentOf(dataset, retriever, label, parts), isOffline: false };
  }
  if (options.fit) {
    const weights = await fitOfflineWeights(run.workspace, dataset, { retriever, source }, run.work);
    const { backboneNdcg, ndcg, users } = weights.fitted!;
    run.log.info(
      `Fitted on ${users} validation users: NDCG@10 ${backboneNdcg.toFixed(4)} → ${ndcg.toFixed(4)}, cross-validated (the test split was not looked at).`,
    );
  }
  const weights = await weightsFor(run.workspace, dataset, source);
  return {
    environment: environmentOf(dataset, retriever, label, offlineParts(weights)),
    isOffline: true,
  };
}

/** Without a language model `--model` can only mean the trained one. */
function retrievalModel({ policy, model, retrieval }: RunOptions): string | undefined {
  if (policy === 'llm' || model === undefined) return retrieval;
  if (retrieval !== undefined && retrieval !== model)
    throw new UsageError(
      'two-models',
      'Without a language model, --model and --retrieval mean the same.',
      'Give one of them, or a language model with -p llm.',
      { place: { flag: '--model' } },
    );
  return model;
}

async function chatModel(run: Run, options: RunOptions, { env, cwd }: CliEnvironment): Promise<ChatModel> {
  if (options.playback !== undefined) return JournalCassette.replay(path.resolve(cwd, options.playback));
  if (options.model === undefined)
    throw new UsageError('no-model', 'No language model is named.', 'Give --model, as the server names it.', {
      place: { flag: '--model' },
    });
  if (options.maxCost !== undefined && options.price === undefined)
    throw new UsageError(
      'no-price',
      'A limit on money needs a price, and no price is known.',
      'Give --price, such as 0.15/0.6 (dollars a million tokens), or limit tokens with --max-tokens.',
      { place: { flag: '--price' } },
    );
  const key = keyFor(options.baseUrl, env);
  const live = new OpenAiChatModel({
    baseURL: options.baseUrl,
    model: options.model,
    ...(options.price === undefined ? {} : { prices: { [options.model]: options.price } }),
    ...(key === undefined ? {} : { apiKey: key }),
  });
  const word = withheld(options.baseUrl, key, env);
  if (word !== undefined) run.log.warn(word);
  return options.record === undefined
    ? live
    : JournalCassette.record(path.resolve(cwd, options.record), live);
}

function settingsOf(options: RunOptions): Record<string, number> {
  const { top: n, rounds: maxRounds, maxTokens, maxCost, maxTime, seed } = options;
  const maxTimeMs = maxTime === undefined ? undefined : maxTime * 1000;
  const given = { n, maxRounds, maxTokens, maxCost, maxTimeMs, seed };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Record<
    string,
    number
  >;
}

function subjectOf(dataset: Dataset, options: RunOptions): Pick<SessionStart, 'user' | 'before' | 'history'> {
  if (options.history !== undefined) {
    if (options.user !== undefined)
      throw new UsageError('user-and-history', 'Both a user and a history were given.', 'Give one of them.', {
        place: { flag: '--history' },
      });
    const history = options.history.split(',').map((text) => {
      const code = dataset.itemCode(text.trim());
      if (code === undefined)
        throw new UsageError(
          'unknown-item',
          `The catalogue has no item “${text.trim().slice(0, 60)}”.`,
          'Give ids of the dataset.',
          {
            place: { flag: '--history' },
          },
        );
      return code;
    });
    return { history };
  }
  const user = options.user === undefined ? 0 : dataset.userCode(options.user);
  if (user === undefined)
    throw new UsageError(
      'unknown-user',
      `The dataset has no user “${options.user!.slice(0, 60)}”.`,
      `Users are named like ${dataset.user(0).id}.`,
      { place: { flag: '--user' } },
    );
  const { before = 'test' } = options;
  return { user, before, history: [...userHistory(dataset, user, before)] };
}

interface Fork {
  readonly state: SessionState;
  readonly round: number;
}

async function openFork(store: SessionStore, options: RunOptions): Promise<Fork> {
  for (const [flag, given] of [
    ['--user', options.user],
    ['--history', options.history],
    ['--before', options.before],
  ] as const)
    if (given !== undefined)
      throw new UsageError(
        'fork-of-other',
        'A fork goes on with the history that the session began with.',
        'Start a new session for another one.',
        { place: { flag } },
      );
  const [, id, at] = /^(.*?)(?:@(\d+))?$/.exec(options.fork ?? '')!;
  const state = foldAll((await store.read(id!)).events);
  const complete = state.rounds.filter((round) => round.observation).length;
  return { state, round: at === undefined ? complete : Number(at) };
}

async function forkSession(
  environment: SessionEnvironment,
  { state, round }: Fork,
  id: string,
  settings: Record<string, number>,
  append: (event: SessionEvent) => Promise<void>,
): Promise<Session> {
  const [started, ...rounds] = branch(state, id, { round }, environment.clock());
  // The rounds to come are decided and ranked by the policy that was asked for now, and end by the rules that were.
  const first = {
    ...started!,
    ...setupOf(environment),
    settings: { ...state.started.settings, ...settings },
  } as SessionEvent;
  requireRoom(environment.dataset, new Set(state.started.subject.history), settings['n'] ?? 0);
  const session = Session.resume(environment, [first, ...rounds]);
  for (const event of [first, ...rounds]) await append(event);
  return session;
}

/** Runs a stored session again without a model. */
export async function replaySession(run: Run, id: string): Promise<number> {
  const store = new SessionStore(run.workspace.directory('sessions'));
  const { events } = await store.read(id);
  const recorded = foldAll(events);
  const dataset = await openNamedDataset(run.workspace, recorded.started.dataset.name);
  if (dataset.hash !== recorded.started.dataset.hash)
    run.log.warn('The dataset has changed since the session was recorded; differences are to be expected.');
  const tools = standardTools(offlineRanker(defaultWeights([]))); // what they return comes from the log
  const again = await replay(events, { dataset, catalogue: catalogueOf(dataset), tools });
  await run.result({ ...summaryOf(again.state), replayOf: id, divergences: again.divergences }, (style) => [
    ...new SessionView(style).whole(again.state),
    '',
    again.divergences.length === 0
      ? style.good('Replayed without a model: the result is the same.')
      : style.bad(`Replayed with ${again.divergences.length} differences:`),
    ...again.divergences.map(
      ({ round, what, recorded: before, replayed }) =>
        `  ${round === 0 ? 'result' : `round ${round}`}: ${what} was ${plainText(before).slice(0, 100)}, is ${plainText(replayed).slice(0, 100)}`,
    ),
  ]);
  return again.divergences.length === 0 ? exitCodes.ok.code : exitCodes.failure.code;
}

function newId(): string {
  const now = new Date().toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return `s-${now}-${randomBytes(2).toString('hex')}`;
}

import { setMaxListeners } from 'node:events';
import fs from 'node:fs/promises';
import path from 'node:path';
import { type Dataset, historyBefore, partOf } from '../data/dataset.ts';
import { asStorageError, makeFolder, writeFileAtomic } from '../shared/atomic-file.ts';
import { CancelledError, ModelError, ToolRecError, UsageError } from '../shared/errors.ts';
import type { Workspace } from '../shared/workspace.ts';
import { stopsEverything } from './failures.ts';
import { keepPrompts } from './kept-prompts.ts';
import type { MethodAnswer, MethodTask } from './method.ts';
import { LineWriter } from './line-writer.ts';
import { experimentDirectory, planFile, recordsFile, sessionsFolder, spendingFile } from './places.ts';
import { countingRecords } from './plan-file.ts';
import { type OpenExperiment, type OpenMethod } from './plan.ts';
import { RunProgress, type RunState, type RunStatus } from './run-progress.ts';
import { writeRunState } from './run-state.ts';
import { type ExperimentRecord, readRecords, recordKey } from './records.ts';
import { lockRun, takeRunWish } from './run-lock.ts';
import { noSpending, SpendingJournal } from './spending.ts';

export interface RunOptions {
  /** `fresh`: there must be no records yet. `resume`: goes on with what is there. */
  readonly mode: 'fresh' | 'resume';
  /** Users that failed are tried again. */
  readonly retryFailed?: boolean;
  /** Fires to leave: users in flight are given up. */
  readonly signal?: AbortSignal | undefined;
  /** Fires to pause: users in flight are finished. */
  readonly pause?: AbortSignal | undefined;
  /** A snapshot after each user. */
  onState?(state: RunState): void;
}

export interface RunOutcome {
  readonly status: RunStatus;
  /** Why it stopped early, when it was for an error. */
  readonly error: ToolRecError | undefined;
  readonly state: RunState;
}

/** After so many failed users in a row it is the model, not the users. */
const failuresInARow = 12;
const wishLookMs = 500;

/**
 * Runs what is missing of an experiment. Each user's record is on the disk before the user counts as done; nothing
 * that has a record is run again. What ends early (pause, cancel, budget, an error) can be resumed.
 * @throws UsageError `experiment-exists`, `dataset-changed`, `already-running`; StorageError
 */
export async function runExperiment(experiment: OpenExperiment, options: RunOptions): Promise<RunOutcome> {
  const { world, id, plan } = experiment;
  const directory = experimentDirectory(world.workspace, id);
  const lock = await lockRun(world.workspace, id);
  try {
    const file = path.join(directory, recordsFile);
    await makeFolder(directory).catch((error: unknown) => {
      throw asStorageError(error, directory);
    });
    if (options.mode === 'fresh') await refuseExisting(world.workspace, id);
    const stored = await readRecords(file);
    await refuseOtherDataset(directory, experiment);
    await writeFileAtomic(path.join(directory, planFile), `${JSON.stringify(plan, null, 1)}\n`);
    await keepPrompts(
      directory,
      experiment.methods.flatMap(({ method }) => method.prompts ?? []),
    );
    const records = countingRecords(experiment.plan, stored.records).filter(
      (record) => !(options.retryFailed && record.failure),
    );
    const writer = await LineWriter.open(file, stored.tornBytes);
    let journal: SpendingJournal | undefined;
    try {
      if (experiment.methods.some(({ method }) => method.languageModel !== undefined)) {
        const kept = await SpendingJournal.open(path.join(directory, spendingFile), stored.records);
        experiment.languageModels.keepAccount((spent) => kept.add(spent));
        journal = kept;
      }
      return await new Run(experiment, directory, records, { writer, journal }, options).toEnd();
    } finally {
      await writer.close();
      await experiment.languageModels.close();
      await journal?.close();
    }
  } finally {
    await lock.release();
  }
}

/** @throws UsageError `experiment-exists` when there are records of an earlier run. */
export async function refuseExisting(workspace: Workspace, id: string): Promise<void> {
  const { records } = await readRecords(path.join(experimentDirectory(workspace, id), recordsFile));
  if (records.length > 0)
    throw new UsageError(
      'experiment-exists',
      `“${id}” has ${records.length} records already.`,
      'Go on with “toolrec experiment resume”, or start anew with “run --again”, which keeps the old ones aside.',
    );
}

/** Puts an earlier run aside under a name of its own, so that nothing that was paid for is lost. */
export async function setAside(workspace: Workspace, id: string): Promise<string | undefined> {
  const directory = experimentDirectory(workspace, id);
  if (!(await fs.stat(directory).catch(() => undefined))) return undefined;
  for (let number = 1; ; number++) {
    const name = `${id}.${number}`;
    const target = experimentDirectory(workspace, name);
    if (await fs.stat(target).catch(() => undefined)) continue;
    await fs.rename(directory, target).catch((error: unknown) => {
      throw asStorageError(error, directory);
    });
    return name;
  }
}

async function refuseOtherDataset(directory: string, { plan, id }: OpenExperiment): Promise<void> {
  const text = await fs.readFile(path.join(directory, planFile), 'utf8').catch(() => undefined);
  if (text === undefined) return;
  let hash: unknown;
  try {
    hash = (JSON.parse(text) as { dataset?: { hash?: unknown } }).dataset?.hash;
  } catch {
    return; // a damaged plan is written anew
  }
  if (hash !== plan.dataset.hash)
    throw new UsageError(
      'dataset-changed',
      `“${plan.dataset.name}” has changed since “${id}” was begun; its records belong to another state.`,
      'Start anew with “toolrec experiment run --again”, or import the dataset as it was.',
    );
}

interface Task {
  readonly repeat: number;
  readonly user: number;
}

/** One run from the first missing user to the end or to what stops it. */
class Run {
  private readonly experiment: OpenExperiment;
  private readonly directory: string;
  private readonly writer: LineWriter;
  private readonly journal: SpendingJournal | undefined;
  private readonly options: RunOptions;
  private readonly done: ReadonlySet<string>;
  private readonly progress: RunProgress;
  private readonly started = performance.now();
  private readonly counts: Uint32Array;
  private readonly keptSessions: readonly ReadonlySet<number>[] | 'all';
  private ended: RunStatus | undefined;
  private error: ToolRecError | undefined;
  private failedInARow = 0;

  constructor(
    experiment: OpenExperiment,
    directory: string,
    records: readonly ExperimentRecord[],
    kept: { readonly writer: LineWriter; readonly journal: SpendingJournal | undefined },
    options: RunOptions,
  ) {
    this.experiment = experiment;
    this.directory = directory;
    this.writer = kept.writer;
    this.journal = kept.journal;
    this.options = options;
    this.done = new Set(records.map(recordKey));
    this.progress = new RunProgress(experiment.plan, records, this.journal?.total);
    this.counts = trainingCounts(experiment.dataset);
    const { sessions } = experiment.file.config;
    this.keptSessions =
      sessions === 'all'
        ? 'all'
        : experiment.plan.samples.map(
            (users) => new Set(sessions === 'none' ? [] : users.slice(0, sessions)),
          );
  }

  async toEnd(): Promise<RunOutcome> {
    const { workspace } = this.experiment.world;
    await this.report('running');
    const leaving = new AbortController();
    setMaxListeners(0, leaving.signal); // every user in flight listens
    const leave = () => leaving.abort();
    this.options.signal?.addEventListener('abort', leave, { once: true });
    if (this.options.signal?.aborted) leave();
    const wishes = setInterval(() => {
      void takeRunWish(workspace, this.experiment.id)
        .then((wish) => {
          if (wish === 'pause') this.end('paused');
          if (wish === 'stop') leave();
        })
        .catch(() => undefined);
    }, wishLookMs);
    try {
      for (const method of this.experiment.methods) {
        if (this.ended) break;
        await this.runMethod(method, leaving.signal);
      }
    } finally {
      clearInterval(wishes);
      this.options.signal?.removeEventListener('abort', leave);
    }
    const status = this.ended ?? 'finished';
    await this.report(status);
    return { status, error: this.error, state: this.progress.snapshot(status) };
  }

  private async runMethod(method: OpenMethod, signal: AbortSignal): Promise<void> {
    const tasks: Task[] = [];
    this.experiment.plan.samples.forEach((users, repeat) => {
      for (const user of users)
        if (!this.done.has(recordKey({ method: method.planned.id, repeat, user })))
          tasks.push({ repeat, user });
    });
    let next = 0;
    const worker = async () => {
      for (;;) {
        this.look(signal);
        const task = this.ended ? undefined : tasks[next++];
        if (!task) return;
        await this.runTask(method, task, signal);
      }
    };
    const workers = Array.from({ length: Math.min(method.concurrency, tasks.length) }, worker);
    // All are waited for even if one throws: no user is left running behind the run's back.
    const results = await Promise.allSettled(workers);
    const thrown = results.find((result) => result.status === 'rejected');
    if (thrown) throw thrown.reason;
  }

  /** Sees whether anything says to take no further user. */
  private look(signal: AbortSignal): void {
    if (signal.aborted) this.end('cancelled');
    else if (this.options.pause?.aborted) this.end('paused');
    const { budget } = this.experiment.file.config;
    if (!budget) return;
    const { cost, tokens } = this.journal?.total ?? noSpending;
    const over =
      (budget.cost !== undefined && cost >= budget.cost) ||
      (budget.tokens !== undefined && tokens >= budget.tokens) ||
      (budget.minutes !== undefined && performance.now() - this.started >= budget.minutes * 60_000);
    if (over) this.end('budget');
  }

  private end(status: RunStatus, error?: ToolRecError): void {
    this.ended ??= status;
    this.error ??= error;
  }

  private async runTask(
    { planned, method }: OpenMethod,
    { repeat, user }: Task,
    signal: AbortSignal,
  ): Promise<void> {
    const { plan, dataset } = this.experiment;
    const history = historyBefore(dataset, user, plan.part);
    const session = `${planned.id}.r${repeat + 1}.u${user}`;
    const keeps = this.keptSessions === 'all' || this.keptSessions[repeat]!.has(user);
    const task: MethodTask = {
      user: { code: user, id: dataset.user(user).id, history },
      n: plan.n,
      repeat,
      seed: plan.seed + repeat,
      signal,
      session,
      keepSession: async (lines) => {
        if (keeps)
          await writeFileAtomic(path.join(this.directory, sessionsFolder, `${session}.jsonl`), lines);
      },
    };
    const started = Date.now();
    const from = performance.now();
    let answer: MethodAnswer;
    try {
      answer = await method.recommend(task);
    } catch (error) {
      if (signal.aborted || error instanceof CancelledError) return this.end('cancelled');
      if (!(error instanceof ToolRecError)) throw error;
      if (stopsEverything(error)) return this.end('stopped', error);
      answer = { items: [], failure: { code: error.code, message: error.message } };
    }
    const record = this.recordOf(
      planned.id,
      planned.fingerprint,
      task,
      answer,
      keeps && answer.hasSession === true,
      {
        started,
        durationMs: Math.round((performance.now() - from) * 10) / 10,
        retries: answer.retries ?? 0,
      },
    );
    await this.writer.append(record);
    this.watchFailures(record);
    this.progress.add(record, this.journal?.total);
    this.options.onState?.(this.progress.snapshot('running'));
  }

  private recordOf(
    method: string,
    fingerprint: string,
    { user, n, repeat, session }: MethodTask,
    answer: MethodAnswer,
    hasSession: boolean,
    timing: ExperimentRecord['timing'],
  ): ExperimentRecord {
    const { plan, dataset } = this.experiment;
    const targets = [...partOf(dataset, user.code, plan.part)];
    const mistake = answer.failure
      ? undefined
      : listMistake(answer.items, user.history, n, dataset, plan.maskHistory);
    const items = mistake || answer.failure ? [] : [...answer.items];
    const ranks = targets.map((target) => items.indexOf(target)).filter((at) => at >= 0);
    return {
      v: 1,
      method,
      repeat,
      user: user.code,
      userId: user.id,
      items,
      targets,
      rank: ranks.length > 0 ? Math.min(...ranks) + 1 : null,
      failure: answer.failure ?? (mistake === undefined ? null : { code: 'bad-list', message: mistake }),
      history: user.history.length,
      popularity: this.counts[targets[0]!] ?? 0,
      rounds: answer.rounds ?? null,
      stop: answer.stop ?? null,
      completed: answer.completed ?? 0,
      outside: [...(answer.outside ?? [])].map((text) => text.slice(0, 200)).slice(0, 100),
      calls: answer.calls ?? 0,
      tokens: answer.tokens ?? { prompt: 0, completion: 0, estimated: false },
      cost: answer.cost ?? null,
      session: hasSession ? session : null,
      fingerprint,
      timing,
    };
  }

  private watchFailures({ failure }: ExperimentRecord): void {
    this.failedInARow = failure ? this.failedInARow + 1 : 0;
    if (this.failedInARow < failuresInARow) return;
    this.end(
      'stopped',
      new ModelError(
        'keeps-failing',
        `${failuresInARow} users in a row failed, the last with: ${failure!.message}`,
        'Put it right, then go on with “toolrec experiment resume --retry-failed”.',
      ),
    );
  }

  private async report(status: RunStatus): Promise<void> {
    const state = this.progress.snapshot(status);
    await writeRunState(this.directory, { status, error: this.error?.toDetail() ?? null });
    this.options.onState?.(state);
  }
}

/** What is wrong with a method's list; undefined when nothing is. */
function listMistake(
  items: readonly number[],
  history: Uint32Array,
  n: number,
  dataset: Dataset,
  maskHistory: boolean,
): string | undefined {
  if (items.length > n) return `The list has ${items.length} items, more than ${n}.`;
  if (new Set(items).size < items.length) return 'The list names an item twice.';
  if (items.some((item) => item >= dataset.catalogueCount))
    return 'The list names an item that does not exist.';
  if (maskHistory && items.some((item) => history.includes(item)))
    return 'The list names an item of the history.';
  return undefined;
}

/** [catalogueCount] training interactions of each item. */
function trainingCounts(dataset: Dataset): Uint32Array {
  const counts = new Uint32Array(dataset.catalogueCount);
  for (let user = 0; user < dataset.userCount; user++)
    for (let i = dataset.offsets[user]!; i < dataset.trainEnd[user]!; i++) counts[dataset.items[i]!]!++;
  return counts;
}

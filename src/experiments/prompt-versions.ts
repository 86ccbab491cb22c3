import fs from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { SessionStore } from '../agent/log-store.ts';
import type { SessionState } from '../agent/state.ts';
import type { Dataset } from '../data/dataset.ts';
import { openNamedDataset } from '../data/library.ts';
import { appendLine, asStorageError } from '../shared/atomic-file.ts';
import { ToolRecError } from '../shared/errors.ts';
import type { Workspace } from '../shared/workspace.ts';
import { type KeptPrompt, keptPrompts } from './kept-prompts.ts';
import { recordsFile } from './places.ts';
import { countingRecords, readPlan } from './plan-file.ts';
import { readRecords } from './records.ts';
import { differenceInterval, type QuickCheck, wilsonInterval } from './prompt-check.ts';
import { metricsOf } from './session-parts.ts';

/** One run of a prompt whose list can be held to a held-out item. */
export interface PromptRun {
  readonly from: 'session' | 'experiment' | 'quick check';
  readonly dataset: string;
  readonly user: string;
  /** Which part of the split it was to predict. */
  readonly before: 'validation' | 'test';
  readonly n: number;
  readonly rank: number | null;
  readonly tokens: number;
  readonly cost: number;
  readonly policy: string;
}

/** A text that a prompt once had, and what used it. */
export interface PromptVersion {
  readonly name: string;
  readonly hash: string;
  readonly text: string;
  /** Milliseconds since 1970 UTC of the first and last use. */
  readonly first: number;
  readonly last: number;
  /** Sessions, checks and methods of experiments that recorded it, measurable or not. */
  readonly uses: number;
  readonly runs: readonly PromptRun[];
}

const checkSchema = z.object({
  time: z.number(),
  dataset: z.string(),
  policy: z.string(),
  n: z.number(),
  prompts: z.array(z.object({ name: z.string(), hash: z.string(), text: z.string() })),
  users: z.array(
    z.object({ user: z.string(), rank: z.number().nullable(), tokens: z.number(), cost: z.number() }),
  ),
});
type StoredCheck = z.infer<typeof checkSchema>;

const checksFile = (workspace: Workspace) => path.join(workspace.directory('cache'), 'prompt-checks.jsonl');

/** Keeps a quick check with the full text of its prompts. */
export async function keepCheck(
  workspace: Workspace,
  check: QuickCheck,
  about: Omit<StoredCheck, 'users' | 'n'>,
): Promise<void> {
  const file = checksFile(workspace);
  const users = check.users.map(({ user, rank, tokens, cost }) => ({ user, rank, tokens, cost }));
  const line: StoredCheck = { ...about, n: check.n, users };
  await appendLine(file, JSON.stringify(line));
}

/**
 * Every version of every prompt that sessions, experiments and quick checks of a workspace recorded.
 * What cannot be read hides nothing else: `unreadable` counts it.
 */
export async function promptVersions(
  workspace: Workspace,
  signal?: AbortSignal,
): Promise<{ versions: PromptVersion[]; unreadable: number }> {
  const found = new Map<
    string,
    { -readonly [K in keyof PromptVersion]: PromptVersion[K] } & { runs: PromptRun[] }
  >();
  const datasets = new Map<string, Promise<Dataset | undefined>>();
  let unreadable = 0;
  const open = (name: string) => {
    let dataset = datasets.get(name);
    if (!dataset) {
      // A dataset that is gone leaves its runs without metrics, not without a place in the list.
      dataset = openNamedDataset(workspace, name).catch((error: unknown) => {
        if (error instanceof ToolRecError) return undefined;
        throw error;
      });
      datasets.set(name, dataset);
    }
    return dataset;
  };
  const add = (
    prompt: { name: string; hash: string; text: string },
    times: readonly number[],
    runs: readonly PromptRun[],
  ) => {
    const key = `${prompt.name}\n${prompt.hash}`;
    const known = found.get(key);
    if (!known) {
      const [first, last] = [Math.min(...times), Math.max(...times)];
      found.set(key, { ...prompt, first, last, uses: 1, runs: [...runs] });
      return;
    }
    known.first = Math.min(known.first, ...times);
    known.last = Math.max(known.last, ...times);
    known.uses++;
    known.runs.push(...runs);
  };
  const experiments = await experimentFolders(workspace);
  const whole = new Set<string>();
  for (const directory of experiments) {
    if (signal?.aborted) break;
    try {
      const ofMethods = await experimentRuns(directory);
      if (!ofMethods) continue;
      whole.add(directory);
      for (const { prompts, runs, first, last } of ofMethods)
        for (const prompt of prompts) add(prompt, [first, last], runs);
    } catch (error) {
      if (!(error instanceof ToolRecError)) throw error;
      unreadable++;
    }
  }
  // The sessions of an experiment whose records are known are some of those runs.
  const logs = [
    { directory: workspace.directory('sessions'), from: 'session' as const },
    ...experiments
      .filter((directory) => !whole.has(directory))
      .map((directory) => ({ directory: path.join(directory, 'sessions'), from: 'experiment' as const })),
  ];
  for (const { directory, from } of logs) {
    for (const summary of await new SessionStore(directory).list()) {
      if (signal?.aborted) break;
      const { state } = summary;
      if (!state) {
        unreadable++;
        continue;
      }
      const { used, changed } = promptsIn(state);
      if (used.length === 0) continue;
      // What two versions made together says nothing of either.
      const run = changed ? undefined : runOf(state, await open(state.started.dataset.name), from);
      for (const prompt of used) add(prompt, [state.started.time], run ? [run] : []);
    }
  }
  for (const check of await storedChecks(workspace)) {
    if (!check) {
      unreadable++;
      continue;
    }
    const runs = check.users.map((user): PromptRun => ({
      ...user,
      from: 'quick check',
      dataset: check.dataset,
      before: 'validation',
      n: check.n,
      policy: check.policy,
    }));
    for (const prompt of check.prompts) add(prompt, [check.time], runs);
  }
  const versions = [...found.values()].sort((a, b) =>
    a.name < b.name ? -1 : a.name > b.name ? 1 : b.last - a.last,
  );
  return { versions, unreadable };
}

/** Every text that decided a round of the line, and whether any of them took the place of another. */
function promptsIn({ started, rounds }: SessionState): {
  used: SessionState['started']['prompts'];
  changed: boolean;
} {
  const setups = rounds.length === 0 ? [started] : rounds.map(({ setup }) => setup);
  const found = new Map(
    setups.flatMap(({ prompts }) => prompts.map((prompt) => [`${prompt.name}\n${prompt.hash}`, prompt])),
  );
  const keys = new Set(setups.map(({ prompts }) => prompts.map(({ name, hash }) => name + hash).join()));
  return { used: [...found.values()], changed: keys.size > 1 };
}

function runOf(
  state: SessionState,
  dataset: Dataset | undefined,
  from: PromptRun['from'],
): PromptRun | undefined {
  const { started, outcome, totals } = state;
  const { user } = started.subject;
  const { before = 'test' } = started.subject;
  if (!outcome || !user || !dataset || dataset.hash !== started.dataset.hash || before === 'end')
    return undefined;
  const metrics = metricsOf(dataset, user.code, outcome.result, before);
  if (!metrics) return undefined;
  return {
    from,
    dataset: started.dataset.name,
    user: user.id,
    before,
    n: outcome.result.items.length,
    rank: metrics.rank,
    tokens: totals.tokens,
    cost: totals.cost,
    policy: started.policy.label,
  };
}

async function experimentFolders(workspace: Workspace): Promise<string[]> {
  const folder = workspace.directory('experiments');
  const names = await fs.readdir(folder).catch(() => []);
  return names.sort().map((name) => path.join(folder, name));
}

/** The users of an experiment by method, with the prompts of the method; undefined where it kept no prompts. */
async function experimentRuns(directory: string): Promise<
  | {
      readonly prompts: readonly KeptPrompt[];
      readonly runs: readonly PromptRun[];
      readonly first: number;
      readonly last: number;
    }[]
  | undefined
> {
  const kept = await keptPrompts(directory);
  if (kept.length === 0) return undefined;
  const plan = await readPlan(directory);
  const { records } = await readRecords(path.join(directory, recordsFile));
  const counting = countingRecords(plan, records);
  return plan.methods.flatMap(({ id, title, detail, provenance }) => {
    const prompts = kept.filter(({ name, hash }) => provenance[`prompt ${name}`] === hash);
    const own = counting.filter(({ method }) => method === id);
    if (prompts.length === 0 || own.length === 0) return [];
    const runs = own.map((record): PromptRun => ({
      from: 'experiment',
      dataset: plan.dataset.name,
      user: record.userId,
      before: plan.part,
      n: plan.n,
      rank: record.rank,
      tokens: record.tokens.prompt + record.tokens.completion,
      cost: record.cost ?? 0,
      policy: `${title}: ${detail}`,
    }));
    const times = own.map(({ timing }) => timing.started);
    return [{ prompts, runs, first: Math.min(...times), last: Math.max(...times) }];
  });
}

async function storedChecks(workspace: Workspace): Promise<(StoredCheck | undefined)[]> {
  const file = checksFile(workspace);
  const text = await fs.readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return '';
    throw asStorageError(error, file);
  });
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      try {
        const parsed = checkSchema.safeParse(JSON.parse(line));
        return parsed.success ? parsed.data : undefined;
      } catch {
        return undefined;
      }
    });
}

export interface VersionFigures {
  readonly runs: number;
  readonly hits: number;
  readonly hitRate: number | null;
  readonly interval: readonly [number, number];
  readonly meanNdcg: number | null;
  readonly tokensPerRun: number | null;
  readonly costPerRun: number | null;
}

/** Hit rate with its Wilson interval, NDCG, tokens and cost over the runs of a version. */
export function figuresOf(runs: readonly PromptRun[]): VersionFigures {
  const hits = runs.filter(({ rank }) => rank !== null).length;
  const mean = (of: (run: PromptRun) => number) =>
    runs.length === 0 ? null : runs.reduce((sum, run) => sum + of(run), 0) / runs.length;
  return {
    runs: runs.length,
    hits,
    hitRate: runs.length === 0 ? null : hits / runs.length,
    interval: wilsonInterval(hits, runs.length),
    meanNdcg: mean(({ rank }) => (rank === null ? 0 : 1 / Math.log2(rank + 1))),
    tokensPerRun: mean(({ tokens }) => tokens),
    costPerRun: mean(({ cost }) => cost),
  };
}

export interface VersionComparison {
  readonly first: VersionFigures;
  readonly second: VersionFigures;
  /** Hit rate of the second less that of the first; null where one has no runs. */
  readonly difference: number | null;
  /** 95 %, Newcombe; the runs are taken as independent. */
  readonly interval: readonly [number, number] | null;
  /** The same user, dataset, part and policy in both, the latest of each: hit only in the one, only in the other. */
  readonly paired: { readonly users: number; readonly onlyFirst: number; readonly onlySecond: number };
}

/** How the runs of two versions differ. Only runs of the same dataset, part, list length and policy are comparable. */
export function compareVersions(first: PromptVersion, second: PromptVersion): VersionComparison {
  const kind = (run: PromptRun) => `${run.dataset}\n${run.before}\n${run.n}\n${run.policy}`;
  const kinds = new Set(first.runs.map(kind));
  const common = new Set(second.runs.map(kind).filter((one) => kinds.has(one)));
  const mine = first.runs.filter((run) => common.has(kind(run)));
  const theirs = second.runs.filter((run) => common.has(kind(run)));
  const byUser = new Map(mine.map((run) => [`${kind(run)}\n${run.user}`, run]));
  let [users, onlyFirst, onlySecond] = [0, 0, 0];
  for (const [key, run] of new Map(theirs.map((one) => [`${kind(one)}\n${one.user}`, one]))) {
    const other = byUser.get(key);
    if (!other) continue;
    users++;
    if (other.rank !== null && run.rank === null) onlyFirst++;
    if (other.rank === null && run.rank !== null) onlySecond++;
  }
  const [a, b] = [figuresOf(mine), figuresOf(theirs)];
  const both = a.hitRate !== null && b.hitRate !== null;
  return {
    first: a,
    second: b,
    difference: both ? b.hitRate! - a.hitRate! : null,
    interval: both
      ? differenceInterval({ hits: a.hits, count: a.runs }, { hits: b.hits, count: b.runs })
      : null,
    paired: { users, onlyFirst, onlySecond },
  };
}

import { setMaxListeners } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import type { Retriever } from '../src/data/retriever.ts';
import type { Dataset } from '../src/data/dataset.ts';
import type { Session, SessionEnvironment } from '../src/agent/session.ts';
import type { EngineConnection } from '../src/service/protocol.ts';
import { Workspace } from '../src/shared/workspace.ts';
import { round } from './measure.ts';
import { bootstrapInterval } from './paired-bootstrap.ts';
import type { BenchProgram } from './program.ts';

/** Sessions under way at once, so that the engine answers their retrievals in batches. */
const atOnce = 96;
/** Users whose sessions run alone, so that what a round takes besides retrieval can be told. */
const aloneUsers = 400;

const program: BenchProgram = {
  name: 'agent',
  description:
    'Offline sessions on trained tools for all users: quality against the backbone alone, orchestration overhead a round, ' +
    'throughput, memory. Options: --workspace FOLDER --dataset NAME --model ID (a small model of the sample is trained ' +
    'where none is given), --part validation|test, --users N.',
  async run({ args, temporaryFolder, signal, log }) {
    const { catalogueOf } = await import('../src/agent/catalogue.ts');
    const { fitWeights } = await import('../src/agent/offline/fit.ts');
    const { Session } = await import('../src/agent/session.ts');
    const { openNamedDataset } = await import('../src/data/library.ts');
    const { partOf } = await import('../src/data/dataset.ts');
    const { environmentOf, offlineParts } = await import('../src/experiments/session-parts.ts');
    const { openRetrieval } = await import('../src/experiments/session-retrieval.ts');
    const { userHistory } = await import('../src/experiments/user-history.ts');
    const { connectInProcess } = await import('../src/service/in-process.ts');

    const option = (name: string) => {
      const at = args.indexOf(`--${name}`);
      return at < 0 ? undefined : args[at + 1];
    };
    setMaxListeners(0, signal); // every session listens to it
    const connection = connectInProcess();
    try {
      const given = option('workspace');
      const workspace = given === undefined ? temporaryFolder : path.resolve(given);
      const name = option('dataset') ?? (given === undefined ? 'sample' : 'ml-1m');
      if (given === undefined) await trainSmall(connection, workspace, signal, log);
      else if (!fs.existsSync(workspace)) throw new Error(`There is no folder ${workspace}.`);
      const dataset = await openNamedDataset(new Workspace(workspace), name);
      const part = option('part') === 'validation' ? 'validation' : 'test';
      const open = await openRetrieval(
        connection,
        { workspace, dataset, model: option('model'), neighbours: true },
        { signal },
      );
      log(`retrieval: ${open.label}`);

      log('fitting the offline weights on the validation split …');
      const fitStarted = performance.now();
      const weights = await fitWeights({
        dataset,
        retriever: open.retriever,
        retrieval: open.label,
        signal,
      });
      const fitSeconds = (performance.now() - fitStarted) / 1000;
      log(JSON.stringify(weights));
      const parts = offlineParts(weights);
      catalogueOf(dataset).resolve('the first look-up builds the index');
      const environment = (retriever: Retriever): SessionEnvironment =>
        environmentOf(dataset, retriever, open.label, parts, { clock: () => performance.now() });

      const users = usersOf(dataset, part, Number(option('users') ?? dataset.userCount));
      const start = (own: SessionEnvironment, user: number) =>
        Session.start(own, {
          id: `bench-${user}`,
          user,
          history: [...userHistory(dataset, user, part)],
          before: part,
        });

      const overheads = await measureRounds(users.slice(0, aloneUsers), open.retriever, (retriever, user) =>
        start(environment(retriever), user),
      );

      log('sessions of all users …');
      const gain = { recall: [] as number[], ndcg: [] as number[] };
      const own = { recall: [] as number[], ndcg: [] as number[] };
      const base = { recall: [] as number[], ndcg: [] as number[] };
      const rounds = new Map<number, number>();
      const actions = new Map<string, number>();
      const memory: number[] = [];
      const shared = environment(open.retriever);
      const started = performance.now();
      for (let from = 0; from < users.length; from += atOnce) {
        signal.throwIfAborted();
        await Promise.all(
          users.slice(from, from + atOnce).map(async (user) => {
            const session = await start(shared, user);
            const outcome = await session.run({ signal });
            if (outcome.status !== 'finished') throw new Error(`user ${user}: ${outcome.status}`);
            const final = outcome.result.items.map((entry) => entry.item);
            if (final.length !== 10 || new Set(final).size !== 10)
              throw new Error(`user ${user}: not ten distinct items`);
            const { length } = session.state.rounds;
            rounds.set(length, (rounds.get(length) ?? 0) + 1);
            for (const { action } of session.state.rounds) {
              const key =
                `${action!.name} ${(action!.args['attribute'] as string | null | undefined) ?? ''}`.trim();
              actions.set(key, (actions.get(key) ?? 0) + 1);
            }
            // The first round asks the backbone alone.
            const plain = session.state.rounds[0]!.observation!.set!.items.map((entry) => entry.item);
            const target = partOf(dataset, user, part)[0]!;
            const [with_, without] = [gainOf(final.indexOf(target)), gainOf(plain.indexOf(target))];
            own.recall.push(with_.recall);
            own.ndcg.push(with_.ndcg);
            base.recall.push(without.recall);
            base.ndcg.push(without.ndcg);
            gain.recall.push(with_.recall - without.recall);
            gain.ndcg.push(with_.ndcg - without.ndcg);
          }),
        );
        if (from % (atOnce * 8) === 0) {
          memory.push(Math.round(process.memoryUsage().rss / 1e6));
          log(`${from} of ${users.length} users …`);
        }
      }
      const seconds = (performance.now() - started) / 1000;
      return {
        figures: {
          dataset: dataset.name,
          simulated: dataset.simulated,
          part,
          users: users.length,
          retrieval: open.label,
          offlineRecallAt10: round(mean(own.recall), 4),
          offlineNdcgAt10: round(mean(own.ndcg), 4),
          backboneRecallAt10: round(mean(base.recall), 4),
          backboneNdcgAt10: round(mean(base.ndcg), 4),
          recallGain: bootstrapInterval(gain.recall, 7),
          ndcgGain: bootstrapInterval(gain.ndcg, 8),
          weights: Object.fromEntries(
            Object.entries({
              ...weights.lists,
              ...Object.fromEntries(Object.entries(weights.affinity).map(([k, v]) => [`affinity ${k}`, v])),
              popularity: weights.popularity,
            }).map(([key, value]) => [key, round(value, 4)]),
          ),
          fit: {
            users: weights.fitted!.users,
            shrinkage: weights.fitted!.shrinkage,
            backboneNdcgOnValidation: round(weights.fitted!.backboneNdcg, 4),
            crossValidatedNdcg: round(weights.fitted!.ndcg, 4),
            t: round(weights.fitted!.t, 2),
            seconds: round(fitSeconds, 1),
          },
          sessionsSeconds: round(seconds, 1),
          actions: Object.fromEntries([...actions].sort()),
          roundsOfSessions: Object.fromEntries(
            [...rounds].sort((a, b) => a[0] - b[0]).map(([n, c]) => [String(n), c]),
          ),
          roundsMeasured: overheads.wall.length,
          overheadMedianMilliseconds: percentile(overheads.wall, 0.5),
          overheadP95Milliseconds: percentile(overheads.wall, 0.95),
          overheadCpuP95Milliseconds: percentile(overheads.cpu, 0.95),
          memoryMegabytes: memory,
        },
      };
    } finally {
      connection.dispose();
    }
  },
};

/** The sample with a small SASRec and a genre tool, trained in under a minute. */
async function trainSmall(
  connection: EngineConnection,
  workspace: string,
  signal: AbortSignal,
  log: (message: string) => void,
): Promise<void> {
  const { runCli } = await import('../src/cli/program.ts');
  const { trainModel } = await import('../src/service/requests/model.ts');
  log('the sample dataset (simulated viewers); training a small model …');
  const silent = { write: () => true };
  await runCli(['sample', '--workspace', workspace, '--quiet'], {
    stdout: silent,
    stderr: silent,
    env: {},
    cwd: workspace,
    signal,
  });
  const config = { hidden: 32, inner: 32, maxLength: 50, epochs: 8, patience: 8 };
  const common = { workspace, dataset: 'sample', device: 'onnx-cpu', config } as const;
  await connection.request(trainModel, { ...common, id: 'base' }, { signal });
  await connection.request(
    trainModel,
    {
      ...common,
      id: 'base-genre',
      config: { ...config, epochs: 3 },
      tool: { attribute: 'genre', mode: 'frozen', backbone: 'base' },
    },
    { signal },
  );
}

/** What rounds take besides retrieval, one session at a time: wall and CPU milliseconds. */
async function measureRounds(
  users: readonly number[],
  retriever: Retriever,
  start: (retriever: Retriever, user: number) => Promise<Session>,
): Promise<{ wall: number[]; cpu: number[] }> {
  const outside = { wall: 0, cpu: 0 };
  const measured = async <T>(work: () => Promise<T>): Promise<T> => {
    const [from, cpu] = [performance.now(), cpuMilliseconds()];
    try {
      return await work();
    } finally {
      outside.wall += performance.now() - from;
      outside.cpu += cpuMilliseconds() - cpu;
    }
  };
  const { neighbours } = retriever;
  const timed: Retriever = {
    attributes: retriever.attributes,
    ...(retriever.source ? { source: retriever.source } : {}),
    ...(neighbours ? { neighbours: (...query) => measured(() => neighbours(...query)) } : {}),
    retrieve: (...query) => measured(() => retriever.retrieve(...query)),
  };
  const wall: number[] = [];
  const cpu: number[] = [];
  for (const user of users) {
    const session = await start(timed, user);
    for (;;) {
      outside.wall = outside.cpu = 0;
      const [from, cpuFrom] = [performance.now(), cpuMilliseconds()];
      const outcome = await session.step();
      wall.push(performance.now() - from - outside.wall);
      cpu.push(cpuMilliseconds() - cpuFrom - outside.cpu);
      if (outcome.status === 'finished') break;
      if (outcome.status !== 'observed') throw new Error(`user ${user}: ${outcome.status}`);
    }
  }
  return { wall, cpu };
}

/** CPU time of this process: on a busy machine it says what wall time cannot. */
function cpuMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function usersOf(dataset: Dataset, part: 'validation' | 'test', limit: number): number[] {
  const bounds = part === 'test' ? dataset.validationEnd : dataset.trainEnd;
  const ends = part === 'test' ? dataset.offsets.subarray(1) : dataset.validationEnd;
  return Array.from({ length: dataset.userCount }, (_, user) => user)
    .filter((user) => bounds[user]! > dataset.offsets[user]! && ends[user]! > bounds[user]!)
    .slice(0, limit);
}

function gainOf(index: number): { recall: number; ndcg: number } {
  return index < 0 || index >= 10 ? { recall: 0, ndcg: 0 } : { recall: 1, ndcg: 1 / Math.log2(index + 2) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return round(sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))]!);
}

export default program;

import fs from 'node:fs';
import path from 'node:path';
import type { Retriever } from '../src/data/retriever.ts';
import type { Policy } from '../src/agent/policy.ts';
import type { SessionStart } from '../src/agent/session.ts';
import { round } from './measure.ts';
import { bootstrapInterval } from './paired-bootstrap.ts';
import type { BenchProgram } from './program.ts';

/** Time that a session spends outside its model and retrieval: what the orchestration itself costs. */
class Outside {
  wall = 0;
  cpu = 0;

  async measure<T>(work: () => Promise<T> | T): Promise<T> {
    const started = performance.now();
    const cpu = cpuMilliseconds();
    try {
      return await work();
    } finally {
      this.wall += performance.now() - started;
      this.cpu += cpuMilliseconds() - cpu;
    }
  }
}

/** CPU time of this process: on a busy machine it says what wall time cannot. */
function cpuMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const program: BenchProgram = {
  name: 'agent',
  description:
    'Offline sessions for all test users: quality against the backbone alone, orchestration overhead a round, memory. ' +
    'Options: --users N, --dataset sample.',
  async run({ args, shared, temporaryFolder, signal, log }) {
    const { catalogueOf } = await import('../src/agent/catalogue.ts');
    const { fitWeights } = await import('../src/agent/offline/fit.ts');
    const { Session } = await import('../src/agent/session.ts');
    const { historyBefore, partOf } = await import('../src/data/dataset.ts');
    const { floorRetriever } = await import('../src/experiments/floor-retriever.ts');
    const { offlineParts } = await import('../src/experiments/session-parts.ts');
    const { fitCooccurrence } = await import('../src/recommender/cooccurrence.ts');

    const option = (name: string) => {
      const at = args.indexOf(`--${name}`);
      return at < 0 ? undefined : args[at + 1];
    };
    const dataset = await openData(option('dataset'), shared, temporaryFolder, signal, log);
    const users = Math.min(dataset.userCount, Number(option('users') ?? dataset.userCount));
    log(`${dataset.name}: fitting the backbone …`);
    const backbone = floorRetriever(dataset, await fitCooccurrence(dataset, {}, { signal }), 'cooccurrence');

    log('fitting the offline weights on the validation split …');
    const fitStarted = performance.now();
    const weights = await fitWeights({ dataset, retriever: backbone, retrieval: backbone.name, signal });
    const fitSeconds = (performance.now() - fitStarted) / 1000;
    const { policy, tools } = offlineParts(weights);
    catalogueOf(dataset).resolve('the first look-up builds the index');

    const outside = new Outside();
    const retriever: Retriever = {
      attributes: backbone.attributes,
      retrieve: (...query) => outside.measure(() => backbone.retrieve(...query)),
    };
    const environment = {
      dataset,
      catalogue: catalogueOf(dataset),
      retriever,
      retrieval: backbone.name,
      tools,
      policy: policy satisfies Policy,
      clock: () => performance.now(),
    };

    const overheads: number[] = [];
    const cpuOverheads: number[] = [];
    const backboneNdcg: number[] = [];
    const gain = { recall: [] as number[], ndcg: [] as number[] };
    let hits = 0;
    let backboneHits = 0;
    let ndcg = 0;
    const rounds = new Map<number, number>();
    const memory: number[] = [];
    const started = performance.now();
    let inSessions = 0;
    for (let user = 0; user < users; user++) {
      signal.throwIfAborted();
      const history = [...historyBefore(dataset, user, 'test')];
      const target = partOf(dataset, user, 'test')[0];
      if (target === undefined || history.length === 0) continue;
      const begun = performance.now();
      const made = await Session.start(environment, {
        id: `bench-${user}`,
        user,
        history,
      } satisfies SessionStart);
      for (;;) {
        const before = performance.now();
        const cpuBefore = cpuMilliseconds();
        outside.wall = 0;
        outside.cpu = 0;
        const outcome = await made.step();
        overheads.push(performance.now() - before - outside.wall);
        cpuOverheads.push(cpuMilliseconds() - cpuBefore - outside.cpu);
        if (outcome.status === 'finished') break;
        if (outcome.status !== 'observed') throw new Error(`user ${user}: ${outcome.status}`);
      }
      const took = performance.now() - begun;
      inSessions += took;
      const length = made.state.rounds.length;
      rounds.set(length, (rounds.get(length) ?? 0) + 1);

      const final = made.state.outcome!.result.items.map((entry) => entry.item);
      if (final.length !== 10 || new Set(final).size !== 10)
        throw new Error(`user ${user}: not ten distinct items`);
      const own = gainOf(final.indexOf(target));
      const plain = (await backbone.retrieve({ history }, null, 10)).map((entry) => entry.item);
      const base = gainOf(plain.indexOf(target));
      hits += own.recall;
      ndcg += own.ndcg;
      backboneHits += base.recall;
      backboneNdcg.push(base.ndcg);
      gain.recall.push(own.recall - base.recall);
      gain.ndcg.push(own.ndcg - base.ndcg);
      if (user % 500 === 0) {
        memory.push(Math.round(process.memoryUsage().rss / 1e6));
        log(`${user} of ${users} users …`);
      }
    }
    const count = gain.ndcg.length;
    const percentile = (values: readonly number[], p: number) => {
      const sorted = [...values].sort((a, b) => a - b);
      return round(sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))]!);
    };
    return {
      figures: {
        dataset: dataset.name,
        simulated: dataset.simulated,
        users: count,
        retrieval: backbone.name,
        offlineRecallAt10: round(hits / count, 4),
        offlineNdcgAt10: round(ndcg / count, 4),
        backboneRecallAt10: round(backboneHits / count, 4),
        backboneNdcgAt10: round(backboneNdcg.reduce((sum, value) => sum + value, 0) / count, 4),
        recallGain: bootstrapInterval(gain.recall, 7),
        ndcgGain: bootstrapInterval(gain.ndcg, 8),
        fittedWeights: JSON.stringify({
          lists: weights.lists,
          affinity: weights.affinity,
          constant: weights.constant,
          halfLife: weights.halfLife,
        }),
        fitSeconds: round(fitSeconds, 1),
        sessionsSeconds: round(inSessions / 1000, 1),
        totalSeconds: round((performance.now() - started) / 1000, 1),
        rounds: overheads.length,
        roundsOfSessions: Object.fromEntries(
          [...rounds].sort((a, b) => a[0] - b[0]).map(([n, c]) => [String(n), c]),
        ),
        overheadMedianMilliseconds: percentile(overheads, 0.5),
        overheadP95Milliseconds: percentile(overheads, 0.95),
        overheadCpuMedianMilliseconds: percentile(cpuOverheads, 0.5),
        overheadCpuP95Milliseconds: percentile(cpuOverheads, 0.95),
        memoryMegabytes: memory,
      },
    };
  },
};

function gainOf(index: number): { recall: number; ndcg: number } {
  return index < 0 ? { recall: 0, ndcg: 0 } : { recall: 1, ndcg: 1 / Math.log2(index + 2) };
}

async function openData(
  name: string | undefined,
  shared: string | undefined,
  temporaryFolder: string,
  signal: AbortSignal,
  log: (message: string) => void,
) {
  const { openDataset } = await import('../src/data/store.ts');
  const { Workspace } = await import('../src/shared/workspace.ts');
  const source = shared && path.join(shared, 'data', 'ml-1m');
  if (name !== 'sample' && source && fs.existsSync(source)) {
    const { importInChild } = await import('./import-peers.ts');
    const workspace = path.join(temporaryFolder, 'workspace');
    log('importing ML-1M …');
    importInChild(source, workspace);
    return openDataset(new Workspace(workspace).entry('datasets', 'ml-1m'));
  }
  log('the sample dataset (simulated viewers): ML-1M is not at hand');
  const { loadFilms } = await import('../src/data/sample/films.ts');
  const { generateSample } = await import('../src/data/sample.ts');
  const { datasetInMemory } = await import('../src/data/content.ts');
  signal.throwIfAborted();
  return datasetInMemory(generateSample(await loadFilms()));
}

export default program;

import type { ApproximateSearch as Index } from '../src/recommender/approximate-search.ts';
import type { Recommender } from '../src/recommender/recommender.ts';
import type { BenchProgram, Figures } from './program.ts';

/** `--rounds n`; `--items n`: also a catalogue of that size. */
const program: BenchProgram = {
  name: 'retrieve',
  description:
    'Top 10 outside the history from a resident SASRec: one user, 1,000 users together, and by an index, against PyTorch.',
  async run({ args, log, signal }) {
    const path = await import('node:path');
    const { round, summarise } = await import('./measure.ts');
    const { hasTorch, numberOption, runJson } = await import('./step-peers.ts');
    const { createEngine } = await import('../src/engine/devices.ts');
    const { ApproximateSearch } = await import('../src/recommender/approximate-search.ts');
    const { sasRec } = await import('../src/recommender/models/sasrec.ts');
    const { bestItems } = await import('../src/recommender/retrieval.ts');
    const { SequenceRecommender } = await import('../src/recommender/scoring.ts');
    const { Random } = await import('../src/shared/random.ts');
    const rounds = numberOption(args, 'rounds', 3);
    const own = numberOption(args, 'items', 0);
    const torch = hasTorch();
    const figures: Record<string, Figures> = {};
    for (const [name, itemCount, maxLength] of [
      ['ml-1m', 3416, 200],
      ['100,000 items', 100_000, 50],
      ...(own > 0 ? [[`${own.toLocaleString('en')} items`, own, 50] as const] : []),
    ] as const) {
      const random = new Random(1);
      const model = sasRec({
        itemCount,
        maxLength,
        hidden: 64,
        layers: 2,
        heads: 1,
        inner: 64,
        dropout: 0,
        attentionDropout: 0,
      });
      const params = model.initialise(random);
      const engine = await createEngine('onnx-cpu', { threads: 2 });
      const state = await engine.createState(params);
      const recommender = await SequenceRecommender.create(engine, model, params, state);
      const histories = Array.from({ length: 1000 }, () =>
        Uint32Array.from({ length: 20 + random.int(maxLength) }, () => random.int(itemCount)),
      );
      const times: number[] = [];
      const medians: number[] = [];
      let all = Infinity;
      const peers: Peer[] = [];
      // In turn, so that a disturbance meets both.
      for (let turn = 0; turn < rounds; turn++) {
        signal.throwIfAborted();
        log(`${name}: round ${turn + 1} of ${rounds}`);
        const measured: number[] = [];
        for (let call = -10; call < 100; call++) {
          const started = performance.now();
          await bestItems(recommender, [histories[Math.abs(call)]!], 10);
          if (call >= 0) measured.push(performance.now() - started);
        }
        times.push(...measured);
        medians.push(summarise(measured).medianMilliseconds);
        const started = performance.now();
        for (let from = 0; from < histories.length; from += recommender.batchSize)
          await bestItems(recommender, histories.slice(from, from + recommender.batchSize), 10);
        all = Math.min(all, performance.now() - started);
        if (!torch) continue;
        const script = path.join(import.meta.dirname, 'peers', 'retrieve.py');
        peers.push(runJson('/usr/bin/python3', [script, String(itemCount), String(maxLength)]) as Peer);
      }
      const { minMilliseconds } = summarise(times);
      const usersPerSecond = round((1000 * histories.length) / all, 0);
      const peerMinimum = Math.min(...peers.map((peer) => peer.minMilliseconds));
      const peerRate = Math.max(...peers.map((peer) => peer.usersPerSecond));
      const building = performance.now();
      const search = await ApproximateSearch.build(recommender);
      const buildSeconds = round((performance.now() - building) / 1000, 1);
      figures[name] = {
        // Of the quietest round.
        oneUser: { minMilliseconds, medianMilliseconds: Math.min(...medians) },
        usersPerSecond,
        ...(peers.length > 0
          ? {
              torch: {
                minMilliseconds: round(peerMinimum),
                medianMilliseconds: round(Math.min(...peers.map((peer) => peer.medianMilliseconds))),
                usersPerSecond: peerRate,
                version: peers[0]!.version,
              },
              ratioOfMinima: round(minMilliseconds / peerMinimum, 3),
              ratioOfBatchTime: round(peerRate / usersPerSecond, 3),
            }
          : {}),
        byIndex: { buildSeconds, ...(await measureIndex(search, recommender, histories.slice(0, 100))) },
      };
      await recommender.dispose();
      state.dispose();
    }
    return { figures };

    /** Recall of the exact ten best, and the time of one user. Untrained vectors: the hardest case for an index. */
    async function measureIndex(
      search: Index,
      recommender: Recommender,
      histories: readonly Uint32Array[],
    ): Promise<Figures> {
      const exact = await bestItems(recommender, histories, 10);
      let hits = 0;
      const measured: number[] = [];
      for (const [row, history] of histories.entries()) {
        const started = performance.now();
        const [found] = await search.best([history], 10);
        measured.push(performance.now() - started);
        const wanted = new Set(exact[row]!.map(({ item }) => item));
        hits += found!.filter(({ item }) => wanted.has(item)).length;
      }
      const { minMilliseconds, medianMilliseconds } = summarise(measured);
      return {
        recallOfExactTop10: round(hits / (10 * histories.length), 4),
        minMilliseconds,
        medianMilliseconds,
      };
    }
  },
};

interface Peer {
  readonly medianMilliseconds: number;
  readonly minMilliseconds: number;
  readonly usersPerSecond: number;
  readonly version: string;
}

export default program;

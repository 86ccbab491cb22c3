import type { BenchProgram, Figures } from './program.ts';

const program: BenchProgram = {
  name: 'retrieve',
  description:
    'Top 10 outside the history from a resident SASRec: one user, and 1,000 users together, against PyTorch.',
  async run({ log, signal }) {
    const path = await import('node:path');
    const { repeat, round } = await import('./measure.ts');
    const { hasTorch, runJson } = await import('./step-peers.ts');
    const { createEngine } = await import('../src/engine/devices.ts');
    const { sasRec } = await import('../src/recommender/models/sasrec.ts');
    const { SequenceRecommender } = await import('../src/recommender/scoring.ts');
    const { topN } = await import('../src/recommender/top-n.ts');
    const { Random } = await import('../src/shared/random.ts');
    const figures: Record<string, Figures> = {};
    for (const [name, itemCount, maxLength] of [
      ['ml-1m', 3416, 200],
      ['100,000 items', 100_000, 50],
    ] as const) {
      log(name);
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
      const scores = new Float32Array(recommender.batchSize * itemCount);
      const retrieve = async (batch: readonly Uint32Array[]) => {
        await recommender.scoreBatch(batch, scores.subarray(0, batch.length * itemCount));
        return batch.map((history, row) =>
          topN(scores.subarray(row * itemCount, (row + 1) * itemCount), 10, new Set(history)),
        );
      };
      const one = await repeat(200, (run) => retrieve([histories[Math.max(0, run)]!]), {
        warmUps: 20,
        signal,
      });
      const all = await repeat(
        3,
        async () => {
          for (let from = 0; from < histories.length; from += recommender.batchSize)
            await retrieve(histories.slice(from, from + recommender.batchSize));
        },
        { signal },
      );
      const script = path.join(import.meta.dirname, 'peers', 'retrieve.py');
      const torch = hasTorch()
        ? (runJson('/usr/bin/python3', [script, String(itemCount), String(maxLength)]) as Figures)
        : undefined;
      figures[name] = {
        oneUser: one,
        usersPerSecond: round((1000 * histories.length) / all.minMilliseconds, 0),
        ...(torch ? { torch } : {}),
      };
      await recommender.dispose();
      state.dispose();
    }
    return { figures };
  },
};
export default program;

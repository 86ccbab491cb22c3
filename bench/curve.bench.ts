import type { BenchProgram, Figures } from './program.ts';

/** `--epochs n`; `--sample`: on the simulated sample instead of ML-1M, to try the program itself. */
const program: BenchProgram = {
  name: 'curve',
  description:
    'Validation after each epoch, batches of like lengths against PyTorch padding all to 200, from the same parameters.',
  async run({ args, shared, temporaryFolder, log, signal }) {
    const fs = await import('node:fs/promises');
    const os = await import('node:os');
    const path = await import('node:path');
    const { round } = await import('./measure.ts');
    const { hasTorch, numberOption, PeerProcess, peerBlas, torchCommand } = await import('./step-peers.ts');
    const { importDataset } = await import('../src/data/import.ts');
    const { sampleInMemory } = await import('../src/data/sample.ts');
    const { openDataset } = await import('../src/data/store.ts');
    const { partOf } = await import('../src/data/dataset.ts');
    const { Workspace } = await import('../src/shared/workspace.ts');
    const { createEngine } = await import('../src/engine/devices.ts');
    const { planEpoch, trainingLength } = await import('../src/recommender/batches.ts');
    const { parseTrainingConfig } = await import('../src/recommender/config.ts');
    const { newManifest } = await import('../src/recommender/manifest.ts');
    const { buildModel } = await import('../src/recommender/models/build.ts');
    const { train } = await import('../src/recommender/trainer.ts');
    const { Random } = await import('../src/shared/random.ts');

    if (!hasTorch()) throw new Error('PyTorch is not installed (python3-torch, libopenblas0-openmp).');
    const workspace = new Workspace(temporaryFolder);
    const simulated = args.includes('--sample');
    if (!simulated && !shared) throw new Error('ML-1M is not here: there is no shared data folder.');
    const openMovieLens = async () => {
      const paths = [path.join(shared!, 'data', 'ml-1m')];
      const { directory } = await importDataset({ workspace, paths, protocol: 'reference' });
      return openDataset(directory);
    };
    const dataset = await (simulated ? sampleInMemory() : openMovieLens());
    const epochs = numberOption(args, 'epochs', 6);
    const batch = 128;
    const threads = Math.min(2, os.availableParallelism());

    // The peer sees the latest items alone.
    const settings = {
      ...{ heads: 2, dropout: 0.1, batchTokens: 6400, longHistories: 'latest' },
      ...{ schedule: 'constant', warmupEpochs: 0, epochs, patience: epochs },
    } as const;
    const config = parseTrainingConfig(settings);
    const model = buildModel(config, dataset.itemCount);
    const initial = model.initialise(new Random(1));
    const sequences = Array.from({ length: dataset.userCount }, (_, user) => partOf(dataset, user, 'train'));
    const lengths = sequences.map((sequence) => trainingLength(model, sequence));
    const updates = Math.ceil(lengths.filter((length) => length > 0).length / batch);
    const updatesOf = (batchTokens: number) => planEpoch(lengths, { batchTokens, seed: 1 }, 0).length;
    /** As many parameter updates in an epoch as batches of 128 users make. */
    let batchTokens = config.maxLength;
    while (updatesOf(batchTokens) > updates) batchTokens += 100;

    const engine = await createEngine('onnx-cpu', { threads });
    const ours = async (name: string, over: { batchTokens: number; seed: number }) => {
      const own = parseTrainingConfig({ ...settings, ...over });
      const folder = path.join(temporaryFolder, name);
      await fs.mkdir(folder);
      const manifest = newManifest(name, own, dataset, model, initial, engine.device);
      const curve: Figures[] = [];
      let before = 0;
      await train(
        {
          engine,
          dataset,
          model,
          initial,
          directory: folder,
          manifest,
          onEvent(event) {
            if (event.kind !== 'epoch') return;
            log(
              `${name}: epoch ${event.epoch} of ${epochs}, NDCG@10 ${event.validation['ndcg@10']!.toFixed(4)}`,
            );
            curve.push(pointOf(event.loss, event.validation, event.seconds - before));
            before = event.seconds;
          },
        },
        { signal },
      );
      return curve;
    };
    const pointOf = (loss: number, metrics: Readonly<Record<string, number>>, seconds: number): Figures => ({
      loss: round(loss, 4),
      'recall@10': round(metrics['recall@10']!, 4),
      'ndcg@10': round(metrics['ndcg@10']!, 4),
      seconds: round(seconds, 1),
    });

    const exchange = path.join(temporaryFolder, 'torch');
    await fs.mkdir(exchange);
    const offsets = new Int32Array(sequences.length + 1);
    sequences.forEach(({ length }, user) => (offsets[user + 1] = offsets[user]! + length));
    const flat = new Int32Array(offsets.at(-1)!);
    sequences.forEach((sequence, user) => flat.set(sequence, offsets[user]));
    const heldOut = Int32Array.from(sequences, (_, user) => partOf(dataset, user, 'validation')[0] ?? -1);
    const { maxLength: length, hidden, layers, heads, inner, dropout } = config;
    const task = {
      model: { length, hidden, layers, heads, inner, dropout, items: dataset.itemCount },
      batch,
      threads,
      learningRate: config.learningRate,
      parameters: Object.entries(initial).map(([name, { shape }]) => [name, shape]),
    };
    const parameters = Object.values(initial).map(({ data }) =>
      Buffer.from(data.buffer, data.byteOffset, data.byteLength),
    );
    await Promise.all([
      fs.writeFile(path.join(exchange, 'task.json'), JSON.stringify(task)),
      fs.writeFile(path.join(exchange, 'items.i32'), flat),
      fs.writeFile(path.join(exchange, 'offsets.i32'), offsets),
      fs.writeFile(path.join(exchange, 'validation.i32'), heldOut),
      fs.writeFile(path.join(exchange, 'parameters.f32'), Buffer.concat(parameters)),
    ]);

    const first = await ours('matched', { batchTokens, seed: 1 });
    const second = await ours('matched-again', { batchTokens, seed: 2 });
    const usual = await ours('usual', { batchTokens: config.batchTokens, seed: 1 });
    const torch = new PeerProcess(...torchCommand('curve.py', [exchange]));
    const padded: Figures[] = [];
    try {
      for (let epoch = 1; epoch <= epochs; epoch++) {
        signal.throwIfAborted();
        const { loss, seconds, ...metrics } = (await torch.round()) as Record<string, number>;
        padded.push(pointOf(loss!, metrics, seconds!));
        log(`PyTorch: epoch ${epoch} of ${epochs}, NDCG@10 ${metrics['ndcg@10']!.toFixed(4)}`);
      }
    } finally {
      await torch.end();
    }
    const gap = (a: readonly Figures[], b: readonly Figures[]) =>
      round(
        Math.max(...a.map((point, i) => Math.abs(Number(point['ndcg@10']) - Number(b[i]!['ndcg@10'])))),
        4,
      );
    return {
      figures: {
        dataset: dataset.name,
        updatesAnEpoch: updates,
        batchTokens,
        ours: first,
        oursWithAnotherSeed: second,
        oursWithTheUsualBatches: { updatesAnEpoch: updatesOf(config.batchTokens), curve: usual },
        largestGapOfSeeds: gap(first, second),
        largestGapToPeer: gap(first, padded),
      },
      peer: {
        name: `PyTorch ${peerBlas}, 128 users a batch, all padded to ${length}`,
        figures: { curve: padded },
      },
    };
  },
};
export default program;

import type { BenchProgram } from './program.ts';

/** `--steps n`: steps measured on each side, spread over the epoch. */
const program: BenchProgram = {
  name: 'epoch',
  description:
    'An epoch of ML-1M with its own lengths, cross-entropy, against PyTorch padding every sequence to 200.',
  async run({ args, shared, temporaryFolder, log }) {
    const path = await import('node:path');
    const { performance } = await import('node:perf_hooks');
    const { round } = await import('./measure.ts');
    const { hasTorch, stepsByTorch } = await import('./step-peers.ts');
    if (!shared) throw new Error('ML-1M is not here: there is no shared data folder.');
    const { importDataset } = await import('../src/data/import.ts');
    const { openDataset } = await import('../src/data/store.ts');
    const { partOf } = await import('../src/data/dataset.ts');
    const { Workspace } = await import('../src/shared/workspace.ts');
    const { createEngine } = await import('../src/engine/devices.ts');
    const { int32 } = await import('../src/engine/program.ts');
    const { planEpoch, trainingBatch, trainingLength } = await import('../src/recommender/batches.ts');
    const { parseTrainingConfig } = await import('../src/recommender/config.ts');
    const { lossOf } = await import('../src/recommender/losses.ts');
    const { buildModel } = await import('../src/recommender/models/build.ts');
    const { adamDefaults, initialMoments, updateInputs } = await import('../src/recommender/optimiser.ts');
    const { trainingStep } = await import('../src/recommender/training-step.ts');
    const { Random } = await import('../src/shared/random.ts');

    const { directory } = await importDataset({
      workspace: new Workspace(temporaryFolder),
      paths: [path.join(shared, 'data', 'ml-1m')],
      protocol: 'reference',
    });
    const dataset = await openDataset(directory);
    const config = parseTrainingConfig({ heads: 2 });
    const model = buildModel(config, dataset.itemCount);
    const params = model.initialise(new Random(1));
    const loss = lossOf(config, dataset.itemCount);
    const engine = await createEngine('onnx-cpu', { threads: 2 });
    const program = await engine.compile(trainingStep(model, params, loss, adamDefaults));
    const state = await engine.createState({ ...params, ...initialMoments(params) });
    const sequences = Array.from({ length: dataset.userCount }, (_, user) => partOf(dataset, user, 'train'));
    const lengths = sequences.map((sequence) => trainingLength(model, sequence));
    const plan = planEpoch(lengths, config, 0);
    const at = args.indexOf('--steps');
    const wanted = at < 0 ? plan.length : Math.min(plan.length, Number(args[at + 1]));
    const random = new Random(2);
    let seconds = 0;
    let positions = 0;
    for (let step = 1; step <= wanted + 2; step++) {
      const members = plan[(step - 1) % plan.length]!;
      const started = performance.now();
      const batch = trainingBatch(
        model,
        loss,
        config,
        members.map((member) => sequences[member]!),
        random,
      );
      const inputs = {
        ...batch.inputs,
        ...updateInputs(step, 1e-3, adamDefaults),
        noise_seed: int32([step], []),
      };
      await program.run(state, inputs);
      if (step <= 2) continue; // warming up
      seconds += (performance.now() - started) / 1000;
      positions += batch.targetCount;
      if (step % 20 === 0) log(`${step} of ${wanted} steps`);
    }
    const all = lengths.reduce((sum, length) => sum + length, 0);
    const epochSeconds = (seconds * all) / positions;
    const padded = plan.reduce(
      (sum, batch) => sum + batch.length * Math.max(...batch.map((i) => lengths[i]!)),
      0,
    );
    const torch = hasTorch()
      ? stepsByTorch({
          model: 'sasrec',
          loss: 'cross-entropy',
          batch: 128,
          length: 200,
          items: dataset.itemCount,
          dropout: 0.1,
          threads: 2,
          steps: Math.max(4, Math.round(wanted / 12)),
          warmUps: 2,
        })
      : undefined;
    const mean = torch && torch.milliseconds.reduce((sum, each) => sum + each, 0) / torch.milliseconds.length;
    const torchSeconds = mean === undefined ? undefined : (mean / 1000) * (dataset.userCount / 128);
    return {
      figures: {
        steps: plan.length,
        measuredSteps: wanted,
        realPositions: all,
        paddedPositions: padded,
        epochSeconds: round(epochSeconds, 1),
        ...(torchSeconds === undefined
          ? {}
          : { torchEpochSeconds: round(torchSeconds, 1), ratio: round(epochSeconds / torchSeconds, 3) }),
      },
    };
  },
};
export default program;

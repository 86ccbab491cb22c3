import type { BenchProgram } from './program.ts';

/** `--rounds n`; `--steps n`: so many steps of the epoch in each round instead of all. */
const program: BenchProgram = {
  name: 'epoch',
  description:
    'An epoch of ML-1M with its own lengths, cross-entropy, against PyTorch padding every sequence to 200.',
  async run({ args, shared, temporaryFolder, log, signal }) {
    const path = await import('node:path');
    const { performance } = await import('node:perf_hooks');
    const { round } = await import('./measure.ts');
    const { hasTorch, numberOption, torchSteps } = await import('./step-peers.ts');
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
    const config = parseTrainingConfig({ heads: 2, batchTokens: 6400 });
    const model = buildModel(config, dataset.itemCount);
    const params = model.initialise(new Random(1));
    const loss = lossOf(config, dataset.itemCount);
    const engine = await createEngine('onnx-cpu', { threads: 2 });
    const program = await engine.compile(trainingStep(model, params, loss, adamDefaults));
    const state = await engine.createState({ ...params, ...initialMoments(params) });
    const sequences = Array.from({ length: dataset.userCount }, (_, user) => partOf(dataset, user, 'train'));
    const lengths = sequences.map((sequence) => trainingLength(model, sequence));
    const plan = planEpoch(lengths, config, 0);
    const wanted = Math.min(plan.length, numberOption(args, 'steps', plan.length));
    const rounds = numberOption(args, 'rounds', 3);
    const random = new Random(2);
    let step = 0;
    /** @returns how many real positions it had */
    const makeStep = async (members: readonly number[]): Promise<number> => {
      step++;
      const chosen = members.map((member) => sequences[member]!);
      const batch = trainingBatch(model, loss, config, chosen, random);
      await program.run(state, {
        ...batch.inputs,
        ...updateInputs(step, 1e-3, adamDefaults),
        noise_seed: int32([step], []),
      });
      return batch.targetCount;
    };
    const torch = hasTorch()
      ? torchSteps({
          model: 'sasrec',
          loss: 'cross-entropy',
          batch: 128,
          length: 200,
          items: dataset.itemCount,
          dropout: 0.1,
          threads: 2,
          steps: 3,
          warmUps: 1,
          padded: true,
        })
      : undefined;
    for (const members of plan.slice(0, 2)) await makeStep(members); // warming up
    const perPosition: number[] = [];
    const perPeerStep: number[] = [];
    // In turn, so that a disturbance meets both.
    for (let turn = 0; turn < rounds; turn++) {
      signal.throwIfAborted();
      log(`Round ${turn + 1} of ${rounds}`);
      const started = performance.now();
      let positions = 0;
      for (const members of plan.slice(0, wanted)) positions += await makeStep(members);
      perPosition.push((performance.now() - started) / 1000 / positions);
      if (!torch) continue;
      const { milliseconds } = await torch.round();
      perPeerStep.push(milliseconds.reduce((sum, each) => sum + each, 0) / milliseconds.length / 1000);
    }
    await torch?.end();
    const all = lengths.reduce((sum, length) => sum + length, 0);
    const epochSeconds = Math.min(...perPosition) * all;
    const padded = plan.reduce(
      (sum, batch) => sum + batch.length * Math.max(...batch.map((i) => lengths[i]!)),
      0,
    );
    const torchSeconds = torch ? Math.min(...perPeerStep) * (dataset.userCount / 128) : undefined;
    return {
      figures: {
        steps: plan.length,
        measuredSteps: wanted,
        rounds,
        realPositions: all,
        paddedPositions: padded,
        epochSeconds: round(epochSeconds, 1),
        ...(torchSeconds === undefined
          ? {}
          : {
              torchEpochSeconds: round(torchSeconds, 1),
              torchMeasuredSteps: 3 * rounds,
              ratioOfMinima: round(epochSeconds / torchSeconds, 3),
            }),
      },
    };
  },
};
export default program;

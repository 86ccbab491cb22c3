/**
 * node --import=tsx bench/step-child.ts <StepCase as JSON>
 * Training steps in a process of their own, so that its peak memory is its own. For each line on stdin it makes some steps
 * and prints one line of JSON.
 */
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { createEngine, type DeviceName } from '../src/engine/devices.ts';
import { int32 } from '../src/engine/program.ts';
import { trainingBatch } from '../src/recommender/batches.ts';
import { parseTrainingConfig } from '../src/recommender/config.ts';
import { lossOf } from '../src/recommender/losses.ts';
import { buildModel } from '../src/recommender/models/build.ts';
import { adamDefaults, initialMoments, updateInputs } from '../src/recommender/optimiser.ts';
import { trainingStep } from '../src/recommender/training-step.ts';
import { Random } from '../src/shared/random.ts';
import { peakMegabytes } from './measure.ts';
import type { StepCase, StepMeasured } from './step-peers.ts';

if (process.argv[1] === import.meta.filename) {
  const task = JSON.parse(process.argv[2]!) as StepCase;
  const config = parseTrainingConfig({
    model: task.model,
    loss: task.loss,
    maxLength: task.length,
    hidden: 64,
    layers: 2,
    heads: 2,
    inner: 64,
    dropout: task.dropout,
    attentionDropout: task.dropout,
  });
  const model = buildModel(config, task.items);
  const params = model.initialise(new Random(7));
  const loss = lossOf(config, task.items);
  const engine = await createEngine((task.device ?? 'onnx-cpu') as DeviceName, { threads: task.threads });
  const compiling = performance.now();
  const program = await engine.compile(trainingStep(model, params, loss, adamDefaults));
  const compileMilliseconds = performance.now() - compiling;
  const state = await engine.createState({ ...params, ...initialMoments(params) });
  const random = new Random(1);
  let step = 0;
  const makeStep = async () => {
    step++;
    const sequences = Array.from({ length: task.batch }, () => {
      const wanted = Math.floor(task.length * (0.3 + 0.9 * random.uniform()));
      const positions = Math.max(2, Math.min(task.length, wanted));
      const items = positions + (model.bidirectional ? 0 : 1);
      return Uint32Array.from({ length: items }, () => random.int(task.items));
    });
    const started = performance.now();
    const cpu = process.cpuUsage();
    // What turns sequences into tensors is part of a step here; the peer's tensors are made before its clock starts.
    const { inputs } = trainingBatch(model, loss, config, sequences, random);
    const outputs = await program.run(state, {
      ...inputs,
      ...updateInputs(step, 1e-3, adamDefaults),
      noise_seed: int32([step], []),
    });
    const { user, system } = process.cpuUsage(cpu);
    return {
      milliseconds: performance.now() - started,
      cpuMilliseconds: (user + system) / 1000,
      loss: outputs['loss']!.data[0]!,
    };
  };
  while (step < task.warmUps) await makeStep();
  for await (const _line of createInterface(process.stdin)) {
    const steps = [];
    while (steps.length < task.steps) steps.push(await makeStep());
    const measured: StepMeasured = {
      milliseconds: steps.map(({ milliseconds }) => milliseconds),
      cpuMilliseconds: Math.min(...steps.map(({ cpuMilliseconds }) => cpuMilliseconds)),
      compileMilliseconds,
      peakMegabytes: peakMegabytes(),
      loss: steps.at(-1)!.loss,
    };
    process.stdout.write(`${JSON.stringify(measured)}\n`);
  }
}

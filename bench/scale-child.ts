/**
 * node --import=tsx bench/scale-child.ts <folder> <share of an epoch>
 * Trains SASRec on generated data of Amazon-Book's shape in a process of its own. Prints one line of JSON.
 */
import { mkdir } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import type { Dataset } from '../src/data/dataset.ts';
import { createEngine } from '../src/engine/devices.ts';
import { parseTrainingConfig } from '../src/recommender/config.ts';
import { newManifest } from '../src/recommender/manifest.ts';
import { buildModel } from '../src/recommender/models/build.ts';
import { train } from '../src/recommender/trainer.ts';
import { Random } from '../src/shared/random.ts';
import { peakMegabytes } from './measure.ts';

const userCount = 160_000;
const itemCount = 100_000;
const interactionCount = 4_000_000;

/** Lengths and popularity fall off like a power, as in Amazon-Book; what follows what is at random. */
function generated(): Dataset {
  const random = new Random(1);
  const weights = Float64Array.from({ length: userCount }, () => random.uniform() ** -0.5);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const rest = interactionCount - 8 * userCount;
  const offsets = new Uint32Array(userCount + 1);
  for (let user = 0; user < userCount; user++)
    offsets[user + 1] = offsets[user]! + 8 + Math.floor((rest * weights[user]!) / total);
  const items = Uint32Array.from({ length: offsets[userCount]! }, () =>
    Math.min(itemCount - 1, Math.floor(itemCount * random.uniform() ** 2.5)),
  );
  return {
    name: 'generated',
    hash: 'generated',
    simulated: true,
    userCount,
    itemCount,
    catalogueCount: itemCount,
    interactionCount: items.length,
    attributes: [],
    offsets,
    items,
    timestamps: new Float64Array(items.length),
    trainEnd: offsets.slice(1).map((end) => end - 2),
    validationEnd: offsets.slice(1).map((end) => end - 1),
    item: (code) => ({ id: String(code), title: String(code), attributes: {} }),
    user: (code) => ({ id: String(code), profile: {} }),
    itemCode: (id) => Number(id),
    userCode: (id) => Number(id),
    attribute: () => undefined,
  };
}

if (process.argv[1] === import.meta.filename) {
  const [folder, share] = process.argv.slice(2) as [string, string];
  const dataset = generated();
  const config = parseTrainingConfig({
    maxLength: 50,
    loss: 'sampled-softmax',
    negatives: 1024,
    batchTokens: 12_800,
    epochs: 1,
    validationUsers: 500,
  });
  const model = buildModel(config, itemCount);
  const params = model.initialise(new Random(1));
  const engine = await createEngine('onnx-cpu', { threads: 2 });
  const directory = `${folder}/scale`;
  await mkdir(directory);
  const manifest = newManifest('scale', config, dataset, model, params, engine.device);
  const stop = new AbortController();
  let tokens = 0;
  let steps = 0;
  let total = 0;
  const started = performance.now();
  const finished = await train(
    {
      engine,
      dataset,
      model,
      initial: params,
      directory,
      manifest,
      onEvent: (event) => {
        if (event.kind === 'step') steps++;
      },
    },
    {
      signal: stop.signal,
      onProgress: (progress) => {
        total = progress.total ?? 0;
        if (steps >= Number(share) * total) stop.abort();
      },
    },
  );
  const seconds = (performance.now() - started) / 1000;
  for (let user = 0; user < userCount; user++)
    tokens += Math.min(50, dataset.trainEnd[user]! - dataset.offsets[user]! - 1);
  const done = steps / total;
  process.stdout.write(
    `${JSON.stringify({
      users: userCount,
      items: itemCount,
      interactions: dataset.interactionCount,
      shareOfEpoch: done,
      status: finished.status,
      seconds,
      epochSeconds: finished.progress.seconds / done,
      sequencesPerSecond: (userCount * done) / finished.progress.seconds,
      positionsPerSecond: (tokens * done) / finished.progress.seconds,
      peakMegabytes: peakMegabytes(),
    })}\n`,
  );
}

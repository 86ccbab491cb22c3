import assert from 'node:assert/strict';
import { parseTrainingConfig } from '../../../src/recommender/config.ts';
import { newManifest } from '../../../src/recommender/manifest.ts';
import { modelTitle } from '../../../src/recommender/model-title.ts';
import { buildModel } from '../../../src/recommender/models/build.ts';
import { Random } from '../../../src/shared/random.ts';
import { normal } from '../engine/engines.ts';
import { cycleDataset } from './cycle-dataset.ts';

const dataset = cycleDataset();
const [D, F, L, W] = [8, 12, 6, 5];
const config = parseTrainingConfig({
  itemEncoder: 'text',
  hidden: D,
  inner: F,
  maxLength: L,
  layers: 2,
  heads: 2,
});
const features = normal(new Random('texts'), dataset.itemCount, W);

describe('the feature encoder over item texts', () => {
  it('trains everything, the embeddings too, and counts it', () => {
    const model = buildModel(config, dataset.itemCount, features);
    const params = model.initialise(new Random(1));
    assert.deepEqual(model.frozen, {});
    assert.deepEqual([...params['features']!.data], [...features.data]);
    const text = { source: { kind: 'glove' }, label: 'GloVe', width: W } as const;
    const manifest = newManifest('m', config, dataset, model, params, 'onnx-cpu', { text });
    const plain = buildModel({ ...config, itemEncoder: 'id' }, dataset.itemCount);
    const base = newManifest('m', config, dataset, plain, plain.initialise(new Random(1)), 'onnx-cpu');
    // Embeddings, projection, positions, 3 norms, 4 attention layers, feed-forward, fusion.
    const added =
      12 * W + (W * D + D) + L * D + 3 * 2 * D + 4 * (D * D + D) + (D * F + F + F * D + D) + (2 * D * D + D);
    assert.equal(manifest.parameters.trainable - base.parameters.trainable, added);
    assert.equal(manifest.parameters.total, manifest.parameters.trainable);
    // Multiply-adds: one layer (projections, attention, feed-forward), the projection, the fusion.
    const work = 4 * L * D * D + 2 * L * L * D + 2 * L * D * F + L * D * W + L * D * 2 * D;
    assert.equal(manifest.flops - base.flops, 2 * work);
  });

  it('is named after its embeddings: word vectors are never called BERT', () => {
    const text = (kind: 'glove' | 'onnx') =>
      ({ source: { kind, folder: 'x' }, label: '', width: W }) as Parameters<typeof modelTitle>[0]['text'];
    assert.equal(modelTitle({ config, text: text('onnx') }), 'SASRec_BERT');
    assert.equal(modelTitle({ config, text: text('glove') }), 'SASRec_GloVe');
    assert.equal(modelTitle({ config: { ...config, model: 'bert4rec' } }), 'BERT4Rec');
    const tool = {
      attribute: 'genre',
      mode: 'frozen',
      backbone: 'b',
      features: '',
      featureWidth: 1,
    } as const;
    assert.equal(modelTitle({ config, tool }), 'frozen + genre (SASRec)');
  });
});

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { readTensors, writeTensors } from '../../../src/recommender/checkpoint.ts';
import { featureFlops } from '../../../src/recommender/flops.ts';
import { openModel } from '../../../src/recommender/model-library.ts';
import { TrainingQueue, type TrainingRequest } from '../../../src/service/model-runs.ts';
import { Workspace } from '../../../src/shared/workspace.ts';
import { cycleDataset } from '../recommender/cycle-dataset.ts';

const dataset = cycleDataset();
const request: TrainingRequest = {
  config: { hidden: 8, inner: 8, layers: 1, maxLength: 6, epochs: 3, batchTokens: 30 },
  resume: false,
  device: 'onnx-cpu',
  threads: 1,
  allowChangedDataset: false,
};

describe('the queue of training runs', () => {
  let workspace: Workspace;
  beforeEach(async () => {
    workspace = new Workspace(await fs.mkdtemp(path.join(os.tmpdir(), 'toolrec-runs-')));
  });
  afterEach(() => fs.rm(workspace.folder, { recursive: true }));

  it('trains one after another, and reports every event', async () => {
    const queue = new TrainingQueue();
    const order: string[] = [];
    const onEvent: TrainingRequest['onEvent'] = (id, event) => {
      if (event.kind === 'epoch') order.push(`${id} ${event.epoch}`);
    };
    await Promise.all(
      ['a', 'b'].map((id) => queue.train(workspace, dataset, { ...request, id, onEvent }, {})),
    );
    assert.deepEqual(order, ['a 1', 'a 2', 'a 3', 'b 1', 'b 2', 'b 3']);
  });

  it('pauses by id and goes on with the settings that the model has', async () => {
    const queue = new TrainingQueue();
    const directory = workspace.entry('models', 'a');
    const pauseAfter: TrainingRequest['onEvent'] = (_id, event) => {
      if (event.step === 4) assert.equal(queue.pause(directory), true);
    };
    const paused = await queue.train(workspace, dataset, { ...request, id: 'a', onEvent: pauseAfter }, {});
    assert.equal(paused.status, 'paused');
    assert.equal(queue.pause(directory), false);
    const config = { hidden: 16 }; // not asked for when going on
    const finished = await queue.train(workspace, dataset, { ...request, id: 'a', config, resume: true }, {});
    assert.equal(finished.status, 'finished');
    assert.equal(finished.config.hidden, 8);
  });

  it('says at once that a backbone is missing, unless it is about to be trained', async () => {
    const queue = new TrainingQueue();
    const first = queue.train(workspace, dataset, { ...request, id: 'a' }, {});
    const order: string[] = [];
    void first.then(() => order.push('a'));
    const tool = (backbone: string) => ({ attribute: 'colour', mode: 'frozen' as const, backbone });
    const missing = queue.train(workspace, dataset, { ...request, id: 'b', tool: tool('nothing') }, {});
    await assert.rejects(missing, { code: 'no-model' });
    order.push('refused');
    await first;
    assert.deepEqual(order, ['refused', 'a']);
    const later = queue.train(workspace, dataset, { ...request, id: 'c' }, {});
    const waiting = queue.train(workspace, dataset, { ...request, id: 'd', tool: tool('c') }, {});
    const [, trained] = await Promise.all([later, waiting]);
    assert.equal(trained.tool?.backbone, 'c');
  });

  it('refuses a second training of the same model, and one in the queue can be cancelled', async () => {
    const queue = new TrainingQueue();
    const first = queue.train(workspace, dataset, { ...request, id: 'a' }, {});
    await assert.rejects(queue.train(workspace, dataset, { ...request, id: 'a' }, {}), {
      code: 'already-training',
    });
    const cancel = new AbortController();
    const second = queue.train(workspace, dataset, { ...request, id: 'b' }, { signal: cancel.signal });
    cancel.abort();
    await assert.rejects(second, { code: 'cancelled' });
    assert.equal((await first).status, 'finished');
  });

  it('begins with the parameters of a model of the same shape, and refuses another shape or one that saw more', async () => {
    const queue = new TrainingQueue();
    const first = await queue.train(workspace, dataset, { ...request, id: 'first' }, {});
    // A learning rate of next to nothing: what it began with is what it has.
    const still = { ...request.config, epochs: 1, learningRate: 1e-12, warmupEpochs: 0 };
    const begun = { ...request, id: 'begun', config: still, startFrom: 'first' };
    const second = await queue.train(workspace, dataset, begun, {});
    assert.equal(second.startedFrom, 'first');
    const near = (id: string) => openModel(workspace, dataset, id).then(({ params }) => params['item']!.data);
    const [one, two] = [await near('first'), await near('begun')];
    assert.ok(one.every((value, i) => Math.abs(value - two[i]!) < 1e-6));
    assert.equal(second.validation!['ndcg@10'], first.validation!['ndcg@10']);

    const wider = { ...begun, id: 'wider', config: { ...still, hidden: 16 } };
    await assert.rejects(queue.train(workspace, dataset, wider, {}), { code: 'other-shape' });
    const seen = { ...request, id: 'seen', config: { ...request.config, fitOn: 'train+validation' } };
    await queue.train(workspace, dataset, seen, {});
    await assert.rejects(queue.train(workspace, dataset, { ...begun, id: 'blind', startFrom: 'seen' }, {}), {
      code: 'part-was-trained-on',
    });
    await assert.rejects(queue.train(workspace, dataset, { ...begun, id: 'none', startFrom: 'no' }, {}), {
      code: 'no-model',
    });
    assert.equal(existsSync(workspace.entry('models', 'wider')), false);
  });

  it('refuses files of another model of the same shape, and a checkpoint that does not say how far it is', async () => {
    const queue = new TrainingQueue();
    for (const id of ['own', 'other']) await queue.train(workspace, dataset, { ...request, id }, {});
    const file = (id: string, name: string) => path.join(workspace.entry('models', id), name);
    for (const name of ['model.safetensors', 'optimizer.safetensors'])
      await fs.copyFile(file('other', name), file('own', name));
    const foreign = { name: 'StorageError', code: 'foreign-checkpoint', message: /it is of “other”/ };
    await assert.rejects(openModel(workspace, dataset, 'own'), foreign);
    const again = { ...request, resume: true };
    await assert.rejects(queue.train(workspace, dataset, { ...again, id: 'own' }, {}), foreign);
    const { tensors, metadata } = await readTensors(
      workspace.entry('models', 'other'),
      'optimizer.safetensors',
    );
    for (const position of ['{"epoch":', '{"epoch":-1}', 'null']) {
      const content = { tensors, metadata: { ...metadata, position } };
      await writeTensors(workspace.entry('models', 'other'), 'optimizer.safetensors', content);
      await assert.rejects(queue.train(workspace, dataset, { ...again, id: 'other' }, {}), {
        code: 'damaged-checkpoint',
        place: { file: file('other', 'optimizer.safetensors') },
      });
    }
  });

  it('refuses what does not fit into memory before a device is tried on it', async () => {
    const config = { batchTokens: 1_000_000, maxLength: 4096, heads: 16 };
    const huge = { ...request, id: 'huge', device: 'auto', config } as const;
    const messages: string[] = [];
    const run = new TrainingQueue().train(workspace, dataset, huge, {
      onProgress: ({ message }) => messages.push(message),
    });
    await assert.rejects(run, { code: 'not-enough-memory' });
    assert.deepEqual(messages, ['Preparing the model']);
    assert.equal(existsSync(workspace.entry('models', 'huge')), false);
  });

  it('refuses a frozen tool whose backbone is no longer what it was', async () => {
    const queue = new TrainingQueue();
    await queue.train(workspace, dataset, { ...request, id: 'base' }, {});
    for (const mode of ['frozen', 'full'] as const) {
      const tool = { backbone: 'base', attribute: 'year', mode };
      await queue.train(workspace, dataset, { ...request, id: mode, tool }, {});
      await openModel(workspace, dataset, mode);
    }
    await fs.rm(workspace.entry('models', 'base'), { recursive: true });
    const config = { ...request.config, seed: 7 };
    await queue.train(workspace, dataset, { ...request, id: 'base', config }, {});
    await assert.rejects(openModel(workspace, dataset, 'frozen'), { code: 'backbone-changed' });
    await openModel(workspace, dataset, 'full'); // it has parameters of its own for all
  });

  it('gives a tool the shape of its backbone, and counts the work of both', async () => {
    const queue = new TrainingQueue();
    const config = { ...request.config, model: 'bert4rec', maxLength: 5, inner: 32, layers: 2 };
    const base = await queue.train(workspace, dataset, { ...request, id: 'base', config }, {});
    const tool = { backbone: 'base', attribute: 'year', mode: 'frozen' as const };
    const own = { inner: 8, epochs: 1, batchTokens: 30 };
    const made = await queue.train(workspace, dataset, { ...request, id: 'tool', config: own, tool }, {});
    const { model, maxLength, hidden, layers, inner } = made.config;
    assert.deepEqual([model, maxLength, hidden, layers, inner], ['bert4rec', 5, 8, 2, 8]);
    assert.equal(made.flops, base.flops + featureFlops(made.config, made.tool!.featureWidth));
    const wider = { ...request, id: 'wider', config: { ...own, hidden: 16 }, tool };
    await assert.rejects(queue.train(workspace, dataset, wider, {}), { code: 'other-shape' });
  });

  it('keeps the last epoch where nobody has a validation item', async () => {
    const queue = new TrainingQueue();
    const data = { ...dataset, validationEnd: dataset.trainEnd };
    const { progress, validation } = await queue.train(workspace, data, { ...request, id: 'a' }, {});
    assert.deepEqual([progress.bestEpoch, validation], [3, undefined]);
    await openModel(workspace, data, 'a');
  });
});

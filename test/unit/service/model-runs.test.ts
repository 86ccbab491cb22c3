import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
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
});

import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { writeTinyModel } from '../../unit/engine/tiny-sentence-model.ts';
import { run } from '../../unit/cli/run.ts';

// Awaited at the top, so that mocha imports this file instead of requiring it: what the service then loads with
// import() shares its classes (errors) with what this file loads.
await Promise.resolve();

/** Small enough to train in a second. */
const small = [
  '--device',
  'onnx-cpu',
  '--hidden',
  '8',
  '--inner',
  '8',
  '--layers',
  '1',
  '--max-length',
  '12',
  '--epochs',
  '1',
];

describe('toolrec train, models, retrieve, evaluate', function () {
  this.timeout(60_000);
  let folder: string;
  const toolrec = async (...argv: string[]) => {
    const { code, stdout, stderr } = await run(['--workspace', folder, '--json', '--quiet', ...argv]);
    return { code, stderr, json: JSON.parse(stdout) };
  };

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'toolrec-models-'));
    assert.equal((await toolrec('sample')).code, 0);
    assert.equal((await toolrec('train', 'sample', '--id', 'base', ...small)).code, 0);
  });
  after(() => fs.rm(folder, { recursive: true }));

  it('trains a backbone and a tool, and lists, shows and compares them', async () => {
    const trained = await toolrec(
      'train',
      'sample',
      '--backbone',
      'base',
      '--attribute',
      'genre',
      '--loss',
      'bpr',
      ...small,
    );
    assert.equal(trained.json.id, 'base-frozen-genre');
    assert.equal(trained.json.status, 'finished');
    assert.ok(trained.json.parameters.trainable < trained.json.parameters.total);
    const { json: list } = await toolrec('models', 'list');
    assert.deepEqual(
      list.models.map((model: { id: string }) => model.id),
      ['base', 'base-frozen-genre'],
    );
    const { json: shown } = await toolrec('models', 'show', 'base');
    assert.equal(shown.model.config.hidden, 8);
    assert.equal(shown.events.at(-1).kind, 'epoch');
    assert.equal((await toolrec('models', 'compare', 'base', 'base-frozen-genre')).json.models.length, 2);
  });

  it('trains on item texts, names the embeddings everywhere, and goes on', async () => {
    const train = (...more: string[]) =>
      toolrec('train', 'sample', '--item-encoder', 'text', ...more, ...small);
    const { json: glove } = await train();
    assert.equal(glove.id, 'sasrec-text-sample');
    assert.equal(glove.title, 'SASRec_GloVe');
    assert.match(glove.text.label, /GloVe means/);
    const models = path.join(folder, 'tiny');
    await writeTinyModel(models);
    const { json: bert } = await train('--id', 'bert', '--text-folder', models);
    assert.equal(bert.title, 'SASRec_BERT');
    assert.equal(bert.text.width, 2);
    await fs.rm(models, { recursive: true }); // no longer needed: the embeddings are parameters
    assert.equal((await toolrec('evaluate', 'bert', '--users', '50')).json.texts, 'sentence model tiny');
    assert.equal((await toolrec('retrieve', 'bert', '--user', 'simulated-1')).json.items.length, 10);
    const resumed = await toolrec('train', 'sample', '--id', 'bert', '--resume', '--device', 'onnx-cpu');
    assert.equal(resumed.json.status, 'finished');
    const tool = await toolrec('train', 'sample', '--backbone', 'bert', '--attribute', 'genre', ...small);
    assert.equal(tool.json.status, 'finished');
    const codeOf = async (...more: string[]) => (await train('--id', 'x', ...more)).json.error?.code;
    assert.equal(await codeOf('--text-folder', models), 'no-sentence-model');
    assert.equal(await codeOf('--text-url', 'http://127.0.0.1:9'), 'no-text-model');
    assert.equal(
      await codeOf('--text-url', 'http://127.0.0.1:9', '--text-model', 'm'),
      'embeddings-unreachable',
    );
  });

  it('evaluates it over all users, tied users apart, and keeps the figures', async () => {
    const { json } = await toolrec('evaluate', 'base', '--users', 'all', '--per-user');
    assert.equal(json.users, 800);
    assert.equal(json.ties.tied.users + json.ties.untied.users, 800);
    const values: number[] = json.perUser['recall@10'];
    assert.equal(values.reduce((sum, value) => sum + value, 0) / 800, json.metrics['recall@10']);
    const { json: shown } = await toolrec('models', 'show', 'base');
    assert.equal(shown.model.evaluations.test['ndcg@10'], json.metrics['ndcg@10']);
    assert.equal((await toolrec('evaluate', 'base', '--users', '50')).json.users, 50);
  });

  it('retrieves K items outside the history, from the backbone and by an attribute', async () => {
    const { json } = await toolrec('retrieve', 'base', '--user', 'simulated-1', '-n', '20');
    assert.equal(new Set(json.items.map((item: { id: string }) => item.id)).size, 20);
    const history = json.items.slice(0, 3).map((item: { id: string }) => item.id);
    const { json: other } = await toolrec(
      'retrieve',
      'base',
      '--history',
      history.join(','),
      '-a',
      'genre',
      '-n',
      '5',
    );
    assert.equal(other.items.length, 5);
    assert.ok(other.items.every((item: { id: string }) => !history.includes(item.id)));
  });

  it('refuses what does not fit, with a code', async () => {
    const codeOf = async (...argv: string[]) => (await toolrec(...argv)).json.error?.code;
    assert.equal(await codeOf('train', 'sample', '--id', 'base', ...small), 'model-exists');
    assert.equal(await codeOf('train', 'sample', '--id', 'none', '--resume'), 'no-model');
    assert.equal(await codeOf('train', 'sample', '--hidden', '-3'), 'bad-training-config');
    assert.equal(await codeOf('train', 'sample', '--hidden', '10', '--heads', '3'), 'bad-training-config');
    assert.equal(await codeOf('retrieve', 'base', '--user', 'simulated-1', '-a', 'shoe'), 'no-tool');
    assert.equal(await codeOf('evaluate', 'nothing'), 'no-model');
  });

  it('refuses a dataset that has changed, unless allowed', async () => {
    const file = path.join(folder, '.toolrec/models/base/model.json');
    const manifest = JSON.parse(await fs.readFile(file, 'utf8'));
    await fs.writeFile(
      file,
      JSON.stringify({ ...manifest, dataset: { ...manifest.dataset, hash: 'other' } }),
    );
    assert.equal((await toolrec('evaluate', 'base')).json.error.code, 'dataset-changed');
    assert.equal((await toolrec('evaluate', 'base', '--allow-changed-dataset')).code, 0);
    const retrieve = ['retrieve', 'base', '--user', 'simulated-1'];
    assert.equal((await toolrec(...retrieve)).json.error.code, 'dataset-changed');
    assert.equal((await toolrec(...retrieve, '--allow-changed-dataset')).json.items.length, 10);
    const resume = ['train', 'sample', '--id', 'base', '--resume', '--device', 'onnx-cpu'];
    assert.equal((await toolrec(...resume)).json.error.code, 'dataset-changed');
    assert.equal((await toolrec(...resume, '--allow-changed-dataset')).json.status, 'finished');
    await fs.writeFile(file, JSON.stringify(manifest));
  });

  it('deletes', async () => {
    assert.equal((await toolrec('models', 'delete', 'base')).code, 0);
    assert.equal((await toolrec('models', 'show', 'base')).json.error.code, 'no-model');
  });
});

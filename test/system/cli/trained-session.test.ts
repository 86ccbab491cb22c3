import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { run } from '../../unit/cli/run.ts';

// Awaited at the top, so that mocha imports this file instead of requiring it: what the service then loads with
// import() shares its classes (errors) with what this file loads.
await Promise.resolve();

/** Small enough to train in a second. */
const small = '--device onnx-cpu --hidden 8 --inner 8 --layers 1 --max-length 12 --epochs 1'.split(' ');

interface Result {
  session: string;
  rounds: { action: string; items: { id: string }[] }[];
  finalList: { id: string }[];
  retrieval: string;
  retrievalSource: { kind: string; model: string; tools: { attribute: string; model: string }[] };
  metrics: Record<string, number | null> | null;
}

describe('toolrec session run on trained tools', function () {
  this.timeout(60_000);
  let folder: string;
  const toolrec = async (...argv: string[]) => {
    const { code, stdout, stderr } = await run(['--workspace', folder, '--json', ...argv]);
    return { code, stderr, json: JSON.parse(stdout) as Result & { error?: { code: string } } };
  };

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'toolrec-trained-'));
    assert.equal((await toolrec('sample')).code, 0);
    assert.equal((await toolrec('train', 'sample', '--id', 'base', ...small)).code, 0);
    const tool = ['--backbone', 'base', '--attribute', 'genre', '--loss', 'bpr', ...small];
    assert.equal((await toolrec('train', 'sample', '--id', 'base-genre', ...tool)).code, 0);
    const masked = ['--model', 'bert4rec', '--heads', '1', ...small];
    assert.equal((await toolrec('train', 'sample', '--id', 'masked', ...masked)).code, 0);
  });
  after(() => fs.rm(folder, { recursive: true }));

  it('uses the best trained backbone with its tools, and its log says which', async () => {
    const { json, stderr } = await toolrec('session', 'run', '-u', 'simulated-3');
    assert.equal(json.retrievalSource.kind, 'trained');
    assert.equal(json.retrievalSource.model, 'base');
    assert.deepEqual(json.retrievalSource.tools, [{ attribute: 'genre', model: 'base-genre' }]);
    assert.match(json.retrieval, /^base \(sasrec\), attribute tools: genre \(base-genre\) · simulated data$/);
    assert.doesNotMatch(stderr, /stands in/);
    assert.equal(json.finalList.length, 10);
    assert.equal(json.rounds[1]!.action, 'Neighbours[None, 50]');
    const { json: retrieved } = await toolrec('retrieve', 'base', '-u', 'simulated-3', '-n', '50');
    const ids = (retrieved as unknown as { items: { id: string }[] }).items.map(({ id }) => id);
    assert.deepEqual(
      json.rounds[0]!.items.map(({ id }) => id),
      ids,
      'the history is what comes before the test item',
    );
  });

  it('uses the one that is named, BERT4Rec and the floors too, and forks with the same', async () => {
    const { json } = await toolrec('session', 'run', '--model', 'masked');
    assert.match(json.retrieval, /^masked \(bert4rec\), no attribute tools/);
    const fork = await toolrec('session', 'run', '--fork', `${json.session}@1`);
    assert.deepEqual(fork.json.retrievalSource, json.retrievalSource);
    assert.deepEqual(fork.json.finalList, json.finalList);
    const floor = await toolrec('session', 'run', '--retrieval', 'cooccurrence');
    assert.equal(floor.json.retrievalSource.kind, 'floor');
    const again = await toolrec('session', 'run', '--replay', json.session);
    assert.equal(again.code, 0);
  });

  it('predicts validation without the test split, the future with everything, and for histories of one’s own', async () => {
    const user = ['-u', 'simulated-5'];
    const at = async (part: string) => (await toolrec('session', 'run', ...user, '--before', part)).json;
    const [validation, end] = [await at('validation'), await at('end')];
    assert.ok(validation.metrics);
    assert.equal(end.metrics, null);
    const { json: listed } = await toolrec('retrieve', 'base', ...user, '-n', '50', '--before', 'validation');
    assert.deepEqual(
      validation.rounds[0]!.items.map(({ id }) => id),
      (listed as unknown as { items: { id: string }[] }).items.map(({ id }) => id),
    );
    assert.equal((await toolrec('session', 'run', '--history', '1,2,3')).json.finalList.length, 10);
  });

  it('retrieves by a trained tool where a person or a model asks for it', async () => {
    const { json: listed } = await toolrec('retrieve', 'base', '-u', 'simulated-3', '-n', '5', '-a', 'genre');
    assert.equal((listed as unknown as { items: unknown[] }).items.length, 5);
    const fitted = await toolrec('session', 'run', '-u', 'simulated-3', '--fit');
    assert.match(
      fitted.stderr,
      /Fitted on 800 validation users: NDCG@10 0\.\d{4} → 0\.\d{4}, cross-validated/,
    );
    const again = await toolrec('session', 'run', '-u', 'simulated-3');
    assert.deepEqual(again.json.finalList, fitted.json.finalList, 'the weights were kept');
    const other = await toolrec('session', 'run', '-u', 'simulated-3', '-m', 'masked');
    assert.match((other.json as unknown as { policy: { label: string } }).policy.label, /default weights/);
  });

  it('refuses models that cannot be used', async () => {
    assert.equal((await toolrec('session', 'run', '-m', 'base-genre')).json.error!.code, 'tool-as-backbone');
    assert.equal((await toolrec('session', 'run', '-m', 'nothing')).json.error!.code, 'unknown-model');
    const both = await toolrec('session', 'run', '-m', 'base', '--retrieval', 'masked');
    assert.equal(both.json.error!.code, 'two-models');
  });
});

import assert from 'node:assert/strict';
import { methodRows, metricsRows } from '../../../src/workbench/metrics/metrics-rows.ts';
import type {
  MeasuredModel,
  MeasuredSession,
  MetricsRow,
} from '../../../src/workbench/metrics/metrics-rows.ts';
import { english } from '../../../src/workbench/texts.ts';
import { finish, retrieve, startSession, world } from '../agent/world.ts';

async function session(over: Partial<MeasuredSession> = {}): Promise<MeasuredSession> {
  const run = await startSession(world([retrieve(null, 4), finish('m2')]));
  await run.run();
  return {
    id: 'test-session',
    folder: '/w',
    state: run.state,
    revealed: true,
    metrics: { rank: 2, 'recall@5': 1, 'ndcg@5': 0.63093 },
    ...over,
  };
}
const model = (id: string, over: Partial<MeasuredModel> = {}): MeasuredModel => ({
  folder: '/w',
  id,
  dataset: 'ml-1m',
  simulated: false,
  model: 'sasrec',
  loss: 'ce',
  ...over,
});
const none = { session: undefined, models: [], experiments: [] };
const lines = (rows: readonly MetricsRow[]) =>
  rows.map(({ label, description }) => `${label}: ${description}`);

describe('metrics as a tree', () => {
  it('is empty where nothing was measured, so that its welcome shows', () => {
    assert.deepEqual(metricsRows(none, english), []);
    assert.deepEqual(metricsRows({ ...none, models: [model('a')] }, english), []);
  });

  it('keeps the held-out item hidden until it is revealed', async () => {
    const hidden = metricsRows({ ...none, session: await session({ revealed: false }) }, english)[0]!;
    assert.equal(hidden.description, 'user u4 · made-up · simulated');
    assert.equal(hidden.children[0]!.action?.kind, 'reveal');
    assert.ok(!JSON.stringify(hidden).includes('0.63'), 'a hidden metric is in the tree');
    const shown = metricsRows({ ...none, session: await session() }, english)[0]!;
    assert.deepEqual(lines(shown.children).slice(0, 3), [
      'Held-out item: rank 2',
      'Recall@5: 1.0000',
      'NDCG@5: 0.6309',
    ]);
    const missed = await session({ metrics: { rank: null, 'recall@5': 0, 'ndcg@5': 0 } });
    assert.equal(
      lines(metricsRows({ ...none, session: missed }, english)[0]!.children)[0],
      'Held-out item: not in the list',
    );
  });

  it('ranks the models of a dataset by NDCG@10 of the test part, and says where another part stands in', () => {
    const rows = metricsRows(
      {
        ...none,
        models: [
          model('a', { validation: { 'ndcg@10': 0.9, 'recall@10': 0.95 } }),
          model('b', { evaluations: { test: { 'ndcg@10': 0.2, 'recall@10': 0.3 } } }),
          model('c', {
            dataset: 'sample',
            simulated: true,
            evaluations: { test: { 'ndcg@10': 0.1, 'recall@10': 0.2 } },
            tool: { attribute: 'genre', mode: 'frozen', backbone: 'b' },
          }),
        ],
      },
      english,
    );
    assert.deepEqual(lines(rows), ['Models on ml-1m: ', 'Models on sample: simulated']);
    assert.deepEqual(lines(rows[0]!.children), [
      'sasrec · ce: 0.3000 / 0.2000 · best',
      'sasrec · ce: 0.9500 / 0.9000 · validation',
    ]);
    assert.deepEqual(lines(rows[1]!.children), ['sasrec · genre: 0.2000 / 0.1000']);
    assert.deepEqual(rows[1]!.children[0]!.table, [
      ['test NDCG@10', '0.1000'],
      ['test Recall@10', '0.2000'],
    ]);
  });

  it('shows experiments with mean, deviation and interval, and says what is a stand-in', () => {
    const experiment = {
      folder: '/w',
      id: 'table-2',
      dataset: 'ml-1m',
      simulated: false,
      done: 412,
      total: 600,
      failures: 3,
      status: 'running' as const,
      problem: undefined,
    };
    const [row] = metricsRows({ ...none, experiments: [experiment] }, english);
    assert.deepEqual(lines(row!.children), ['table-2: running 412/600 · 3 failed']);
    const one = (id: string, mean: number, standIn: boolean) => ({
      id,
      label: id,
      standIn,
      metrics: [{ name: 'ndcg@10', mean, deviation: 0.01, interval: [0.18, 0.22] as const }],
    });
    const rows = methodRows(experiment, [one('SASRec', 0.1, false), one('ToolRec', 0.2, true)], english);
    assert.deepEqual(lines(rows), [
      'ToolRec (stand-in): NDCG@10 0.2000 ± 0.0100',
      'SASRec: NDCG@10 0.1000 ± 0.0100',
    ]);
    assert.deepEqual(rows[0]!.table, [['NDCG@10', '0.2000 ± 0.0100, 95 % interval 0.1800 to 0.2200']]);
  });

  it('filters by label, keeping what is under a match', () => {
    const models = [
      model('a', { validation: { 'ndcg@10': 0.9 } }),
      model('b', { dataset: 'x', validation: {} }),
    ];
    assert.deepEqual(
      metricsRows({ ...none, models }, english, 'ML-1M').map(({ label, children }) => [
        label,
        children.length,
      ]),
      [['Models on ml-1m', 1]],
    );
    assert.deepEqual(metricsRows({ ...none, models }, english, 'nothing'), []);
  });
});

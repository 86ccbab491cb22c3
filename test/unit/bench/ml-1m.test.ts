import assert from 'node:assert/strict';
import { cast, type ListedModel, trainings } from '../../../bench/ml-1m/models.ts';
import { experimentOf, rowsOf } from '../../../bench/ml-1m/rows.ts';
import { pageOf, type Report, type TableParts } from '../../../bench/ml-1m/table.ts';
import { checkExperiment } from '../../../src/experiments/experiment-file.ts';

function model(id: string, over: Partial<ListedModel> = {}): ListedModel {
  return {
    id,
    title: 'SASRec',
    model: id.includes('bert4rec') ? 'bert4rec' : 'sasrec',
    status: 'finished',
    dataset: { name: 'ml-1m', hash: 'h' },
    config: { seed: 42, epochs: 66, fitOn: 'train' },
    progress: { epoch: 5, bestEpoch: 4, seconds: 60 },
    device: 'onnx-cpu',
    ...over,
  };
}
const tool = (id: string, backbone: string, attribute: string, mode = 'frozen') =>
  model(id, { tool: { backbone, attribute, mode } });

const models: readonly ListedModel[] = [
  model('sasrec'),
  model('sasrec-43', { config: { seed: 43, epochs: 66, fitOn: 'train', patience: 9 } }),
  model('sasrec-refit-42', { config: { seed: 42, epochs: 66, fitOn: 'train+validation' } }),
  model('other', { config: { seed: 1, epochs: 2, fitOn: 'train' } }),
  tool('sasrec-year', 'sasrec', 'year'),
  tool('sasrec-genre', 'sasrec', 'genre'),
  model('bert4rec', { status: 'training' }),
  model('paper-sasrec', { dataset: { name: 'ml-1m-paper', hash: 'p' } }),
];

describe('ml-1m bench', () => {
  it('gives every part to a model, and says which has none and why', () => {
    const parts = cast(models, 'ml-1m');
    assert.equal(parts.sasrec?.id, 'sasrec');
    assert.equal(parts.bert4rec, undefined);
    assert.deepEqual(
      [parts.seeds, parts.refits, parts.tools].map((list) => list.map(({ id }) => id)),
      [['sasrec-43'], ['sasrec-refit-42'], ['sasrec-genre', 'sasrec-year']],
    );
    assert.deepEqual(
      [parts.left, parts.others].map((list) => list.map(({ id }) => id)),
      [['bert4rec'], ['other']],
    );
    const absent = new Map(parts.absent.map(({ what, why }) => [what, why]));
    assert.match(absent.get('bert4rec')!, /is being trained/);
    assert.match(absent.get('sasrec-full-genre')!, /no such model/);
    // Together they are all that was planned.
    const there = [parts.sasrec!, ...parts.seeds, ...parts.refits, ...parts.tools].map(({ id }) => id);
    const planned = trainings.filter(({ dataset }) => dataset === 'ml-1m').map(({ id }) => id);
    assert.deepEqual([...there, ...absent.keys()].sort(), planned.sort());
  });

  it('a model of another name takes a part, and then nothing is missing there', () => {
    const renamed = [
      model('mine'),
      tool('mine-g', 'mine', 'genre'),
      tool('mine-full', 'mine', 'genre', 'full'),
    ];
    const parts = cast(renamed, 'ml-1m');
    assert.equal(parts.sasrec?.id, 'mine');
    assert.equal(cast([model('sasrec'), ...renamed], 'ml-1m', ['mine']).sasrec?.id, 'mine');
    assert.equal(cast([model('sasrec'), ...renamed], 'ml-1m').sasrec?.id, 'mine', 'the one that has tools');
    assert.equal(cast([model('mine'), model('sasrec')], 'ml-1m').sasrec?.id, 'sasrec');
    const absent = parts.absent.map(({ what }) => what);
    assert.ok(!absent.includes('sasrec') && !absent.includes('sasrec-genre'));
    assert.ok(!absent.includes('sasrec-full-genre') && absent.includes('sasrec-full-year'));
  });

  it('writes experiment files that the product reads', () => {
    const rows = rowsOf(cast(models, 'ml-1m'));
    const { text } = experimentOf('x', 'Three samples', 'ml-1m', '{ users: 200, repeats: 3, seed: 1 }', rows);
    const { experiment, findings } = checkExperiment(text, '/w/x.toolrec-experiment.yaml');
    assert.deepEqual(findings, []);
    assert.ok(text.includes('{ method: model, id: other, model: other }'));
    assert.deepEqual(
      experiment!.methodIds,
      rows.map(({ id }) => id),
    );
    const paper = rowsOf(cast(models, 'ml-1m-paper'));
    const unmasked = experimentOf('y', 'Unmasked', 'ml-1m-paper', 'all', paper, false);
    assert.equal(checkExperiment(unmasked.text, '/w/y.yaml').experiment?.config.protocol.mask_history, false);
  });

  it('a backbone that was trained on takes the part when its tools stand on it, and the first one stays', () => {
    const later = [
      ...models.filter(({ id }) => id !== 'bert4rec'),
      model('bert4rec', { title: 'BERT4Rec' }),
      model('bert4rec-ft', { title: 'BERT4Rec', startedFrom: 'bert4rec' }),
      tool('bert4rec-genre', 'bert4rec-ft', 'genre'),
    ];
    const parts = cast(later, 'ml-1m');
    assert.equal(parts.bert4rec?.id, 'bert4rec-ft');
    const rows = rowsOf(parts);
    const label = (id: string) => rows.find((row) => row.id === id)?.label;
    assert.equal(label('bert4rec'), 'BERT4Rec, begun with bert4rec');
    assert.equal(label('bert4rec.model'), 'BERT4Rec (bert4rec)');
    const { text } = experimentOf('x', 'X', 'ml-1m', 'all', rows);
    assert.deepEqual(checkExperiment(text, 'x').findings, []);
  });

  it('one table: what was run with its command, what failed, what the paper has besides', () => {
    const parts = cast(models, 'ml-1m');
    const rows = rowsOf(parts);
    const metric = (mean: number) => ({ mean, deviation: null, low: mean - 0.01, high: mean + 0.01 });
    const report: Report = {
      id: 'all-users',
      directory: '/nowhere',
      complete: true,
      dataset: { name: 'ml-1m', users: 6040, items: 3416, interactions: 999_611 },
      methods: rows.map(({ id }, i) => ({
        id,
        standIn: id === 'toolrec' ? 'offline stand-in' : null,
        users: 6040,
        failed: id === 'toolrec' ? 2 : 0,
        metrics: { 'recall@10': metric(0.2 + i / 100), 'ndcg@10': metric(0.1 + i / 100) },
      })),
    };
    const table: TableParts = {
      results: [{ protocol: 'reference', all: { value: report, command: 7 }, samples: undefined, rows }],
      evaluations: [],
      absent: parts.absent,
      problems: ['The experiment three-samples did not end: out of memory'],
      commands: [
        { number: 7, command: 'toolrec experiment run all-users.toolrec-experiment.yaml', seconds: 3 },
      ],
      experiments: [],
      trainedBy: new Map(),
      reused: true,
      trial: undefined,
      sameUsers: true,
      samplesText: 'Samples: three of 200 users',
      machine: { cpu: 'c', cores: 2, memoryGigabytes: 4, node: 'v20', platform: 'p', loadBefore: 0 },
      benchCommand: 'npm run bench -- ml-1m',
    };
    const page = pageOf(table);
    const line = (start: string) => page.split('\n').find((text) => text.startsWith(`| ${start}`)) ?? '';
    assert.match(
      line('SASRec, seed 42'),
      /\.2200 \[\.2100, \.2300\].*not run.*\.2030 \| \.1017 \| 0 \| 7 \|$/,
    );
    assert.match(line('ToolRec, tools genre, year †'), /\| 2 \| 7 \|$/);
    assert.match(line('P5'), /not run.*\.2080/);
    assert.match(line('SASRec, mean of the 2 seeds above'), / ± /);
    assert.match(page, /`sasrec-full-genre`: no such model .* `toolrec train ml-1m --id sasrec-full-genre/);
    assert.match(page, /- The experiment three-samples did not end: out of memory/);
    const [head, ...cells] = page.split('\n').filter((text) => text.startsWith('| '));
    const columns = head!.split(' | ').length;
    const rowsOfFirst = cells.slice(0, rows.length);
    for (const row of rowsOfFirst) assert.equal(row.split(' | ').length, columns, row);
  });
});

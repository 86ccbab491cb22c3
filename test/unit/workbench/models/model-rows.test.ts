import assert from 'node:assert/strict';
import { UsageError } from '../../../../src/shared/errors.ts';
import {
  bestIds,
  canResume,
  isUnderWay,
  modelHierarchy,
  modelRows,
  type KnownModel,
} from '../../../../src/workbench/models/model-rows.ts';
import { modelDescription, modelTooltip } from '../../../../src/workbench/models/model-text.ts';
import { english } from '../../../../src/workbench/texts.ts';
import {
  afterEvents,
  afterProgress,
  newRun,
  secondsLeft,
} from '../../../../src/workbench/training/run-state.ts';
import type { RunPlan } from '../../../../src/workbench/training/run-plan.ts';
import { manifest } from './manifests.ts';

const known = (given: Parameters<typeof manifest>[0], elsewhere = false): KnownModel => ({
  id: given.id,
  manifest: manifest(given),
  elsewhere,
});
const plan = (id: string): RunPlan => ({
  folder: '/w',
  id,
  dataset: 'sample',
  config: { epochs: 4, loss: 'bpr' },
  preset: 'bert4rec',
  device: 'auto',
  threads: 0,
});
const step = {
  kind: 'step',
  step: 10,
  epoch: 1.5,
  loss: 2,
  learningRate: 0.1,
  gradientNorm: 1,
  seconds: 20,
  tokensPerSecond: 50,
} as const;

describe('rows of models', () => {
  it('join models on disk with what runs in this window, elsewhere, or did until its process ended', () => {
    const models = [
      known({ id: 'done', ndcg: 0.2 }),
      known({ id: 'here', status: 'training' }),
      known({ id: 'there', status: 'training' }, true),
      known({ id: 'left', status: 'training' }),
      known({ id: 'next', status: 'training' }),
      { id: 'bad', error: new UsageError('damaged-model', 'It is damaged.', ''), elsewhere: false } as const,
    ];
    let run = afterProgress(newRun(plan('here'), 'x', false), {
      message: 'Epoch 2',
      done: 10,
      total: 40,
      unit: 'steps',
    });
    run = afterEvents(run, [step]);
    const rows = modelRows('/w', models, [run, newRun(plan('new'), 'x', true)], new Set(['next']));
    const of = (id: string) => rows.find((row) => row.id === id)!;
    assert.deepEqual(
      ['done', 'here', 'there', 'left', 'next', 'bad', 'new'].map((id) => of(id).status),
      ['finished', 'training', 'elsewhere', 'interrupted', 'waiting', 'damaged', 'waiting'],
    );
    assert.equal(of('here').live?.secondsLeft, 60);
    assert.deepEqual([of('new').model, of('new').loss, of('new').epochs], ['bert4rec', 'bpr', 4]);
    assert.deepEqual(
      rows.filter(canResume).map(({ id }) => id),
      ['left'],
    );
    assert.equal(rows.filter(isUnderWay).length, 4);
    assert.match(modelDescription(of('here'), false, english), /^epoch 13 of 50 · 60 s left at most/);
    assert.match(modelDescription(of('done'), true, english), /^★ NDCG@10 0\.200 · cross-entropy$/);
    assert.match(modelTooltip(of('bad'), false, english), /damaged/);
  });

  it('stand as backbones with their tools, the best of a dataset marked once there are two', () => {
    const models = [
      known({ id: 'base', ndcg: 0.2 }),
      known({ id: 'base-genre', ndcg: 0.3, tool: { attribute: 'genre', backbone: 'base' } }),
      known({ id: 'orphan', ndcg: 0.1, tool: { attribute: 'year', backbone: 'gone' } }),
      known({ id: 'alone', ndcg: 0.9, dataset: 'other' }),
    ];
    const rows = modelRows('/w', models, []);
    assert.deepEqual(
      modelHierarchy(rows, 'sample').map(({ row, tools }) => [row.id, tools.map(({ id }) => id)]),
      [
        ['base', ['base-genre']],
        ['orphan', []],
      ],
    );
    assert.deepEqual([...bestIds(rows)], ['base-genre']);
  });

  it('a run keeps its phase while it ends, and says nothing of the time left before the first step', () => {
    const ending = { ...newRun(plan('m'), 'x', false), phase: 'stopping' as const };
    assert.equal(afterProgress(ending, { message: 'Epoch 2', done: 1, unit: 'steps' }).phase, 'stopping');
    const waiting = newRun(plan('m'), 'Waiting', true);
    assert.equal(afterProgress(waiting, { message: 'Waiting' }).phase, 'waiting');
    assert.equal(afterProgress(waiting, { message: 'Preparing' }).phase, 'preparing');
    assert.equal(secondsLeft(newRun(plan('m'), 'x', false)), undefined);
    const hostile = known({ id: 'm', dataset: '[x](command:evil)' });
    assert.ok(!modelTooltip(modelRows('/w', [hostile], [])[0]!, false, english).includes('](command:'));
  });
});

import assert from 'node:assert/strict';
import { datasetInMemory } from '../../../src/data/content.ts';
import { openRetrieval, type RetrievalRequest } from '../../../src/experiments/session-retrieval.ts';
import { userHistory } from '../../../src/experiments/user-history.ts';
import type { EngineConnection } from '../../../src/service/protocol.ts';
import { listModelsRequest } from '../../../src/service/requests/model.ts';
import { smallContent } from '../data/small-dataset.ts';

const dataset = datasetInMemory(smallContent());

interface Model {
  readonly id: string;
  readonly ndcg?: number;
  readonly attribute?: string;
  readonly backbone?: string;
  readonly hash?: string;
  readonly bestEpoch?: number;
  readonly updated?: string;
  readonly mode?: 'frozen' | 'full';
}

interface Asked {
  readonly model: string;
  readonly attribute: string | null;
  readonly queries: readonly unknown[];
}

/** An engine that has these models and answers every query with all items. */
function engine(models: readonly (Model | { id: string; error: object })[]) {
  const asked: Asked[] = [];
  const connection = {
    request(definition: unknown, params: Asked) {
      if (definition === listModelsRequest)
        return Promise.resolve({
          models: models.map((model) => ('error' in model ? model : view(model))),
        });
      asked.push(params);
      const items = [0, 1, 2].map((item) => ({
        item,
        id: dataset.item(item).id,
        title: '',
        score: 2 - item,
      }));
      return Promise.resolve({ lists: params.queries.map(() => items), seconds: 0 });
    },
    onNotification: () => ({ dispose: () => undefined }),
    dispose: () => undefined,
  } as unknown as EngineConnection;
  return { connection, asked };
}

function view({
  id,
  ndcg,
  attribute,
  backbone,
  hash = dataset.hash,
  bestEpoch = 3,
  updated = '2026',
  mode = 'frozen',
}: Model) {
  return {
    id,
    model: 'sasrec',
    created: '2026',
    updated,
    config: id === 'refit' ? { fitOn: 'train+validation' } : {},
    ...(attribute === undefined ? {} : { tool: { attribute, backbone, mode, features: '' } }),
    dataset: { name: hash === dataset.hash ? 'small' : 'other', hash, simulated: true },
    progress: { bestEpoch },
    ...(ndcg === undefined ? {} : { validation: { 'ndcg@10': ndcg } }),
  };
}

const open = (models: Parameters<typeof engine>[0], over: Partial<RetrievalRequest> = {}) =>
  openRetrieval(engine(models).connection, { workspace: '/w', dataset, ...over });

const several: readonly Model[] = [
  { id: 'plain', ndcg: 0.5 },
  { id: 'base', ndcg: 0.3 },
  { id: 'weak', ndcg: 0.1 },
  { id: 'weak-genre', attribute: 'genre', backbone: 'weak' },
  { id: 'base-year', attribute: 'year', backbone: 'base' },
  { id: 'base-genre', attribute: 'genre', backbone: 'base', updated: '2025' },
  { id: 'base-genre-2', attribute: 'genre', backbone: 'base', updated: '2026' },
  { id: 'base-genre-3', attribute: 'genre', backbone: 'base', updated: '2027', bestEpoch: 0 },
  { id: 'foreign', ndcg: 0.9, hash: 'another' },
  { id: 'begun', ndcg: 0.8, bestEpoch: 0 },
];

describe('retrieval of a session', () => {
  it('takes the best backbone that has attribute tools, with the latest tool of each attribute', async () => {
    const { source, label, chosen, retriever } = await open(several);
    assert.equal(chosen, 'best-trained');
    assert.equal(source.model, 'base');
    assert.deepEqual(source.tools, [
      { attribute: 'genre', model: 'base-genre-2' },
      { attribute: 'year', model: 'base-year' },
    ]);
    assert.equal(
      label,
      'base (sasrec), attribute tools: genre (base-genre-2), year (base-year) · simulated data',
    );
    assert.deepEqual(retriever.attributes, [null, 'genre', 'year']);
    assert.deepEqual(retriever.source, source);
  });

  it('takes a frozen tool before a full one, however new that is', async () => {
    const full: Model = { id: 'full', attribute: 'genre', backbone: 'base', updated: '2030', mode: 'full' };
    const tools = async (models: readonly Model[]) =>
      (await open(models, { model: 'base' })).source.tools.map(({ model }) => model);
    assert.deepEqual(await tools([...several, full]), ['base-genre-2', 'base-year']);
    assert.deepEqual(await tools([full, ...several]), ['base-genre-2', 'base-year']);
    assert.deepEqual(await tools([...several.slice(0, 2), full]), ['full']);
  });

  it('takes a backbone without tools where none has any, and says so', async () => {
    const { source, label } = await open(several.slice(0, 3));
    assert.equal(source.model, 'plain');
    assert.match(label, /^plain \(sasrec\), no attribute tools/);
  });

  it('asks the engine for the tool itself, and loads everything before it returns', async () => {
    const { connection, asked } = engine(several);
    const { retriever } = await openRetrieval(connection, { workspace: '/w', dataset, model: 'base' });
    assert.deepEqual(
      asked.map(({ model }) => model),
      ['base', 'base-genre-2', 'base-year'],
    );
    asked.length = 0;
    await retriever.retrieve({ history: [1] }, 'year', 2);
    await retriever.retrieve({ history: [1] }, null, 2);
    assert.deepEqual(
      asked.map(({ model, attribute }) => [model, attribute]),
      [
        ['base-year', null],
        ['base', null],
      ],
    );
    await assert.rejects(retriever.retrieve({ history: [1] }, 'actors', 2), { code: 'no-tool' });
  });

  it('tells states of training apart, and models that saw the validation items', async () => {
    const of = async (models: readonly Model[]) => (await open(models)).source;
    const first = await of([{ id: 'a', ndcg: 0.1 }]);
    assert.match(first.revision!, /^[0-9a-f]{16}$/);
    assert.equal((await of([{ id: 'a', ndcg: 0.1 }])).revision, first.revision);
    assert.notEqual((await of([{ id: 'a', ndcg: 0.1, bestEpoch: 4 }])).revision, first.revision);
    assert.equal(first.sawValidation, undefined);
    assert.equal((await of([{ id: 'refit' }])).sawValidation, true);
  });

  it('has neighbours beside a backbone: only items with evidence', async () => {
    const { connection, asked } = engine(several);
    const request = { workspace: '/w', dataset, model: 'base', neighbours: true };
    const { retriever } = await openRetrieval(connection, request);
    assert.equal(asked.at(-1)!.model, 'cooccurrence', 'counted before it returns');
    const list = await retriever.neighbours!({ history: [1] }, 3);
    assert.deepEqual(
      list.map(({ item }) => item),
      [0, 1],
    );
    assert.equal((await open(several, { model: 'cooccurrence' })).retriever.neighbours, undefined);
    assert.ok((await open(several, { model: 'popularity' })).retriever.neighbours);
  });

  it('takes the tools that are named', async () => {
    const { source } = await open(several, { model: 'base', tools: ['base-genre'] });
    assert.deepEqual(source.tools, [{ attribute: 'genre', model: 'base-genre' }]);
    await assert.rejects(open(several, { model: 'base', tools: ['weak-genre'] }), { code: 'not-a-tool' });
  });

  it('stands in with a floor model where nothing is trained, and says so', async () => {
    const { source, label, chosen, retriever } = await open([
      { id: 'hurt', error: { code: 'x', message: '' } },
    ]);
    assert.equal(chosen, 'nothing-trained');
    assert.deepEqual(source, { kind: 'floor', model: 'cooccurrence', tools: [], simulated: true });
    assert.match(label, /no trained attribute tools/);
    assert.deepEqual(retriever.attributes, [null, 'genre', 'year']);
    // Both comedies of the history speak for item 0, though the model puts it first anyway; 1 has another genre.
    const list = await retriever.retrieve({ history: [0] }, 'genre', 3);
    assert.deepEqual(
      list.map(({ item }) => item),
      [0, 1, 2],
    );
    assert.ok(list[0]!.score > 5 * list[1]!.score);
    assert.equal((await open(several, { model: 'popularity' })).source.model, 'popularity');
  });

  it('refuses what cannot be a backbone of this dataset', async () => {
    for (const [model, code] of [
      ['base-year', 'tool-as-backbone'],
      ['foreign', 'model-of-other-dataset'],
      ['begun', 'no-checkpoint'],
      ['nothing', 'unknown-model'],
    ] as const)
      await assert.rejects(open(several, { model }), { code });
  });

  it('knows what a user’s history is before each part', () => {
    assert.deepEqual([...userHistory(dataset, 0, 'validation')], [0]);
    assert.deepEqual([...userHistory(dataset, 0, 'test')], [0, 1]);
    assert.deepEqual([...userHistory(dataset, 0, 'end')], [0, 1, 2]);
  });
});

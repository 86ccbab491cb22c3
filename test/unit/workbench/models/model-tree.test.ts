import '../vscode-stub.ts';
import assert from 'node:assert/strict';
import type * as vscode from 'vscode';
import type { ModelStore } from '../../../../src/workbench/models/model-store.ts';
import type { ModelRow } from '../../../../webview/protocol.ts';

const { ModelBranches } = await import('../../../../src/workbench/models/model-tree.ts');

const row = (id: string, more: Partial<ModelRow> = {}): ModelRow => ({
  folder: '/f',
  id,
  status: 'finished',
  dataset: 'd',
  simulated: false,
  model: 'sasrec',
  title: 'SASRec',
  loss: 'cross-entropy',
  config: {},
  epoch: 1,
  epochs: 9,
  bestEpoch: 1,
  steps: 10,
  seconds: 5,
  validation: { 'ndcg@10': 0.1 },
  ...more,
});

describe('models in the tree', () => {
  let rows: ModelRow[];
  const store = {
    rows: () => Promise.resolve(rows),
    all: () => Promise.resolve(rows),
  } as unknown as ModelStore;
  const folder = '/f' as unknown as vscode.Uri;
  const training = (done: number): Partial<ModelRow> => ({
    status: 'training',
    live: { message: 'x', done, total: 90 },
  });

  /** Draws every row, as VS Code does when it opens the view. */
  async function drawn() {
    const branches = new ModelBranches(store);
    await branches.changed();
    const nodes = await branches.ofDataset(folder, 'd', '');
    for (const node of [...nodes, ...nodes.flatMap(({ tools }) => tools)]) branches.item(node);
    return { branches, nodes };
  }

  it('draw only the row of the training anew, which stays the one that menus have in hand', async () => {
    rows = [
      row('a'),
      row('b', training(10)),
      row('tool', { tool: { attribute: 'x', mode: 'full', backbone: 'a' } }),
    ];
    const { branches, nodes } = await drawn();
    assert.deepEqual(await branches.changed(), []);
    rows = rows.map((each) => (each.id === 'b' ? row('b', training(20)) : { ...each }));
    const changed = await branches.changed();
    assert.deepEqual(
      changed?.map(({ id }) => id),
      ['b'],
    );
    assert.equal(changed?.[0], nodes[1]);
    assert.match(String(branches.item(changed[0]!).description), /epoch 3 of 9/);
    assert.deepEqual(await branches.changed(), []);
    assert.equal((await branches.ofDataset(folder, 'd', ''))[0], nodes[0]);
  });

  it('mark the new best and unmark the old one; menus follow the state', async () => {
    rows = [row('a', { validation: { 'ndcg@10': 0.2 } }), row('b', training(10))];
    const { branches } = await drawn();
    rows = [row('a', { validation: { 'ndcg@10': 0.2 } }), row('b', { validation: { 'ndcg@10': 0.3 } })];
    const changed = (await branches.changed())!;
    assert.deepEqual(
      changed.map((node) => {
        const { description, contextValue } = branches.item(node);
        return [node.id, String(description).startsWith('★'), /running/.test(contextValue!)];
      }),
      [
        ['a', false, false],
        ['b', true, false],
      ],
    );
  });

  it('are all asked for again when one comes or goes', async () => {
    rows = [row('a')];
    const { branches } = await drawn();
    rows = [row('a'), row('b', { dataset: 'e' })];
    assert.equal(await branches.changed(), undefined);
    assert.deepEqual(await branches.changed(), []);
    rows = [row('b', { dataset: 'e' })];
    assert.equal(await branches.changed(), undefined);
  });
});

import assert from 'node:assert/strict';
import { comparisonMarkdown } from '../../../../src/workbench/models/comparison-text.ts';
import { modelRows } from '../../../../src/workbench/models/model-rows.ts';
import {
  compareEvaluations,
  type EvaluatedModel,
} from '../../../../src/workbench/models/paired-comparison.ts';
import { english } from '../../../../src/workbench/texts.ts';
import { manifest } from './manifests.ts';

/** A model that is right for the users of whom `hit` says so. */
function evaluated(id: string, userIds: readonly string[], hit: (i: number) => boolean): EvaluatedModel {
  const values = userIds.map((_, i) => Number(hit(i)));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    id,
    users: userIds.length,
    userIds,
    metrics: { 'ndcg@10': mean, 'recall@10': mean },
    perUser: { 'ndcg@10': values, 'recall@10': values },
  };
}
const users = Array.from({ length: 200 }, (_, i) => `u${i}`);

describe('comparing models', () => {
  it('tests each against the best, user by user, also where the users come in another order', () => {
    const best = evaluated('best', users, (i) => i % 2 === 0);
    const same = evaluated('same', [...users].reverse(), (i) => (199 - i) % 2 === 0);
    const worse = evaluated('worse', users, (i) => i % 5 === 0);
    const { reference, pairs, users: count } = compareEvaluations([worse, best, same]);
    assert.deepEqual([reference, count], ['best', 200]);
    const of = (id: string) => pairs.find((pair) => pair.id === id && pair.metric === 'ndcg@10')!;
    assert.deepEqual([of('same').difference, of('same').p, of('same').equal], [0, 1, 200]);
    assert.ok(Math.abs(of('worse').difference + 0.3) < 1e-12);
    assert.ok(of('worse').p < 0.001 && of('worse').high < 0);
    assert.deepEqual([of('worse').better, of('worse').worse], [20, 80]);
  });

  it('leaves out users that one of them was not evaluated on', () => {
    const one = evaluated('one', users.slice(0, 50), () => true);
    const other = evaluated('other', users.slice(25), () => false);
    assert.equal(compareEvaluations([one, other]).users, 25);
  });

  it('is a report that reads well, marks simulated data, and is safe with any name', () => {
    const rows = modelRows(
      '/w',
      ['a', 'b'].map((id, i) => ({
        id,
        manifest: manifest({ id, ndcg: 0.1, config: { seed: i } }),
        elsewhere: false,
      })),
      [],
    );
    const comparison = compareEvaluations([
      evaluated('a', users, (i) => i % 2 === 0),
      evaluated('b', users, (i) => i % 5 === 0),
    ]);
    const text = comparisonMarkdown(rows, comparison, english);
    assert.match(text, /\| a ★ \| \*\*0\.5000\*\*/);
    assert.match(text, /\| b \| NDCG@10 \| −0\.3000 \|.*\| < 0\.001 \|.*worse than a \|/);
    assert.match(text, /Simulated data/);
    assert.match(text, /\| seed \| 0 \| 1 \|/);
    const evil = comparisonMarkdown([{ ...rows[0]!, dataset: '[x](command:y)' }], comparison, english);
    assert.ok(!evil.includes('](command'));
  });
});

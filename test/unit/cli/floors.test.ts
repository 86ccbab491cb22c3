import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { run } from './run.ts';

interface Listed {
  id: string;
  title: string;
}

describe('toolrec sample, recommend, evaluate', function () {
  this.timeout(20_000);
  let folder: string;
  before(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'toolrec-floors-'));
    const { code, stdout } = await run(['sample', '--json', '-w', folder]);
    assert.equal(code, 0);
    const made = JSON.parse(stdout) as Record<string, unknown>;
    assert.equal(made['name'], 'sample');
    assert.equal(made['simulated'], true);
    assert.ok((made['users'] as number) >= 700 && (made['catalogueItems'] as number) >= 450);
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const json = async (...argv: string[]): Promise<unknown> => {
    const { code, stdout } = await run([...argv, '--json', '-w', folder]);
    assert.equal(code, 0, stdout);
    return JSON.parse(stdout);
  };
  const errorOf = async (...argv: string[]) => {
    const { code, stdout } = await run([...argv, '--json', '-w', folder]);
    return { exit: code, ...(JSON.parse(stdout) as { error: { code: string; remedy: string } }).error };
  };

  it('recommends N distinct titles outside the history, best first', async () => {
    for (const model of ['popularity', 'cooccurrence']) {
      const answer = (await json('recommend', '--user', 'simulated-1', '-m', model, '-n', '25')) as {
        history: Listed[];
        items: (Listed & { rank: number; score: number })[];
      };
      const ids = answer.items.map(({ id }) => id);
      assert.equal(new Set(ids).size, 25);
      const seen = new Set(answer.history.map(({ id }) => id));
      assert.ok(ids.every((id) => !seen.has(id)));
      const scores = answer.items.map(({ score }) => score);
      assert.deepEqual(
        scores,
        [...scores].sort((a, b) => b - a),
      );
      assert.deepEqual(
        answer.items.map(({ rank }) => rank),
        ids.map((_, i) => i + 1),
      );
    }
  });

  it('recommends for a history of one’s own, which equals that of the user who has it', async () => {
    const own = (await json('recommend', '--user', 'simulated-2')) as { history: Listed[]; items: Listed[] };
    const history = own.history.map(({ id }) => id).join(',');
    const other = (await json('recommend', '--history', history)) as { items: Listed[] };
    assert.deepEqual(other.items, own.items);
  });

  it('co-occurrence is well above popularity on the sample, over all users', async () => {
    const { models } = (await json('evaluate')) as {
      models: { model: string; users: number; metrics: Record<string, number> }[];
    };
    const [popularity, cooccurrence] = models;
    assert.deepEqual([popularity!.model, cooccurrence!.model], ['popularity', 'cooccurrence']);
    assert.ok(models.every(({ users }) => users >= 700));
    assert.ok(cooccurrence!.metrics['ndcg@10']! > 1.5 * popularity!.metrics['ndcg@10']!);
  });

  it('gives per-user values whose mean is the metric', async () => {
    const result = (await json('evaluate', '-m', 'popularity', '--metrics', 'mrr@20', '--per-user')) as {
      users: number;
      metrics: Record<string, number>;
      perUser: Record<string, number[]> & { users: string[] };
    };
    const values = result.perUser['mrr@20']!;
    assert.equal(values.length, result.users);
    assert.equal(result.perUser.users.length, result.users);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    assert.ok(Math.abs(mean - result.metrics['mrr@20']!) < 1e-12);
  });

  it('the text for people names titles and says that the data is simulated', async () => {
    const { stdout } = await run(['recommend', '--user', 'simulated-1', '-w', folder]);
    assert.match(stdout, /simulated data/);
    assert.match(stdout, /^ ?1 {2}\S/m);
    const evaluated = await run(['evaluate', '-w', folder]);
    assert.match(evaluated.stdout, /simulated data/);
    assert.match(evaluated.stdout, /^cooccurrence +0\.\d{4}/m);
  });

  it('names each mistake', async () => {
    const cases: [string[], number, string, RegExp?][] = [
      [['recommend', '-u', 'nobody'], 2, 'unknown-user', /simulated-/],
      [['recommend', '--history', '1,no-such'], 2, 'unknown-item'],
      [['recommend'], 2, 'no-history'],
      [['recommend', '-u', 'simulated-1', '-n', '0'], 2, 'invalid-option-value'],
      [['recommend', '-u', 'simulated-1', '-n', 'ten'], 2, 'invalid-option-value'],
      [['recommend', '-u', 'simulated-1', '-m', 'populrity'], 2, 'unknown-model', /popularity/],
      [['recommend', '-u', 'simulated-1', '-d', 'sampel'], 4, 'no-dataset', /“sample”/],
      [['evaluate', '-d', '../../etc'], 2, 'bad-name'],
      [['evaluate', '--metrics', 'auc@10'], 2, 'unknown-metric'],
    ];
    for (const [argv, exit, code, remedy] of cases) {
      const error = await errorOf(...argv);
      assert.deepEqual([error.exit, error.code], [exit, code], argv.join(' '));
      if (remedy) assert.match(error.remedy, remedy);
    }
  });
});

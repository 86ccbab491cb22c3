import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { run } from './run.ts';

const fixture = path.resolve(import.meta.dirname, '../../fixtures/ml-1m');

describe('import and dataset commands', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'toolrec-cli-data-'));
  });

  afterEach(() => fs.rm(folder, { recursive: true, force: true }));

  const json = async (...argv: string[]): Promise<{ code: number; value: Record<string, unknown> }> => {
    const { code, stdout } = await run([...argv, '--json'], { cwd: folder });
    return { code, value: JSON.parse(stdout) as Record<string, unknown> };
  };
  const small = ['--protocol', 'paper', '--tolerance', '100%'];

  it('imports, lists, shows, inspects and deletes', async () => {
    const imported = await json('import', fixture, '--name', 'tiny', ...small);
    assert.equal(imported.code, 0);
    const { users, items, catalogueItems, interactions } = imported.value as Record<string, number>;
    assert.ok(users! > 0 && items! > 0 && interactions! > 0);

    const list = (await json('dataset', 'list')).value['datasets'] as Record<string, unknown>[];
    assert.deepEqual(
      list.map(({ name, interactions: rows }) => [name, rows]),
      [['tiny', interactions]],
    );
    const { value: shown } = await json('dataset', 'show', 'tiny');
    assert.deepEqual(
      [shown['users'], shown['items'], shown['catalogueItems'], shown['interactions']],
      [users, items, catalogueItems, interactions],
    );
    assert.equal(shown['sparsity'], 1 - interactions! / (users! * items!));

    const { value: inspected } = await json('dataset', 'inspect', 'tiny');
    assert.equal((inspected['attributes'] as unknown[]).length, 2);
    for (const command of ['show', 'inspect']) {
      const { code, stdout } = await run(['dataset', command, 'tiny'], { cwd: folder });
      assert.equal(code, 0);
      assert.match(stdout, /^tiny$/m);
      assert.match(stdout, /Sparsity/);
    }

    const unconfirmed = await json('dataset', 'delete', 'tiny');
    assert.equal(unconfirmed.code, 2);
    assert.equal((unconfirmed.value['error'] as { code: string }).code, 'not-confirmed');
    assert.equal((await json('dataset', 'delete', 'tiny', '--yes')).code, 0);
    assert.deepEqual((await json('dataset', 'list')).value, { datasets: [] });
    assert.equal((await json('dataset', 'show', 'tiny')).code, 4);
  });

  it('looks up an item as the agent does, and a user', async () => {
    await run(['import', fixture, '--name', 'tiny', ...small], { cwd: folder });
    const { value } = await json('dataset', 'inspect', 'tiny', '--samples', '1');
    const samples = value['samples'] as { items: { id: string; title: string }[]; users: { id: string }[] };
    const [item] = samples.items;
    const found = await json('dataset', 'inspect', 'tiny', '--item', item!.title.toUpperCase());
    assert.equal((found.value['item'] as { id: string }).id, item!.id);
    const missing = await json('dataset', 'inspect', 'tiny', '--item', 'No Such Film Anywhere');
    assert.deepEqual([missing.code, missing.value['status']], [1, 'unknown']);
    const user = await json('dataset', 'inspect', 'tiny', '--user', samples.users[0]!.id);
    const rows = user.value['interactions'] as { part: string; timestamp: number }[];
    assert.ok(rows.length > 0);
    assert.deepEqual(
      rows.map(({ timestamp }) => timestamp),
      rows.map(({ timestamp }) => timestamp).sort((a, b) => a - b),
    );
    assert.equal((await json('dataset', 'inspect', 'tiny', '--user', 'nobody')).code, 2);
  });

  it('takes what differs from the protocol, and a preparation kept in a dataset', async () => {
    const options = [
      '--min-rating',
      '3',
      '--core',
      '1,2',
      '--max-length',
      '50',
      '--split',
      'global-time:0.2,0.2',
    ];
    const { value } = await json(
      'import',
      fixture,
      '--name',
      'a',
      ...small,
      ...options,
      '--since',
      '2000-01-01',
    );
    const preparation = value['preparation'] as Record<string, unknown>;
    assert.deepEqual(
      [
        preparation['protocol'],
        preparation['minimumRating'],
        preparation['core'],
        preparation['maximumLength'],
      ],
      ['custom', 3, { users: 1, items: 2 }, 50],
    );
    assert.deepEqual(preparation['split'], { kind: 'global-time', validation: 0.2, test: 0.2 });
    assert.equal(preparation['from'], Date.UTC(2000, 0, 1) / 1000);
    const manifest = path.join(folder, '.toolrec', 'datasets', 'a', 'dataset.json');
    const again = await json('import', fixture, '--name', 'b', '--preparation', manifest, '--tolerance', '1');
    assert.deepEqual(again.value['hash'], value['hash']);
  });

  it('names the option that is wrong', async () => {
    const cases: [string[], string][] = [
      [['--protocol', 'papre'], 'invalid-option-value'],
      [['--core', 'many'], 'invalid-option-value'],
      [['--split', 'random'], 'invalid-option-value'],
      [['--since', 'yesterday'], 'invalid-option-value'],
      [['--since', '2001-02-30'], 'invalid-option-value'],
      [['--map', 'user=a', '--map', 'user=b'], 'invalid-argument'],
      [['--map', 'user'], 'invalid-argument'],
      [['--tolerance', 'few'], 'invalid-option-value'],
      [['--name', '../x'], 'bad-name'],
      [['--format', 'ml-2m'], 'unknown-format'],
      [['--preparation', 'nowhere.json'], 'bad-preparation'],
    ];
    for (const [argv, code] of cases) {
      const failed = await json('import', fixture, ...argv);
      assert.equal((failed.value['error'] as { code: string }).code, code, argv.join(' '));
      assert.equal(failed.code, 2, argv.join(' '));
    }
    assert.equal((await json('import', path.join(folder, 'nothing'))).code, 3);
    assert.deepEqual(await fs.readdir(folder), []);
  });
});

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  datasetNameFor,
  importDataset,
  readImportReport,
  type ImportOptions,
} from '../../../src/data/import.ts';
import { listDatasets, openNamedDataset } from '../../../src/data/library.ts';
import { openDataset } from '../../../src/data/store.ts';
import type { Progress } from '../../../src/shared/progress.ts';
import { Workspace } from '../../../src/shared/workspace.ts';
import { onRealData } from './helpers/shared-data.ts';

const root = path.resolve(import.meta.dirname, '../../..');

const fixtures = [
  'ml-100k',
  'ml-1m',
  'ml-10m',
  'ml-csv',
  'amazon-2014',
  'amazon-2018',
  'amazon-2023',
  'yelp',
];

describe('importDataset', () => {
  let folder: string;
  let source: string;
  let workspace: Workspace;

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'toolrec-import-'));
    source = path.join(folder, 'tiny');
    workspace = new Workspace(path.join(folder, 'workspace'));
    await fs.mkdir(source);
    const movies = Array.from(
      { length: 8 },
      (_, m) => `${m + 1},"Movie ${m + 1}, The (${1990 + m})",Drama|Comedy`,
    );
    await writeSource('movies.csv', ['movieId,title,genres', ...movies]);
    await writeSource('ratings.csv', [header, ...ratings()]);
  });

  afterEach(() => fs.rm(folder, { recursive: true, force: true }));

  const header = 'userId,movieId,rating,timestamp';
  const writeSource = (name: string, lines: readonly string[]): Promise<void> =>
    fs.writeFile(path.join(source, name), `${lines.join('\n')}\n`);
  /** Six users with six movies each (of 1 … 7), newest first. */
  const ratings = (): string[] =>
    Array.from({ length: 36 }, (_, i) => {
      const user = Math.floor(i / 6) + 1;
      return `${user},${((i + 2 * user) % 7) + 1},${(i % 10) / 2 + 0.5},${1_000_000 - i}`;
    });
  const run = (over: Partial<ImportOptions> = {}): ReturnType<typeof importDataset> =>
    importDataset({ workspace, paths: [source], ...over });

  it('imports files as a dataset with counts, provenance and report', async () => {
    const { manifest, directory, badRows } = await run({ protocol: 'paper' });
    assert.equal(directory, workspace.entry('datasets', 'tiny'));
    assert.deepEqual(manifest.counts, { users: 6, items: 7, catalogueItems: 8, interactions: 36 });
    assert.deepEqual(manifest.report!.steps[0], { step: 'read', users: 6, items: 7, interactions: 36 });
    assert.equal(manifest.report!.rows, 44);
    assert.deepEqual(badRows, []);
    assert.deepEqual(
      manifest.provenance.files.map(({ name }) => name),
      ['movies.csv', 'ratings.csv'],
    );
    const dataset = await openDataset(directory);
    for (let user = 0; user < 6; user++) {
      const times = dataset.timestamps.subarray(dataset.offsets[user], dataset.offsets[user + 1]);
      assert.deepEqual(Array.from(times), Array.from(times.slice().sort()));
    }
    assert.equal(dataset.item(dataset.itemCode('8')!).title, 'Movie 8, The');
    assert.ok(dataset.itemCode('8')! >= dataset.itemCount);
  });

  it('has the same hash for the same data, however packed and named; another for another preparation', async () => {
    const first = (await run()).manifest.hash;
    for (const name of ['movies.csv', 'ratings.csv']) {
      const file = path.join(source, name);
      await fs.writeFile(`${file}.gz`, gzipSync(await fs.readFile(file)));
      await fs.rm(file);
    }
    assert.equal((await run({ name: 'packed' })).manifest.hash, first);
    const other = await run({ preparation: { maximumLength: 5, core: { users: 0, items: 0 } } });
    assert.notEqual(other.manifest.hash, first);
    assert.equal(other.manifest.preparation.protocol, 'custom');
  });

  it('counts bad rows, lists them, and goes on while they are few', async () => {
    await writeSource('ratings.csv', [header, ...ratings(), '1,2,3', '1,2,x,5', '1,2,3,-5']);
    const { manifest, directory, badRows } = await run({ tolerance: 0.1, protocol: 'paper' });
    assert.equal(manifest.counts.interactions, 36);
    assert.equal(manifest.report!.badRows, 3);
    assert.deepEqual(manifest.report!.reasons, { 'column-count': 1, 'not-a-number': 1, 'bad-timestamp': 1 });
    assert.deepEqual(
      badRows.map(({ file, line, reason }) => [path.basename(file), line, reason]),
      [
        ['ratings.csv', 38, 'column-count'],
        ['ratings.csv', 39, 'not-a-number'],
        ['ratings.csv', 40, 'bad-timestamp'],
      ],
    );
    assert.deepEqual(await readImportReport(directory), badRows);
  });

  it('stops above the tolerance, at the first bad row, and leaves nothing behind', async () => {
    await writeSource('ratings.csv', [header, ...ratings(), '1,2,3,nan']);
    await assert.rejects(run(), {
      code: 'too-many-bad-rows',
      place: { file: path.join(source, 'ratings.csv'), line: 38 },
    });
    await assert.rejects(fs.readdir(workspace.directory('datasets')), { code: 'ENOENT' });
    await assert.rejects(run({ tolerance: 2 }), { code: 'bad-tolerance' });
  });

  it('stops early in a file of nothing but bad rows', async () => {
    const lines = Array.from({ length: 5000 }, (_, i) => `${i},1,x,1`);
    await writeSource('ratings.csv', [header, ...lines]);
    await assert.rejects(run(), { code: 'too-many-bad-rows', message: /^1000 of 1000 rows/ });
  });

  it('keeps items that the catalogue lacks, or rejects their rows, as declared', async () => {
    await writeSource('movies.csv', [
      'movieId,title,genres',
      ...[1, 2, 3, 4, 5, 6].map((m) => `${m},Movie ${m} (1990),Drama`),
    ]);
    const kept = await run({ protocol: 'paper' });
    assert.equal(kept.manifest.report!.unknownItems, 1);
    assert.equal(kept.manifest.counts.catalogueItems, 7);
    const dataset = await openDataset(kept.directory);
    assert.deepEqual(dataset.item(dataset.itemCode('7')!), { id: '7', title: '7', attributes: {} });

    const rows = ratings().filter((row) => row.split(',')[1] === '7').length;
    const reject = { protocol: 'paper', preparation: { unknownItems: 'reject' } } as const;
    await assert.rejects(run(reject), { code: 'too-many-bad-rows' });
    const rejected = await run({ ...reject, tolerance: 0.2 });
    assert.deepEqual(rejected.manifest.report!.reasons, { 'unknown-item': rows });
    assert.equal(rejected.manifest.counts.interactions, 36 - rows);
    assert.equal(rejected.manifest.counts.catalogueItems, 6);
    assert.equal(rejected.badRows[0]!.line, 2 + ratings().findIndex((row) => row.split(',')[1] === '7'));
  });

  it('takes the first of two catalogue entries with one id', async () => {
    await writeSource('movies.csv', [
      'movieId,title,genres',
      ...[1, 2, 3, 4, 5, 6, 7, 7].map((m, i) => `${m},Movie number ${i} (1990),Drama`),
    ]);
    const { manifest, directory } = await run({ tolerance: 0.2, protocol: 'paper' });
    assert.deepEqual(manifest.report!.reasons, { 'duplicate-id': 1 });
    const dataset = await openDataset(directory);
    assert.equal(dataset.item(dataset.itemCode('7')!).title, 'Movie number 6');
  });

  it('says what is wrong with a source without interactions, and with one that is cut off', async () => {
    await writeSource('ratings.csv', [header]);
    await assert.rejects(run(), { code: 'no-interactions' });
    const whole = gzipSync(Buffer.from([header, ...ratings()].join('\n')));
    await fs.rm(path.join(source, 'ratings.csv'));
    await fs.writeFile(path.join(source, 'ratings.csv.gz'), whole.subarray(0, whole.length - 20));
    await assert.rejects(run(), { name: 'InputError' });
    await assert.rejects(run({ name: '../x' }), { code: 'bad-name' });
    await assert.rejects(run({ preparation: { core: { users: -1, items: 0 } } }), {
      code: 'bad-preparation',
    });
  });

  it('reports rows and bytes, and leaves the earlier dataset whole when cancelled anywhere', async () => {
    const seen: Progress[] = [];
    const before = (await run({ protocol: 'paper' })).manifest;
    await importDataset(
      { workspace, paths: [source], name: 'other' },
      { onProgress: (progress) => seen.push(progress) },
    );
    assert.ok(seen.some(({ unit, total }) => unit === 'bytes' && total !== undefined));
    assert.ok(seen.some(({ message, rows }) => rows === 36 && message.endsWith('ratings.csv')));
    const names = (await fs.readdir(workspace.directory('datasets'))).sort();
    for (let stop = 0; stop < seen.length; stop++) {
      const controller = new AbortController();
      let reports = 0;
      const work = {
        signal: controller.signal,
        onProgress: () => {
          if (reports++ === stop) controller.abort();
        },
      };
      await assert.rejects(importDataset({ workspace, paths: [source], name: 'tiny' }, work), {
        code: 'cancelled',
      });
      assert.deepEqual((await openNamedDataset(workspace, 'tiny')).manifest, before);
      assert.deepEqual((await fs.readdir(workspace.directory('datasets'))).sort(), names);
    }
  });

  it('killed while it writes, leaves the earlier dataset whole, and the next import clears what it left', async () => {
    const before = (await run({ protocol: 'paper' })).manifest;
    const script = path.join(folder, 'child.mts');
    const moduleUrl = (file: string): string => JSON.stringify(path.join(root, 'src', file));
    await fs.writeFile(
      script,
      `import { importDataset } from ${moduleUrl('data/import.ts')};
       import { Workspace } from ${moduleUrl('shared/workspace.ts')};
       const [folder, source] = process.argv.slice(2);
       await importDataset({ workspace: new Workspace(folder), paths: [source], name: 'tiny' }, {
         onProgress: ({ message, done }) => {
           if (message !== 'Writing the dataset' || done === 0) return;
           process.send('writing');
           Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); // until killed
         },
       });`,
    );
    const child = spawn(process.execPath, ['--import=tsx', script, workspace.folder, source], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', () => reject(new Error('The child ended before it wrote.')));
    });
    child.removeAllListeners('exit');
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    const left = await fs.readdir(workspace.directory('datasets'));
    assert.equal(left.length, 2, 'the child died with a half-written folder');
    assert.deepEqual((await openNamedDataset(workspace, 'tiny')).manifest, before);
    await run({ name: 'next' });
    assert.deepEqual(
      (await listDatasets(workspace)).map(({ name }) => name),
      ['next', 'tiny'],
    );
    assert.deepEqual((await fs.readdir(workspace.directory('datasets'))).sort(), ['next', 'tiny']);
  });

  it('makes names of paths', () => {
    const names: [string, string][] = [
      ['/data/ml-1m', 'ml-1m'],
      ['ratings.csv.gz', 'ratings'],
      ['ml-latest-small.zip', 'ml-latest-small'],
      ['/x/Über größe!.jsonl', 'ber-gr-e'],
      ['/', 'dataset'],
    ];
    for (const [given, expected] of names) assert.equal(datasetNameFor(given), expected);
  });

  for (const fixture of fixtures)
    it(`takes in the fixture ${fixture} from file to stored dataset and back`, async () => {
      const { manifest, directory } = await run({
        paths: [path.join(root, 'test', 'fixtures', fixture)],
        tolerance: 1,
        preparation: { core: { users: 0, items: 0 } },
      });
      const dataset = await openDataset(directory);
      assert.equal(dataset.interactionCount, manifest.counts.interactions);
      for (let item = 0; item < dataset.catalogueCount; item++)
        assert.equal(dataset.itemCode(dataset.item(item).id), item);
      for (let user = 0; user < dataset.userCount; user++)
        assert.equal(dataset.userCode(dataset.user(user).id), user);
      assert.ok(manifest.provenance.files.length > 0);
    });

  onRealData('gives the published counts of MovieLens 1M', async (data) => {
    const { manifest } = await run({ paths: [path.join(data, 'ml-1m')] });
    assert.deepEqual(manifest.counts, {
      users: 6040,
      items: 3416,
      catalogueItems: 3883,
      interactions: 999_611,
    });
    assert.deepEqual(manifest.report!.steps[0], {
      step: 'read',
      users: 6040,
      items: 3706,
      interactions: 1_000_209,
    });
  });
});

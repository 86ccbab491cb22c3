import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { contentHash, datasetInMemory } from '../../../src/data/content.ts';
import { partOf, type Dataset } from '../../../src/data/dataset.ts';
import { deleteDataset, listDatasets, openNamedDataset } from '../../../src/data/library.ts';
import { recordsInMemory } from '../../../src/data/records.ts';
import { openDataset, writeDataset } from '../../../src/data/store.ts';
import { temporaryMark } from '../../../src/shared/atomic-file.ts';
import { Workspace } from '../../../src/shared/workspace.ts';
import { smallContent } from './small-dataset.ts';

function plain(dataset: Dataset): unknown {
  return {
    name: dataset.name,
    hash: dataset.hash,
    simulated: dataset.simulated,
    counts: [dataset.userCount, dataset.itemCount, dataset.catalogueCount, dataset.interactionCount],
    attributes: dataset.attributes,
    columns: [dataset.offsets, dataset.items, dataset.ratings, dataset.timestamps].map(
      (values) => values && Array.from(values),
    ),
    split: [Array.from(dataset.trainEnd), Array.from(dataset.validationEnd)],
    items: Array.from({ length: dataset.catalogueCount }, (_, code) => dataset.item(code)),
    users: Array.from({ length: dataset.userCount }, (_, code) => dataset.user(code)),
  };
}

describe('dataset store', () => {
  let folder: string;
  let workspace: Workspace;
  let directory: string;

  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'toolrec-store-'));
    workspace = new Workspace(folder);
    directory = workspace.entry('datasets', 'small');
  });

  afterEach(() => fs.rm(folder, { recursive: true, force: true }));

  it('gives back what it was given', async () => {
    const content = smallContent();
    const manifest = await writeDataset(directory, content);
    const opened = await openDataset(directory);
    assert.deepEqual(plain(opened), plain(datasetInMemory(content)));
    assert.equal(manifest.hash, contentHash(content));
    assert.deepEqual(opened.manifest, manifest);
    assert.deepEqual((await fs.readdir(directory)).sort(), [
      'columns.bin',
      'dataset.json',
      'items.jsonl',
      'users.jsonl',
    ]);
  });

  it('finds records by id, also ids that are numbers or not ASCII', async () => {
    await writeDataset(directory, smallContent());
    const opened = await openDataset(directory);
    assert.deepEqual(
      ['a', '17', 'd', 'x', ''].map((id) => opened.itemCode(id)),
      [0, 1, 3, undefined, undefined],
    );
    assert.deepEqual([opened.userCode('ü'), opened.userCode('2')], [2, 1]);
    assert.equal(opened.attribute(0, 'year'), 2001);
    assert.equal(opened.attribute(2, 'year'), undefined);
    assert.equal(opened.attribute(2, 'toString'), undefined);
    assert.throws(() => opened.item(4), RangeError);
    assert.deepEqual(Array.from(partOf(opened, 0, 'test')), [2]);
    assert.deepEqual(Array.from(partOf(opened, 1, 'validation')), []);
  });

  it('has views that are aligned and share one buffer', async () => {
    await writeDataset(directory, smallContent());
    const opened = await openDataset(directory);
    assert.equal(opened.items.buffer, opened.timestamps.buffer);
    for (const view of [opened.offsets, opened.items, opened.ratings!, opened.timestamps])
      assert.equal(view.byteOffset % 64, 0);
  });

  it('stores a dataset without ratings, and timestamps held in four bytes', async () => {
    const { ratings: _, ...columns } = smallContent().columns;
    const content = smallContent({ columns: { ...columns, timestamps: Uint32Array.of(1, 2, 3, 4, 5, 6) } });
    await writeDataset(directory, content);
    const opened = await openDataset(directory);
    assert.equal(opened.ratings, undefined);
    assert.deepEqual(Array.from(opened.timestamps), [1, 2, 3, 4, 5, 6]);
    const asFloats = smallContent({ columns: { ...columns, timestamps: Float64Array.of(1, 2, 3, 4, 5, 6) } });
    assert.equal(contentHash(asFloats), opened.hash);
  });

  it('has a hash of what a model can see, and of nothing else', () => {
    const { columns } = smallContent();
    const same = smallContent({ name: 'other', provenance: { format: 'csv', files: [] } });
    assert.equal(contentHash(same), contentHash(smallContent()));
    const others = [
      smallContent({ columns: { ...columns, items: Uint32Array.of(0, 1, 2, 1, 0, 1) } }),
      smallContent({ columns: { ...columns, trainEnd: Uint32Array.of(2, 4, 6) } }),
      smallContent({ columns: { ...columns, timestamps: Float64Array.of(10, 11, 12, 5, 2 ** 33, 0.5) } }),
      smallContent({ attributes: [] }),
      smallContent({
        users: recordsInMemory([
          { id: 'u1', profile: { age: 26 } },
          { id: '2', profile: {} },
          { id: '3', profile: {} },
        ]),
      }),
    ];
    const hashes = new Set(others.map(contentHash)).add(contentHash(smallContent()));
    assert.equal(hashes.size, others.length + 1);
  });

  it('replaces an earlier dataset, and leaves it whole when writing fails or is cancelled', async () => {
    await writeDataset(directory, smallContent());
    const before = plain(await openDataset(directory));
    const controller = new AbortController();
    const cancelled = writeDataset(directory, smallContent({ simulated: false }), {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await assert.rejects(cancelled, { code: 'cancelled' });
    const { count, at, find } = smallContent().items;
    const failing = {
      count,
      find,
      at: (code: number) => {
        if (code === 2) throw new Error('no more');
        return at(code);
      },
    };
    await assert.rejects(writeDataset(directory, smallContent({ items: failing })), /no more/);
    assert.deepEqual(plain(await openDataset(directory)), before);
    assert.deepEqual(await fs.readdir(workspace.directory('datasets')), ['small']);
    await writeDataset(directory, smallContent({ simulated: false }));
    assert.equal((await openDataset(directory)).simulated, false);
  });

  it('refuses content that contradicts itself', async () => {
    const { columns } = smallContent();
    const wrong = [
      { columns: { ...columns, items: Uint32Array.of(0, 1, 2, 1, 0, 3) } },
      { columns: { ...columns, offsets: Uint32Array.of(0, 3, 5, 5) } },
      { columns: { ...columns, offsets: Uint32Array.of(0, 6) } },
      { columns: { ...columns, trainEnd: Uint32Array.of(2, 5, 6), validationEnd: Uint32Array.of(2, 4, 6) } },
      { columns: { ...columns, timestamps: Float64Array.of(10, 9, 11, 5, 6, 7) } },
      { columns: { ...columns, ratings: Float32Array.of(1) } },
      { itemCount: 5 },
    ];
    for (const part of wrong) await assert.rejects(writeDataset(directory, smallContent(part)), RangeError);
  });

  describe('refuses a store that is', () => {
    beforeEach(() => writeDataset(directory, smallContent()));

    const refused = async (code: string): Promise<void> => {
      await assert.rejects(openDataset(directory), { name: 'StorageError', code });
    };

    it('not there', async () => {
      await fs.rm(directory, { recursive: true });
      await refused('no-dataset');
    });

    for (const name of ['columns.bin', 'items.jsonl', 'users.jsonl', 'dataset.json']) {
      it(`without ${name}`, async () => {
        await fs.rm(path.join(directory, name));
        await refused('dataset-damaged');
      });

      it(`cut off in ${name}`, async () => {
        const file = path.join(directory, name);
        const { size } = await fs.stat(file);
        for (const length of [0, 7, Math.floor(size / 2), size - 1 - Number(name === 'dataset.json')]) {
          const whole = await fs.readFile(file);
          await fs.truncate(file, length);
          await refused('dataset-damaged');
          await fs.writeFile(file, whole);
        }
      });
    }

    it('changed in any one bit of its data', async () => {
      for (const name of ['columns.bin', 'items.jsonl', 'users.jsonl']) {
        const file = path.join(directory, name);
        const whole = await fs.readFile(file);
        const padding = 64;
        const places = name === 'columns.bin' ? [0, 20, 100, 4095, 4096, 4096 + padding + 1] : [0, 5, 30];
        places.push(...(name === 'columns.bin' ? [8, 9, 11] : []));
        for (const at of places) {
          const changed = Buffer.from(whole);
          changed[at]! ^= at === 8 ? 1 << 7 : 1;
          await fs.writeFile(file, changed);
          const isVersion = name === 'columns.bin' && at >= 8 && at < 12;
          await refused(isVersion ? 'dataset-newer' : 'dataset-damaged');
        }
        await fs.writeFile(file, whole);
      }
      await openDataset(directory);
    });

    it('newer than this program', async () => {
      const file = path.join(directory, 'dataset.json');
      const manifest = JSON.parse(await fs.readFile(file, 'utf8')) as { version: number };
      await fs.writeFile(file, JSON.stringify({ ...manifest, version: 2, somethingNew: true }));
      await refused('dataset-newer');
    });

    it('at odds with its manifest', async () => {
      const file = path.join(directory, 'dataset.json');
      const text = await fs.readFile(file, 'utf8');
      const manifest = JSON.parse(text) as { counts: Record<string, number> };
      for (const name of Object.keys(manifest.counts))
        for (const by of [-1, 1]) {
          const counts = { ...manifest.counts, [name]: manifest.counts[name]! + by };
          await fs.writeFile(file, JSON.stringify({ ...manifest, counts }));
          await refused('dataset-damaged');
        }
      await fs.writeFile(file, JSON.stringify({ ...manifest, kind: 'model' }));
      await refused('dataset-damaged');
    });
  });

  describe('library', () => {
    it('lists datasets by their manifests, damaged ones with their error', async () => {
      assert.deepEqual(await listDatasets(workspace), []);
      await writeDataset(directory, smallContent());
      await writeDataset(workspace.entry('datasets', 'b'), smallContent({ name: 'b' }));
      await fs.rm(path.join(directory, 'columns.bin')); // not looked at
      await fs.mkdir(workspace.entry('datasets', 'c'));
      const list = await listDatasets(workspace);
      assert.deepEqual(
        list.map(({ name, manifest, error }) => [name, manifest?.counts.interactions ?? error?.code]),
        [
          ['b', 6],
          ['c', 'dataset-damaged'],
          ['small', 6],
        ],
      );
    });

    it('deletes a dataset, also a damaged one', async () => {
      await writeDataset(directory, smallContent());
      await fs.rm(path.join(directory, 'dataset.json'));
      await deleteDataset(workspace, 'small');
      assert.deepEqual(await fs.readdir(workspace.directory('datasets')), []);
      await assert.rejects(deleteDataset(workspace, 'small'), { code: 'no-dataset' });
      await assert.rejects(deleteDataset(workspace, '../small'), { code: 'bad-name' });
    });

    it('clears what a dead import left and puts back a dataset that it had moved away', async () => {
      await writeDataset(directory, smallContent());
      const datasets = workspace.directory('datasets');
      const dead = JSON.stringify({ pid: 2 ** 22 + 1, host: os.hostname() });
      const half = path.join(datasets, `.small${temporaryMark}half`);
      await fs.mkdir(half);
      await fs.writeFile(path.join(half, '.writing'), dead);
      const running = path.join(datasets, `.other${temporaryMark}running`);
      await fs.mkdir(running);
      await fs.writeFile(
        path.join(running, '.writing'),
        JSON.stringify({ pid: process.pid, host: os.hostname() }),
      );
      await listDatasets(workspace);
      assert.deepEqual((await fs.readdir(datasets)).sort(), [path.basename(running), 'small']);

      // Died between the two renames: the new one is whole, and nothing stands in its place.
      const moved = path.join(datasets, `.small${temporaryMark}new`);
      await fs.rename(directory, moved);
      await fs.writeFile(path.join(moved, '.writing'), dead);
      assert.equal((await openNamedDataset(workspace, 'small')).interactionCount, 6);
      assert.deepEqual((await fs.readdir(datasets)).sort(), [path.basename(running), 'small']);
    });
  });
});

import assert from 'node:assert/strict';
import type { DatasetManifest } from '../../../src/data/manifest.ts';
import { preparationSchema } from '../../../src/data/preparation.ts';
import { datasetDescription, datasetTooltip, escapeMarkdown } from '../../../src/workbench/dataset-text.ts';
import { formatBytes, progressLine } from '../../../src/workbench/progress-text.ts';
import { english } from '../../../src/workbench/texts.ts';
import { commandTitlesIn, labelText, noticeText } from '../../../src/workbench/untrusted-text.ts';

const manifest: DatasetManifest = {
  kind: 'toolrec-dataset',
  version: 1,
  name: 'ml_1m*',
  createdAt: '2026-01-02T03:04:05.000Z',
  hash: 'a'.repeat(64),
  simulated: false,
  counts: { users: 6040, items: 3416, catalogueItems: 3883, interactions: 999_611 },
  attributes: [{ name: 'genre', kind: 'categories' }],
  preparation: preparationSchema.parse({ protocol: 'reference' }),
  provenance: { format: 'movielens-1m', files: [], note: '[click](command:evil)' },
  files: {
    'columns.bin': { bytes: 0, crc32: 0 },
    'items.jsonl': { bytes: 0, crc32: 0 },
    'users.jsonl': { bytes: 0, crc32: 0 },
  },
};

describe('texts about datasets and progress', () => {
  it('describes a dataset by its size, simulated data as such', () => {
    assert.equal(datasetDescription(manifest, english), '6,040 users · 3,416 items');
    assert.equal(
      datasetDescription({ ...manifest, simulated: true }, english),
      'simulated · 6,040 users · 3,416 items',
    );
  });

  it('gives counts and sparsity in the tooltip and lets no text of a file become Markdown', () => {
    const text = datasetTooltip(manifest, english);
    assert.match(text, /^\*\*ml\\_1m\\\*\*\*/);
    assert.match(text, /\| Interactions \| 999,611 \|/);
    assert.match(text, /\| Sparsity \| 95\.16% \|/); // 1 − 999,611 / (6,040 · 3,416), by hand
    assert.ok(!text.includes('[click](command:evil)'));
    assert.equal(escapeMarkdown('a\n\n# b|c'), 'a \\# b\\|c');
  });

  it('says how far work is with what is known', () => {
    assert.equal(progressLine({ message: 'Opening' }, english), 'Opening');
    assert.equal(
      progressLine({ message: 'Reading', done: 400_000, total: 1_000_209, unit: 'rows' }, english),
      'Reading · 400,000 of 1,000,209 rows',
    );
    assert.equal(
      progressLine({ message: 'Reading /data/my files/ml.zip/inner/ratings.dat: 5 rows' }, english),
      'Reading ratings.dat: 5 rows',
    );
    assert.equal(progressLine({ message: 'Users and/or items' }, english), 'Users and/or items');
    assert.equal(
      progressLine({ message: 'Reading', done: 6_291_456, unit: 'bytes', rows: 5_000 }, english)
        .split(' · ')
        .at(-1),
      '5,000 rows',
    );
    assert.equal(
      progressLine({ message: 'Reading', done: 6_291_456, unit: 'bytes' }, english),
      'Reading · 6.0 MB',
    );
    assert.deepEqual([0, 1023, 1024, 250 * 1024 ** 3].map(formatBytes), [
      '0 B',
      '1023 B',
      '1.0 KB',
      '250 GB',
    ]);
  });
});

describe('texts of servers and files in places of VS Code', () => {
  it('show no icon, nothing invisible and no more than there is room for in a label', () => {
    assert.equal(labelText('a $(trash) b'), 'a $ (trash) b');
    assert.equal(labelText('a\u202Eb\nc'), 'abc');
    assert.equal(labelText('abcdef', 4), 'abc…');
  });

  it('become no link in a notification', () => {
    // What VS Code makes a link of in a notification.
    const link = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/i;
    const said = 'It said: “[click](command:workbench.action.quit) [x](https://evil.example)”';
    assert.match(said, link);
    assert.ok(!link.test(noticeText(said)));
  });

  it('name commands, each once', () => {
    assert.deepEqual(
      commandTitlesIn('Run “ToolRec: Create Sample Dataset” or “ToolRec: Train”, or “ToolRec: Train”.'),
      ['Create Sample Dataset', 'Train'],
    );
    assert.deepEqual(commandTitlesIn('Choose “Run Experiment”.'), []);
  });
});
